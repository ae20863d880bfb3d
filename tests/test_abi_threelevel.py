import numpy as np
import pandas as pd
import pytest
from abi_reference import EXTRA, METAFOR, SCHOOL
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equalcities.abi import pool, pool_three_level
from equalcities.errors import UsageError

FITS = METAFOR["konstantopoulos2011"]["fits"]
YEAR = np.array(SCHOOL["year"], dtype=float)


def fit_school(**options):
    return pool_three_level(SCHOOL["yi"], SCHOOL["vi"], cluster=SCHOOL["district"], **options)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_konstantopoulos_2011_agrees_with_metafor(method):
    want = FITS[f"three_level_{method}"]
    fit = fit_school(method=method, test="normal")
    assert [fit.sigma2_between, fit.sigma2_within] == pytest.approx(want["sigma2"], rel=1e-6)
    got = [fit.estimate, fit.se, fit.p, fit.ci_low, fit.ci_high, fit.q]
    names = ("beta", "se", "pval", "ci_lb", "ci_ub", "QE")
    assert got == pytest.approx([want[name] for name in names], rel=1e-6)
    assert fit.log_likelihood == pytest.approx(want["logLik"], rel=1e-9)
    assert [fit.pi_low, fit.pi_high] == pytest.approx(want["pi"], rel=1e-6)
    assert (fit.k, fit.n_clusters) == (56, 11)


def test_profile_intervals_agree_with_metafor():
    fit = fit_school()
    got = [fit.sigma2_between, fit.sigma2_between_low, fit.sigma2_between_high]
    assert got == pytest.approx(FITS["profile_CI"]["sigma2_1"], rel=1e-6)
    got = [fit.sigma2_within, fit.sigma2_within_low, fit.sigma2_within_high]
    assert got == pytest.approx(FITS["profile_CI"]["sigma2_2"], rel=1e-6)


def test_moderator_agrees_with_metafor():
    want = FITS["three_level_REML_year"]
    fit = fit_school(moderators=pd.DataFrame({"year": YEAR - YEAR.mean()}), test="normal")
    assert [fit.sigma2_between, fit.sigma2_within] == pytest.approx(want["sigma2"], rel=1e-6)
    table = fit.coefficients
    pairs = {"estimate": "beta", "se": "se", "p": "pval", "ci_low": "ci_lb", "ci_high": "ci_ub"}
    for ours, theirs in pairs.items():
        assert table[ours].to_numpy() == pytest.approx(want[theirs], rel=1e-6), ours
    assert fit.log_likelihood == pytest.approx(want["logLik"], rel=1e-9)


def test_t_reference_agrees_with_metafor():
    want = EXTRA["school_3l_t"]
    fit = fit_school(test="t")
    got = [fit.se, fit.p, fit.ci_low, fit.ci_high]
    names = ("se", "pval", "ci_lb", "ci_ub")
    assert got == pytest.approx([want[name] for name in names], rel=1e-6)


def test_cr2_agrees_with_club_sandwich():
    want = FITS["robust_three_level"]["CR2"]
    fit = fit_school()
    got = [fit.se, fit.coefficients["df"].iloc[0], fit.p]
    assert got == pytest.approx([want["se"], want["df"], want["p"]], rel=1e-6)
    interval = EXTRA["school_3l_robust_pi"]
    assert [fit.pi_low, fit.pi_high] == pytest.approx([interval["pi.lb"], interval["pi.ub"]])
    want = EXTRA["school_3l_robust_year"]
    table = fit_school(moderators=YEAR - 1987).coefficients
    for ours, theirs in {"estimate": "beta", "se": "se", "df": "df", "p": "p"}.items():
        assert table[ours].to_numpy() == pytest.approx(want[theirs], rel=1e-5), ours


def test_variance_at_the_boundary_agrees_with_metafor():
    data, want = EXTRA["nested"], EXTRA["nested_3l"]
    fit = pool_three_level(data["yi"], data["vi"], cluster=data["cl"], test="normal")
    got = [fit.sigma2_between, fit.sigma2_within]
    assert got == pytest.approx(want["sigma2"], rel=1e-6, abs=1e-8)
    assert fit.sigma2_within_low == 0 and fit.sigma2_within_high > 0.01
    got = [fit.estimate, fit.se, fit.log_likelihood]
    assert got == pytest.approx([want["beta"], want["se"], want["ll"]], rel=1e-6)


def test_likelihood_is_that_of_the_normal_distribution():
    fit = fit_school(method="ML")
    codes = pd.factorize(pd.Series(SCHOOL["district"]))[0]
    cov = np.diag(np.array(SCHOOL["vi"]) + fit.sigma2_within)
    cov += fit.sigma2_between * (codes[:, None] == codes)
    want = stats.multivariate_normal.logpdf(SCHOOL["yi"], np.full(56, fit.estimate), cov)
    assert fit.log_likelihood == pytest.approx(want, rel=1e-10)


def test_shares_of_variance_and_the_two_level_model():
    fit, flat = fit_school(), pool(SCHOOL["yi"], SCHOOL["vi"])
    assert 0 < fit.i2_within < fit.i2_between < 100
    # Taken together, the two shares are near the one of the model without districts.
    assert fit.i2_between + fit.i2_within == pytest.approx(flat.i2, abs=2)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), unit=st.sampled_from([0.01, 50.0]))
def test_order_sign_and_units(seed, unit):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(list("abcdef"), 3)
    v = rng.uniform(0.02, 0.1, 18)
    y = 0.3 + rng.normal(0, 0.4, 6).repeat(3) + rng.normal(0, np.sqrt(v + 0.05))
    order = rng.permutation(18)
    plain = pool_three_level(y, v, cluster=cluster)
    other = pool_three_level(-unit * y[order], unit**2 * v[order], cluster=cluster[order])
    got = [-other.estimate, other.se, -other.ci_high, other.pi_high - other.pi_low]
    want = [plain.estimate, plain.se, plain.ci_low, plain.pi_high - plain.pi_low]
    np.testing.assert_allclose(np.array(got) / unit, want, rtol=1e-4, atol=1e-6)
    got = np.array([other.sigma2_between, other.sigma2_within]) / unit**2
    np.testing.assert_allclose(
        got, [plain.sigma2_between, plain.sigma2_within], rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cluster": list("abcd")}, "every cluster holds one effect.*use pool"),
        ({"cluster": list("aaaa")}, "1 clusters cannot carry"),
        ({"method": "DL"}, "method is 'DL'"),
        ({"test": "knapp-hartung"}, "test is 'knapp-hartung'"),
        ({"yi": [0.1, 0.2], "vi": [0.1, 0.1], "cluster": list("ab")}, "at least three effects"),
    ],
)
def test_bad_input_is_named_with_its_cure(arguments, message):
    full = {"yi": [0.1, 0.3, 0.2, 0.4], "vi": [0.1] * 4, "cluster": list("aabb"), **arguments}
    with pytest.raises(UsageError, match=message):
        pool_three_level(full.pop("yi"), full.pop("vi"), **full)
