"""Groups of equal size along a ranking, and their gaps inside the same larger area.

A gap over a whole country mixes two things: groups live in different kinds of place, and places
of a kind differ inside. A gap within strata keeps the second alone.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.access.equity import _joined
from equalcities.errors import DataError, UsageError
from equalcities.stats import random_stream

Floats = NDArray[np.float64]


def equal_groups(rank_by: pd.Series, weights: pd.Series, *, groups: int = 5) -> pd.Series:
    """Cut people, ranked by the places they live in, into groups of equal size.

    Parameters
    ----------
    rank_by : Series
        What places are ranked by, the lowest first, by identifier.
    weights : Series
        Persons by identifier, more than zero.
    groups : int
        Number of groups, such as 5 for fifths.

    Returns
    -------
    Series
        Group of each identifier, from 1 (lowest) to ``groups``.

    Raises
    ------
    UsageError
        If fewer than two groups are asked for.
    DataError
        If something is missing, identifiers don't match, or a weight isn't above zero.

    Notes
    -----
    A place belongs to the group in which its middle person falls; tied places stay together. So
    groups are of equal size up to a place, and some may be empty where ties are large.
    """
    if groups < 2:
        raise UsageError(f"groups={groups}; give two or more.")
    table = _joined(rank_by, weights, rank_by=rank_by)
    if (table["weights"] <= 0).any():
        raise DataError("a place has no people", cure="Leave it out and say so")
    people = table.groupby("rank_by")["weights"].sum()
    middle = (people.cumsum() - people / 2) / people.sum()
    group = np.minimum((middle * groups).astype(int), groups - 1) + 1
    return table["rank_by"].map(group).rename("group")


def gaps_within(
    values: pd.Series,
    groups: pd.Series,
    strata: pd.Series,
    *,
    reference: Hashable,
    rng: np.random.Generator | int,
    weights: pd.Series | None = None,
    clusters: pd.Series | None = None,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare mean access of each group with a reference group inside the same strata.

    Parameters
    ----------
    values : Series
        Access or cost by identifier.
    groups : Series
        Group of each identifier.
    strata : Series
        Larger area of each identifier; one label for all gives the plain difference of means.
    reference : hashable
        The group that the others are compared with.
    rng : Generator or int
        Source of randomness, or a seed.
    weights : Series, optional
        Persons by identifier; equal if absent.
    clusters : Series, optional
        Neighbourhood of each identifier inside its stratum. Whole clusters are drawn anew, so
        that likeness of neighbours widens the interval; rows are drawn if absent.
    replicates : int
        Bootstrap resamples, drawn within each stratum.
    confidence : float
        Coverage wanted.

    Returns
    -------
    DataFrame
        One row per group other than the reference, sorted by group: ``value, ci_low, ci_high``
        of the difference, ``strata`` that hold both groups, and ``share`` of the group's people
        who live in those.

    Raises
    ------
    UsageError
        If the reference is no group, there is no other, or fewer than two resamples are asked.
    DataError
        If something is missing, identifiers don't match, or no stratum holds both groups.

    Notes
    -----
    The mean over strata of the difference of means, weighted by ``a * b / (a + b)`` for ``a``
    and ``b`` persons of the two groups: with two groups, the coefficient of the group in a
    weighted regression with an intercept for each stratum. Strata in which a group is rare
    count little. Percentile bootstrap; a stratum of few clusters gives too short an interval.

    References
    ----------
    Angrist, J. D. and Pischke, J.-S. (2009). *Mostly Harmless Econometrics*, section 3.3.
    """
    labelled = {"groups": groups, "strata": strata}
    if clusters is not None:
        labelled["clusters"] = clusters
    table = _joined(values, weights, **labelled)
    group, labels = pd.factorize(table["groups"], sort=True)
    if reference not in labels or len(labels) < 2:
        raise UsageError(f"reference={reference!r} must be one of two or more: {list(labels)}.")
    if replicates < 2 or not 0 < confidence < 1:
        raise UsageError("give at least two replicates and a confidence in (0, 1).")
    base = labels.get_loc(reference)
    others = np.delete(np.arange(len(labels)), base)

    by = ["strata", "clusters" if clusters is not None else "row"]
    keyed = table.assign(row=np.arange(len(table)))
    unit = keyed.groupby(by, sort=True).ngroup().to_numpy()
    stratum = keyed.groupby("strata", sort=True).ngroup().to_numpy()
    owner = np.zeros(unit.max() + 1, np.intp)
    owner[unit] = stratum
    sums = np.zeros((2, len(owner), len(labels)))
    weight = table["weights"].to_numpy(float)
    np.add.at(sums[0], (unit, group), weight)
    np.add.at(sums[1], (unit, group), weight * table["values"].to_numpy(float))

    sizes = np.bincount(owner)
    first = np.cumsum(sizes) - sizes  # clusters are in the order of their strata
    value, usable = _pooled(sums, first, base, others)
    if np.isnan(value).any():
        alone = labels[others[np.isnan(value)]][0]
        raise DataError(
            f"group '{alone}' shares no stratum with '{reference}'",
            cure="Take larger strata or another reference",
        )
    generator = random_stream(rng, "gaps within strata")
    draws = np.empty((replicates, len(others)))
    for number in range(replicates):
        picked = first[owner] + (generator.random(len(owner)) * sizes[owner]).astype(np.intp)
        draws[number] = _pooled(sums[:, picked], first, base, others)[0]
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(draws, [tail, 1 - tail], axis=0)
    people = np.array([np.bincount(stratum, weight * (group == code)) for code in others])
    return pd.DataFrame(
        {
            "group": labels[others],
            "reference": reference,
            "value": value,
            "ci_low": low,
            "ci_high": high,
            "strata": usable.sum(axis=0),
            "share": (people * usable.T).sum(axis=1) / people.sum(axis=1),
        }
    )


def _pooled(
    sums: Floats, first: NDArray[np.intp], base: int, others: NDArray[np.intp]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the pooled difference per group, and which strata hold it and the reference."""
    people, total = np.add.reduceat(sums, first, axis=1)
    mean = np.divide(total, people, out=np.zeros_like(total), where=people > 0)
    one, two = people[:, others], people[:, [base]]
    both = (one > 0) & (two > 0)
    count = np.divide(one * two, one + two, out=np.zeros_like(one), where=both)
    gaps = (count * (mean[:, others] - mean[:, [base]])).sum(axis=0)
    known = count.sum(axis=0)
    return np.divide(gaps, known, out=np.full(len(others), np.nan), where=known > 0), both
