"""From a frame with one row per unit to checked tables of counts, place by place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from equalcities.errors import DataError, UsageError

# Counts taken together in one pass: few enough for the intermediate arrays to stay in cache, and
# enough for the work on them to outweigh the calls.
BATCH_SIZE = 2**16


@dataclass(frozen=True)
class Places:
    """Counts of all units, sorted by place.

    Attributes
    ----------
    keys : pandas.Index
        The places, sorted.
    bounds : ndarray of shape (n_places + 1,)
        Units of place ``i`` are columns ``bounds[i]:bounds[i + 1]`` of `counts`.
    counts : ndarray of shape (n_groups, n_units)
        Persons per group and unit.
    rows : ndarray of shape (n_units,)
        Position of each unit in the frame that was read.
    groups : tuple of str
        Names of the groups, in the order of the rows of `counts`.
    """

    keys: pd.Index
    bounds: np.ndarray
    counts: np.ndarray
    rows: np.ndarray
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def span(self, place: int) -> slice:
        """Return where the units of a place are."""
        return slice(int(self.bounds[place]), int(self.bounds[place + 1]))

    def table(self, place: int) -> np.ndarray:
        """Return the counts of one place, of shape (n_groups, n_units_of_place)."""
        return self.counts[:, self.span(place)]

    def tables(self, members: np.ndarray) -> np.ndarray:
        """Return the tables of places with equally many units, (n_members, n_groups, n_units)."""
        return np.stack([self.table(place) for place in members])

    def batches(self) -> Iterator[np.ndarray]:
        """Yield numbers of places with equally many units, to be stacked.

        Stacking places of one size gives each place the same arithmetic, in the same order, as
        it would have alone, so results do not depend on which other places are in the frame.
        """
        sizes = np.diff(self.bounds)
        by_size = np.argsort(sizes, kind="stable")
        for same in np.split(by_size, np.flatnonzero(np.diff(sizes[by_size])) + 1):
            step = max(1, BATCH_SIZE // (len(self.groups) * int(sizes[same[0]])))
            for first in range(0, len(same), step):
                yield same[first : first + step]

    @cached_property
    def persons(self) -> np.ndarray:
        """The number of persons in each unit, of shape (n_units,)."""
        return self.counts.sum(axis=0)

    def populated_units(self) -> np.ndarray:
        """Return the number of units with people in each place."""
        return self._per_place(self.persons > 0).astype(np.int64)

    def population(self) -> np.ndarray:
        """Return the number of persons in each place."""
        return self._per_place(self.persons)

    def _per_place(self, values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, self.bounds[:-1], dtype=np.float64)


def read_places(units: pd.DataFrame, groups: Sequence[str], by: str | None) -> Places:
    """Check a frame of units and sort its counts by place.

    Parameters
    ----------
    units : pandas.DataFrame
        One row per unit.
    groups : sequence of str
        Columns with the count of persons of each group, at least two.
    by : str or None
        Column that names the place of each unit. Without it all units are one place, "all".

    Returns
    -------
    Places

    Raises
    ------
    UsageError
        If the arguments cannot be meant.
    DataError
        If a count is missing, negative, infinite or not a number, or a place is missing.
    """
    groups = checked_groups(units, groups)
    if by is not None and (by not in units.columns or by in groups):
        raise UsageError(
            f"by={by!r} is not a column of units beside the groups; "
            "name the column that says which place a unit is in."
        )
    if len(units) == 0:
        raise DataError("there are no units", cure="Give a frame with one row per unit")
    codes, lengths, keys = _runs_of(units, by)
    ordered = bool((np.diff(codes) >= 0).all())
    rows = (
        np.arange(len(units)) if ordered else np.argsort(np.repeat(codes, lengths), kind="stable")
    )
    counts = np.empty((len(groups), len(units)))
    for number, group in enumerate(groups):
        _fill_counts(counts[number], units[group], group)
        if not ordered:
            counts[number] = counts[number, rows]
    sizes = np.zeros(len(keys), dtype=np.int64)
    np.add.at(sizes, codes, lengths)
    return Places(keys, np.concatenate([[0], np.cumsum(sizes)]), counts, rows, groups)


def checked_groups(units: pd.DataFrame, groups: Sequence[str]) -> tuple[str, ...]:
    """Return the group columns as a tuple, after checking that they can be meant."""
    if isinstance(groups, str):
        raise UsageError(f"groups={groups!r} is one name; give a list of at least two columns.")
    groups = tuple(groups)
    absent = [group for group in groups if group not in units.columns]
    if absent:
        raise UsageError(f"units has no column {absent[0]!r}; groups must name its columns.")
    if units.columns.has_duplicates:
        name = units.columns[units.columns.duplicated()][0]
        raise UsageError(f"units has two columns {name!r}; rename or drop one.")
    if len(groups) < 2 or len(set(groups)) < len(groups):
        raise UsageError(
            f"groups={list(groups)!r} must name at least two different columns; "
            "add a column for everyone else if there is only one."
        )
    return groups


def _runs_of(units: pd.DataFrame, by: str | None) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Return the place and the length of each run of units of one place, and the places' names.

    Units mostly come place by place: a name is then looked up once a run and not once a unit.
    """
    if by is None:
        return np.zeros(1, dtype=np.int64), np.array([len(units)]), pd.Index(["all"])
    column = units[by]
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    begins = column.ne(column.shift()).to_numpy(dtype=bool, na_value=True, copy=True)
    begins[0] = True
    first = np.flatnonzero(begins)
    codes, keys = pd.factorize(column.iloc[first], sort=True)
    if (codes < 0).any():
        raise DataError(
            "the place is missing",
            cure="Name the place of each unit or drop the row",
            row=int(first[np.argmax(codes < 0)]) + 1,
            column=by,
        )
    lengths = np.diff(np.append(first, len(column)))
    # Dask and Arrow have string types of their own; answers should not differ by them.
    names = pd.Index(keys, dtype="str" if pd.api.types.is_string_dtype(keys) else None)
    return codes, lengths, names


def _fill_counts(counts: np.ndarray, column: pd.Series, name: str) -> None:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
        raise DataError(
            f"counts are {column.dtype}, not numbers", cure="Convert them to numbers", column=name
        )
    missing = column.dtype.kind == "f" or isinstance(column.dtype, pd.api.extensions.ExtensionDtype)
    counts[:] = column.to_numpy(dtype=np.float64, na_value=np.nan) if missing else column
    # A missing value makes both extremes missing, and then neither comparison holds.
    if not (counts.min() >= 0 and counts.max() < np.inf):
        row = int(np.argmin((counts >= 0) & (counts < np.inf)))
        raise DataError(
            f"the count {counts[row]} is not a number of persons",
            cure="Counts are finite and not negative; drop the unit or supply its count",
            row=row + 1,
            column=name,
        )
