"""In how many domains a place is among the worst, against domains that are independent."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import DataError, UsageError
from equalcities.stats import adjust_pvalues, bootstrap_percentile, random_stream

# Flags permuted at once, so that memory does not grow with the number of permutations.
FLAGS_AT_ONCE = 2**24


def worst_places(
    domains: pd.DataFrame, *, share: float, strata: pd.Series | None = None
) -> pd.DataFrame:
    """Mark, for each domain, the places that are among the worst.

    Parameters
    ----------
    domains : DataFrame of shape (n_places, n_domains)
        A score per domain; **higher is worse**. Turn ranks that begin with the worst round.
    share : float
        Share of places that count as worst, such as 0.2.
    strata : Series, optional
        Larger area of each place: worst within the own area rather than of all.

    Returns
    -------
    DataFrame of bool
        Of the same shape. A place is marked if the share of places worse than it is below
        ``share``: ties are in or out together, so that slightly more may be marked.

    Raises
    ------
    UsageError
        If the share isn't between 0 and 1.
    DataError
        If a score or stratum is missing or identifiers don't match.
    """
    if not 0 < share < 1:
        raise UsageError(f"share={share} must lie between 0 and 1.")
    labels = _labels(domains, strata)
    if domains.isna().any().any():
        column = domains.columns[domains.isna().any()][0]
        raise DataError("a score is missing", cure="Drop the place and say so", column=str(column))
    ranks = domains.groupby(labels).rank(method="min", ascending=False) - 1
    sizes = pd.Series(labels, domains.index).map(pd.Series(labels).value_counts())
    # A product such as 0.2 * 15 may miss the whole number by its last digit.
    return ranks.lt(sizes * share - 1e-9, axis=0)


def stacking(
    flags: pd.DataFrame,
    *,
    rng: np.random.Generator | int,
    weights: pd.Series | None = None,
    strata: pd.Series | None = None,
    permutations: int = 999,
    replicates: int = 499,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of people in places that are among the worst in k or more domains.

    Parameters
    ----------
    flags : DataFrame of bool, shape (n_places, n_domains)
        As from `worst_places`.
    rng : Generator or int
        Source of randomness, or a seed.
    weights : Series, optional
        Persons by place; equal if absent.
    strata : Series, optional
        Larger area of each place. Domains are then independent *within* each area, so that an
        area which is bad at everything makes no overlap.
    permutations, replicates : int
        Draws for the null and for the intervals.
    confidence : float
        Coverage of the range under independence and of the intervals.

    Returns
    -------
    DataFrame
        One row per ``domains`` = k from 1 to the number of domains: ``places`` with k or more,
        ``value`` (share of people in them) with ``ci_low, ci_high``, ``expected`` share under
        independence (exact) with the range ``null_low, null_high`` of permutations, ``ratio`` of
        value to expected with ``ratio_low, ratio_high``, and two-sided ``p``.

    Raises
    ------
    UsageError, DataError
        If the arguments cannot be meant, or something is missing or doesn't match.

    Notes
    -----
    Under the null each domain marks as many places of a stratum as it does, whichever they are.
    A place's count then has the Poisson-binomial distribution of its stratum's shares.
    Intervals draw places anew within strata, marks and all. Both treat places as exchangeable:
    neighbours that are alike make the ranges too narrow.

    References
    ----------
    Alkire, S. and Foster, J. (2011). *Journal of Public Economics* 95, 476-487, for counting.
    """
    marks, people, area = _checked(flags, weights, strata, confidence, permutations, replicates)
    steps = np.arange(1, marks.shape[1] + 1)
    counts = marks.sum(axis=1)

    def shares(count: NDArray, weight: NDArray) -> NDArray[np.float64]:
        held = np.bincount(count, weight, len(steps) + 1)
        return held[::-1].cumsum()[::-1][1:] / weight.sum()

    def expected(mark: NDArray, weight: NDArray, group: NDArray) -> NDArray[np.float64]:
        found = np.zeros(len(steps))
        for code in range(area.max() + 1):
            inside = group == code
            if inside.any():
                found += weight[inside].sum() * _upper_tail(mark[inside].mean(axis=0))
        return found / weight.sum()

    def both(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        mark, weight, group = rows[:, 2:].astype(bool), rows[:, 0], rows[:, 1].astype(np.intp)
        value, chance = shares(mark.sum(axis=1), weight), expected(mark, weight, group)
        ratio = np.divide(value, chance, out=np.full(len(steps), np.nan), where=chance > 0)
        return np.stack([value, ratio])

    value, chance = shares(counts, people), expected(marks, people, area)
    null = np.array(
        [
            shares(count, people)
            for count in _permuted_counts(marks, area, random_stream(rng, "stacking"), permutations)
        ]
    )
    rows = np.column_stack([people, area, marks])
    low, high = bootstrap_percentile(
        rows, both, rng=rng, n_resamples=replicates, confidence=confidence, strata=area
    )
    tail = (1 - confidence) / 2
    return pd.DataFrame(
        {
            "domains": steps,
            "places": [(counts >= step).sum() for step in steps],
            "value": value,
            "ci_low": low[0],
            "ci_high": high[0],
            "expected": chance,
            "null_low": np.quantile(null, tail, axis=0),
            "null_high": np.quantile(null, 1 - tail, axis=0),
            "ratio": np.divide(value, chance, out=np.full(len(steps), np.nan), where=chance > 0),
            "ratio_low": low[1],
            "ratio_high": high[1],
            "p": _two_sided(null, value, 1e-12),
        }
    )


def variance_ratio(
    flags: pd.DataFrame,
    *,
    rng: np.random.Generator | int,
    strata: pd.Series | None = None,
    permutations: int = 999,
    replicates: int = 499,
    confidence: float = 0.95,
) -> pd.Series:
    """Sum up overlap in one number: how much more counts vary than under independence.

    Parameters
    ----------
    flags, rng, strata, permutations, replicates, confidence
        As for `stacking`.

    Returns
    -------
    Series
        ``value, ci_low, ci_high, null_low, null_high, p``. 1 under independence; above 1 domains
        fall on the same places, below 1 they avoid each other; at most the number of domains.
        Missing if no domain marks any place but not all.

    Raises
    ------
    UsageError, DataError
        As for `stacking`.

    Notes
    -----
    The variance of the count within strata over the sum of the domains' variances within strata.
    With equal shares it is one plus the mean correlation times the number of other domains.

    References
    ----------
    Schluter, D. (1984). *Ecology* 65, 998-1005.
    """
    marks, _, area = _checked(flags, None, strata, confidence, permutations, replicates)

    def ratio(rows: NDArray) -> float:
        group, mark = rows[:, 0].astype(np.intp), rows[:, 1:]
        apart = _within(mark, group).sum()
        together = _within(mark.sum(axis=1, keepdims=True), group).sum()
        return float(together / apart) if apart > 0 else np.nan

    rows = np.column_stack([area, marks]).astype(float)
    apart = _within(marks.astype(float), area).sum()
    value = ratio(rows)
    if np.isnan(value):
        raise DataError("no domain tells places apart", cure="Choose another share")
    generator = random_stream(rng, "variance ratio")
    null = np.array(
        [
            _within(count[:, None].astype(float), area).sum() / apart
            for count in _permuted_counts(marks, area, generator, permutations)
        ]
    )
    low, high = bootstrap_percentile(
        rows, ratio, rng=rng, n_resamples=replicates, confidence=confidence, strata=area
    )
    tail = (1 - confidence) / 2
    return pd.Series(
        {
            "value": value,
            "ci_low": float(low),
            "ci_high": float(high),
            "null_low": float(np.quantile(null, tail)),
            "null_high": float(np.quantile(null, 1 - tail)),
            "p": float(_two_sided(null[:, None], np.array([value]), 1e-12)[0]),
        }
    )


def pair_lift(
    flags: pd.DataFrame,
    *,
    rng: np.random.Generator | int,
    strata: pd.Series | None = None,
    draws: int = 9999,
    replicates: int = 499,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare how often two domains mark the same place with independence, for each pair.

    Parameters
    ----------
    flags, rng, strata, replicates, confidence
        As for `stacking`.
    draws : int
        Draws from the null, which is exact: hypergeometric within each stratum.

    Returns
    -------
    DataFrame
        One row per pair: ``first, second, both`` (places), ``expected``, ``lift`` (their ratio)
        with ``ci_low, ci_high``, two-sided ``p`` and ``p_adjusted`` (Holm over pairs).

    Raises
    ------
    UsageError, DataError
        As for `stacking`.

    References
    ----------
    Brin, S., Motwani, R., Ullman, J. D. and Tsur, S. (1997). *SIGMOD Record* 26, 255-264.
    """
    marks, _, area = _checked(flags, None, strata, confidence, draws, replicates)
    if marks.shape[1] < 2:
        raise UsageError("a pair needs two domains.")
    pairs = list(combinations(range(marks.shape[1]), 2))
    one, two = np.array(pairs).T
    generator = random_stream(rng, "pair lift")

    def lifts(rows: NDArray) -> NDArray[np.float64]:
        return _ratio(*_pairs(rows[:, 1:].astype(float), rows[:, 0].astype(np.intp), one, two))

    both, chance = _pairs(marks.astype(float), area, one, two)
    low, high = bootstrap_percentile(
        np.column_stack([area, marks]), lifts, rng=rng, n_resamples=replicates,
        confidence=confidence, strata=area,
    )  # fmt: skip
    sizes = np.bincount(area)
    held = np.zeros((len(sizes), marks.shape[1]), int)
    np.add.at(held, area, marks.astype(int))
    null = np.zeros((draws, len(pairs)))
    for place, (a, b) in enumerate(pairs):
        null[:, place] = generator.hypergeometric(
            held[:, a], sizes - held[:, a], held[:, b], size=(draws, len(sizes))
        ).sum(axis=1)
    p = _two_sided(null, both, 1e-9)
    names = [str(name) for name in flags.columns]
    return pd.DataFrame(
        {
            "first": [names[a] for a in one],
            "second": [names[b] for b in two],
            "both": both.astype(int),
            "expected": chance,
            "lift": _ratio(both, chance),
            "ci_low": low,
            "ci_high": high,
            "p": p,
            "p_adjusted": adjust_pvalues(p, method="holm"),
        }
    )


def _labels(frame: pd.DataFrame, strata: pd.Series | None) -> NDArray[np.intp]:
    if frame.index.has_duplicates:
        raise DataError("an identifier repeats", cure="Keep one row for each place")
    if len(frame) == 0 or frame.shape[1] == 0:
        raise DataError("there are no places or no domains", cure="Give at least one of each")
    if strata is None:
        return np.zeros(len(frame), np.intp)
    return pd.factorize(_aligned(strata, frame.index, "strata"), sort=True)[0]


def _aligned(column: pd.Series, index: pd.Index, name: str) -> pd.Series:
    if not isinstance(column, pd.Series):
        raise UsageError(f"{name} must be a Series whose index holds the identifiers.")
    if column.index.has_duplicates or not index.isin(column.index).all():
        raise DataError(
            f"{name} and places don't have the same identifiers", cure="Give one for each place"
        )
    found = column.reindex(index)
    if found.isna().any():
        raise DataError(f"{name} is missing for a place", cure="Drop the place and say so")
    return found


def _checked(
    flags: pd.DataFrame,
    weights: pd.Series | None,
    strata: pd.Series | None,
    confidence: float,
    *draws: int,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.intp]]:
    if not isinstance(flags, pd.DataFrame) or not all(kind == bool for kind in flags.dtypes):  # noqa: E721
        raise UsageError("flags must be a frame of True and False; see worst_places.")
    if min(draws) < 2 or not 0 < confidence < 1:
        raise UsageError("give at least two draws and a confidence in (0, 1).")
    area = _labels(flags, strata)
    people = np.ones(len(flags))
    if weights is not None:
        people = _aligned(weights, flags.index, "weights").to_numpy(float)
        if (people <= 0).any():
            raise DataError("a place has no people", cure="Leave it out and say so")
    # The same draws whatever the order of rows: they are taken in the order of identifiers.
    order = np.argsort(np.asarray(flags.index.astype(str)), kind="stable")
    return flags.to_numpy()[order], people[order], area[order]


def _upper_tail(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance of at least k marks, k from 1 on, if each domain marks by itself."""
    chance = np.ones(1)
    for share in shares:
        chance = np.convolve(chance, [1 - share, share])
    return chance[::-1].cumsum()[::-1][1:]


def _permuted_counts(
    marks: NDArray[np.bool_],
    area: NDArray[np.intp],
    generator: np.random.Generator,
    permutations: int,
):
    """Yield counts per place after each domain is shuffled by itself within each stratum."""
    n, domains = marks.shape
    members = [np.flatnonzero(area == code) for code in range(area.max() + 1)]
    at_once = max(1, FLAGS_AT_ONCE // n)
    for start in range(0, permutations, at_once):
        batch = min(at_once, permutations - start)
        counts = np.zeros((batch, n), np.int8)
        for inside in members:
            for domain in range(domains):
                flags = np.broadcast_to(marks[inside, domain], (batch, len(inside)))
                counts[:, inside] += generator.permuted(flags, axis=1)
        yield from counts.astype(np.intp)


def _within(values: NDArray[np.float64], area: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sum of squares of each column around its strata's means."""
    sizes = np.bincount(area)
    squares = np.empty(values.shape[1])
    for column in range(values.shape[1]):
        sums = np.bincount(area, values[:, column], len(sizes))
        squares[column] = (values[:, column] ** 2).sum() - (
            np.divide(sums**2, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
        ).sum()
    return squares


def _pairs(
    marks: NDArray[np.float64], area: NDArray[np.intp], one: NDArray, two: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places that both domains of a pair mark, and how many independence would give."""
    sizes = np.bincount(area)
    held = np.stack([np.bincount(area, column, len(sizes)) for column in marks.T], axis=1)
    share = np.divide(held, sizes[:, None], out=np.zeros_like(held), where=sizes[:, None] > 0)
    return (marks.T @ marks)[one, two], (held[:, one] * share[:, two]).sum(axis=0)


def _ratio(both: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(both, chance, out=np.full(len(both), np.nan), where=chance > 0)


def _two_sided(
    null: NDArray[np.float64], value: NDArray[np.float64], slack: float
) -> NDArray[np.float64]:
    above, below = (null >= value - slack).sum(axis=0), (null <= value + slack).sum(axis=0)
    return np.minimum(1.0, 2 * (np.minimum(above, below) + 1) / (len(null) + 1))
