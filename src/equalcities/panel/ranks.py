"""How far ranks of a composite index depend on the choices behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from equalcities.errors import UsageError
from equalcities.panel.columns import require_columns
from equalcities.panel.composite import (
    aggregate_many,
    impute,
    normalise,
    pca_weights,
    random_weights,
)
from equalcities.stats.sensitivity import sobol_indices

Floats = NDArray[np.float64]

FACTORS = ("imputation", "normalisation", "weights", "aggregation", "indicators")


def _ranks(values: Floats) -> Floats:
    # Rounded, so that rounding errors of sums do not break ties.
    return rankdata(-np.round(values, 9), axis=1)


@dataclass(frozen=True)
class ChoiceSpace:
    """All choices that could be defended in building the index, made by `choice_space`.

    Attributes
    ----------
    cities : Index
        City codes.
    directions : dict
        Indicators and their directions.
    options : dict of str to tuple of str
        For each of the five factors, its options, equally likely. The first ones together are
        the baseline.
    """

    cities: pd.Index
    directions: Mapping[str, int]
    options: Mapping[str, tuple[str, ...]]
    # Per option one or more equally likely variants: filled tables, and weight vectors.
    _tables: tuple[tuple[pd.DataFrame, ...], ...]
    _weights: tuple[Floats, ...]
    _references: Mapping[str, float] | None

    @cached_property
    def _scores(self) -> dict[tuple[int, int, int], Floats]:
        """Normalised tables by imputation option, variant and normalisation."""
        return {
            (i, variant, j): normalise(
                table, self.directions, method, references=self._references
            ).to_numpy()
            for i, tables in enumerate(self._tables)
            for variant, table in enumerate(tables)
            for j, method in enumerate(self.options["normalisation"])
        }

    def index_values(self, points: Floats) -> tuple[Floats, pd.DataFrame]:
        """Index of every city under the choices that points of the unit cube stand for.

        Parameters
        ----------
        points : ndarray, shape (m, 5)
            One column per factor, in the order of ``FACTORS``. A factor's options share the
            unit interval equally, and an option's variants share its part.

        Returns
        -------
        values : ndarray, shape (m, n cities)
            Index values.
        choices : DataFrame, shape (m, 5)
            Name of the option taken for each factor.
        """
        counts = np.array([len(self.options[factor]) for factor in FACTORS])
        scaled = np.clip(points, 0, np.nextafter(1, 0)) * counts
        chosen = scaled.astype(int)
        rest = scaled - chosen
        tables = np.array([len(variants) for variants in self._tables])
        table = (rest[:, 0] * tables[chosen[:, 0]]).astype(int)
        vectors = np.array([len(variants) for variants in self._weights])
        vector = (rest[:, 2] * vectors[chosen[:, 2]]).astype(int)
        starts = np.concatenate([[0], np.cumsum(vectors)[:-1]])
        weights = np.concatenate(self._weights)[starts[chosen[:, 2]] + vector]
        # Option 0 keeps all indicators; option i drops the i-th.
        dropped = chosen[:, 4]
        weights[dropped > 0, dropped[dropped > 0] - 1] = 0

        values = np.empty((len(points), len(self.cities)))
        runs = pd.DataFrame(
            {"i": chosen[:, 0], "variant": table, "j": chosen[:, 1], "how": chosen[:, 3]}
        )
        for (i, variant, j, how), rows in runs.groupby(list(runs)).indices.items():
            method = self.options["aggregation"][how]
            values[rows] = aggregate_many(self._scores[i, variant, j], weights[rows], method)
        named = {
            factor: np.array(self.options[factor], dtype=object)[chosen[:, column]]
            for column, factor in enumerate(FACTORS)
        }
        return values, pd.DataFrame(named)

    def ranks(self, points: Floats) -> Floats:
        """Ranks (1 is best, ties share the mean) for points as in `index_values`."""
        return _ranks(self.index_values(points)[0])

    def baseline_ranks(self) -> pd.Series:
        """Ranks under the first option of every factor."""
        ranks = self.ranks(np.zeros((1, len(FACTORS))))[0]
        return pd.Series(ranks, index=self.cities, name="baseline")


def choice_space(
    frame: pd.DataFrame,
    directions: Mapping[str, int],
    *,
    code: str,
    rng: np.random.Generator | int,
    imputations: Sequence[str] = ("nearest", "regression", "median", "available"),
    normalisations: Sequence[str] = ("z-score", "min-max", "rank"),
    weights: Sequence[str] = ("equal", "pca", "dirichlet", "budget"),
    aggregations: Sequence[str] = ("arithmetic", "geometric", "copeland"),
    drop_one: bool = True,
    own_weights: Mapping[str, Mapping[str, float]] | None = None,
    references: Mapping[str, float] | None = None,
    n_imputations: int = 20,
    n_weights: int = 1000,
) -> ChoiceSpace:
    """Declare the defensible choices in building a composite index.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    directions : mapping of str to {1, -1}
        Indicators, with 1 if more is better and -1 if less is. Where this is itself open to
        argument, as with ageing, leave the indicator out or build two spaces.
    code : str
        Column with the city code.
    rng : Generator or int
        Source of randomness, or a seed.
    imputations, normalisations, aggregations : sequence of str
        Options, as in `impute`, `normalise` and `aggregate`. The first is the baseline.
    weights : sequence of str
        Options: ``"equal"``, ``"pca"``, ``"dirichlet"``, ``"budget"`` or a name in
        ``own_weights``.
    drop_one : bool
        Whether leaving out any one indicator is an option, each as likely as keeping all.
    own_weights : mapping, optional
        Named weight vectors, such as the mean of a panel's budget allocations.
    references : mapping, optional
        Reference values for the normalisation ``"distance"``.
    n_imputations, n_weights : int
        Variants drawn for each random option.

    Returns
    -------
    ChoiceSpace
        For `rank_uncertainty` and `rank_sensitivity`.

    Raises
    ------
    UsageError
        For unusable options, including any combination of them that cannot be computed.

    References
    ----------
    Saisana, M., Saltelli, A. and Tarantola, S. (2005). *JRSS A* 168, 307-323.
    OECD/JRC (2008), ch. 7.
    """
    require_columns(frame, [code, *directions])
    if frame[code].duplicated().any() or frame[code].isna().any():
        raise UsageError(f"'{code}' must name each city once; remove repeats and gaps.")
    if len(directions) < 2 + drop_one:
        raise UsageError(f"{len(directions)} indicators are too few for an index; add some.")
    generator, columns = np.random.default_rng(rng), list(directions)
    table = frame.set_index(code)[columns].astype(float)
    own = {name: pd.Series(vector, dtype=float) for name, vector in (own_weights or {}).items()}
    vectors = []
    for name in weights:
        if name == "equal":
            vector = np.full((1, len(columns)), 1 / len(columns))
        elif name == "pca":
            vector = pca_weights(table * pd.Series(directions)).to_numpy()[None]
        elif name in own:
            vector = own[name].reindex(columns).to_numpy()[None]
            if not (np.isfinite(vector).all() and (vector >= 0).all() and vector.sum() > 0):
                raise UsageError(f"own weights '{name}' need a value for each of {columns}.")
            vector = vector / vector.sum()
        elif name in ("dirichlet", "budget"):
            vector = random_weights(columns, n_weights, name, rng=generator).to_numpy()
        else:
            raise UsageError(f"weights '{name}' are unknown; give them in `own_weights`.")
        vectors.append(vector)
    space = ChoiceSpace(
        cities=table.index,
        directions=dict(directions),
        options={
            "imputation": tuple(imputations),
            "normalisation": tuple(normalisations),
            "weights": tuple(weights),
            "aggregation": tuple(aggregations),
            "indicators": ("all", *(f"without {name}" for name in columns if drop_one)),
        },
        _tables=tuple(
            tuple(impute(table, columns, name, rng=generator, n_draws=n_imputations))
            for name in imputations
        ),
        _weights=tuple(vectors),
        _references=references,
    )
    if not all(space.options.values()):
        raise UsageError("every factor needs an option; give at least one of each.")
    # Sobol indices need every combination: find a bad one now, not after minutes of runs.
    weighted = np.unique(np.concatenate(vectors) > 0, axis=0).astype(float)
    kept = 1 - np.eye(len(columns)) if drop_one else np.empty((0, len(columns)))
    patterns = np.concatenate([weighted, *(weighted * row for row in kept)])
    for scores in space._scores.values():
        for method in aggregations:
            if np.isnan(aggregate_many(scores, patterns, method)).any():
                raise UsageError(
                    "a city has no weighted indicator left under some of the choices; "
                    "drop the city or the choice."
                )
    return space


@dataclass(frozen=True)
class RankUncertainty:
    """Ranks over many draws from a `ChoiceSpace`.

    Attributes
    ----------
    ranks : DataFrame, shape (draws, cities)
        1 is best; ties share the mean rank.
    choices : DataFrame, shape (draws, 5)
        Options taken in each draw.
    baseline : Series
        Ranks under the baseline choices.
    certain : DataFrame, shape (cities, cities)
        True where the row's city is at least as good as the column's on every indicator under
        every imputation, and better on one: ahead by the data alone.
    """

    ranks: pd.DataFrame
    choices: pd.DataFrame
    baseline: pd.Series
    certain: pd.DataFrame


def rank_uncertainty(
    space: ChoiceSpace, *, rng: np.random.Generator | int, n: int = 4000
) -> RankUncertainty:
    """Rank the cities under random draws of all choices at once.

    Parameters
    ----------
    space : ChoiceSpace
        The choices.
    rng : Generator or int
        Source of randomness, or a seed.
    n : int
        Number of draws.

    Returns
    -------
    RankUncertainty
        For `rank_intervals`, `dominance`, `robustness` and `league_table`.
    """
    points = np.random.default_rng(rng).random((n, len(FACTORS)))
    values, choices = space.index_values(points)
    sign = pd.Series(space.directions).to_numpy()
    ahead = np.ones((len(space.cities), len(space.cities)), dtype=bool)
    for tables in space._tables:
        for table in tables:
            signed = table.to_numpy() * sign
            difference = signed[:, None, :] - signed[None, :, :]
            # A gap compares as NaN, which is not at least as good: nothing is certain there.
            ahead &= (difference >= 0).all(axis=2) & (difference > 0).any(axis=2)
    return RankUncertainty(
        ranks=pd.DataFrame(_ranks(values), columns=space.cities),
        choices=choices,
        baseline=space.baseline_ranks(),
        certain=pd.DataFrame(ahead, index=space.cities, columns=space.cities),
    )


def rank_intervals(result: RankUncertainty, *, confidence: float = 0.9) -> pd.DataFrame:
    """Range of each city's rank over the choices.

    Parameters
    ----------
    result : RankUncertainty
        From `rank_uncertainty`.
    confidence : float
        Share of the draws that the interval holds, the same share cut off at either end.

    Returns
    -------
    DataFrame
        One row per city, best median first: the code, ``baseline``, ``value`` (median rank),
        ``ci_low``, ``ci_high``, ``best``, ``worst``, ``n`` draws.
    """
    tail = (1 - confidence) / 2
    ranks = result.ranks
    table = pd.DataFrame(
        {
            "baseline": result.baseline,
            "value": ranks.median(),
            "ci_low": ranks.quantile(tail),
            "ci_high": ranks.quantile(1 - tail),
            "best": ranks.min(),
            "worst": ranks.max(),
            "n": len(ranks),
        }
    )
    return table.sort_values(["value", "baseline"], kind="stable").reset_index()


def dominance(result: RankUncertainty) -> pd.DataFrame:
    """Which of every two cities is ahead, and in what share of the choices.

    Parameters
    ----------
    result : RankUncertainty
        From `rank_uncertainty`.

    Returns
    -------
    DataFrame
        One row per pair: ``ahead``, ``behind`` (by majority of draws), ``share`` of draws with
        that order (ties count half), ``always`` (share is 1), ``certain`` (at least as good on
        every indicator under every imputation and better on one, so never behind).

    Notes
    -----
    ``always`` is the most and ``certain`` the least that can be claimed to hold whatever the
    choices: more draws can only shrink the first towards the second.
    """
    ranks = result.ranks.to_numpy()
    cities = result.ranks.columns
    first, second = np.triu_indices(len(cities), k=1)
    share = np.empty(len(first))
    for i in range(len(cities)):
        rows = first == i
        gap = ranks[:, second[rows]] - ranks[:, [i]]
        share[rows] = ((gap > 0) + 0.5 * (gap == 0)).mean(axis=0)
    swap = share < 0.5
    ahead, behind = np.where(swap, second, first), np.where(swap, first, second)
    share = np.where(swap, 1 - share, share)
    return pd.DataFrame(
        {
            "ahead": cities[ahead],
            "behind": cities[behind],
            "share": share,
            "always": share == 1,
            "certain": result.certain.to_numpy()[ahead, behind],
        }
    )


@dataclass(frozen=True)
class Robustness:
    """Whether ranks may be printed as a league table.

    Attributes
    ----------
    robust : bool
        The verdict.
    median_width : float
        Median over cities of the width of the rank interval, in places.
    share_ordered, share_always, share_certain : float
        Shares of pairs of cities ordered alike in nearly all draws (as the rule says), in every
        draw, and by the data alone.
    n_cities, n_draws : int
        Cities ranked and draws of choices.
    statement : str
        The verdict and its reasons in plain words.
    """

    robust: bool
    median_width: float
    share_ordered: float
    share_always: float
    share_certain: float
    n_cities: int
    n_draws: int
    statement: str


def robustness(
    result: RankUncertainty,
    *,
    confidence: float = 0.9,
    max_width: float = 0.1,
    order_in: float = 0.95,
    min_ordered: float = 0.9,
) -> Robustness:
    """Judge by a rule set beforehand whether the ranks may be printed as a league table.

    Parameters
    ----------
    result : RankUncertainty
        From `rank_uncertainty`.
    confidence : float
        Share of the draws that a rank interval holds.
    max_width : float
        Largest median width of the rank intervals, as a share of the number of cities.
    order_in : float
        A pair counts as ordered if it is ordered alike in this share of the draws or more.
    min_ordered : float
        Least share of pairs that are ordered.

    Returns
    -------
    Robustness
        Verdict, its grounds, and a statement to print.

    Notes
    -----
    The thresholds are this project's rule, not the handbook's, which asks for the analysis but
    sets no limit.
    """
    intervals = rank_intervals(result, confidence=confidence)
    pairs = dominance(result)
    width = float((intervals["ci_high"] - intervals["ci_low"]).median())
    n_cities = len(intervals)
    ordered = float((pairs["share"] >= order_in).mean())
    always, certain = float(pairs["always"].mean()), float(pairs["certain"].mean())
    robust = width <= max_width * n_cities and ordered >= min_ordered
    verdict = (
        "The ranks are robust enough for a league table"
        if robust
        else "The ranks are not robust, so no league table is given"
    )
    statement = (
        f"{verdict}: over {len(result.ranks)} combinations of defensible choices the middle "
        f"{confidence:.0%} of ranks span a median of {width:.0f} of {n_cities} places, and "
        f"{ordered:.0%} of pairs of cities keep their order in {order_in:.0%} of the combinations "
        f"or more ({always:.0%} in all, {certain:.0%} by the data alone). The rule asks for at "
        f"most {max_width * n_cities:.0f} places and at least {min_ordered:.0%} of pairs."
    )
    return Robustness(
        robust=robust,
        median_width=width,
        share_ordered=ordered,
        share_always=always,
        share_certain=certain,
        n_cities=n_cities,
        n_draws=len(result.ranks),
        statement=statement,
    )


def league_table(result: RankUncertainty, verdict: Robustness) -> pd.DataFrame:
    """Cities in order of their median rank, if the ranks are robust.

    Parameters
    ----------
    result : RankUncertainty
        From `rank_uncertainty`.
    verdict : Robustness
        From `robustness` on the same result.

    Returns
    -------
    DataFrame
        As from `rank_intervals`.

    Raises
    ------
    UsageError
        If the verdict is that ranks are not robust; the message is the statement to print.
    """
    if not verdict.robust:
        raise UsageError(f"{verdict.statement} Show rank intervals and ordered pairs instead.")
    return rank_intervals(result)


def rank_sensitivity(
    space: ChoiceSpace,
    *,
    rng: np.random.Generator | int,
    cities: Sequence[str] = (),
    n: int = 1024,
    n_resamples: int = 500,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Which choice moves the ranks: Sobol indices of the rank shift.

    Parameters
    ----------
    space : ChoiceSpace
        The choices.
    rng : Generator or int
        Source of randomness, or a seed. Every output is run on the same points.
    cities : sequence of str
        City codes whose own rank is analysed besides the mean rank shift.
    n : int
        Base sample, a power of two; the index is built up to ``7 n`` times per output.
    n_resamples, confidence
        Bootstrap resamples and coverage.

    Returns
    -------
    DataFrame
        One row per output (``"mean rank shift"`` from the baseline over cities, or a city code),
        factor and index (``"first"``: alone; ``"total"``: with all interactions): ``value``,
        ``ci_low``, ``ci_high``, share of the output's variance.

    Raises
    ------
    UsageError
        For an unknown city, or if fewer than two factors have options.

    References
    ----------
    Saisana, M., Saltelli, A. and Tarantola, S. (2005). *JRSS A* 168, 307-323.
    """
    unknown = [city for city in cities if city not in space.cities]
    if unknown:
        raise UsageError(f"{unknown} are not in the index; use codes from `space.cities`.")
    free = [i for i, factor in enumerate(FACTORS) if _varies(space, factor)]
    if len(free) < 2:
        raise UsageError("fewer than two factors have options; nothing to compare.")
    baseline = space.baseline_ranks()
    seed = int(np.random.default_rng(rng).integers(2**63))

    def ranks(points: Floats) -> Floats:
        full = np.zeros((len(points), len(FACTORS)))
        full[:, free] = points
        return space.ranks(full)

    outputs = {"mean rank shift": lambda r: np.abs(r - baseline.to_numpy()).mean(axis=1)}
    for city in cities:
        column = space.cities.get_loc(city)
        outputs[city] = lambda r, column=column: r[:, column]
    tables = [
        sobol_indices(
            lambda points, measure=measure: measure(ranks(points)),
            [FACTORS[i] for i in free],
            rng=seed,
            n=n,
            n_resamples=n_resamples,
            confidence=confidence,
        ).assign(output=name)
        for name, measure in outputs.items()
    ]
    table = pd.concat(tables, ignore_index=True).rename(columns={"input": "factor"})
    return table[["output", "factor", "index", "value", "ci_low", "ci_high"]]


def _varies(space: ChoiceSpace, factor: str) -> bool:
    variants = {"imputation": space._tables, "weights": space._weights}.get(factor, ((0,),))
    return len(space.options[factor]) > 1 or any(len(option) > 1 for option in variants)
