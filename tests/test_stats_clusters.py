from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.errors import UsageError
from equalcities.stats import cluster_bootstrap, cluster_robust, wild_cluster_bootstrap

# Made data: 60 rows in 10 clusters of 2 to 10.
DATA = pd.read_csv(Path(__file__).parent / "data" / "clustered.csv")
X = DATA[["x", "z"]]


def test_cr2_is_that_of_clubsandwich():
    # R 4.2.2, clubSandwich 0.5.8: coef_test and conf_int(lm(y ~ x + z), "CR2", cluster = g)
    table = cluster_robust(DATA["y"], X, DATA["g"])
    reference = {
        "estimate": [-0.192543979043, 0.373743883306, -0.524867313290],
        "se": [0.131653646407, 0.123503090152, 0.351871320869],
        "df": [3.09156252184, 5.63969420960, 6.40228631020],
        "p_value": [0.237190951806, 0.025078962197, 0.183335153392],
    }
    for column, values in reference.items():
        np.testing.assert_allclose(table[column], values, rtol=1e-9)
    np.testing.assert_allclose(table["ci_low"], [-0.6046, 0.0668, -1.3729], atol=5e-5)


def test_cr2_with_single_rows_is_hc2():
    table = cluster_robust(DATA["y"], X, np.arange(len(DATA)))
    reference = sm.OLS(DATA["y"], sm.add_constant(X)).fit(cov_type="HC2")
    np.testing.assert_allclose(table["se"], reference.bse, rtol=1e-10)


def test_degrees_of_freedom_of_two_independent_samples():
    # Imbens and Kolesar (2016, REStat 98, 701-712), section II: HC2 with a binary regressor.
    n0, n1 = 27, 3
    x = pd.DataFrame({"d": np.repeat([0.0, 1.0], [n0, n1])})
    y = np.random.default_rng(1).normal(size=n0 + n1)
    expected = (n0 + n1) ** 2 * (n0 - 1) * (n1 - 1) / (n1**2 * (n1 - 1) + n0**2 * (n0 - 1))
    assert cluster_robust(y, x, range(n0 + n1))["df"]["d"] == pytest.approx(expected)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_cluster_robust_ignores_row_order_and_label_names(seed):
    rng = np.random.default_rng(seed)
    shuffled = DATA.iloc[rng.permutation(len(DATA))]
    names = rng.permutation(DATA["g"].nunique()).astype(str)
    one = cluster_robust(DATA["y"], X, DATA["g"])
    two = cluster_robust(shuffled["y"], shuffled[["x", "z"]], names[shuffled["g"]])
    np.testing.assert_allclose(one, two, rtol=1e-8)


def test_wild_bootstrap_is_that_of_wildboottest():
    # Python wildboottest 0.3.2 (R's fwildclusterboot ported), Rademacher, all 1024 vectors:
    # x 30/1024, z 198/1024, t 3.299582 and -1.599017. The two vectors that repeat the sample tie
    # with it and belong in (the brute-force test below agrees): hence 32 for x here.
    for term, t_value, extreme in (("x", 3.299582, 30), ("z", -1.599017, 198)):
        result = wild_cluster_bootstrap(
            DATA["y"], X, DATA["g"], term, rng=0, auxiliary="rademacher"
        )
        assert result.enumerated and result.n_resamples == 1024
        assert result.t_value == pytest.approx(t_value, abs=1e-6)
        assert extreme <= result.p_value * 1024 <= extreme + 2
    # Webb, 9999 draws there: 0.0285 and 0.2057.
    for term, p_value in (("x", 0.0285), ("z", 0.2057)):
        result = wild_cluster_bootstrap(DATA["y"], X, DATA["g"], term, rng=0)
        assert result.p_value == pytest.approx(p_value, abs=0.015)


def brute_force_wild_p(y, x, groups, j, null):
    """The textbook loop: refit on every sign vector."""
    design = np.column_stack([np.ones(len(y)), x])
    codes = pd.factorize(groups)[0]
    n_groups = codes.max() + 1

    bread = np.linalg.inv(design.T @ design)

    def t_value(outcome):
        coef = np.linalg.lstsq(design, outcome, rcond=None)[0]
        resid = outcome - design @ coef
        scores = np.array([design[codes == g].T @ resid[codes == g] for g in range(n_groups)])
        return abs(coef[j] - null) / np.sqrt((bread @ scores.T @ scores @ bread)[j, j])

    rest = np.delete(design, j, axis=1)
    target = y - null * design[:, j]
    fitted = rest @ np.linalg.lstsq(rest, target, rcond=None)[0] + null * design[:, j]
    signs = np.array(np.meshgrid(*[[-1, 1]] * n_groups)).reshape(n_groups, -1).T
    draws = np.array([t_value(fitted + (y - fitted) * s[codes]) for s in signs])
    return np.mean(draws >= t_value(y) * (1 - 1e-9))


@pytest.mark.parametrize("null", [0.0, 0.3])
def test_wild_bootstrap_is_the_brute_force_one(null):
    some = DATA[DATA["g"] < 7]
    result = wild_cluster_bootstrap(
        some["y"], some[["x"]], some["g"], "x", rng=0, null=null, auxiliary="rademacher"
    )
    expected = brute_force_wild_p(
        some["y"].to_numpy(), some[["x"]].to_numpy(), some["g"].to_numpy(), 1, null
    )
    assert result.p_value == expected


def test_wild_interval_is_the_set_of_nulls_not_rejected():
    run = {"rng": 3, "n_resamples": 999, "confidence": 0.9}
    result = wild_cluster_bootstrap(DATA["y"], X, DATA["g"], "x", **run)
    width = result.ci_high - result.ci_low
    for edge, outward in ((result.ci_low, -1), (result.ci_high, 1)):
        p = {
            side: wild_cluster_bootstrap(
                DATA["y"], X, DATA["g"], "x", null=edge + side * outward * width * 0.01, **run
            ).p_value
            for side in (-1, 1)
        }
        assert p[-1] > 0.1 >= p[1]
    again = wild_cluster_bootstrap(DATA["y"], X, DATA["g"], "x", **run)
    assert again == result


def test_wild_interval_is_open_when_the_clusters_cannot_reject():
    # Three clusters have 8 sign vectors, so p is never below 2/8.
    some = DATA[DATA["g"] < 3]
    result = wild_cluster_bootstrap(
        some["y"], some[["x"]], some["g"], "x", rng=0, auxiliary="rademacher"
    )
    assert result.ci_low == -np.inf and result.ci_high == np.inf


def test_cluster_bootstrap_of_a_mean_has_the_error_of_cluster_means():
    rng = np.random.default_rng(5)
    effect = rng.normal(size=100)
    frame = pd.DataFrame({"g": np.repeat(range(100), 4), "y": np.repeat(effect, 4)})
    low, high = cluster_bootstrap(frame, frame["g"], lambda f, _: f["y"].mean(), rng=1)
    # Rows within a cluster are copies: the error is that of 100 values, not of 400.
    expected = 2 * 1.96 * effect.std() / 10
    assert high - low == pytest.approx(expected, rel=0.08)
    assert low < effect.mean() < high


def test_cluster_bootstrap_counts_a_repeated_cluster_as_two():
    low, high = cluster_bootstrap(
        np.arange(6), list("aabbcc"), lambda _, g: len(set(g)), rng=1, n_resamples=50
    )
    assert low == high == 3


def test_cluster_bootstrap_refuses_a_statistic_that_is_mostly_missing():
    frame = pd.DataFrame({"g": list("abcdef"), "y": [1, *[np.nan] * 5]})
    with pytest.raises(UsageError, match="give no interval"):
        cluster_bootstrap(frame, frame["g"], lambda f, _: f["y"].mean(), rng=1, n_resamples=50)


@pytest.mark.parametrize(
    ("y", "x", "groups", "message"),
    [
        ([1, 2, np.nan, 4], [1, 2, 3, 5], list("aabb"), "missing values"),
        ([1, 2, 3, 4], [1, 1, 1, 1], list("aabb"), "collinear"),
        ([1, 2, 3, 4], [1, 2, 3, 5], list("aaaa"), "only one cluster"),
        ([1, 2, 3, 4], [1, 2, 3, 5], ["a", None, "b", "b"], "label is missing"),
        ([1, 2, 3, 4], [1, 2, 3, 5], list("aab"), "one per row"),
    ],
)
def test_unusable_data_is_refused(y, x, groups, message):
    with pytest.raises(UsageError, match=message):
        cluster_robust(y, pd.DataFrame({"x": x}), groups)


def test_unknown_names_are_refused():
    with pytest.raises(UsageError, match="'w' is not a predictor"):
        wild_cluster_bootstrap(DATA["y"], X, DATA["g"], "w", rng=0)
    with pytest.raises(UsageError, match="'normal' is unknown"):
        wild_cluster_bootstrap(DATA["y"], X, DATA["g"], "x", rng=0, auxiliary="normal")


def test_random_signs_never_give_a_p_value_of_zero():
    x = pd.DataFrame({"x": np.arange(60.0)})
    result = wild_cluster_bootstrap(
        x["x"] * 3 + DATA["y"] / 100, x, np.arange(60) % 20, "x", rng=0, n_resamples=99
    )
    assert result.p_value == pytest.approx(1 / 100)
