"""Indices of places with their uncertainty, in tidy rows."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from equalcities.errors import DataError, UsageError
from equalcities.segregation.draws import (
    Step,
    bootstrap,
    chance_tables,
    is_whole,
    seed_of,
    steps,
)
from equalcities.segregation.indices import (
    INDICES,
    checked_indices,
    evaluate,
    labels,
    needed_sums,
    sum_units,
    values_of,
)
from equalcities.segregation.scale import Surroundings, surroundings_of_place
from equalcities.segregation.tables import Places, read_places

# Either the built-in map or that of a pool.
Map = Callable[..., Iterable[Any]]

NULLS = ("person", "geographic", "evenness", "systematic")
INTERVAL = (0.025, 0.975)
# Draws equal to the value but for rounding count as reaching it.
ROUNDING = 1e-12


@dataclass(frozen=True)
class _Question:
    """What is asked of the units: which places, at which scales, by which indices."""

    places: Places
    scales: np.ndarray
    surroundings: Callable[[int], Surroundings]
    aspatial: bool
    indices: tuple[str, ...]

    @property
    def labels(self) -> list[tuple[str, str]]:
        return labels(self.places.groups, self.indices)

    def values(self) -> np.ndarray:
        """Return index values, shape (n_places, n_scales, n_labels)."""
        values = np.empty((len(self.places), len(self.scales), len(self.labels)))
        if self.aspatial:
            self.fill_batches(values[:, 0])
        else:
            self.fill(values, self.values_of_place)
        return values

    def table(self, place: int) -> np.ndarray:
        return self.places.table(place)

    def fill_batches(self, values: np.ndarray) -> None:
        """Fill ``values[place]`` with the point indices of all places."""
        batches = list(self.places.batches())
        needs = needed_sums(self.indices)
        parts = [sum_units(self.places.tables(members), needs) for members in batches]
        sums = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        values[np.concatenate(batches)] = evaluate(sums, self.indices)

    def values_of_place(self, place: int, around: Surroundings, _: Map) -> np.ndarray:
        return self.values_at_scales(self.table(place), around)

    def values_at_scales(self, tables: np.ndarray, around: Surroundings) -> np.ndarray:
        return np.stack([values_of(scale, self.indices) for scale in around(tables)])

    def fill(
        self, results: np.ndarray, of_place: Callable[[int, Surroundings, Map], np.ndarray]
    ) -> None:
        """Fill ``results[place]`` for all places, several at a time.

        `of_place` gets the place, its surroundings, and a map that it can use for its own parts.
        """
        # NumPy and SciPy let go of the interpreter in the long parts, so threads are enough.
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            # Threads go either to places or, if those are few, to the parts of a place.
            few = len(self.places) < 4 * (os.cpu_count() or 1)
            over_places, over_parts = (map, pool.map) if few else (pool.map, map)

            def fill_one(place: int) -> None:
                results[place] = of_place(place, self.surroundings(place), over_parts)

            for _ in over_places(fill_one, range(len(self.places))):
                pass

    def frame(self, **columns: np.ndarray) -> pd.DataFrame:
        """Return tidy rows of columns of shape (n_places, n_scales, n_labels)."""
        shape = (len(self.places), len(self.scales), len(self.labels))
        place, scale, label = (axis.ravel() for axis in np.indices(shape))
        index, group = (pd.Index(names) for names in zip(*self.labels, strict=True))
        return pd.DataFrame(
            {
                "place": self.places.keys.take(place),
                "index": index.take(label),
                "group": group.take(label),
                "scale": self.scales[scale],
                **{name: values.ravel() for name, values in columns.items()},
                "n_units": self.places.populated_units()[place],
                "population": self.places.population()[place],
            }
        )


def _question(
    units: pd.DataFrame,
    groups: Sequence[str],
    by: str | None,
    indices: Sequence[str] | None,
    weights: Any,
    scales: Any,
) -> _Question:
    names = checked_indices(indices)
    places = read_places(units, groups, by)
    sizes, surroundings = surroundings_of_place(places, units, weights, scales)
    return _Question(places, sizes, surroundings, weights is None and scales is None, names)


def _checked_replicates(replicates: int, least: int) -> int:
    whole = isinstance(replicates, int | np.integer) and not isinstance(replicates, bool)
    if not whole or replicates < least:
        raise UsageError(f"replicates={replicates!r} must be a whole number, {least} or more.")
    return int(replicates)


def _also_by_partition(ask: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Let a function of units take a Dask frame too, and answer as it would for all its rows."""
    signature = inspect.signature(ask)

    @wraps(ask)
    def asked(*args: Any, **kwargs: Any) -> pd.DataFrame:
        given = signature.bind(*args, **kwargs).arguments
        if not hasattr(given["units"], "to_delayed"):
            return ask(*args, **kwargs)
        if isinstance(given.get("rng"), np.random.Generator):
            given["rng"] = seed_of(given["rng"])
        return _ask_partitions(asked, **given)

    return asked


def _ask_partitions(ask: Callable[..., pd.DataFrame], units: Any, **options: Any) -> pd.DataFrame:
    """Ask each partition of a Dask frame and put the answers together, sorted by place."""
    import dask

    by = options.get("by")
    if by is None or options.get("weights") is not None:
        raise UsageError("a Dask frame needs by, and takes scales but no weights.")
    answer = dask.delayed(_answer_of_partition)
    answers = dask.compute(*(answer(ask, part, options) for part in units.to_delayed()))
    frames = [frame for frame in answers if frame is not None]
    if not frames:
        raise DataError("there are no units", cure="Give a frame with one row per unit")
    keys = pd.concat([frame["place"].drop_duplicates() for frame in frames])
    if keys.duplicated().any():
        raise DataError(
            f"the place {keys[keys.duplicated()].iloc[0]!r} is in several partitions",
            cure=f"Bring each place together first, with units.shuffle({by!r}) for example",
            column=by,
        )
    return pd.concat(frames).sort_values("place", kind="stable", ignore_index=True)


def _answer_of_partition(
    ask: Callable[..., pd.DataFrame], part: pd.DataFrame, options: dict[str, Any]
) -> pd.DataFrame | None:
    return ask(part, **options) if len(part) else None


@_also_by_partition
def measure(
    units: pd.DataFrame,
    groups: Sequence[str],
    by: str | None = None,
    *,
    indices: Sequence[str] | None = None,
    weights: Any = None,
    scales: Any = None,
) -> pd.DataFrame:
    """Compute chosen indices of segregation, without uncertainty.

    Parameters
    ----------
    units, groups, by, weights, scales
        As in `profile`.
    indices : sequence of str, optional
        Which indices; all by default.

    Returns
    -------
    pandas.DataFrame
        The rows of `profile` with the columns place, index, group, scale, value, n_units and
        population.
    """
    question = _question(units, groups, by, indices, weights, scales)
    return question.frame(value=question.values())


@_also_by_partition
def bootstrap_interval(
    units: pd.DataFrame,
    groups: Sequence[str],
    by: str | None = None,
    *,
    replicates: int = 1000,
    rng: np.random.Generator | int,
    indices: Sequence[str] | None = None,
    weights: Any = None,
    scales: Any = None,
) -> pd.DataFrame:
    """Compute indices with 95% percentile intervals from resampling the units of each place.

    Parameters
    ----------
    units, groups, by, weights, scales, rng
        As in `profile`.
    replicates : int
        Number of samples of units, drawn with replacement.
    indices : sequence of str, optional
        Which indices; all by default.

    Returns
    -------
    pandas.DataFrame
        The rows of `measure` with ci_low and ci_high. Both are missing for places with fewer than
        two populated units, and where an index is undefined in any sample.

    Notes
    -----
    With `weights` or `scales`, surroundings are computed once and then resampled as if they were
    units. The interval then leaves out that neighbouring surroundings overlap, and is too narrow.
    The same units are drawn at each scale. Samples repeat units, so that evenness indices of
    samples lie above those of the data; `bias_corrected` deals with bias, intervals do not.
    """
    seed = seed_of(rng)
    question = _question(units, groups, by, indices, weights, scales)
    low, high = _intervals(question, _checked_replicates(replicates, 1), seed)
    return question.frame(value=question.values(), ci_low=low, ci_high=high)


def _intervals(question: _Question, replicates: int, seed: int) -> np.ndarray:
    shape = (len(question.places), 2, len(question.scales), len(question.labels))
    bounds = np.full(shape, np.nan)
    several = question.places.populated_units() > 1

    def of_place(place: int, around: Surroundings, over_parts: Map) -> np.ndarray:
        if not several[place]:
            return np.full(shape[1:], np.nan)
        table = question.table(place)
        parts = steps(seed, question.places.keys[place], "bootstrap", replicates, table.shape[1])
        samples = [
            np.concatenate(list(over_parts(bootstrap(scale, question.indices), parts)))
            for scale in around(table)
        ]
        return np.quantile(np.stack(samples), INTERVAL, axis=1)

    question.fill(bounds, of_place)
    return np.moveaxis(bounds, 1, 0)


@_also_by_partition
def null_test(
    units: pd.DataFrame,
    groups: Sequence[str],
    by: str | None = None,
    *,
    kind: str = "person",
    replicates: int = 500,
    rng: np.random.Generator | int,
    indices: Sequence[str] | None = None,
    weights: Any = None,
    scales: Any = None,
) -> pd.DataFrame:
    """Compare indices with what chance alone would give.

    Parameters
    ----------
    units, groups, by, weights, scales, rng
        As in `profile`.
    kind : {"person", "geographic", "evenness", "systematic"}
        What is left to chance:

        - "person": persons change places; units keep their size, groups keep theirs. Drawn from
          the multivariate hypergeometric distribution.
        - "geographic": units change places; only indices with `weights` or `scales` can change.
        - "evenness": each unit draws its persons from the composition of the place.
        - "systematic": each group draws its units in proportion to their population.
    replicates : int
        Number of draws.
    indices : sequence of str, optional
        Which indices; all by default.

    Returns
    -------
    pandas.DataFrame
        The rows of `measure` with null_mean, null_low and null_high (mean, 2.5th and 97.5th
        percentile of the draws) and p, the share of draws, the data included, that are at least
        as segregated as the data. All are missing where an index is undefined in any draw.

    Raises
    ------
    UsageError
        If the kind is unknown, or "geographic" without `weights` or `scales`.
    DataError
        If counts are not whole; persons cannot be drawn from fractions of persons.
    """
    if kind not in NULLS:
        raise UsageError(f"kind={kind!r} must be one of {', '.join(NULLS)}.")
    if kind == "geographic" and weights is None and scales is None:
        raise UsageError("units that change places leave the indices as they are; give scales.")
    seed = seed_of(rng)
    question = _question(units, groups, by, indices, weights, scales)
    if kind != "geographic":
        _require_whole(question.places)
    values = question.values()
    mean, low, high, p = _nulls(question, values, kind, _checked_replicates(replicates, 1), seed)
    return question.frame(value=values, null_mean=mean, null_low=low, null_high=high, p=p)


def _require_whole(places: Places) -> None:
    if not is_whole(places.counts):
        group, unit = np.argwhere(places.counts != np.floor(places.counts))[0]
        raise DataError(
            f"the count {places.counts[group, unit]} is not a whole number, so no persons can be "
            "drawn from it",
            cure="Give counts of persons, or use bootstrap_interval, which resamples units",
            row=int(places.rows[unit]) + 1,
            column=places.groups[group],
        )


def _chance_values(
    question: _Question,
    place: int,
    around: Surroundings,
    over_parts: Map,
    kind: str,
    replicates: int,
    seed: int,
) -> np.ndarray:
    """Return index values of draws, shape (n_scales, replicates, n_labels)."""
    table = question.table(place)
    # Units that change places are the same units: without surroundings they give the value of the
    # data in each draw, so only what lies beyond the first scale is computed again.
    unmoved = kind == "geographic" and len(question.scales) > 1
    own = values_of(table, question.indices) if unmoved else None

    def values_of_step(step: Step) -> np.ndarray:
        tables = chance_tables(table, kind, step)
        if own is None:
            return question.values_at_scales(tables, around)
        drawn = question.values_at_scales(tables, lambda units: islice(around(units), 1, None))
        return np.concatenate([np.broadcast_to(own, drawn[:1].shape), drawn])

    parts = steps(seed, question.places.keys[place], kind, replicates, table.size)
    return np.concatenate(list(over_parts(values_of_step, parts)), axis=1)


def _nulls(
    question: _Question, values: np.ndarray, kind: str, replicates: int, seed: int
) -> np.ndarray:
    """Return mean, bounds and p, shape (4, n_places, n_scales, n_labels)."""
    summary = np.full((len(values), 4, *values.shape[1:]), np.nan)
    low_is_segregated = np.array([INDICES[name].low_is_segregated for name, _ in question.labels])
    sign = np.where(low_is_segregated, -1.0, 1.0)
    populated = question.places.populated_units() > 0

    def of_place(place: int, around: Surroundings, over_parts: Map) -> np.ndarray:
        whole = kind == "geographic" or is_whole(question.table(place))
        if not (populated[place] and whole):
            return np.full(summary.shape[1:], np.nan)
        draws = _chance_values(question, place, around, over_parts, kind, replicates, seed)
        value = values[place]
        reached = (sign * (draws - value[:, None]) >= -ROUNDING).sum(axis=1)
        unknown = np.isnan(value) | np.isnan(draws).any(axis=1)
        p = np.where(unknown, np.nan, (1 + reached) / (1 + replicates))
        return np.stack([draws.mean(axis=1), *np.quantile(draws, INTERVAL, axis=1), p])

    question.fill(summary, of_place)
    return np.moveaxis(summary, 1, 0)


@_also_by_partition
def bias_corrected(
    units: pd.DataFrame,
    groups: Sequence[str],
    by: str | None = None,
    *,
    method: str = "chance",
    replicates: int = 500,
    rng: np.random.Generator | int,
    indices: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Correct indices for the segregation that small units show by chance.

    Parameters
    ----------
    units, groups, by, rng
        As in `profile`.
    method : {"chance", "bootstrap"}
        - "chance": the excess over chance as a share of the largest possible excess,
          (value - m) / (1 - m) with m the mean under person permutation, or (value - m) / m if
          the value is below m [1]_. For indices that run from zero (even) to one (complete).
        - "bootstrap": 2 value - m with m the mean over samples in which the members of each group
          draw their units from where the group lives [2]_.
    replicates : int
        Number of draws.
    indices : sequence of str, optional
        Which indices; by default all that the method is made for.

    Returns
    -------
    pandas.DataFrame
        The rows of `measure` with corrected beside value.

    References
    ----------
    .. [1] Carrington, W. J., & Troske, K. R. (1997). On measuring segregation in samples with
       small units. Journal of Business & Economic Statistics, 15(4), 402-409.
    .. [2] Allen, R., Burgess, S., Davidson, R., & Windmeijer, F. (2015). More reliable inference
       for the dissimilarity index of segregation. The Econometrics Journal, 18(1), 40-66.
    """
    if method not in ("chance", "bootstrap"):
        raise UsageError(f"method={method!r} must be 'chance' or 'bootstrap'.")
    scaled = [name for name, index in INDICES.items() if index.unit_maximum]
    if indices is None and method == "chance":
        indices = scaled
    unscaled = sorted(set(checked_indices(indices)) - set(scaled))
    if method == "chance" and unscaled:
        raise UsageError(
            f"{unscaled[0]} does not run from zero to one, which method='chance' needs; "
            "use method='bootstrap' for it."
        )
    seed = seed_of(rng)
    question = _question(units, groups, by, indices, None, None)
    _require_whole(question.places)
    replicates = _checked_replicates(replicates, 1)
    values = question.values()
    kind = "person" if method == "chance" else "resampled_groups"
    means = np.empty_like(values)
    populated = question.places.populated_units() > 0

    def of_place(place: int, around: Surroundings, over_parts: Map) -> np.ndarray:
        if not populated[place]:
            return np.full(values.shape[1:], np.nan)
        draws = _chance_values(question, place, around, over_parts, kind, replicates, seed)
        return draws.mean(axis=1)

    question.fill(means, of_place)
    if method == "bootstrap":
        corrected = 2 * values - means
    else:
        room = np.where(values >= means, 1 - means, means)
        corrected = np.divide(values - means, room, out=np.zeros_like(values), where=~(room == 0))
    return question.frame(value=values, corrected=corrected)


@_also_by_partition
def profile(
    units: pd.DataFrame,
    groups: Sequence[str],
    by: str | None = None,
    weights: Any = None,
    scales: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    replicates: int = 0,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Compute all indices of segregation of all places, with their uncertainty.

    Parameters
    ----------
    units : pandas.DataFrame, geopandas.GeoDataFrame or dask.dataframe.DataFrame
        One row per unit, with counts of persons per group (not percentages; fractions of persons
        are allowed). A Dask frame must hold each place in one partition.
    groups : sequence of str
        Columns of the groups, at least two. Together they are everyone: add a column for the
        rest if need be. The ordinal indices take the order given, lowest class first.
    by : str, optional
        Column that names the place of each unit. Without it all units form the place "all".
    weights : sparse matrix, array, or object with a ``sparse`` attribute, optional
        Shape (n_units, n_units), in the order of the rows of `units`. Each unit is replaced by
        the weighted sum over its row, which is used as it is: put ones on the diagonal for units
        to belong to their own surroundings.
    scales : sequence of float or dict, optional
        Distances in the units of the coordinates, or ``{"distance": [...]}``, or numbers of
        nearest units ``{"neighbours": [...]}``. Each unit is replaced by everyone in the units
        whose centroids lie within that distance, or in that many nearest units, itself included.
        Positions come from the geometry, or from the columns x and y.
    replicates : int
        Number of draws for intervals and for the null. Zero leaves those columns missing.
    rng : numpy.random.Generator or int
        Seed; needed if there are replicates. The draws of a place depend on the seed and the name
        of the place only.

    Returns
    -------
    pandas.DataFrame
        One row per place, index, group or pair, and scale:

        - place: the key from `by`.
        - index: dissimilarity, gini, isolation, interaction, theil_h, atkinson (parameter 0.5),
          multigroup_dissimilarity, multigroup_gini, multigroup_theil_h, normalised_exposure,
          divergence (natural logarithm), ordinal_information, ordinal_variation.
        - group: the group that is compared with everyone else; for interaction among more than
          two groups also pairs "a|b", the share of b that the average a meets; "all" for indices
          of all groups together.
        - scale: the distance or number of neighbours; 0 for the units themselves or for `weights`.
        - value: the index, missing where it is not defined (a group is absent or alone).
        - ci_low, ci_high: 95% percentile interval from resampling units, see
          `bootstrap_interval`.
        - null_mean, p: mean under random allocation of persons and the share of draws at least
          as segregated as the data, see `null_test`. Missing for a place with fractional counts.
        - n_units: units with people. population: persons.

    Raises
    ------
    UsageError
        If the arguments cannot be meant.
    DataError
        If a count or position is missing or impossible, or a place is split over partitions.

    Notes
    -----
    Two groups by themselves, a against b with everyone else left out, are a profile of the two
    columns a and b.

    Surroundings overlap, so a person counts in as many surroundings as reach her unit, and the
    shares of the place are those of the surroundings together. This is the convention of PySAL's
    spatially implicit indices (without their rounding to whole persons), not the one of [3]_,
    which counts each resident once.

    References
    ----------
    .. [1] Massey, D. S., & Denton, N. A. (1988). The dimensions of residential segregation.
       Social Forces, 67(2), 281-315.
    .. [2] Reardon, S. F., & Firebaugh, G. (2002). Measures of multigroup segregation.
       Sociological Methodology, 32(1), 33-67.
    .. [3] Reardon, S. F., & O'Sullivan, D. (2004). Measures of spatial segregation. Sociological
       Methodology, 34(1), 121-162.
    .. [4] Reardon, S. F. (2009). Measures of ordinal segregation. Research on Economic
       Inequality, 17, 129-155.
    .. [5] Roberto, E. (2015). The divergence index: a decomposable measure of segregation and
       inequality. arXiv:1508.01167.
    """
    replicates = _checked_replicates(replicates, 0)
    seed = seed_of(rng) if replicates else None
    question = _question(units, groups, by, None, weights, scales)
    values = question.values()
    if seed is None:
        low = high = mean = p = np.full_like(values, np.nan)
    else:
        low, high = _intervals(question, replicates, seed)
        mean, _, _, p = _nulls(question, values, "person", replicates, seed)
    return question.frame(value=values, ci_low=low, ci_high=high, null_mean=mean, p=p)
