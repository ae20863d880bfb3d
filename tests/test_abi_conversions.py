import numpy as np
import pytest
from abi_reference import EXTRA
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from equalcities.abi import (
    difference_to_sd,
    interval_offset,
    log_odds_to_log_risk,
    log_odds_to_points,
    log_odds_to_smd,
    log_points_to_percent,
    log_ratio,
    percent_to_log_points,
    points_to_log_odds,
    small_sample_smd,
    smd_to_log_odds,
    variance_from_interval,
)
from equalcities.errors import UsageError

VARIANCE = st.floats(0.001, 4)


def test_log_odds_become_smd_as_in_metafor():
    # escalc(measure="OR") and escalc(measure="OR2DL") on the BCG trials.
    yi, vi = log_odds_to_smd(EXTRA["bcg_OR"]["yi"], EXTRA["bcg_OR"]["vi"])
    assert yi == pytest.approx(EXTRA["bcg_OR2DL"]["yi"], rel=1e-12)
    assert vi == pytest.approx(EXTRA["bcg_OR2DL"]["vi"], rel=1e-12)


def test_log_odds_become_log_risks():
    # The exact log risk ratios of the same trials, from the risk in the control group.
    cases = np.array([11, 29, 11]), np.array([128, 274, 209])
    baseline = cases[0] / sum(cases)
    yi, _ = log_odds_to_log_risk(EXTRA["bcg_OR"]["yi"][:3], EXTRA["bcg_OR"]["vi"][:3], baseline)
    assert yi == pytest.approx(EXTRA["bcg_RR"]["yi"][:3], rel=1e-12)
    # Zhang and Yu: OR 3 at a baseline risk of 0.5 is a risk ratio of 1.5.
    assert np.exp(log_odds_to_log_risk(np.log(3), 0.1, 0.5)[0]) == pytest.approx(1.5)


def test_variance_from_interval_undoes_the_interval():
    # 0.33 (0.18 to 0.61): printed rate ratio of the Medellin transit study (Cerda et al. 2012).
    yi, vi = log_ratio(0.33, 0.18, 0.61)
    assert yi == pytest.approx(-1.10866, abs=1e-5)
    assert np.sqrt(vi) == pytest.approx((np.log(0.61) - np.log(0.18)) / 3.919928, rel=1e-6)
    assert abs(interval_offset(0.33, 0.18, 0.61, ratio=True)) < 0.02
    assert interval_offset(1.54, 0.50, 2.59) == pytest.approx((1.54 - 1.545) / 1.045)
    assert np.isnan(variance_from_interval([np.nan], [1.0])).all()


@given(mean=st.floats(-3, 3), variance=VARIANCE, level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_interval_and_variance_are_inverses(mean, variance, level):
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(variance)
    got = variance_from_interval(mean - half, mean + half, level=level)
    assert got == pytest.approx(variance, rel=1e-9)
    got = variance_from_interval(np.exp(mean - half), np.exp(mean + half), ratio=True, level=level)
    assert got == pytest.approx(variance, rel=1e-9)


def test_percent_and_log_points():
    # A doubling is +100 % and 69.3 log points; a halving is -50 % and -69.3 log points.
    assert percent_to_log_points([100.0, -50.0], [1.0, 1.0])[0] == pytest.approx(
        [69.3147, -69.3147], abs=1e-4
    )
    # Small changes are the same on both scales.
    yi, vi = percent_to_log_points(0.1, 0.04)
    assert (yi, vi) == pytest.approx((0.1, 0.04), rel=3e-3)


def test_small_sample_factor():
    # Hedges (1981): j(10) = 0.9227 (approximation 1 - 3 / (4 * 10 - 1) = 0.9231).
    yi, vi = small_sample_smd(1.0, 1.0, 10)
    assert yi == pytest.approx(0.9227, abs=1e-4)
    assert vi == pytest.approx(yi**2)


def test_points_and_log_odds():
    # From 20 to 30 per cent: odds 0.25 and 3/7.
    yi, _ = points_to_log_odds(10.0, 1.0, 0.2)
    assert np.exp(yi) == pytest.approx((3 / 7) / 0.25)


def test_difference_to_sd():
    assert difference_to_sd(3.0, 4.0, 2.0) == (1.5, 1.0)


@given(yi=st.floats(-3, 3), vi=VARIANCE, baseline=st.floats(0.05, 0.95))
def test_round_trips(yi, vi, baseline):
    for there, back in (
        (log_odds_to_smd, smd_to_log_odds),
        (log_points_to_percent, percent_to_log_points),
    ):
        assert back(*there(yi, vi)) == pytest.approx((yi, vi), rel=1e-9, abs=1e-9)
    points = log_odds_to_points(yi, vi, baseline)
    assert points_to_log_odds(*points, baseline) == pytest.approx((yi, vi), rel=1e-7, abs=1e-9)


@given(yi=st.floats(-2, 2), baseline=st.floats(0.05, 0.95))
def test_variances_follow_the_slope(yi, baseline):
    step = 1e-5
    for convert in (
        lambda y: log_odds_to_points(y, 1.0, baseline),
        lambda y: log_odds_to_log_risk(y, 1.0, baseline),
        lambda y: log_points_to_percent(y, 1.0),
        lambda y: percent_to_log_points(y, 1.0),
    ):
        slope = (convert(yi + step)[0] - convert(yi - step)[0]) / (2 * step)
        assert convert(yi)[1] == pytest.approx(slope**2, rel=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: variance_from_interval([1, 2], [2, 1]), "interval 1 runs from 2 to 1"),
        (lambda: variance_from_interval([1, 2], [2]), "pair them"),
        (lambda: variance_from_interval([-1], [2], ratio=True), r"ci_low\[0\] is -1"),
        (lambda: log_ratio([0.0], [0.1], [0.2]), r"ratio\[0\] is 0"),
        (lambda: percent_to_log_points([5, -100], 1), r"percent / 100\[1\] is 0"),
        (lambda: difference_to_sd(1, 1, [0]), r"sd\[0\] is 0"),
        (lambda: small_sample_smd(1, 1, [1]), r"df - 1\[0\] is 0"),
        (lambda: points_to_log_odds(5, 1, [20]), r"baseline\[0\] is 20.*not percentages"),
        (lambda: points_to_log_odds([30], 1, [0.8]), r"baseline \+ points / 100\[0\] is 1.1"),
        (lambda: variance_from_interval([1], [2], level=95), "level is 95"),
    ],
)
def test_bad_input_is_named_with_its_cure(call, message):
    with pytest.raises(UsageError, match=message):
        call()
