"""What a gap in one indicator, such as GDP, may do to results that leave those cities out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from equalcities.errors import UsageError
from equalcities.panel.columns import require_columns
from equalcities.stats.clusters import cluster_bootstrap, cluster_robust


def compare_missing(
    frame: pd.DataFrame,
    gap: str,
    observed: Sequence[str],
    *,
    group: str,
    adjust: str = "holm",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare cities without an indicator to those with it, on what is known of both.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    gap : str
        Column with gaps, such as GDP per person.
    observed : sequence of str
        Columns on which the two sets of cities are compared.
    group : str
        Column with the country; gaps often come country by country.
    adjust : str
        Method of `statsmodels.stats.multitest.multipletests`; the family is the whole table.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per indicator: ``mean_without``, ``mean_with``, ``value`` (standardised mean
        difference, without minus with, in pooled standard deviations), its CR2 interval
        ``ci_low``, ``ci_high``, ``df``, ``p_value``, ``p_adjusted``, ``n_without``, ``n_with``,
        ``n_groups_without`` (countries with a gap).

    Raises
    ------
    UsageError
        If nothing or everything is missing.

    References
    ----------
    Austin, P. C. (2009). *Statistics in Medicine* 28, 3083-3107 (standardised differences).
    """
    require_columns(frame, [gap, *observed, group])
    rows = []
    for name in observed:
        used = frame[frame[name].notna()]
        without = used[gap].isna()
        if without.sum() < 2 or (~without).sum() < 2:
            raise UsageError(f"'{gap}' needs two cities with and two without it to compare.")
        known, unknown = used.loc[~without, name], used.loc[without, name]
        pooled = np.sqrt(
            ((len(known) - 1) * known.var() + (len(unknown) - 1) * unknown.var()) / (len(used) - 2)
        )
        fit = cluster_robust(
            used[name] / pooled,
            without.to_frame("without").astype(float),
            used[group],
            confidence=confidence,
        ).loc["without"]
        rows.append(
            {
                "indicator": name,
                "mean_without": unknown.mean(),
                "mean_with": known.mean(),
                "value": fit["estimate"],
                "ci_low": fit["ci_low"],
                "ci_high": fit["ci_high"],
                "df": fit["df"],
                "p_value": fit["p_value"],
                "n_without": len(unknown),
                "n_with": len(known),
                "n_groups_without": used.loc[without, group].nunique(),
            }
        )
    table = pd.DataFrame(rows)
    table.insert(8, "p_adjusted", multipletests(table["p_value"], method=adjust)[1])
    return table


def missing_bounds(frame: pd.DataFrame, gap: str, *, low: float, high: float) -> pd.DataFrame:
    """Bounds on mean and median whatever the missing values are.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    gap : str
        Column with gaps.
    low, high : float
        Range, in the column's unit, in which every missing value is taken to lie. This is the
        only assumption, so publish it beside the result.

    Returns
    -------
    DataFrame
        Rows ``mean`` and ``median``: ``value`` of the cities that have it, ``bound_low``,
        ``bound_high``, ``n``, ``n_missing``.

    Raises
    ------
    UsageError
        If low is not below high, or the column has no value.

    References
    ----------
    Manski, C. F. (2003). *Partial Identification of Probability Distributions*.
    """
    require_columns(frame, [gap])
    if not low < high:
        raise UsageError(f"low ({low}) must be below high ({high}); swap or correct them.")
    column = frame[gap].astype(float)
    if column.notna().sum() == 0:
        raise UsageError(f"'{gap}' has no value at all, so nothing can be bounded.")
    return pd.DataFrame(
        [
            {
                "statistic": statistic,
                "value": column.agg(statistic),
                "bound_low": column.fillna(low).agg(statistic),
                "bound_high": column.fillna(high).agg(statistic),
                "n": len(column),
                "n_missing": int(column.isna().sum()),
            }
            for statistic in ("mean", "median")
        ]
    )


def predicted_gap(
    frame: pd.DataFrame,
    gap: str,
    predictors: Sequence[str],
    *,
    group: str,
    rng: np.random.Generator | int,
    n_resamples: int = 1999,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Which way leaving out cities biases a mean, as far as other indicators can tell.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    gap : str
        Column with gaps. Pass GDP in logs if its errors are proportional.
    predictors : sequence of str
        Columns that predict it; cities without one of them are left out.
    group : str
        Column with the country, drawn whole in the bootstrap.
    rng : Generator or int
        Source of randomness, or a seed.
    n_resamples, confidence
        Resamples and coverage.

    Returns
    -------
    DataFrame
        One row: ``value``, the mean of the cities that have the value minus the mean of all cities
        with the missing ones predicted by least squares (above zero, the complete cases look too
        high), ``ci_low``, ``ci_high``, ``r_squared`` of the prediction where the value is known,
        ``n``, ``n_missing``.

    Notes
    -----
    Holds only if, at equal predictors, cities with and without the value are alike. With a
    small ``r_squared`` the predictions shrink to the mean and so does the bias: absence of
    evidence. Read it beside `missing_bounds`.
    """
    require_columns(frame, [gap, *predictors, group])
    used = frame[[gap, *predictors, group]].dropna(subset=list(predictors))
    if used[gap].notna().sum() <= len(predictors) + 2 or used[gap].notna().all():
        raise UsageError(f"'{gap}' needs gaps, and more known values than predictors.")

    def fitted(sample: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        known = sample[gap].notna().to_numpy()
        x = np.column_stack([np.ones(len(sample)), sample[list(predictors)].to_numpy(float)])
        y = sample[gap].to_numpy(dtype=float)
        return y, x @ np.linalg.lstsq(x[known], y[known], rcond=None)[0]

    def bias(sample: pd.DataFrame, _labels: object = None) -> float:
        y, prediction = fitted(sample)
        return np.nanmean(y) - np.where(np.isnan(y), prediction, y).mean()

    low, high = cluster_bootstrap(
        used, used[group], bias, rng=rng, n_resamples=n_resamples, confidence=confidence
    )
    y, prediction = fitted(used)
    return pd.DataFrame(
        {
            "value": bias(used),
            "ci_low": float(low),
            "ci_high": float(high),
            "r_squared": 1 - np.nanvar(y - prediction) / np.nanvar(y),
            "n": len(used),
            "n_missing": int(used[gap].isna().sum()),
        },
        index=[0],
    )
