import numpy as np
import pandas as pd
import pytest
from abi_reference import BCG, EXTRA, METAFOR, SMALL, SMOKING
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equalcities.abi import egger_test, pet_peese, pool, selection_model, trim_and_fill
from equalcities.errors import UsageError

DATA = {"bcg": BCG, "hackshaw1998": SMOKING, "smoke": SMOKING, "small": SMALL}


@pytest.mark.parametrize("dataset", ["bcg", "hackshaw1998"])
@pytest.mark.parametrize(("model", "name"), [("classic", "egger_lm"), ("random", "egger_rma")])
def test_egger_agrees_with_metafor(dataset, model, name):
    want = METAFOR[dataset]["fits"][name]
    test = egger_test(DATA[dataset]["yi"], DATA[dataset]["vi"], model=model)
    got = [test.statistic, test.p, test.limit, test.limit_low, test.limit_high]
    names = ("stat", "p", "limit_est", "limit_lb", "limit_ub")
    assert got == pytest.approx([want[n] for n in names], rel=1e-7)
    assert test.df == want.get("df", np.inf)


@pytest.mark.parametrize("dataset", ["bcg", "smoke", "small"])
def test_pet_and_peese_agree_with_r(dataset):
    fit = pet_peese(DATA[dataset]["yi"], DATA[dataset]["vi"])
    for table, name in ((fit.pet, "pet"), (fit.peese, "peese")):
        want = EXTRA[f"{dataset}_{name}"]
        pairs = {"estimate": "est", "se": "se", "statistic": "t", "p": "p", "ci_low": "lb"}
        for ours, theirs in {**pairs, "ci_high": "ub"}.items():
            assert table[ours].to_numpy() == pytest.approx(want[theirs], rel=1e-9), ours
    assert fit.chosen == "PET"  # the one-sided test rejects in none of the three
    assert fit.estimate == fit.pet.loc["intercept", "estimate"]


def test_peese_is_chosen_when_pet_rejects():
    rng = np.random.default_rng(2)
    v = rng.uniform(0.01, 0.3, 40)
    y = 0.8 + rng.normal(0, np.sqrt(v))
    assert pet_peese(y, v).chosen == "PEESE"
    assert pet_peese(y, v, expected="negative").chosen == "PET"
    flipped = pet_peese(-y, v, expected="negative")
    assert (flipped.chosen, -flipped.estimate) == ("PEESE", pytest.approx(pet_peese(y, v).estimate))


@pytest.mark.parametrize("dataset", ["bcg", "hackshaw1998"])
@pytest.mark.parametrize("method", ["FE", "DL", "REML"])
@pytest.mark.parametrize("estimator", ["L0", "R0"])
def test_trim_and_fill_agrees_with_metafor(dataset, method, estimator):
    want = METAFOR[dataset]["fits"][f"trimfill_{method}_{estimator}"]
    data = DATA[dataset]
    fit = trim_and_fill(data["yi"], data["vi"], estimator=estimator, method=method, test="normal")
    assert (fit.k0, fit.side, len(fit.filled)) == (want["k0"], want["side"], want["k0"])
    got = [fit.adjusted.estimate, fit.adjusted.se, fit.adjusted.ci_low, fit.adjusted.ci_high]
    # The reference was fitted with R's default tolerance (1e-5 on tau2).
    assert got == pytest.approx([want[n] for n in ("beta", "se", "ci_lb", "ci_ub")], abs=1e-6)
    assert fit.adjusted.tau2 == pytest.approx(want["tau2"], rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), estimator=st.sampled_from(["L0", "R0"]))
def test_trim_and_fill_flips_with_the_sign_and_ignores_order(seed, estimator):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.5, 12)
    y = 0.2 + np.sqrt(v) + rng.normal(0, np.sqrt(v))
    order = rng.permutation(12)
    options = {"estimator": estimator, "method": "DL"}
    plain = trim_and_fill(y, v, side="left", **options)
    other = trim_and_fill(-y[order], v[order], side="right", **options)
    assert other.k0 == plain.k0
    assert -other.adjusted.estimate == pytest.approx(plain.adjusted.estimate, abs=1e-9)


def test_a_symmetric_funnel_is_left_alone():
    v = np.array([0.01, 0.04, 0.04, 0.1, 0.1, 0.2, 0.2])
    y = 0.3 + np.array([0, 0.1, -0.1, 0.3, -0.3, 0.5, -0.5])
    fit = trim_and_fill(y, v, side="left")
    assert fit.k0 == 0 and fit.filled.empty
    assert fit.adjusted.estimate == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["smoke_3psm", "bcg_3psm", "bcg_3psm_ablat", "small_3psm"])
def test_selection_model_agrees_with_metafor(name):
    want, dataset = EXTRA[name], name.split("_")[0]
    fit = selection_model(
        DATA[dataset]["yi"],
        DATA[dataset]["vi"],
        moderators=np.array(BCG["ablat"]) - 33 if "ablat" in name else None,
        expected="negative" if dataset == "bcg" else "positive",
    )
    # R's optimiser stops a little short of the maximum (1e-4 of a log-likelihood unit where tau2 is
    # at zero, far less elsewhere): ours must not lie below it, and be near.
    assert -1e-9 < fit.log_likelihood - want["ll"] < 1e-4
    close = {"rel": 1e-4, "abs": 1e-5}
    assert fit.coefficients["estimate"].to_numpy() == pytest.approx(want["beta"], **close)
    assert fit.coefficients["se"].to_numpy() == pytest.approx(want["se"], **close)
    assert [fit.tau2, fit.delta] == pytest.approx([want["tau2"], want["delta"]], rel=2e-4, abs=1e-6)
    assert fit.delta_se == pytest.approx(want["se_delta"], rel=2e-4)
    assert [fit.lrt, fit.lrt_p] == pytest.approx([want["LRT"], want["LRTp"]], rel=1e-4)


def test_selection_model_likelihood_is_a_weighted_normal_density():
    # Integrate the weighted density of one study numerically: the model's normalising constant.
    fit = selection_model(SMOKING["yi"], SMOKING["vi"])
    total = 0.0
    for y, v in zip(SMOKING["yi"], SMOKING["vi"], strict=True):
        s, bar = np.sqrt(v + fit.tau2), stats.norm.isf(0.025) * np.sqrt(v)
        grid = np.linspace(fit.estimate - 10 * s, fit.estimate + 10 * s, 200_001)
        weight = np.where(grid >= bar, 1.0, fit.delta)
        area = np.trapezoid(weight * stats.norm.pdf(grid, fit.estimate, s), grid)
        own = 1.0 if y >= bar else fit.delta
        total += np.log(own) + stats.norm.logpdf(y, fit.estimate, s) - np.log(area)
    assert fit.log_likelihood == pytest.approx(total, abs=1e-3)


def test_selection_model_finds_the_truth_where_it_is_known():
    rng = np.random.default_rng(11)
    v = rng.uniform(0.02, 0.2, 3000)
    y = 0.1 + rng.normal(0, np.sqrt(0.02 + v))
    kept = (y / np.sqrt(v) > stats.norm.isf(0.025)) | (rng.random(3000) < 0.2)
    naive, fit = pool(y[kept], v[kept]), selection_model(y[kept], v[kept])
    assert naive.ci_low > 0.15  # what readers of the published part would believe
    assert abs(fit.estimate - 0.1) < 3 * fit.se and fit.se < 0.03
    assert abs(fit.delta - 0.2) < 3 * fit.delta_se
    assert fit.lrt_p < 1e-6


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), unit=st.sampled_from([0.01, 30.0]))
def test_order_sign_and_units(seed, unit):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.1, 15)
    y = np.concatenate([[0.9, 0.8, 0.05, -0.1], 0.3 + rng.normal(0, np.sqrt(v[4:] + 0.03))])
    order = rng.permutation(15)
    plain = selection_model(y, v)
    other = selection_model(-unit * y[order], unit**2 * v[order], expected="negative")
    assert -other.estimate / unit == pytest.approx(plain.estimate, rel=1e-4, abs=1e-5)
    assert [other.delta, other.lrt] == pytest.approx([plain.delta, plain.lrt], rel=1e-3, abs=1e-5)
    egger, other = egger_test(y, v), egger_test(-unit * y[order], unit**2 * v[order])
    assert [-other.slope, other.p] == pytest.approx([egger.slope, egger.p])
    assert -other.limit / unit == pytest.approx(egger.limit)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: egger_test([0.1, 0.2], [0.1, 0.2]), "at least three"),
        (lambda: egger_test([0.1, 0.2, 0.3], [0.1] * 3), "all vi are equal"),
        (lambda: egger_test(BCG["yi"], BCG["vi"], model="rank"), "model is 'rank'"),
        (lambda: pet_peese(BCG["yi"], BCG["vi"], expected="up"), "expected is 'up'"),
        (lambda: trim_and_fill(BCG["yi"], BCG["vi"], side="top"), "side is 'top'"),
        (lambda: trim_and_fill(BCG["yi"], BCG["vi"], estimator="Q0"), "estimator is 'Q0'"),
        (lambda: selection_model([0.1, 0.2, 0.1], [1.0, 2.0, 1.0]), "0 of 3 effects are signif"),
        (lambda: selection_model(SMALL["yi"], SMALL["vi"], cutoff=5), "cutoff is 5"),
        (lambda: selection_model([1.1, 0.3, 0.4], [0.02, 0.24, 0.05]), "has no maximum"),
        (lambda: trim_and_fill([0.7, 0.2, 0.4], [0.09, 0.34, 0.11]), "trim all but one"),
    ],
)
def test_bad_input_is_named_with_its_cure(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_filled_effects_are_mirror_images():
    fit = trim_and_fill(SMOKING["yi"], SMOKING["vi"], method="FE")
    pairs = pd.DataFrame({"yi": SMOKING["yi"], "vi": SMOKING["vi"]})
    # Each filled effect carries the variance of an observed one, on the far side.
    assert set(fit.filled["vi"]) <= set(pairs["vi"])
    mirrored = pairs.nlargest(fit.k0, "yi").sort_values("yi")
    assert np.ptp((mirrored["yi"].to_numpy() + fit.filled["yi"].to_numpy()) / 2) < 1e-12
