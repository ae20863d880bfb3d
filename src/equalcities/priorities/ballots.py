"""Ballots of a workshop on priorities: the form, and a reader that names every fault at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import DataError, UsageError
from equalcities.rows import Fault, formula_fault, read_sheet

DOMAINS = (
    "pockets of poverty",
    "mobility",
    "green space",
    "health care",
    "housing",
    "education",
    "employment",
)
"""The domains that the Partnership named when it asked which to put first."""

EXAMPLE = "example"
"""Identifier of the form's example row; it is refused when it comes back."""
COLUMNS = {
    "ballot": "a number of its own for each ballot, no name of a person",
    "group": "the stakeholder group, or 'none'",
}
"""What the form has beside its domains."""
MOST_DOMAINS = 12
"""More could not be ranked by a person in a workshop, nor exactly by Kemeny's rule in a moment."""
SMALL_GROUP = 5
"""Below this a group's result may tell how one person voted."""


@dataclass(frozen=True)
class Ballots:
    """Ranked ballots.

    Attributes
    ----------
    ranks : DataFrame of float
        One row per ballot (index: its identifier), one column per domain. 1 is first; equal
        ranks are ties; missing means not ranked. Only the order within a row counts.
    group : Series of str
        Stakeholder group of each ballot, on the same index.
    """

    ranks: pd.DataFrame
    group: pd.Series

    def __post_init__(self) -> None:
        names, given = self.ranks.columns, self.ranks.to_numpy(dtype=float)
        if not self.ranks.index.equals(self.group.index) or self.group.isna().any():
            raise UsageError("group needs one value for each ballot, on the index of ranks.")
        if names.has_duplicates or not 2 <= len(names) <= MOST_DOMAINS:
            raise UsageError(f"ranks needs 2 to {MOST_DOMAINS} columns with different names.")
        if not len(given) or np.isnan(given).all(axis=1).any():
            raise UsageError("there must be a ballot, and each must rank at least one domain.")

    @property
    def domains(self) -> list[str]:
        """Names of the domains, in the order of the form."""
        return list(self.ranks.columns)

    @property
    def groups(self) -> list[str]:
        """Names of the groups, in order of the alphabet."""
        return sorted(self.group.unique())

    def weights(self, groups: Mapping[str, float] | None = None, equal: bool = False) -> pd.Series:
        """Return how much each ballot counts.

        Parameters
        ----------
        groups : mapping, optional
            Factor for the ballots of a group; 1 for those not named.
        equal : bool
            First make each group count the same in sum, however many ballots it has.

        Returns
        -------
        Series
            On the index of the ballots; without arguments 1 throughout.

        Raises
        ------
        UsageError
            If a group isn't there, a factor isn't zero or more, or nothing would count.
        """
        factors = dict(groups or {})
        unknown = [name for name in factors if name not in self.groups]
        if unknown:
            raise UsageError(f"no ballot has the group {unknown[0]!r}; there are {self.groups}.")
        if any(not 0 <= factor < np.inf for factor in factors.values()):
            raise UsageError("a group's factor must be a finite number of zero or more.")
        base = np.ones(len(self.group))
        if equal:
            sizes = self.group.map(self.group.value_counts()).to_numpy()
            base = len(self.group) / len(self.groups) / sizes
        weights = base * self.group.map(factors).fillna(1.0).to_numpy(dtype=float)
        if not weights.any():
            raise UsageError("with these factors no ballot counts; leave one group above zero.")
        return pd.Series(weights, self.group.index, name="weight")


def ballot_form(domains: Sequence[str] = DOMAINS) -> str:
    """Return the form: the header line and one example row, as CSV.

    Parameters
    ----------
    domains : sequence of str
        What is to be ranked.

    Returns
    -------
    str
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["ballot", "group", *domains])
    writer.writerow([EXAMPLE, "residents", *range(1, len(domains) + 1)])
    return out.getvalue()


def read_ballots(file: Path) -> Ballots:
    """Read ballots from a filled form.

    Parameters
    ----------
    file : Path
        As for `ballot_faults`.

    Returns
    -------
    Ballots

    Raises
    ------
    DataError
        One for all faults, each in a line of its own.
    """
    ballots, faults = ballot_faults(file)
    if ballots is None:
        if len(faults) == 1:
            raise faults[0]
        listed = "\n  ".join(str(fault) for fault in faults)
        raise DataError(
            f"{len(faults)} faults:\n  {listed}\n", cure="Mend them all and read the file again"
        )
    return ballots


def ballot_faults(file: Path) -> tuple[Ballots | None, list[DataError]]:
    """Read a filled form and list everything in it that must be corrected.

    Parameters
    ----------
    file : Path
        CSV in UTF-8, parted by commas, semicolons or tabs, with a column ``ballot`` (an
        identifier, no name of a person), a column ``group``, and one column per domain with whole
        numbers from 1 (first). An empty cell is a domain not ranked, equal numbers are a tie.

    Returns
    -------
    ballots : Ballots or None
        None if there are faults.
    faults : list of DataError
        Each with file, row (counted after the header), column and cure; empty if all is well.
    """
    try:
        sheet = read_sheet(file, COLUMNS, entry="ballot", free=True)
    except DataError as fault:
        return None, [fault]
    seen: set[str] = set()
    faults = [fault.at(file) for fault in _domain_faults(sheet.header)]
    faults += sheet.checked(lambda number, row: _row_faults(row, seen))
    if faults:
        return None, faults
    table = pd.DataFrame(sheet.rows.values(), dtype=str).set_index("ballot")
    ranks = table.drop(columns="group").replace("", np.nan).astype(float)
    return Ballots(ranks, table["group"]), []


def warnings_about(ballots: Ballots) -> list[str]:
    """Say what is allowed but should be looked at.

    Parameters
    ----------
    ballots : Ballots
        From `read_ballots`.

    Returns
    -------
    list of str
        Sentences; empty if nothing stands out.
    """
    found = []
    ranks = ballots.ranks
    for name, size in ballots.group.value_counts().sort_index().items():
        if size < SMALL_GROUP:
            found.append(
                f"Group '{name}' has {size} {'ballot' if size == 1 else 'ballots'}: its result may "
                "tell how one person voted. Don't publish it by itself."
            )
    close = _alike(ballots.groups)
    found += [
        f"Groups '{a}' and '{b}' differ only in writing. Are they the same?" for a, b in close
    ]
    partial = int(ranks.isna().any(axis=1).sum())
    if partial:
        found.append(
            f"{_count(partial, 'ballot')} left domains empty. They count as tied after all that "
            "are ranked; the rule 'mean rank' leaves them out."
        )
    tied = int(sum(row.dropna().duplicated().any() for _, row in ranks.iterrows()))
    if tied:
        found.append(f"{_count(tied, 'ballot')} ranked domains as equal. Ties share their places.")
    headless = ranks.index[(ranks.min(axis=1) > 1)]
    if len(headless):
        found.append(
            f"{_count(len(headless), 'ballot')} have no 1 (first: '{headless[0]}'). Only the order "
            "counts; make sure that 1 was read as the first place."
        )
    return found


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _alike(names: Sequence[str]) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    pairs = []
    for name in names:
        key = "".join(name.split()).casefold()
        if key in first:
            pairs.append((first[key], name))
        first.setdefault(key, name)
    return pairs


def _domain_faults(header: list[str]) -> Iterator[Fault]:
    domains = len(set(header) - {*COLUMNS, ""})
    if not 2 <= domains <= MOST_DOMAINS:
        yield Fault(
            None,
            f"{domains} domains",
            f"Give a column for each domain, at least 2 and at most {MOST_DOMAINS}",
        )


def _row_faults(row: dict[str, str], seen: set[str]) -> Iterator[Fault]:
    cells = dict(row)
    identifier = cells.pop("ballot")
    group = cells.pop("group")
    if not identifier:
        yield Fault("ballot", "the cell is empty", "Give each ballot a number of its own")
    elif identifier == EXAMPLE:
        yield Fault("ballot", "this is the form's example", "Replace the row by a ballot")
    elif identifier in seen:
        yield Fault(
            "ballot", f"'{identifier}' is there twice", "Remove the copy, or give a new number"
        )
    seen.add(identifier)
    if not group:
        yield Fault("group", "the cell is empty", "Name the stakeholder group, or write 'none'")
    for column, text in (("ballot", identifier), ("group", group)):
        if formula := formula_fault(column, text):
            yield formula
    if not any(cells.values()):
        yield Fault(None, "no domain is ranked", "Enter at least a first place, or remove the row")
    for name, text in cells.items():
        if text and not (text.isascii() and text.isdigit()):
            yield Fault(
                name, f"'{text}' is not a whole number", "Write a place from 1, or leave it empty"
            )
        elif text and not 1 <= int(text[:9]) <= len(cells):
            yield Fault(
                name,
                f"{text} is no place among {len(cells)} domains",
                f"Write a place from 1 to {len(cells)}, or leave it empty",
            )


def rank_array(ballots: Ballots) -> NDArray[np.float64]:
    """Return ranks with those not ranked after all others, as an array."""
    return ballots.ranks.fillna(np.inf).to_numpy(dtype=float)
