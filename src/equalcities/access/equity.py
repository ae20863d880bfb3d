"""How evenly access is shared out between groups and along a ranking of people.

Values, weights and labels are Series by identifier and are joined by it. A missing value is
refused: people out of reach often have none, and dropping them would flatter the result.
Intervals are percentile bootstraps over rows, or over clusters of rows where given. A cluster is
drawn whole, for all groups at once: an area whose groups share one value, or a neighbourhood of
areas that are alike. Without that, intervals for small areas are too short rather than too long.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import DataError, UsageError
from equalcities.stats import bootstrap_percentile, random_stream


def group_gaps(
    values: pd.Series,
    groups: pd.Series,
    *,
    reference: Hashable,
    rng: np.random.Generator | int,
    weights: pd.Series | None = None,
    clusters: pd.Series | None = None,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare mean access of each group with a reference group.

    Parameters
    ----------
    values : Series
        Access or cost by identifier.
    groups : Series
        Group of each identifier.
    reference : hashable
        The group that the others are compared with.
    rng : Generator or int
        Source of randomness, or a seed.
    weights : Series, optional
        Persons by identifier; equal if absent.
    clusters : Series, optional
        Cluster of each identifier. Whole clusters are drawn anew, jointly for all groups; rows
        are drawn if absent, within each group.
    replicates : int
        Bootstrap resamples.
    confidence : float
        Coverage wanted.

    Returns
    -------
    DataFrame
        Two rows per group other than the reference, sorted by group: ``measure`` is
        ``difference`` or ``ratio`` of means; ``value, ci_low, ci_high, n`` (rows of the group).

    Raises
    ------
    UsageError
        If the reference is no group, or the arguments cannot be meant.
    DataError
        If something is missing or identifiers don't match, or the reference mean is zero.
    """
    table = _joined(values, weights, groups=groups, clusters=clusters)
    codes, labels = pd.factorize(table["groups"], sort=True)
    if reference not in labels:
        raise UsageError(f"reference={reference!r} is not among the groups {list(labels)}.")
    if len(labels) < 2:
        raise UsageError("a gap needs at least two groups; label them in groups.")
    base = labels.get_loc(reference)
    others = np.delete(np.arange(len(labels)), base)

    def gaps(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        means = _means(rows, len(labels))
        # A resample in which the reference has nothing has no ratio.
        ratio = means[others] / (means[base] if means[base] != 0 else np.nan)
        return np.stack([means[others] - means[base], ratio], axis=1)

    rows = _rows(table, codes)
    _check_weighted(rows, labels)
    if _means(rows, len(labels))[base] == 0:
        raise DataError("the mean of the reference group is zero", cure="Choose another reference")
    draw = _Draw(rng, replicates, confidence, table.get("clusters"))
    value, low, high = _interval(rows, gaps, codes, draw)
    return pd.DataFrame(
        {
            "group": np.repeat(labels[others], 2),
            "reference": reference,
            "measure": ["difference", "ratio"] * len(others),
            "value": value.ravel(),
            "ci_low": low.ravel(),
            "ci_high": high.ravel(),
            "n": np.repeat(np.bincount(codes)[others], 2),
        }
    )


def share_short(
    values: pd.Series,
    groups: pd.Series,
    *,
    rng: np.random.Generator | int,
    minimum: float | None = None,
    maximum: float | None = None,
    weights: pd.Series | None = None,
    clusters: pd.Series | None = None,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of each group's people who fall short of a stated standard.

    Parameters
    ----------
    values, groups, rng, weights, clusters, replicates, confidence
        As for `group_gaps`. Infinite costs are allowed here.
    minimum, maximum : float
        Exactly one of them: people are short if access is below the minimum, or a cost above
        the maximum.

    Returns
    -------
    DataFrame
        One row per group: ``group, value, ci_low, ci_high, n``.

    Raises
    ------
    UsageError
        If not exactly one standard is given.
    DataError
        If something is missing or identifiers don't match.
    """
    if (minimum is None) == (maximum is None):
        raise UsageError("give either a minimum or a maximum: the standard people should have.")
    table = _joined(values, weights, infinite=True, groups=groups, clusters=clusters)
    short = table["values"] < minimum if maximum is None else table["values"] > maximum
    table["values"] = short.astype(float)
    codes, labels = pd.factorize(table["groups"], sort=True)
    rows = _rows(table, codes)
    _check_weighted(rows, labels)
    draw = _Draw(rng, replicates, confidence, table.get("clusters"))
    value, low, high = _interval(rows, lambda drawn: _means(drawn, len(labels)), codes, draw)
    return pd.DataFrame(
        {"group": labels, "value": value, "ci_low": low, "ci_high": high, "n": np.bincount(codes)}
    )


def concentration_index(
    values: pd.Series,
    rank_by: pd.Series,
    *,
    rng: np.random.Generator | int,
    weights: pd.Series | None = None,
    clusters: pd.Series | None = None,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> pd.Series:
    """Measure whether access gathers among the better or worse off.

    Parameters
    ----------
    values, rng, weights, clusters, replicates, confidence
        As for `group_gaps`; values of zero or more, not all zero.
    rank_by : Series
        What people are ranked by, the worst off lowest, such as income.

    Returns
    -------
    Series
        ``value, ci_low, ci_high, n``. Above zero the better off have more of it, below zero the
        worse off; between -1 and 1.

    Raises
    ------
    DataError
        If something is missing or negative, identifiers don't match, or all values are zero.

    Notes
    -----
    Twice the covariance of the value and the fractional rank, over the mean. Ties share the
    middle of their ranks, so that the order of rows plays no part.

    References
    ----------
    Kakwani, N., Wagstaff, A. and van Doorslaer, E. (1997). *Journal of Econometrics* 77, 87-103.
    """
    draw = _Draw(rng, replicates, confidence, clusters)
    return _along_ranking(_concentration, values, rank_by, weights, draw)


def palma_ratio(
    values: pd.Series,
    rank_by: pd.Series,
    *,
    rng: np.random.Generator | int,
    weights: pd.Series | None = None,
    clusters: pd.Series | None = None,
    top: float = 0.1,
    bottom: float = 0.4,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> pd.Series:
    """Divide mean access of the best-off people by that of the worst-off.

    Parameters
    ----------
    values, rank_by, rng, weights, clusters, replicates, confidence
        As for `concentration_index`.
    top, bottom : float
        Shares of people compared; rows on the border, and ties across it, count in part.

    Returns
    -------
    Series
        ``value, ci_low, ci_high, n``; 1 if both have the same, missing if the worst-off have
        nothing (the interval also if that happens in a resample).

    Raises
    ------
    UsageError
        If the shares aren't positive or overlap.
    DataError
        As for `concentration_index`.

    References
    ----------
    Palma, J. G. (2011). *Development and Change* 42, 87-153, for incomes; the ratio of means is
    its form for access.
    """
    if not (top > 0 and bottom > 0 and top + bottom <= 1):
        raise UsageError(f"top={top} and bottom={bottom} must be positive and add up to 1 at most.")

    def ratio(rows: NDArray[np.float64]) -> float:
        below, tie, mass = _ties(rows)
        total = mass.sum()
        access = np.bincount(tie, rows[:, 0] * rows[:, 1]) / mass
        worst = np.clip(bottom * total - below, 0, mass)
        best = np.clip(below + mass - (1 - top) * total, 0, mass)
        least = worst @ access / worst.sum()
        return float(best @ access / best.sum() / least) if least > 0 else np.nan

    draw = _Draw(rng, replicates, confidence, clusters)
    return _along_ranking(ratio, values, rank_by, weights, draw)


class _Draw(NamedTuple):
    """How a bootstrap draws."""

    rng: np.random.Generator | int
    replicates: int
    confidence: float
    clusters: pd.Series | None


def _joined(
    values: pd.Series,
    weights: pd.Series | None,
    *,
    infinite: bool = False,
    **labels: pd.Series | None,
) -> pd.DataFrame:
    given = {name: column for name, column in labels.items() if column is not None}
    columns = {"values": values, **given}
    if weights is not None:
        columns["weights"] = weights
    for name, column in columns.items():
        if not isinstance(column, pd.Series):
            raise UsageError(f"{name} must be a Series whose index holds the identifiers.")
        if column.index.has_duplicates:
            raise DataError(f"{name} repeats an identifier", cure="Keep one row for each")
        if len(column) != len(values) or not column.index.isin(values.index).all():
            raise DataError(
                f"{name} and values don't have the same identifiers",
                cure="Bring all to the same rows of people and say which were left out",
            )
        if column.isna().any():
            raise DataError(
                f"{name} is missing for {column.isna().sum()} of {len(column)} rows",
                cure="Say what they count as (see nearest_cost's beyond) or drop them and say so",
            )
        if name in ("values", "weights", "rank_by"):
            if not pd.api.types.is_numeric_dtype(column):
                raise DataError(f"{name} are {column.dtype}", cure="Convert them to numbers")
            if np.isinf(column.to_numpy(float)).any() and not (infinite and name == "values"):
                raise DataError(f"{name} are infinite for some", cure="Give finite numbers")
    if len(values) == 0:
        raise DataError("there are no rows", cure="Give at least one")
    table = pd.DataFrame({name: column.reindex(values.index) for name, column in columns.items()})
    if weights is None:
        table["weights"] = 1.0
    if (table["weights"] < 0).any():
        raise DataError("a weight is negative", cure="Weights are persons, zero or more")
    return table


def _rows(table: pd.DataFrame, third: np.ndarray) -> NDArray[np.float64]:
    return np.column_stack([table["values"].astype(float), table["weights"].astype(float), third])


def _means(rows: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    code = rows[:, 2].astype(np.intp)
    weight = np.bincount(code, rows[:, 1], groups)
    total = np.bincount(code, rows[:, 0] * rows[:, 1], groups)
    # A resample may hold only rows without people.
    return np.divide(total, weight, out=np.full(groups, np.nan), where=weight > 0)


def _check_weighted(rows: NDArray[np.float64], labels: pd.Index) -> None:
    empty = np.isnan(_means(rows, len(labels)))
    if empty.any():
        raise DataError(f"group '{labels[empty][0]}' has no people", cure="Drop it or weight it")


def _interval(
    rows: NDArray[np.float64], statistic: Callable, strata: np.ndarray | None, draw: _Draw
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if draw.clusters is None:
        low, high = bootstrap_percentile(
            rows, statistic, rng=draw.rng, n_resamples=draw.replicates,
            confidence=draw.confidence, strata=strata,
        )  # fmt: skip
    else:
        low, high = _by_cluster(rows, statistic, draw)
    return np.asarray(statistic(rows)), low, high


def _by_cluster(
    rows: NDArray[np.float64], statistic: Callable, draw: _Draw
) -> tuple[np.ndarray, np.ndarray]:
    """Draw whole clusters: a row weighs as often as its cluster was drawn."""
    if draw.replicates < 2 or not 0 < draw.confidence < 1:
        raise UsageError("give at least two replicates and a confidence in (0, 1).")
    cluster, found = pd.factorize(draw.clusters)
    if len(found) < 2:
        raise UsageError("there is one cluster only; nothing can be drawn.")
    generator = random_stream(draw.rng, "clusters")
    draws = []
    for _ in range(draw.replicates):
        picked = generator.integers(0, len(found), len(found))
        drawn = rows.copy()
        drawn[:, 1] *= np.bincount(picked, minlength=len(found))[cluster]
        draws.append(statistic(drawn[drawn[:, 1] > 0]))
    tail = (1 - draw.confidence) / 2
    low, high = np.quantile(np.asarray(draws, float), [tail, 1 - tail], axis=0)
    return low, high


def _along_ranking(
    statistic: Callable,
    values: pd.Series,
    rank_by: pd.Series,
    weights: pd.Series | None,
    draw: _Draw,
) -> pd.Series:
    table = _joined(values, weights, rank_by=rank_by, clusters=draw.clusters)
    table = table[table["weights"] > 0]
    if (table["values"] < 0).any() or not (table["values"] > 0).any():
        raise DataError("values are negative or all zero", cure="Give amounts of zero or more")
    rows = _rows(table, table["rank_by"].to_numpy(float))
    draw = draw._replace(clusters=table.get("clusters"))
    value, low, high = _interval(rows, statistic, None, draw)
    return pd.Series(
        {"value": float(value), "ci_low": float(low), "ci_high": float(high), "n": len(table)}
    )


def _ties(rows: NDArray[np.float64]) -> tuple[NDArray, NDArray, NDArray]:
    """Return people below each distinct rank, each row's place among those, people at each."""
    _, tie = np.unique(rows[:, 2], return_inverse=True)
    mass = np.bincount(tie, rows[:, 1])
    return np.cumsum(mass) - mass, tie, mass


def _concentration(rows: NDArray[np.float64]) -> float:
    below, tie, mass = _ties(rows)
    share = rows[:, 1] / mass.sum()
    rank = ((below + mass / 2) / mass.sum())[tie]
    mean = share @ rows[:, 0]
    if mean == 0:  # a resample of people without any
        return np.nan
    return float(2 * (share * rows[:, 0]) @ (rank - 0.5) / mean)
