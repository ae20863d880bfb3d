import numpy as np
import pandas as pd
import pytest

from equalcities.abi import interval_coverage, pool
from equalcities.errors import UsageError

VARIANCES = np.array([0.02, 0.03, 0.05, 0.04, 0.02, 0.06, 0.03, 0.05])


def coverage(**options):
    full = {"mu": 0.3, "tau2": 0.08, "n_simulations": 400, "rng": 2026, **options}
    return interval_coverage(full.pop("vi", VARIANCES), **full).set_index("interval")


# 400 simulations leave a standard error of 0.011: tolerances are three of them, so that other
# draws of other NumPy versions pass as well.
def test_knapp_hartung_and_q_profile_intervals_hold_what_they_promise():
    table = coverage()
    assert table.loc[["mean", "tau2"], "coverage"].tolist() == pytest.approx([0.95] * 2, abs=0.035)
    # metafor's prediction interval is known to run short with few studies
    # (Partlett and Riley 2017, doi:10.1002/sim.7140).
    assert 0.84 < table.loc["prediction", "coverage"] < 0.95


def test_normal_intervals_promise_too_much_with_few_studies():
    table = coverage(vi=VARIANCES[:4], test="normal", tau2=0.2)
    assert table.loc["mean", "ci_high"] < 0.93


def test_cr2_holds_where_ignoring_clusters_promises_too_much():
    variances, cluster = np.tile(VARIANCES, 4), np.repeat(np.arange(8), 4)
    robust = coverage(vi=variances, cluster=cluster, sigma2_within=0.01, n_simulations=300)
    assert robust.index.tolist() == ["mean", "prediction"]
    assert robust.loc["mean", "coverage"] == pytest.approx(0.95, abs=0.04)
    rng, held = np.random.default_rng(4), 0
    for _ in range(300):
        y = rng.normal(0, np.sqrt(0.08), 8)[cluster] + rng.normal(0, np.sqrt(0.01 + variances))
        fit = pool(y, variances)
        held += fit.ci_low <= 0 <= fit.ci_high
    assert held / 300 < 0.85


def test_without_heterogeneity_the_common_effect_model_is_right():
    table = coverage(tau2=0.0, method="FE", test="normal")
    assert table.index.tolist() == ["mean"]
    assert table.loc["mean", "coverage"] == pytest.approx(0.95, abs=0.035)


def test_same_seed_same_answer():
    options = {"n_simulations": 20}
    pd.testing.assert_frame_equal(coverage(**options), coverage(**options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau2": -1}, "tau2 is -1"),
        ({"n_simulations": 0}, "n_simulations is 0"),
        ({"vi": [0.1, 0.0]}, r"vi\[1\] is 0"),
        ({"sigma2_within": np.nan}, "sigma2_within is nan"),
    ],
)
def test_bad_input_is_named_with_its_cure(options, message):
    with pytest.raises(UsageError, match=message):
        coverage(**options)
