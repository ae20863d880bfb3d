"""Variance components of a one-way grouping and the intraclass correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from equalcities.errors import UsageError


@dataclass(frozen=True)
class VarianceComponents:
    """One-way random-effects split of a variance.

    Attributes
    ----------
    icc, ci_low, ci_high : float
        Intraclass correlation, the share of variance between groups, with its interval.
        It is negative if groups differ less than chance would make them.
    between, within : float
        Variance components, in squared units of the values; ``between`` is not below zero.
    n, n_groups : int
        Values and groups.
    """

    icc: float
    ci_low: float
    ci_high: float
    between: float
    within: float
    n: int
    n_groups: int


def variance_components(
    values: ArrayLike, groups: ArrayLike, *, confidence: float = 0.95
) -> VarianceComponents:
    """Split a variance within and between groups by one-way analysis of variance.

    Parameters
    ----------
    values : array_like, shape (n,)
        Numbers; rows with a missing value are left out.
    groups : array_like, shape (n,)
        Group of each value. Groups of one are allowed but say nothing on the within part.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    VarianceComponents
        Intraclass correlation with its interval, components and counts.

    Raises
    ------
    UsageError
        For fewer than two groups, no group with two values, or no variation within any group.

    Notes
    -----
    The interval is exact for normal data in groups of equal size; for unequal sizes it is the
    approximation of Thomas and Hultquist, which works with the harmonic mean size.

    References
    ----------
    Shrout, P. E. and Fleiss, J. L. (1979). *Psychological Bulletin* 86, 420-428.
    Thomas, J. D. and Hultquist, R. A. (1978). *Annals of Statistics* 6, 582-587.
    """
    table = pd.DataFrame({"value": np.asarray(values, float), "group": np.asarray(groups, object)})
    grouped = table.dropna().groupby("group")["value"]
    sizes, means = grouped.size().to_numpy(), grouped.mean().to_numpy()
    n, n_groups = int(sizes.sum()), len(sizes)
    if n_groups < 2 or n == n_groups:
        raise UsageError("needs two groups or more, one of them with two values; merge groups.")
    df_between, df_within = n_groups - 1, n - n_groups
    grand = sizes @ means / n
    ms_between = sizes @ (means - grand) ** 2 / df_between
    ms_within = ((grouped.size() - 1) * grouped.var()).sum() / df_within
    if ms_within <= 0:
        raise UsageError("no group varies inside; the split within and between is not defined.")
    effective = (n - (sizes**2).sum() / n) / df_between
    between = (ms_between - ms_within) / effective

    harmonic = n_groups / (1 / sizes).sum()
    ratio = harmonic * means.var(ddof=1) / ms_within
    tail = (1 - confidence) / 2
    low, high = (
        (f - 1) / (f + harmonic - 1)
        for f in ratio / stats.f.ppf([1 - tail, tail], df_between, df_within)
    )
    return VarianceComponents(
        icc=float(between / (between + ms_within)),
        ci_low=float(low),
        ci_high=float(high),
        between=float(max(between, 0.0)),
        within=float(ms_within),
        n=n,
        n_groups=n_groups,
    )
