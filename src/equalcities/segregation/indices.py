"""The indices, each as a function of a few sums over the units of a place.

Every index here is a function of sums over units. Most sums are linear in the units (each unit
adds its own term), so that a bootstrap needs one matrix product for all of them; two, the absolute
deviations behind dissimilarity and the ranking behind the Gini, need the whole place.

Tables have the shape (..., n_groups, n_units); any leading axes (places, draws) go through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Literal

import numpy as np

from equalcities.errors import UsageError

Sums = dict[str, np.ndarray]


@dataclass(frozen=True)
class Index:
    """One index of segregation.

    Attributes
    ----------
    about : {"group", "exposure", "all"}
        Whether it has a value for each group against everyone else, for each group and each
        ordered pair of groups, or one for all groups together.
    needs : tuple of str
        The sums it is made of, besides the counts of each group.
    formula : callable
        From the sums to values of shape (..., n_values).
    low_is_segregated : bool
        Whether segregation makes the index smaller.
    unit_maximum : bool
        Whether complete segregation gives one and an even spread gives zero.
    """

    about: Literal["group", "exposure", "all"]
    needs: tuple[str, ...]
    formula: Callable[[Sums], np.ndarray]
    low_is_segregated: bool = False
    unit_maximum: bool = True


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, with a missing value where the index is not defined."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)


def _others(s: Sums) -> np.ndarray:
    return s["count"].sum(axis=-1, keepdims=True) - s["count"]


def _shares(s: Sums) -> np.ndarray:
    return _ratio(s["count"], np.broadcast_to(_total(s), s["count"].shape))


def _total(s: Sums) -> np.ndarray:
    return s["count"].sum(axis=-1, keepdims=True)


def _log(share: np.ndarray) -> np.ndarray:
    """Logarithm that is finite at zero: each use multiplies it by the same zero share."""
    positive = share + np.finfo(np.float64).tiny
    return np.log(positive, out=positive)


def _entropy(s: Sums) -> np.ndarray:
    shares = _shares(s)
    return -(shares * _log(shares)).sum(axis=-1, keepdims=True)


def _diversity(s: Sums) -> np.ndarray:
    shares = _shares(s)
    return (shares * (1 - shares)).sum(axis=-1, keepdims=True)


def _binary_entropy(share: np.ndarray) -> np.ndarray:
    return -(share * _log(share) + (1 - share) * _log(1 - share))


def _cumulative(shares: np.ndarray, axis: int) -> np.ndarray:
    """Share at or below each class but the last."""
    steps = np.cumsum(shares, axis=axis)
    # A sum of shares may exceed one by a rounding error, and 1 - share must not be negative.
    return np.minimum(np.take(steps, range(steps.shape[axis] - 1), axis=axis), 1.0)


def _dissimilarity(s: Sums) -> np.ndarray:
    return _ratio(s["deviation"] * _total(s), 2 * s["count"] * _others(s))


def _gini(s: Sums) -> np.ndarray:
    return _ratio(s["ranking"], s["count"] * _others(s))


def _isolation(s: Sums) -> np.ndarray:
    return _ratio(s["own"], s["count"])


def _interaction(s: Sums) -> np.ndarray:
    others = _ratio(s["count"] - s["own"], s["count"])
    if s["count"].shape[-1] == 2:
        return others
    # Meetings of a and b are those of b and a: the sum has each pair of groups once.
    n_groups = s["count"].shape[-1]
    once = {pair: number for number, pair in enumerate(combinations(range(n_groups), 2))}
    pairs = list(permutations(range(n_groups), 2))
    meetings = s["meeting"][..., [once[min(a, b), max(a, b)] for a, b in pairs]]
    return np.concatenate([others, _ratio(meetings, s["count"][..., [a for a, _ in pairs]])], -1)


def _theil_h(s: Sums) -> np.ndarray:
    whole = _total(s) * _binary_entropy(_shares(s))
    return _ratio(whole - s["binary_entropy"], whole)


def _atkinson(s: Sums) -> np.ndarray:
    both = s["count"] * _others(s)
    return _ratio(both - s["geometric"] ** 2, both)


def _multigroup_dissimilarity(s: Sums) -> np.ndarray:
    return _ratio(s["deviation"].sum(axis=-1, keepdims=True), 2 * _total(s) * _diversity(s))


def _multigroup_gini(s: Sums) -> np.ndarray:
    return _ratio(s["ranking"].sum(axis=-1, keepdims=True), _total(s) ** 2 * _diversity(s))


def _multigroup_theil_h(s: Sums) -> np.ndarray:
    whole = _total(s) * _entropy(s)
    return _ratio(whole - s["entropy"], whole)


def _normalised_exposure(s: Sums) -> np.ndarray:
    # A group that makes up the whole place, or is absent, adds nothing to the sum.
    excess = _ratio(s["own"] * _total(s) - s["count"] ** 2, _total(s) * _others(s))
    alone = (_others(s) <= 0) | (s["count"] <= 0)
    value = np.where(alone, 0.0, excess).sum(axis=-1, keepdims=True)
    return np.where(_diversity(s) > 0, value, np.nan)


def _divergence(s: Sums) -> np.ndarray:
    return _entropy(s) - _ratio(s["entropy"], _total(s))


def _ordinal(s: Sums, sums: str, variation: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    steps = _cumulative(_shares(s), axis=-1)
    whole = _total(s) * variation(steps).sum(axis=-1, keepdims=True)
    return _ratio(whole - s[sums], whole)


def _parabola(share: np.ndarray) -> np.ndarray:
    return share * (1 - share)


def _ordinal_information(s: Sums) -> np.ndarray:
    return _ordinal(s, "step_entropy", _binary_entropy)


def _ordinal_variation(s: Sums) -> np.ndarray:
    return _ordinal(s, "step_variation", _parabola)


INDICES: dict[str, Index] = {
    "dissimilarity": Index("group", ("deviation",), _dissimilarity),
    "gini": Index("group", ("ranking",), _gini),
    "isolation": Index("group", ("own",), _isolation, unit_maximum=False),
    "interaction": Index(
        "exposure", ("own", "meeting"), _interaction, low_is_segregated=True, unit_maximum=False
    ),
    "theil_h": Index("group", ("binary_entropy",), _theil_h),
    "atkinson": Index("group", ("geometric",), _atkinson),
    "multigroup_dissimilarity": Index("all", ("deviation",), _multigroup_dissimilarity),
    "multigroup_gini": Index("all", ("ranking",), _multigroup_gini),
    "multigroup_theil_h": Index("all", ("entropy",), _multigroup_theil_h),
    "normalised_exposure": Index("all", ("own",), _normalised_exposure),
    "divergence": Index("all", ("entropy",), _divergence, unit_maximum=False),
    "ordinal_information": Index("all", ("step_entropy",), _ordinal_information),
    "ordinal_variation": Index("all", ("step_variation",), _ordinal_variation),
}


def checked_indices(indices: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the wanted indices, all of them by default."""
    if indices is None:
        return tuple(INDICES)
    names = (indices,) if isinstance(indices, str) else tuple(indices)
    unknown = [name for name in names if name not in INDICES]
    if unknown or not names or len(set(names)) < len(names):
        raise UsageError(
            f"indices={list(names)!r} must be different names out of {', '.join(INDICES)}."
        )
    return names


def labels(groups: Sequence[str], indices: Sequence[str]) -> list[tuple[str, str]]:
    """Return the index and the group, pair or "all" behind each value of `evaluate`.

    A pair is written "a|b": how many b the average a meets.
    """
    pairs = [f"{a}|{b}" for a, b in permutations(groups, 2)] if len(groups) > 2 else []
    subjects = {"group": list(groups), "exposure": [*groups, *pairs], "all": ["all"]}
    return [(name, about) for name in indices for about in subjects[INDICES[name].about]]


def needed_sums(indices: Sequence[str]) -> set[str]:
    """Return the sums that the indices are made of."""
    return {need for name in indices for need in INDICES[name].needs}


def evaluate(sums: Sums, indices: Sequence[str]) -> np.ndarray:
    """Turn sums into index values, of shape (..., n_labels)."""
    return np.concatenate([INDICES[name].formula(sums) for name in indices], axis=-1)


def shares_of_units(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the persons of each unit (..., 1, n_units) and the share of each group in it."""
    persons = table.sum(axis=-2, keepdims=True)
    return persons, table / np.where(persons > 0, persons, 1.0)


def _meetings(
    table: np.ndarray,
    shares: np.ndarray,
    needs: Collection[str],
    times: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Sums:
    """Multiply the members of each group by the share of it, and of each other, in their unit."""
    made: Sums = {}
    if "own" in needs:
        made["own"] = times(table, shares)
    if "meeting" in needs and table.shape[-2] > 2:
        once = range(table.shape[-2] - 1)
        pairs = [times(table[..., [a], :], shares[..., a + 1 :, :]) for a in once]
        made["meeting"] = np.concatenate(pairs, axis=-2)
    return made


def _summed_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sum products over units without holding them, of shape (..., n_terms, 1)."""
    return np.einsum("...u,...u->...", left, right)[..., None]


def _other_terms(
    table: np.ndarray, persons: np.ndarray, shares: np.ndarray, needs: Collection[str]
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what each unit adds to the linear sums other than meetings."""
    # A rounded sum of counts is never below one of them, so no difference here is negative.
    if "geometric" in needs:
        both = persons - table
        both *= table
        yield "geometric", np.sqrt(both, out=both)
    if {"entropy", "binary_entropy"} & set(needs):
        logs = table * _log(shares)
        if "entropy" in needs:
            yield "entropy", -logs.sum(axis=-2, keepdims=True)
        if "binary_entropy" in needs:
            rest = 1 - shares
            logs += persons * rest * _log(rest)
            yield "binary_entropy", np.negative(logs, out=logs)
    if {"step_entropy", "step_variation"} & set(needs):
        steps = _cumulative(shares, axis=-2)
        for name, variation in (("step_entropy", _binary_entropy), ("step_variation", _parabola)):
            if name in needs:
                yield name, persons * variation(steps).sum(axis=-2, keepdims=True)


def unit_terms(
    table: np.ndarray, persons: np.ndarray, shares: np.ndarray, needs: Collection[str]
) -> Sums:
    """Return what each unit adds to each of the linear sums, of shape (..., n_terms, n_units)."""
    met = _meetings(table, shares, needs, np.multiply)
    return met | dict(_other_terms(table, persons, shares, needs))


def sum_units(table: np.ndarray, needs: Collection[str]) -> Sums:
    """Return the sums over units that the indices are made of.

    Parameters
    ----------
    table : ndarray of shape (..., n_groups, n_units)
        Persons per group and unit.
    needs : collection of str
        Which sums; the counts of each group are always among them.

    Returns
    -------
    dict of ndarray of shape (..., n_terms)
    """
    persons, shares = shares_of_units(table)
    met = _meetings(table, shares, needs, _summed_product)
    sums = {name: total[..., 0] for name, total in met.items()}
    # Each term is summed before the next is made, while it is still in cache.
    for name, term in _other_terms(table, persons, shares, needs):
        sums[name] = term.sum(axis=-1)
    sums["count"] = table.sum(axis=-1)
    if "deviation" in needs:
        place_shares = _shares(sums)[..., None]
        excess = table - place_shares * persons
        sums["deviation"] = np.abs(excess, out=excess).sum(axis=-1)
    if "ranking" in needs:
        # Half of a unit's own persons rank below each of its members.
        below = _ranked(table, persons, shares) - 0.5 * _summed_product(table, persons)[..., 0]
        sums["ranking"] = 2 * below - sums["count"] * _total(sums)
    return sums


def _ranked(table: np.ndarray, persons: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Sum over units the members of a group times all persons up to and in their unit.

    "Up to" means in units with a smaller share of the group. NumPy adds up whole numbers several
    times faster than others, so persons are counted in parts of a person, as small as 52 bits
    allow: whole persons stay exact.
    """
    total = persons.sum(axis=-1, keepdims=True)
    parts = np.ldexp(1.0, 52 - np.frexp(total)[1])
    order = order_of_units(shares)
    sorted_table, sorted_parts = _in_order(order, table, (persons * parts).astype(np.int64))
    return _summed_product(sorted_table, np.cumsum(sorted_parts, axis=-1))[..., 0] / parts[..., 0]


def order_of_units(shares: np.ndarray) -> np.ndarray:
    """Return positions that put shares in ascending order along the last axis.

    The bits of a share, read as a whole number, grow with the share. The last of them give way
    to the number of the unit, and NumPy sorts whole numbers in a third of the time in which it
    sorts positions. Shares that differ by less than the number of units times 5e-16 of their size
    may be taken for equal; equal ones keep the order of their units, on any processor.
    """
    n_units = shares.shape[-1]
    number = (1 << n_units.bit_length()) - 1
    order = shares.view(np.int64) & ~number
    order |= np.arange(n_units)
    order.sort(axis=-1)
    order &= number
    return order


def _in_order(order: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    """Do what `numpy.take_along_axis` does along the last axis, in a third of the time."""
    n_units = order.shape[-1]
    rows = np.arange(0, order.size, max(1, n_units)).reshape(*order.shape[:-1], 1)
    places = order + rows
    return [np.take(np.broadcast_to(array, order.shape).reshape(-1), places) for array in arrays]


def values_of(table: np.ndarray, indices: Sequence[str]) -> np.ndarray:
    """Return index values of tables, of shape (..., n_labels)."""
    return evaluate(sum_units(table, needed_sums(indices)), indices)
