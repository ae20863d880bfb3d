"""The indices, each as a function of a few sums over the units of a place.

Every index here is a function of sums over units. Most sums are linear in the units (each unit
adds its own term), so that a bootstrap needs one matrix product for all of them; two, the absolute
deviations behind dissimilarity and the ranking behind the Gini, need the whole place.

Tables have the shape (..., n_groups, n_units); any leading axes (places, draws) go through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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
    return np.log(np.maximum(share, np.finfo(np.float64).tiny))


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


def unit_terms(
    table: np.ndarray, persons: np.ndarray, shares: np.ndarray, needs: Collection[str]
) -> Sums:
    """Return what each unit adds to each of the linear sums, of shape (..., n_terms, n_units)."""
    terms: Sums = {}
    if "own" in needs:
        terms["own"] = table * shares
    if "meeting" in needs and table.shape[-2] > 2:
        pairs = list(combinations(range(table.shape[-2]), 2))
        meetings = np.empty((*table.shape[:-2], len(pairs), table.shape[-1]))
        for number, (a, b) in enumerate(pairs):
            np.multiply(table[..., a, :], shares[..., b, :], out=meetings[..., number, :])
        terms["meeting"] = meetings
    if "geometric" in needs:
        terms["geometric"] = np.sqrt(table * (persons - table).clip(0))
    if {"entropy", "binary_entropy"} & set(needs):
        logs = table * _log(shares)
        if "entropy" in needs:
            terms["entropy"] = -logs.sum(axis=-2, keepdims=True)
        if "binary_entropy" in needs:
            rest = np.maximum(1 - shares, 0)
            terms["binary_entropy"] = -logs - persons * rest * _log(rest)
    if {"step_entropy", "step_variation"} & set(needs):
        steps = _cumulative(shares, axis=-2)
        for name, variation in (("step_entropy", _binary_entropy), ("step_variation", _parabola)):
            if name in needs:
                terms[name] = persons * variation(steps).sum(axis=-2, keepdims=True)
    return terms


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
    terms = unit_terms(table, persons, shares, needs)
    sums = {name: term.sum(axis=-1) for name, term in terms.items()}
    sums["count"] = table.sum(axis=-1)
    if "deviation" in needs:
        place_shares = _shares(sums)[..., None]
        sums["deviation"] = np.abs(table - place_shares * persons).sum(axis=-1)
    if "ranking" in needs:
        order = np.argsort(shares, axis=-1)
        sorted_persons = _in_order(np.broadcast_to(persons, table.shape), order)
        ranks = np.cumsum(sorted_persons, axis=-1)
        ranks -= 0.5 * sorted_persons
        ranked = (_in_order(table, order) * ranks).sum(axis=-1)
        sums["ranking"] = 2 * ranked - sums["count"] * _total(sums)
    return sums


def _in_order(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Do what `numpy.take_along_axis` does along the last axis, in a third of the time."""
    n_units = order.shape[-1]
    rows = np.arange(0, order.size, max(1, n_units)).reshape(*order.shape[:-1], 1)
    return np.take(values.reshape(-1), order + rows)


def values_of(table: np.ndarray, indices: Sequence[str]) -> np.ndarray:
    """Return index values of tables, of shape (..., n_labels)."""
    return evaluate(sum_units(table, needed_sums(indices)), indices)
