"""Moving effects between scales, with their sampling variances.

Every function takes arrays or numbers and returns a pair ``(yi, vi)``. Conversions are first-order
(delta method) unless they are linear, and treat known constants (standard deviations, baseline
shares) as free of error. A conversion changes the units, not the construct: it never makes
different outcomes poolable.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, gammaln, logit
from scipy.stats import norm

from equalcities.abi.inputs import check_level
from equalcities.errors import UsageError

Array = np.ndarray
LOGISTIC_SD = np.pi / np.sqrt(3)  # standard deviation of the standard logistic distribution


def variance_from_interval(
    ci_low: ArrayLike, ci_high: ArrayLike, *, ratio: bool = False, level: float = 0.95
) -> Array:
    """Return the sampling variance that a normal confidence interval implies.

    Parameters
    ----------
    ci_low, ci_high : array_like
        Limits as printed. Missing limits give a missing variance.
    ratio : bool
        Limits of a ratio (odds, risk, rate): the variance is that of the log ratio.
    level : float
        Level of the interval.

    Returns
    -------
    ndarray
        Variance in squared units of the limits, or of their logs.

    Raises
    ------
    UsageError
        If an upper limit does not exceed its lower limit, or a ratio's limit is not positive.

    Notes
    -----
    ``((high - low) / (2 z))^2``. For intervals from a t distribution this overstates the variance
    slightly.
    """
    low, high = _interval(ci_low, ci_high, ratio)
    return ((high - low) / (2 * norm.ppf((1 + check_level(level)) / 2))) ** 2


def interval_offset(
    estimate: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, *, ratio: bool = False
) -> Array:
    """Return how far an estimate lies from the middle of its interval, in half-widths.

    Zero for a symmetric interval (on the log scale for ratios), beyond -1 or 1 outside it. A
    transcription check: large offsets mean another scale, another interval, or a misprint.

    Parameters
    ----------
    estimate, ci_low, ci_high : array_like
    ratio : bool

    Returns
    -------
    ndarray
    """
    low, high = _interval(ci_low, ci_high, ratio)
    point = _positive("estimate", estimate, np.log) if ratio else np.asarray(estimate, dtype=float)
    return (point - (low + high) / 2) / ((high - low) / 2)


def log_ratio(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, *, level: float = 0.95
) -> tuple[Array, Array]:
    """Return log ratios and their variances from ratios with confidence intervals.

    Parameters
    ----------
    ratio, ci_low, ci_high : array_like
        Odds, risk or rate ratios and their limits. A percentage change with limits enters as
        ``1 + percent / 100``; times 100, the result is in log points.
    level : float
        Level of the intervals.

    Returns
    -------
    yi, vi : ndarray
    """
    yi = _positive("ratio", ratio, np.log)
    return yi, variance_from_interval(ci_low, ci_high, ratio=True, level=level)


def log_odds_to_smd(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    """Return standardised mean differences from log odds ratios.

    Notes
    -----
    Takes the outcome as a logistic variable cut in two: ``d = lnOR sqrt(3) / pi``. Chinn (2000),
    Statistics in Medicine 19(22). metafor: ``escalc(measure="OR2DL")``.
    """
    return np.asarray(yi, float) / LOGISTIC_SD, np.asarray(vi, float) / LOGISTIC_SD**2


def smd_to_log_odds(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    """Return log odds ratios from standardised mean differences; inverse of `log_odds_to_smd`."""
    return np.asarray(yi, float) * LOGISTIC_SD, np.asarray(vi, float) * LOGISTIC_SD**2


def percent_to_log_points(percent: ArrayLike, variance: ArrayLike) -> tuple[Array, Array]:
    """Return log changes (1 log point = 0.01) from percentage changes.

    Parameters
    ----------
    percent : array_like
        Change in percent of the counterfactual level, greater than -100.
    variance : array_like
        Its sampling variance, in squared percent.

    Returns
    -------
    yi, vi : ndarray
        ``100 ln(1 + percent / 100)`` in log points, and its variance in squared log points.
    """
    factor = _positive("1 + percent / 100", 1 + np.asarray(percent, float) / 100)
    return 100 * np.log(factor), np.asarray(variance, float) / factor**2


def log_points_to_percent(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    """Return percentage changes from log points; inverse of `percent_to_log_points`.

    Transform interval limits with it, not the variance, where an interval is to be printed: the
    percent scale is not symmetric.
    """
    factor = np.exp(np.asarray(yi, float) / 100)
    return 100 * (factor - 1), np.asarray(vi, float) * factor**2


def difference_to_sd(
    difference: ArrayLike, variance: ArrayLike, sd: ArrayLike
) -> tuple[Array, Array]:
    """Return differences in standard deviations of the outcome.

    Parameters
    ----------
    difference, variance : array_like
        Effect in units of the outcome and its sampling variance.
    sd : array_like
        Standard deviation of the outcome between people in a reference population. A standard
        deviation between area means is a smaller number and gives another, larger effect.

    Returns
    -------
    yi, vi : ndarray
    """
    scale = _positive("sd", sd)
    return np.asarray(difference, float) / scale, np.asarray(variance, float) / scale**2


def small_sample_smd(yi: ArrayLike, vi: ArrayLike, df: ArrayLike) -> tuple[Array, Array]:
    """Return Hedges' g: standardised differences without their small-sample bias.

    Parameters
    ----------
    yi, vi : array_like
        Cohen's d and its sampling variance.
    df : array_like
        Degrees of freedom of the standard deviation, greater than 1.

    Notes
    -----
    Exact factor ``gamma(df/2) / (sqrt(df/2) gamma((df-1)/2))``. Hedges (1981), Journal of
    Educational Statistics 6(2).
    """
    freedom = np.asarray(df, float)
    _positive("df - 1", freedom - 1)
    j = np.exp(gammaln(freedom / 2) - gammaln((freedom - 1) / 2) - np.log(freedom / 2) / 2)
    return j * np.asarray(yi, float), j**2 * np.asarray(vi, float)


def points_to_log_odds(
    points: ArrayLike, variance: ArrayLike, baseline: ArrayLike
) -> tuple[Array, Array]:
    """Return log odds ratios from differences in percentage points.

    Parameters
    ----------
    points, variance : array_like
        Difference in percentage points, and its variance in squared points.
    baseline : array_like
        Share without the programme, between 0 and 1, taken as known.

    Returns
    -------
    yi, vi : ndarray
    """
    without = _share("baseline", baseline)
    treated = _share("baseline + points / 100", without + np.asarray(points, float) / 100)
    slope = 1 / (100 * treated * (1 - treated))
    return logit(treated) - logit(without), np.asarray(variance, float) * slope**2


def log_odds_to_points(yi: ArrayLike, vi: ArrayLike, baseline: ArrayLike) -> tuple[Array, Array]:
    """Return differences in percentage points; inverse of `points_to_log_odds`."""
    without = _share("baseline", baseline)
    treated = expit(logit(without) + np.asarray(yi, float))
    slope = 100 * treated * (1 - treated)
    return 100 * (treated - without), np.asarray(vi, float) * slope**2


def log_odds_to_log_risk(yi: ArrayLike, vi: ArrayLike, baseline: ArrayLike) -> tuple[Array, Array]:
    """Return log risk ratios from log odds ratios.

    Parameters
    ----------
    yi, vi : array_like
    baseline : array_like
        Risk without the programme, between 0 and 1, taken as known.

    Notes
    -----
    ``RR = OR / (1 - p + p OR)``. Zhang and Yu (1998), JAMA 280(19). Right for an odds ratio that
    is not adjusted for covariates.
    """
    p, odds = _share("baseline", baseline), np.exp(np.asarray(yi, float))
    denominator = 1 - p + p * odds
    return np.log(odds / denominator), np.asarray(vi, float) * ((1 - p) / denominator) ** 2


def _interval(ci_low: ArrayLike, ci_high: ArrayLike, ratio: bool) -> tuple[Array, Array]:
    low, high = np.asarray(ci_low, dtype=float), np.asarray(ci_high, dtype=float)
    if low.shape != high.shape:
        raise UsageError(f"ci_low has shape {low.shape} and ci_high {high.shape}: pair them.")
    crossed = np.flatnonzero(high <= low)
    if crossed.size:
        i = crossed[0]
        raise UsageError(
            f"interval {i} runs from {low.flat[i]:g} to {high.flat[i]:g}: the upper limit must "
            "exceed the lower one; check the transcription or leave the interval missing."
        )
    if ratio:
        return _positive("ci_low", low, np.log), _positive("ci_high", high, np.log)
    return low, high


def _positive(name: str, values: ArrayLike, transform=None) -> Array:
    out = np.asarray(values, dtype=float)
    bad = np.flatnonzero(out <= 0)
    if bad.size:
        raise UsageError(
            f"{name}[{bad[0]}] is {out.flat[bad[0]]:g}: it must be greater than zero on this "
            "scale; check the unit of the effect."
        )
    return out if transform is None else transform(out)


def _share(name: str, values: ArrayLike) -> Array:
    out = np.asarray(values, dtype=float)
    bad = np.flatnonzero((out <= 0) | (out >= 1))
    if bad.size:
        raise UsageError(
            f"{name}[{bad[0]}] is {out.flat[bad[0]]:g}: give shares strictly between 0 and 1, "
            "not percentages."
        )
    return out
