"""How many areas and years a difference-in-differences needs to see an effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from equalcities.errors import UsageError


def sampling_sd(respondents: float, *, share: float = 0.5, design_effect: float = 1.0) -> float:
    """Return the sampling error of a share that a survey measures in one area and year.

    Parameters
    ----------
    respondents : float
        People asked per area and year.
    share : float
        The share itself, as a fraction.
    design_effect : float
        How much clustering within the area (households, streets) inflates the variance:
        ``1 + (cluster size - 1) * intra-cluster correlation``.

    Returns
    -------
    float
        Standard error in percentage points.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley (the design effect).
    """
    if respondents <= 0 or not 0 <= share <= 1 or design_effect <= 0:
        raise UsageError(
            "give a positive number of respondents, a share from 0 to 1 and a positive "
            "design effect."
        )
    return float(100 * np.sqrt(design_effect * share * (1 - share) / respondents))


def averaging_variance(
    years_before: int,
    years_after: int,
    *,
    noise_sd: float,
    autocorrelation: float = 0.0,
    trend_sd: float = 0.0,
    sampling_sd: float = 0.0,
) -> float:
    """Variance between areas of the change from the mean before to the mean after.

    Parameters
    ----------
    years_before, years_after : int
        Years observed before and from the start.
    noise_sd, autocorrelation : float
        Spread of what moves one area in one year, and its correlation from year to year (AR(1)).
    trend_sd : float
        Spread of the areas' own yearly drift.
    sampling_sd : float
        Sampling error of an area's value in one year, independent between years.

    Returns
    -------
    float
        Variance in squared points.

    Raises
    ------
    UsageError
        For no year on either side, a negative spread or an impossible correlation.

    Notes
    -----
    ``w' S w`` with ``w = -1/before`` and ``1/after`` and ``S`` the covariance of an area's years.
    It uses every correlation between years, as the serial-correlation-robust formula does; with
    one and the same correlation it reduces to ``(1 - rho) * sd**2 * (1/before + 1/after)``.

    References
    ----------
    Burlig, F., Preonas, L. and Woerman, M. (2020). Panel data and experimental design. Journal of
    Development Economics 144, 102458. Frison, L. and Pocock, S. J. (1992). Repeated measures in
    clinical trials. Statistics in Medicine 11, 1685-1704.
    """
    if min(years_before, years_after) < 1:
        raise UsageError("give at least one year before and one after the start.")
    if min(noise_sd, trend_sd, sampling_sd) < 0 or not -1 < autocorrelation < 1:
        raise UsageError("spreads can't be negative, and autocorrelation lies between -1 and 1.")
    years = np.arange(years_before + years_after)
    weights = np.where(years < years_before, -1 / years_before, 1 / years_after)
    covariance = (
        noise_sd**2 * autocorrelation ** np.abs(years[:, None] - years)
        + trend_sd**2 * np.outer(years, years)
        + sampling_sd**2 * np.eye(len(years))
    )
    return float(weights @ covariance @ weights)


def variance_from_history(
    outcomes: pd.DataFrame, years_before: int, years_after: int
) -> tuple[float, int]:
    """Learn the same variance from a city's own past, without a model of the years.

    Parameters
    ----------
    outcomes : DataFrame
        One row per area and year without a programme: ``area, year, outcome``, no gaps.
    years_before, years_after : int
        As in the planned evaluation; together no more than the years of history.

    Returns
    -------
    variance : float
        Variance between areas of the change from the mean before to the mean after, averaged over
        all windows of the history.
    windows : int
        How many windows there were. They overlap, so that they aren't independent.

    Raises
    ------
    UsageError
        If the history is shorter than the plan, has gaps, or has fewer than three areas.

    Notes
    -----
    This is the planning step of Burlig, Preonas and Woerman (2020) with the empirical covariance
    between years in place of a model of it.
    """
    wide = outcomes.pivot(  # noqa: PD010 - a second value of a cell is an error, no mean
        index="area", columns="year", values="outcome"
    ).sort_index(axis=1)
    length = years_before + years_after
    if min(years_before, years_after) < 1 or wide.shape[1] < length:
        raise UsageError(
            f"the history has {wide.shape[1]} years and the plan {length}; bring a longer history "
            "or plan fewer years, at least one on either side."
        )
    if len(wide) < 3 or wide.isna().to_numpy().any() or (np.diff(wide.columns) != 1).any():
        raise UsageError(
            "the history needs three areas or more, each with a value in every year; fill or "
            "leave out the areas and years with gaps."
        )
    values = wide.to_numpy()
    variances = [
        np.var(
            values[:, first + years_before : first + length].mean(axis=1)
            - values[:, first : first + years_before].mean(axis=1),
            ddof=1,
        )
        for first in range(values.shape[1] - length + 1)
    ]
    return float(np.mean(variances)), len(variances)


def _spread(treated: float, controls: float, variance: float) -> tuple[float, float]:
    if min(treated, controls) < 2 or not variance > 0:
        raise UsageError("give at least two areas on either side and a positive variance.")
    return np.sqrt(variance * (1 / treated + 1 / controls)), treated + controls - 2


def power_did(
    effect: float, treated: int, controls: int, *, variance: float, alpha: float = 0.05
) -> float:
    """Chance that a two-sided test finds the effect.

    Parameters
    ----------
    effect : float
        True mean effect, in points.
    treated, controls : int
        Programme areas and areas to compare with.
    variance : float
        From `averaging_variance` or `variance_from_history`.
    alpha : float
        Level of the test.

    Returns
    -------
    float

    Notes
    -----
    With one start and no missing years, the two-way fixed-effects estimate is the difference of
    the mean changes of two groups of areas, so that its power is that of a t test of two means
    with ``treated + controls - 2`` degrees of freedom (exact for normal changes).
    """
    spread, freedom = _spread(treated, controls, variance)
    if not 0 < alpha < 1:
        raise UsageError("alpha lies between 0 and 1; give such a number.")
    limit, shift = stats.t.isf(alpha / 2, freedom), abs(effect) / spread
    right = stats.nct.sf(limit, freedom, shift)
    # far out, SciPy has no number for the wrong side, whose chance is below 1e-20 there
    wrong = stats.nct.cdf(-limit, freedom, shift) if shift < 8 else 0.0
    return float(right + wrong)


def minimum_detectable_effect(
    treated: int, controls: int, *, variance: float, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Smallest effect found with the power asked for.

    Parameters
    ----------
    treated, controls, variance, alpha
        As in `power_did`.
    power : float
        Chance of finding it.

    Returns
    -------
    float
        In points.
    """
    spread, _ = _spread(treated, controls, variance)
    if not alpha < power < 1:
        raise UsageError("power lies between alpha and 1; give such a number.")
    return float(
        optimize.brentq(
            lambda units: (
                power_did(units * spread, treated, controls, variance=variance, alpha=alpha) - power
            ),
            0,
            1e3,
        )
        * spread
    )


def areas_needed(
    effect: float,
    *,
    variance: float,
    controls_per_treated: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
    most: int = 10_000,
) -> int | None:
    """Fewest programme areas with which the effect is found with the power asked for.

    Parameters
    ----------
    effect : float
        True mean effect, in points.
    variance, power, alpha
        As in `minimum_detectable_effect`.
    controls_per_treated : float
        Areas to compare with per programme area; their number is rounded up.
    most : int
        Where to stop.

    Returns
    -------
    int or None
        Programme areas; None where even ``most`` don't suffice.
    """
    if effect == 0 or controls_per_treated <= 0 or not alpha < power < 1:
        raise UsageError(
            "give an effect other than 0, a positive number of controls per programme area and a "
            "power between alpha and 1."
        )

    def enough(treated: int) -> bool:
        controls = max(2, int(np.ceil(treated * controls_per_treated)))
        return power_did(effect, treated, controls, variance=variance, alpha=alpha) >= power

    if not enough(most):
        return None
    low, high = 1, most  # power grows with the number of areas, so halving finds the fewest
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
