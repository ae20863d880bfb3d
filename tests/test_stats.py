import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from equalcities.errors import UsageError
from equalcities.stats import (
    adjust_pvalues,
    bootstrap_percentile,
    difference_interval,
    effective_size,
    fisher_pvalues,
    hypergeometric_interval,
    minimum_detectable_difference,
    pool_rubin,
    power_two_proportions,
    proportion_interval,
    random_stream,
    wilson_pooled,
    wilson_score,
)


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I: methods 1, 3 and 5.
@pytest.mark.parametrize(
    ("method", "successes", "n", "low", "high"),
    [
        ("wilson", 81, 263, 0.2553, 0.3662),
        ("wilson", 15, 148, 0.0624, 0.1605),
        ("wilson", 0, 20, 0.0, 0.1611),
        ("wilson", 1, 29, 0.0061, 0.1718),
        ("clopper-pearson", 81, 263, 0.2527, 0.3676),
        ("clopper-pearson", 15, 148, 0.0578, 0.1617),
        ("clopper-pearson", 0, 20, 0.0, 0.1684),
        ("clopper-pearson", 1, 29, 0.0009, 0.1776),
        ("wald", 81, 263, 0.2522, 0.3638),
        ("wald", 15, 148, 0.0527, 0.1500),
        ("wald", 1, 29, 0.0, 0.1009),
    ],
)
def test_intervals_as_published_by_newcombe(method, successes, n, low, high):
    assert np.round(proportion_interval(successes, n, method=method), 4) == pytest.approx(
        [low, high], abs=1e-9
    )


# the Wilson bounds for 72 respondents, worked out apart from this package to 0.1 points
@pytest.mark.parametrize(
    ("k", "low", "high"),
    [(18, 16.4, 36.1), (36, 38.7, 61.3), (40, 44.1, 66.5), (54, 63.9, 83.6), (65, 81.3, 95.2)],
)
def test_wilson_for_72(k, low, high):
    assert np.round(100 * np.array(proportion_interval(k, 72)), 1).tolist() == [low, high]


@pytest.mark.parametrize(("k", "n"), [(3, 20), (15, 148), (36, 72)])
def test_jeffreys_leaves_equal_tails_of_the_posterior(k, n):
    def density(p):
        return p ** (k - 0.5) * (1 - p) ** (n - k - 0.5)

    low, high = proportion_interval(k, n, method="jeffreys")
    whole = integrate.quad(density, 0, 1, epsabs=0)[0]
    assert integrate.quad(density, 0, low, epsabs=0)[0] / whole == pytest.approx(0.025, rel=1e-4)
    assert integrate.quad(density, high, 1, epsabs=0)[0] / whole == pytest.approx(0.025, rel=1e-4)


def test_jeffreys_is_closed_at_the_ends():
    low, high = proportion_interval([0, 20], 20, method="jeffreys")
    assert low[0] == 0 and high[1] == 1 and high[0] < 0.2 and low[1] > 0.8


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
    ],
)
def test_difference_as_published_by_newcombe(counts, low, high):
    assert difference_interval(*counts) == pytest.approx((low, high), abs=6e-5)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 120),
    share=st.floats(0, 1),
    extra=st.integers(0, 500),
    method=st.sampled_from(["wilson", "jeffreys", "clopper-pearson"]),
)
def test_intervals_hold_the_estimate_mirror_and_narrow(n, share, extra, method):
    k = round(share * n)
    low, high = proportion_interval(k, n, method=method)
    mirror_low, mirror_high = proportion_interval(n - k, n, method=method)
    assert 0 <= low <= k / n + 1e-12 and k / n - 1e-12 <= high <= 1
    assert (mirror_low, mirror_high) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    fpc_low, fpc_high = proportion_interval(k, n, method=method, population=n + extra)
    assert fpc_high - fpc_low <= high - low + 1e-9


def test_finite_population_runs_from_census_to_infinity():
    assert proportion_interval(18, 72, population=72) == pytest.approx((0.25, 0.25))
    assert np.allclose(
        proportion_interval(18, 72, population=10**9), proportion_interval(18, 72), atol=1e-7
    )
    # the variance of a sample mean without replacement, Cochran (1977), theorem 3.2
    p, n, population = 0.25, 72, 600
    wanted = p * (1 - p) / n * (population - n) / (population - 1)
    assert p * (1 - p) / effective_size(n, population) == pytest.approx(wanted)


def test_hypergeometric_interval_covers_at_least_its_level():
    population, n = 40, 12
    bounds = [hypergeometric_interval(x, n, population) for x in range(n + 1)]
    for true in range(population + 1):
        chance = stats.hypergeom.pmf(np.arange(n + 1), population, true, n)
        covered = [low <= true / population <= high for low, high in bounds]
        assert chance @ covered >= 0.95


def test_hypergeometric_interval_of_a_census_is_a_point():
    assert hypergeometric_interval(7, 20, 20) == (0.35, 0.35)


def test_wilson_score_is_the_plain_one_with_a_normal_quantile():
    plain = proportion_interval(18, 72)
    assert np.allclose(wilson_score(18 / 72, 72, stats.norm.ppf(0.975)), plain, rtol=1e-12)


def test_rubin_degrees_of_freedom_as_in_the_sas_manual():
    # SAS/STAT, PROC MIANALYZE, "Combining Inferences": m = 5 and r = 10 % give 484
    q = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    within = 1.2 * q.var(ddof=1) / 0.1
    pooled = pool_rubin(q, np.full(5, within))
    assert pooled.relative_increase == pytest.approx(0.1)
    assert pooled.df == pytest.approx(484)


def test_rubin_worked_by_hand():
    # B = 1, T = 1 + 4/3, lambda = 4/7; Barnard-Rubin with 71: 6.125 and 29.6062 in parallel
    pooled = pool_rubin([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], df_complete=71)
    assert (pooled.estimate, pooled.variance) == pytest.approx((2.0, 7 / 3))
    observed = 72 / 74 * 71 * 3 / 7
    assert pooled.df == pytest.approx(6.125 * observed / (6.125 + observed))
    half = stats.t.ppf(0.975, pooled.df) * np.sqrt(7 / 3)
    assert (pooled.ci_low, pooled.ci_high) == pytest.approx((2 - half, 2 + half))


def test_rubin_without_missing_information():
    pooled = pool_rubin(np.full((4, 2), [0.3, 0.6]), np.full((4, 2), 0.01), df_complete=50)
    assert pooled.missing_information.tolist() == [0, 0]
    assert pooled.df == pytest.approx([51 / 53 * 50] * 2)


@settings(max_examples=40, deadline=None)
@given(
    q=st.lists(st.floats(-5, 5), min_size=2, max_size=12),
    u=st.floats(0.01, 4),
    complete=st.floats(3, 500),
)
def test_rubin_never_claims_more_df_than_complete_data(q, u, complete):
    pooled = pool_rubin(q, np.full(len(q), u), df_complete=complete)
    assert 0 < pooled.df <= complete
    assert pooled.variance >= u * (1 - 1e-12)
    assert 0 <= pooled.missing_information <= 1


def test_pooled_wilson_solves_its_equation():
    # Lott and Reiter (2020): (q - p)^2 = t^2 (1 + r) p (1 - p) / n at both ends
    q, n = np.array([0.30, 0.34, 0.26, 0.33, 0.29]), 72
    pooled = pool_rubin(q, q * (1 - q) / n, df_complete=n - 1)
    t = stats.t.ppf(0.975, pooled.df)
    for p in wilson_pooled(q, n):
        assert (q.mean() - p) ** 2 == pytest.approx(
            t**2 * (1 + pooled.relative_increase) * p * (1 - p) / n
        )


def test_holm_and_benjamini_hochberg_by_hand():
    p = pd.Series([0.01, 0.04, np.nan, 0.03, 0.005], index=list("abcde"))
    assert adjust_pvalues(p)[list("abde")].tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    adjusted = adjust_pvalues(p, method="bh")
    assert adjusted[list("abde")].tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert np.isnan(adjusted["c"])


def test_benjamini_hochberg_on_their_own_data():
    # Benjamini and Hochberg (1995), section 4.1: four of fifteen rejected at 0.05, Bonferroni three
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
         0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    assert (adjust_pvalues(p, method="bh") <= 0.05).sum() == 4
    assert (adjust_pvalues(p, method="bonferroni") <= 0.05).sum() == 3


def test_fisher_pvalues_are_those_of_scipy_and_the_lady_tasting_tea():
    table = fisher_pvalues(4, 4)
    assert table[3, 1] == pytest.approx(34 / 70)  # Fisher (1935): 0.486
    for a, b in itertools.product(range(6), range(9)):
        assert fisher_pvalues(5, 8)[a, b] == pytest.approx(
            stats.fisher_exact([[a, 5 - a], [b, 8 - b]]).pvalue
        )


@pytest.mark.parametrize("test", ["fisher", "score"])
def test_power_by_enumeration(test):
    n_1, n_2, p_1, p_2 = 7, 9, 0.2, 0.8
    power = 0.0
    for a, b in itertools.product(range(n_1 + 1), range(n_2 + 1)):
        counts = [[a, n_1 - a], [b, n_2 - b]]
        if test == "fisher":
            p = stats.fisher_exact(counts).pvalue
        elif a + b in (0, n_1 + n_2):
            p = 1.0
        else:
            p = stats.chi2_contingency(counts, correction=False).pvalue
        if p <= 0.05:
            power += stats.binom.pmf(a, n_1, p_1) * stats.binom.pmf(b, n_2, p_2)
    assert power_two_proportions(p_1, p_2, n_1, n_2, test=test) == pytest.approx(power)


def test_fisher_holds_its_level():
    for share in np.linspace(0.05, 0.95, 10):
        assert power_two_proportions(share, share, 30, 42) <= 0.05


@settings(max_examples=15, deadline=None)
@given(share=st.floats(0.05, 0.6), n_1=st.integers(15, 40), n_2=st.integers(15, 40))
def test_minimum_detectable_difference_has_the_power_asked_for(share, n_1, n_2):
    found = minimum_detectable_difference(share, n_1, n_2)
    if not np.isnan(found):
        assert power_two_proportions(share, share + found, n_1, n_2) == pytest.approx(0.8, abs=1e-5)


def test_what_cannot_be_found_is_missing():
    assert np.isnan(minimum_detectable_difference(0.95, 36, 36))
    assert minimum_detectable_difference(0.95, 36, 36, direction="down") > 0.2


def test_bootstrap_agrees_with_scipy():
    values = np.random.default_rng(3).gamma(2, size=60)
    ours = bootstrap_percentile(values, np.mean, rng=4, n_resamples=4000)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=5
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.03)
    assert ours == bootstrap_percentile(values, np.mean, rng=4, n_resamples=4000)


def test_bootstrap_keeps_each_stratum():
    frame = pd.DataFrame({"stratum": list("aabbbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    low, high = bootstrap_percentile(
        frame, lambda d: (d["stratum"] == "a").sum(), rng=1, n_resamples=50, strata=frame["stratum"]
    )
    assert low == high == 2


def test_one_seed_gives_each_purpose_its_own_stream():
    one, two = random_stream(72, "universe").random(500), random_stream(72, "sample").random(500)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.15
    assert (random_stream(72, "universe").random(500) == one).all()
    generator = np.random.default_rng(1)
    assert random_stream(generator, "sample") is generator


@pytest.mark.parametrize(
    "call",
    [
        lambda: proportion_interval(5, 4),
        lambda: proportion_interval(1, 0),
        lambda: proportion_interval(np.nan, 4),
        lambda: proportion_interval(1, 4, method="normal"),
        lambda: proportion_interval(1, 4, confidence=95),
        lambda: proportion_interval(1, 4, population=3),
        lambda: hypergeometric_interval(1, 4, 3),
        lambda: pool_rubin([0.3], [0.1]),
        lambda: pool_rubin([0.3, 0.2], [0.1, -0.1]),
        lambda: adjust_pvalues([1.2]),
        lambda: adjust_pvalues([0.2], method="fdr"),
        lambda: power_two_proportions(20, 30, 10, 10),
        lambda: power_two_proportions(0.2, 0.3, 10, 10, test="t"),
        lambda: minimum_detectable_difference(0.2, 10, 10, direction="left"),
        lambda: minimum_detectable_difference(0.2, 10, 10, power=0.01),
        lambda: bootstrap_percentile([], np.mean, rng=1),
        lambda: bootstrap_percentile([1.0, 2.0], np.mean, rng=1, strata=["a"]),
    ],
)
def test_what_cannot_be_meant_is_refused(call):
    with pytest.raises(UsageError):
        call()
