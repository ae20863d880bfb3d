import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from abi_reference import BCG, EXTRA, METAFOR, SCHOOL, SMALL
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from equalcities.abi import pool
from equalcities.abi.robust import cr2
from equalcities.errors import UsageError

METHODS = ("FE", "DL", "PM", "REML", "ML")
R_NAMES = {
    "estimate": "beta",
    "se": "se",
    "ci_low": "ci_lb",
    "ci_high": "ci_ub",
    "p": "pval",
    "tau2": "tau2",
    "i2": "I2",
    "q": "QE",
    "q_p": "QEp",
}
TOLERANCE = {"rel": 1e-9, "abs": 1e-10}


def reference_fits():
    for dataset in ("bcg", "hackshaw1998", "homogeneous"):
        for name in METAFOR[dataset]["fits"]:
            method, _, test = name.partition("_")
            if method in METHODS and test in ("", "knha"):
                yield pytest.param(dataset, name, method, test, id=f"{dataset}-{name}")


@pytest.mark.parametrize(("dataset", "name", "method", "test"), list(reference_fits()))
def test_every_estimator_agrees_with_metafor(dataset, name, method, test):
    data, want = METAFOR[dataset]["data"], METAFOR[dataset]["fits"][name]
    test = "knapp-hartung" if test else "normal"
    fit = pool(data["yi"], data["vi"], method=method, test=test)
    for ours, theirs in R_NAMES.items():
        assert getattr(fit, ours) == pytest.approx(want[theirs], **TOLERANCE), ours
    if method == "FE":
        assert np.isnan([fit.pi_low, fit.pi_high, fit.tau2_low, fit.tau2_high]).all()
        return
    if "prediction_interval" in want:
        interval = want["prediction_interval"]
        assert fit.pi_low == pytest.approx(interval["pi_lb"], **TOLERANCE)
        assert fit.pi_high == pytest.approx(interval["pi_ub"], **TOLERANCE)
    if "tau2_QP_CI" in want:
        assert fit.tau2_low == pytest.approx(want["tau2_QP_CI"]["lb"], **TOLERANCE)
        assert fit.tau2_high == pytest.approx(want["tau2_QP_CI"]["ub"], **TOLERANCE)


def test_the_reference_covers_all_methods_and_tests():
    seen = {param.values[1] for param in reference_fits() if param.values[0] == "bcg"}
    assert seen == {method + test for method in METHODS for test in ("", "_knha")}


@pytest.mark.parametrize("name", [n for n in METAFOR["bcg"]["fits"] if n.startswith("metareg")])
def test_meta_regression_agrees_with_metafor(name):
    want = METAFOR["bcg"]["fits"][name]
    columns = [c for c in ("ablat", "year") if c in name]
    moderators = pd.DataFrame(BCG)[columns]
    if "alloc" in name:
        moderators = pd.get_dummies(pd.Series(BCG["alloc"]), drop_first=True, dtype=float)
    test = "knapp-hartung" if "knha" in name else "normal"
    method = name.rpartition("_")[2]
    fit = pool(BCG["yi"], BCG["vi"], moderators=moderators, method=method, test=test)
    table = fit.coefficients
    assert list(table.index) == ["intercept", *moderators.columns]
    pairs = {"estimate": "beta", "se": "se", "statistic": "stat", "p": "pval"}
    for ours, theirs in {**pairs, "ci_low": "ci_lb", "ci_high": "ci_ub"}.items():
        assert table[ours].to_numpy() == pytest.approx(want[theirs], rel=1e-7, abs=1e-9), ours
    assert fit.estimate == table.loc["intercept", "estimate"]
    pairs = {"tau2": "tau2", "i2": "I2", "q": "QE", "q_p": "QEp", "qm": "QM", "qm_p": "QMp"}
    for ours, theirs in {**pairs, "r2": "R2"}.items():
        assert getattr(fit, ours) == pytest.approx(want[theirs], rel=1e-7, abs=1e-9), ours


@pytest.mark.parametrize(("name", "method"), [("small_REML_knha", "REML"), ("small_PM", "PM")])
def test_a_small_set_agrees_with_metafor(name, method):
    want = EXTRA[name]
    test = "knapp-hartung" if "knha" in name else "normal"
    fit = pool(SMALL["yi"], SMALL["vi"], method=method, test=test)
    for ours, theirs in R_NAMES.items():
        assert getattr(fit, ours) == pytest.approx(want[theirs], rel=1e-8), ours
    assert [fit.tau2_low, fit.tau2_high] == pytest.approx(EXTRA["small_tau2_ci"][1:], rel=1e-8)


# Published results that rest on the BCG trials; numbers as printed in the papers.
def test_colditz_1994_is_reproduced():
    # JAMA 271(9):698-702, abstract: average relative risk 0.49 (95% CI 0.34 to 0.70), DerSimonian
    # and Laird's method on 13 trials. From the counts of the trials, not from prepared effects.
    cases = {name: np.array(BCG[name], dtype=float) for name in ("tpos", "tneg", "cpos", "cneg")}
    vaccinated, controls = cases["tpos"] + cases["tneg"], cases["cpos"] + cases["cneg"]
    yi = np.log(cases["tpos"] / vaccinated) - np.log(cases["cpos"] / controls)
    vi = 1 / cases["tpos"] - 1 / vaccinated + 1 / cases["cpos"] - 1 / controls
    fit = pool(yi, vi, method="DL", test="normal")
    assert fit.k == 13
    ratios = np.exp([fit.estimate, fit.ci_low, fit.ci_high])
    assert np.round(ratios, 2).tolist() == [0.49, 0.34, 0.70]


def test_berkey_1995_is_reproduced():
    # Statistics in Medicine 14:395-411, page 408: smoothed variances and the empirical Bayes
    # estimator, which is Paule and Mandel's. The last digit of two of the printed numbers differs
    # by one (-0.6304 and -0.5950; metafor gives -0.6303 and -0.5949 as we do).
    counts = {name: np.array(BCG[name], dtype=float) for name in ("tpos", "tneg", "cpos", "cneg")}
    vaccinated, controls = counts["tpos"] + counts["tneg"], counts["cpos"] + counts["cneg"]
    vi = sum(counts["tneg"] / counts["tpos"]) / (13 * vaccinated) + sum(
        counts["cneg"] / counts["cpos"]
    ) / (13 * controls)
    latitude = pd.DataFrame({"latitude": np.array(BCG["ablat"]) - 33.46})
    mean = pool(BCG["yi"], vi, method="PM", test="normal")
    assert [mean.estimate, mean.se] == pytest.approx([-0.5429, 0.1842], abs=5e-5)
    assert mean.tau2 == pytest.approx(0.268, abs=5e-4)
    mixed = pool(BCG["yi"], vi, moderators=latitude, method="PM", test="normal")
    assert mixed.coefficients["estimate"].to_numpy() == pytest.approx([-0.6304, -0.0268], abs=1e-4)
    assert mixed.coefficients["se"].to_numpy() == pytest.approx([0.1591, 0.0110], abs=5e-5)
    assert mixed.tau2 == pytest.approx(0.157, abs=5e-4)
    assert round(mixed.r2) == 41
    ratios = np.exp(mixed.predict(latitude.assign(latitude=0.0)[:1])["estimate"])
    assert round(ratios[0], 2) == 0.53
    assert round(np.exp(mixed.predict([42 - 33.46])["estimate"][0]), 2) == 0.42
    common = pool(BCG["yi"], vi, moderators=latitude, method="FE", test="normal")
    assert common.coefficients["estimate"].to_numpy() == pytest.approx([-0.5950, -0.0282], abs=1e-4)
    assert common.coefficients["se"].to_numpy() == pytest.approx([0.0696, 0.0039], abs=1e-4)


def test_van_houwelingen_2002_is_reproduced():
    # Statistics in Medicine 21:589-624, pages 596-599 and 608-609: log odds ratios, ML.
    data = EXTRA["bcg_OR"]
    common = pool(data["yi"], data["vi"], method="FE", test="normal")
    ratios = np.exp([common.estimate, common.ci_low, common.ci_high])
    assert ratios == pytest.approx([0.647, 0.595, 0.703], abs=1e-3)
    fit = pool(data["yi"], data["vi"], method="ML", test="normal")
    ratios = np.exp([fit.estimate, fit.ci_low, fit.ci_high])
    assert ratios == pytest.approx([0.476, 0.336, 0.675], abs=5e-4)
    assert fit.tau2 == pytest.approx(0.302, abs=5e-4)
    # The paper's interval for new studies leaves out the error of the mean; ours holds it.
    half = stats.norm.ppf(0.975) * np.sqrt(fit.tau2)
    paper = [fit.estimate - half, fit.estimate + half]
    assert paper == pytest.approx([-1.820, 0.336], abs=5e-4)
    assert fit.pi_low < paper[0] and fit.pi_high > paper[1]
    latitude = pd.DataFrame({"latitude": BCG["ablat"]})
    slope = pool(data["yi"], data["vi"], moderators=latitude, method="ML", test="normal")
    assert slope.coefficients["estimate"].to_numpy() == pytest.approx([0.371, -0.033], abs=5e-4)
    assert slope.coefficients["se"].to_numpy() == pytest.approx([0.106, 0.003], abs=5e-4)
    assert slope.tau2 == pytest.approx(0.004, abs=5e-4)
    assert slope.r2 == pytest.approx(98.7, abs=0.05)


# Cluster-robust inference
def test_cr2_agrees_with_club_sandwich():
    want = METAFOR["konstantopoulos2011"]["fits"]["robust_two_level"]["CR2"]
    fit = pool(SCHOOL["yi"], SCHOOL["vi"], cluster=SCHOOL["district"])
    assert (fit.estimate, fit.se, fit.p) == pytest.approx((want["beta"], want["se"], want["p"]))
    assert fit.coefficients.loc["intercept", "df"] == pytest.approx(want["df"], rel=1e-9)
    assert (fit.test, fit.n_clusters) == ("cr2", 11)
    interval = EXTRA["school_robust_pi"]
    got = [fit.ci_low, fit.ci_high, fit.pi_low, fit.pi_high]
    assert got == pytest.approx([interval[n] for n in ("ci.lb", "ci.ub", "pi.lb", "pi.ub")])


# In the last set one district alone fixes the slope: its residuals have a direction without
# variance, which the correction has to leave out.
@pytest.mark.parametrize(
    "name", ["school_robust_year", "school_robust_FE", "school_robust_district"]
)
def test_cr2_coefficients_agree_with_club_sandwich(name):
    want = EXTRA[name]
    moderators = {
        "school_robust_year": pd.DataFrame({"year": np.array(SCHOOL["year"]) - 1987}),
        "school_robust_FE": None,
        "school_robust_district": (np.array(SCHOOL["district"]) == 12).astype(float),
    }
    fit = pool(
        SCHOOL["yi"],
        SCHOOL["vi"],
        cluster=SCHOOL["district"],
        moderators=moderators[name],
        method="FE" if "FE" in name else "REML",
    )
    pairs = {"estimate": "beta", "se": "se", "df": "df", "p": "p", "ci_low": "ci_lb"}
    for ours, theirs in pairs.items():
        got = fit.coefficients[ours].to_numpy()
        assert got == pytest.approx(np.atleast_1d(want[theirs]), rel=1e-7), ours
    assert fit.covariance.to_numpy() == pytest.approx(np.array(want["vcov"]), rel=1e-7)


def test_cr2_is_unbiased_when_the_working_model_holds():
    # The estimator is quadratic in the residuals, so its expectation is the sum over the columns
    # of a square root of their covariance: no simulation needed.
    rng = np.random.default_rng(5)
    codes = np.repeat([0, 1, 2, 3, 4], [1, 2, 3, 4, 2])
    design = np.column_stack([np.ones(12), rng.normal(size=12)])
    working = np.diag(rng.uniform(0.5, 2, 12)) + 0.7 * (codes[:, None] == codes)
    bread = np.linalg.inv(design.T @ np.linalg.inv(working) @ design)
    maker = np.eye(12) - design @ bread @ design.T @ np.linalg.inv(working)
    roots = maker @ np.linalg.cholesky(working)
    expectation = sum(cr2(design, working, column, codes, np.eye(2))[0] for column in roots.T)
    assert expectation == pytest.approx(bread, rel=1e-9)


def test_cr2_of_single_effects_with_equal_variance_is_the_t_test():
    y = np.array([0.3, 0.1, 0.7, 0.4, 0.2, 0.9])
    fit = pool(y, np.full(6, 0.05), cluster=list("abcdef"), method="FE")
    t = stats.ttest_1samp(y, 0)
    assert fit.coefficients["df"].iloc[0] == pytest.approx(5)
    assert (fit.coefficients["statistic"].iloc[0], fit.p) == pytest.approx((t.statistic, t.pvalue))


# Properties
def effect_sets(smallest=3):
    effect = st.tuples(st.floats(-2, 2), st.floats(0.01, 1))
    return st.lists(effect, min_size=smallest, max_size=10).map(lambda rows: np.array(rows).T)


def numbers(fit):
    names = ("estimate", "se", "ci_low", "ci_high", "tau2", "i2", "q", "pi_low", "pi_high")
    return np.array([getattr(fit, name) for name in names])


@settings(max_examples=25, deadline=None)
@given(effects=effect_sets(), method=st.sampled_from(METHODS), seed=st.integers(0, 99))
def test_order_does_not_matter(effects, method, seed):
    y, v = effects
    order = np.random.default_rng(seed).permutation(y.size)
    got, want = numbers(pool(y[order], v[order], method=method)), numbers(pool(y, v, method=method))
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(effects=effect_sets(), method=st.sampled_from(METHODS))
def test_a_sign_flip_flips_the_estimate_and_nothing_else(effects, method):
    y, v = effects
    plain, flipped = pool(y, v, method=method), pool(-y, v, method=method)
    got = [flipped.estimate, flipped.ci_low, flipped.ci_high, flipped.se, flipped.tau2, flipped.q]
    want = [-plain.estimate, -plain.ci_high, -plain.ci_low, plain.se, plain.tau2, plain.q]
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(
    effects=effect_sets(),
    method=st.sampled_from(METHODS),
    unit=st.sampled_from([1e-4, 0.01, 3.7, 100.0]),
    shift=st.floats(-5, 5),
)
def test_units_and_origin_carry_over(effects, method, unit, shift):
    y, v = effects
    plain = pool(y, v, method=method)
    other = pool(unit * (y + shift), unit**2 * v, method=method)
    got = np.array([other.estimate, other.se, other.ci_low, other.pi_high]) / unit
    want = [plain.estimate + shift, plain.se, plain.ci_low + shift, plain.pi_high + shift]
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(other.tau2 / unit**2, plain.tau2, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose([other.i2, other.q], [plain.i2, plain.q], rtol=1e-5, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(effects=effect_sets(4), unit=st.sampled_from([0.001, 12.0]), origin=st.floats(-50, 50))
def test_units_of_a_moderator_change_its_slope_only(effects, unit, origin):
    y, v = effects
    x = np.linspace(-1, 1, y.size) ** 3
    plain = pool(y, v, moderators=x)
    other = pool(y, v, moderators=unit * (x + origin))
    assert other.tau2 == pytest.approx(plain.tau2, rel=1e-6, abs=1e-8)
    slope, other_slope = plain.coefficients.iloc[1], other.coefficients.iloc[1]
    assert other_slope["estimate"] * unit == pytest.approx(slope["estimate"], rel=1e-6, abs=1e-7)
    assert other_slope["se"] * unit == pytest.approx(slope["se"], rel=1e-6, abs=1e-7)


@settings(max_examples=25, deadline=None)
@given(effects=effect_sets())
def test_statsmodels_agrees_where_it_applies(effects):
    y, v = effects
    with warnings.catch_warnings():  # its untruncated tau2 can make variances negative
        warnings.simplefilter("ignore", RuntimeWarning)
        other = combine_effects(y, v, method_re="chi2", use_t=False)
    common = pool(y, v, method="FE", test="normal")
    assert common.estimate == pytest.approx(other.mean_effect_fe, abs=1e-9)
    assert common.se == pytest.approx(other.sd_eff_w_fe, abs=1e-9)
    assert common.q == pytest.approx(other.q, abs=1e-9)
    # statsmodels does not truncate at zero: there the two part, on purpose.
    assert pool(y, v, method="DL").tau2 == pytest.approx(max(0.0, other.tau2), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(effects=effect_sets(), other=st.floats(0, 5), restricted=st.booleans())
def test_likelihood_estimates_are_global_maxima(effects, other, restricted):
    y, v = effects
    # Contrasts free of the mean: their likelihood is the restricted one.
    basis = np.linalg.qr(np.column_stack([np.ones(y.size), np.eye(y.size)[:, 1:]]))[0][:, 1:]

    def log_likelihood(tau2, mean):
        if restricted:
            cov = basis.T @ np.diag(v + tau2) @ basis
            return stats.multivariate_normal.logpdf(basis.T @ y, np.zeros(y.size - 1), cov)
        return stats.norm.logpdf(y, mean, np.sqrt(v + tau2)).sum()

    fit = pool(y, v, method="REML" if restricted else "ML")
    weights = 1 / (v + other)
    rival = log_likelihood(other, np.sum(weights * y) / weights.sum())
    assert log_likelihood(fit.tau2, fit.estimate) >= rival - 1e-8


def test_the_higher_of_two_peaks_is_taken():
    # A climb that starts at zero stays there: it is a peak too, but a lower one.
    y, v = np.array([4.8, -1.1, -2.8]), np.array([0.8, 0.0016, 0.1])

    def log_likelihood(t):
        w = 1 / (v + t)
        return stats.norm.logpdf(y, np.sum(w * y) / w.sum(), np.sqrt(v + t)).sum()

    assert log_likelihood(0.0) > log_likelihood(1e-4)
    grid = np.geomspace(1e-6, 100, 5000)
    best = max(grid, key=log_likelihood)
    assert log_likelihood(best) > log_likelihood(0.0) + 20
    assert pool(y, v, method="ML").tau2 == pytest.approx(best, rel=0.01)


def test_prediction_at_the_intercept_is_the_reported_interval():
    latitude = pd.DataFrame({"latitude": np.array(BCG["ablat"]) - 33.0})
    fit = pool(BCG["yi"], BCG["vi"], moderators=latitude)
    row = fit.predict(pd.DataFrame({"latitude": [0.0, 10.0]})).iloc[0]
    names = ["estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"]
    assert row[names].tolist() == pytest.approx([getattr(fit, name) for name in names])


def test_weights_add_up_and_the_result_is_frozen():
    fit = pool(BCG["yi"], BCG["vi"])
    assert fit.weights.sum() == pytest.approx(100)
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit.estimate = 0.0


# Errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"yi": [0.1, np.nan, 0.2]}, r"yi\[1\] is nan.*drop effects"),
        ({"vi": [0.1, 0.2, np.inf]}, r"vi\[2\] is inf"),
        ({"vi": [0.1, 0.0, 0.2]}, r"vi\[1\] is 0.*square the standard error"),
        ({"vi": [0.1, -1.0, 0.2]}, r"vi\[1\] is -1"),
        ({"vi": [0.1, 0.2]}, "yi has 3 entries, vi has 2"),
        ({"yi": [[0.1, 0.2, 0.3]]}, "yi has 2 dimensions"),
        ({"yi": ["a", "b", "c"]}, "yi holds something that is not a number"),
        ({"yi": [0.1], "vi": [0.1]}, "k is 1: pooling needs at least two"),
        ({"method": "SJ"}, "method is 'SJ': choose one of"),
        ({"test": "t"}, "test is 't': choose one of"),
        ({"level": 95}, "level is 95"),
        ({"moderators": [1.0, 2.0]}, "moderators has 2 rows, yi has 3 entries"),
        ({"moderators": [1.0, 1.0, 1.0]}, "constant or repeat each other"),
        ({"moderators": [1.0, np.nan, 1.0]}, r"moderators\['x1'\]\[1\] is nan"),
        ({"moderators": [[1.0, 0.0], [2.0, 1.0], [4.0, 1.0]]}, "3 effects cannot carry 3"),
        ({"moderators": pd.DataFrame({"site": ["a", "b", "c"]})}, "'site' is not numeric.*get_dum"),
        ({"moderators": pd.DataFrame(index=range(3))}, "no column"),
        ({"moderators": np.zeros((3, 1, 1))}, "too many dimensions"),
        ({"cluster": ["a", "a"]}, "cluster has 2 entries and yi has 3"),
        ({"cluster": ["a", None, "b"]}, r"cluster\[1\] is missing"),
        ({"cluster": ["a", "a", "a"]}, "1 clusters cannot carry 1 coefficient"),
    ],
)
def test_bad_input_is_named_with_its_cure(arguments, message):
    full = {"yi": [0.1, 0.3, 0.2], "vi": [0.1, 0.2, 0.1], **arguments}
    with pytest.raises(UsageError, match=message):
        pool(full.pop("yi"), full.pop("vi"), **full)


def test_rows_in_different_order_are_refused():
    y = pd.Series([0.1, 0.2, 0.3], index=["a", "b", "c"])
    with pytest.raises(UsageError, match="different row labels"):
        pool(y, pd.Series([0.1, 0.2, 0.3], index=["c", "b", "a"]))
    with pytest.raises(UsageError, match="yi and cluster have different row labels"):
        pool(y, [0.1, 0.2, 0.3], cluster=pd.Series([1, 2, 3]))


def test_predict_says_what_it_needs():
    with pytest.raises(UsageError, match="predict needs a meta-regression"):
        pool(BCG["yi"], BCG["vi"]).predict([1.0])
    fit = pool(BCG["yi"], BCG["vi"], moderators=pd.DataFrame({"latitude": BCG["ablat"]}))
    with pytest.raises(UsageError, match="lacks latitude"):
        fit.predict(pd.DataFrame({"year": [1950]}))
    with pytest.raises(UsageError, match="has 2 column"):
        fit.predict([[1.0, 2.0]])


def test_a_perfect_fit_raises_no_warning():
    fit = pool([0.2, 0.2, 0.2], [0.1, 0.1, 0.1])
    assert (fit.estimate, fit.tau2, fit.q) == pytest.approx((0.2, 0, 0), abs=1e-12)
    assert fit.ci_high - fit.ci_low == pytest.approx(0, abs=1e-6)
