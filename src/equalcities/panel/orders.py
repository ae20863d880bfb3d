"""What ranks with their uncertainty can say of a city, and of two cities."""

from __future__ import annotations

import pandas as pd

from equalcities.panel.columns import require_columns
from equalcities.panel.ranks import RankUncertainty, dominance

HALVES = ("in the upper half", "in the lower half", "either half, by the choices")


def rank_halves(intervals: pd.DataFrame) -> pd.Series:
    """Say for each city which half of the ranks its interval lies in.

    Parameters
    ----------
    intervals : DataFrame
        From `rank_intervals`, one row per city.

    Returns
    -------
    Series
        One of `HALVES` per row.
    """
    require_columns(intervals, ["ci_low", "ci_high"])
    middle = (len(intervals) + 1) / 2
    upper, lower, either = HALVES
    half = pd.Series(either, index=intervals.index, name="half")
    half[intervals["ci_high"] < middle] = upper
    half[intervals["ci_low"] > middle] = lower
    return half


def ordered_pairs(result: RankUncertainty, *, order_in: float = 0.95) -> dict[str, int]:
    """Count the pairs of cities by how far their order depends on the choices.

    Parameters
    ----------
    result : RankUncertainty
        From `rank_uncertainty`.
    order_in : float
        A pair counts as ordered if it is ordered alike in this share of the draws or more.

    Returns
    -------
    dict of str to int
        ``certain`` (by the data alone), ``ordered`` (not so, but in enough draws), ``open``.
    """
    pairs = dominance(result)
    certain = pairs["certain"]
    ordered = ~certain & (pairs["share"] >= order_in)
    return {
        "certain": int(certain.sum()),
        "ordered": int(ordered.sum()),
        "open": int((~certain & ~ordered).sum()),
    }
