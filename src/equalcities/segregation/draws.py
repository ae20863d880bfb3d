"""Random draws: bootstrap samples of units, and places as they would be by chance.

The draws of a place depend on the seed, the name of the place and its table only: not on the other
places in the frame, their order, or the number of workers.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from equalcities.errors import UsageError
from equalcities.segregation.indices import (
    Sums,
    evaluate,
    labels,
    needed_sums,
    order_of_units,
    shares_of_units,
    unit_terms,
)

# Numbers handled in one step of a simulation; bounds memory and keeps arrays in cache.
STEP_SIZE = 2**17

# Multiplications in one matrix product; OpenBLAS starts further threads at 2**18.
BLAS_BLOCK = 2**17

# Separate streams, so that asking for one kind of draw does not shift another.
STREAMS = ("bootstrap", "person", "geographic", "evenness", "systematic", "resampled_groups")


def seed_of(rng: np.random.Generator | int | None) -> int:
    """Return the integer behind a seed or generator; a generator gives one draw for it."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    try:
        seed = operator.index(rng)  # type: ignore[arg-type]
    except TypeError:
        seed = -1
    if seed < 0 or isinstance(rng, bool):
        raise UsageError(
            f"rng={rng!r} cannot seed the draws; give a whole number from 0 up or a NumPy "
            "Generator, so that the same call gives the same answer."
        )
    return seed


@dataclass(frozen=True)
class Step:
    """Some of the replicates of one place, with a random stream of their own.

    Attributes
    ----------
    seed : tuple of int
        What the stream depends on: seed, place, kind of draw, number of the step.
    size : int
        Number of replicates.
    """

    seed: tuple[int, ...]
    size: int

    def rng(self) -> np.random.Generator:
        """Return the generator of this step, from its start."""
        return np.random.default_rng(self.seed)


def steps(seed: int, place: object, kind: str, replicates: int, n_numbers: int) -> list[Step]:
    """Split the replicates of a place into steps that may be drawn in any order.

    Parameters
    ----------
    seed : int
        The seed of the whole computation.
    place : object
        Name of the place.
    kind : str
        Kind of draw.
    replicates : int
        Number of replicates in all.
    n_numbers : int
        Numbers drawn or held for each replicate; with `STEP_SIZE` it fixes the split.
    """
    name = hashlib.blake2b(str(place).encode(), digest_size=8).digest()
    stream = (seed, int.from_bytes(name, "little"), STREAMS.index(kind))
    step = max(1, STEP_SIZE // max(1, n_numbers))
    starts = range(0, replicates, step)
    return [Step((*stream, first), min(step, replicates - first)) for first in starts]


def bootstrap(table: np.ndarray, indices: Sequence[str]) -> Callable[[Step], np.ndarray]:
    """Prepare to compute indices on samples of units drawn with replacement.

    Parameters
    ----------
    table : ndarray of shape (n_groups, n_units)
        Counts of one place. Units without people are not drawn.
    indices : sequence of str
        Names of indices.

    Returns
    -------
    callable
        From a step to index values of its samples, shape (n_samples, n_labels).

    Notes
    -----
    A sample is held as the number of times each unit was drawn, so that all linear sums of all
    samples are one matrix product.
    """
    table = table[:, table.sum(axis=0) > 0]
    n_units = table.shape[1]
    sample_sums = _resampled_sums(table, needed_sums(indices))

    def values_of_samples(step: Step) -> np.ndarray:
        if n_units == 0:
            return np.full((step.size, len(labels(range(len(table)), indices))), np.nan)
        drawn = step.rng().integers(0, n_units, size=(step.size, n_units))
        drawn += (np.arange(step.size) * n_units)[:, None]
        times = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
        return evaluate(sample_sums(times.astype(np.float64)), indices)

    return values_of_samples


def _resampled_sums(table: np.ndarray, needs: set[str]) -> Callable[[np.ndarray], Sums]:
    """Prepare the sums of a table for samples given as times drawn (n_samples, n_units)."""
    persons, shares = shares_of_units(table)
    terms = unit_terms(table, persons, shares, needs) | {"count": table}
    names = list(terms)
    stacked = np.concatenate([terms[name] for name in names]).T.copy()
    ends = np.cumsum([len(terms[name]) for name in names])[:-1]
    persons = persons[0]
    orders = order_of_units(shares) if "ranking" in needs else None

    def sums_of(times: np.ndarray) -> Sums:
        sums = dict(zip(names, np.split(_product(times, stacked), ends, axis=1), strict=True))
        if "deviation" in needs:
            sums["deviation"] = _resampled_deviation(times, table, persons, shares, sums["count"])
        if orders is not None:
            sums["ranking"] = _resampled_ranking(times, table, persons, orders, sums["count"])
        return sums

    return sums_of


def _product(times: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Multiply (n_samples, n_units) by (n_units, n_terms), to the same bits on any machine load.

    BLAS splits large products over threads, and the last bits then depend on how many there are.
    It computes blocks of this size on one thread.
    """
    block = max(1, BLAS_BLOCK // (len(times) * terms.shape[1]))
    product = np.zeros((len(times), terms.shape[1]))
    for first in range(0, len(terms), block):
        units = slice(first, first + block)
        product += times[:, units] @ terms[units]
    return product


def _resampled_deviation(
    times: np.ndarray,
    table: np.ndarray,
    persons: np.ndarray,
    shares: np.ndarray,
    counts: np.ndarray,
) -> np.ndarray:
    """Sum |x - P t| over the units drawn, where the place's share P differs between samples.

    The deviations sum to zero, so twice the positive part is enough; and only units whose share
    lies between the smallest and largest P need to be compared sample by sample.
    """
    place_shares = counts / counts.sum(axis=1, keepdims=True)
    low, high = place_shares.min(axis=0)[:, None], place_shares.max(axis=0)[:, None]
    above = shares > high
    between = (shares >= low) & ~above
    columns = np.concatenate([table * above, persons * above]).T
    own, all_persons = np.split(_product(times, columns), 2, axis=1)
    positive = own - place_shares * all_persons
    for group, near in enumerate(between):
        excess = table[group, near] - place_shares[:, [group]] * persons[near]
        positive[:, group] += (times[:, near] * excess.clip(0)).sum(axis=1)
    return 2 * positive


def _resampled_ranking(
    times: np.ndarray,
    table: np.ndarray,
    persons: np.ndarray,
    orders: np.ndarray,
    counts: np.ndarray,
) -> np.ndarray:
    ranking = np.empty_like(counts)
    for group, order in enumerate(orders):
        sorted_times = times[:, order]
        sorted_persons = sorted_times * persons[order]
        ranks = np.cumsum(sorted_persons, axis=1)
        sorted_persons *= 0.5
        ranks -= sorted_persons
        ranks *= sorted_times
        ranking[:, group] = np.einsum("su,u->s", ranks, table[group, order])
    return 2 * ranking - counts * counts.sum(axis=1, keepdims=True)


def is_whole(table: np.ndarray) -> bool:
    """Whether all counts are whole persons, as drawing persons requires."""
    return bool((table == np.floor(table)).all())


def chance_tables(table: np.ndarray, kind: str, step: Step) -> np.ndarray:
    """Draw tables of a place as it would be by chance.

    Parameters
    ----------
    table : ndarray of shape (n_groups, n_units)
        Counts of one place; whole numbers for all kinds but "geographic".
    kind : {"person", "evenness", "systematic", "geographic", "resampled_groups"}
        What is left to chance, see `equalcities.segregation.null_test`. "resampled_groups" draws
        the units of each group's members from where the group lives.
    step : Step
        How many tables, and from which stream.

    Returns
    -------
    ndarray of shape (n_draws, n_groups, n_units)
    """
    return _DRAWS[kind](table, step.size, step.rng())


def _person(table: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    counts = table.astype(np.int64)
    # The largest group takes the places that are left, which saves the dearest draws.
    *drawn, largest = np.argsort(counts.sum(axis=1), kind="stable")
    sizes = counts.sum(axis=1)
    tables = np.empty((n_draws, *table.shape))
    for one in tables:
        free = counts.sum(axis=0)
        for group in drawn:
            taken = rng.multivariate_hypergeometric(free, sizes[group], method="marginals")
            one[group] = taken
            free -= taken
        one[largest] = free
    return tables


def _evenness(table: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    persons = table.sum(axis=0).astype(np.int64)
    shares = table.sum(axis=1) / table.sum()
    draws = rng.multinomial(persons, shares, size=(n_draws, len(persons)))
    return np.swapaxes(draws, 1, 2).astype(np.float64, order="C")


def _systematic(table: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    where = table.sum(axis=0) / table.sum()
    sizes = table.sum(axis=1).astype(np.int64)
    return rng.multinomial(sizes, where, size=(n_draws, len(sizes))).astype(np.float64)


def _resampled_groups(table: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    sizes = table.sum(axis=1).astype(np.int64)
    where = table / np.where(sizes > 0, sizes, 1)[:, None]
    draws = [rng.multinomial(*group, size=n_draws) for group in zip(sizes, where, strict=True)]
    return np.stack(draws, axis=1).astype(np.float64)


def _geographic(table: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    tables = np.empty((n_draws, *table.shape), dtype=table.dtype)
    for one in tables:
        # Positions are sound; "clip" only spares NumPy a copy that it would make to be safe.
        np.take(table, rng.permutation(table.shape[1]), axis=1, out=one, mode="clip")
    return tables


_DRAWS: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "person": _person,
    "evenness": _evenness,
    "systematic": _systematic,
    "geographic": _geographic,
    "resampled_groups": _resampled_groups,
}
