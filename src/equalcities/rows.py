"""Reading a stranger's CSV file: rows of text, or one list of problems with place and cure."""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from equalcities.errors import DataError

MAX_BYTES = 5_000_000
"""Far more than people fill in by hand; a file beyond is another file."""
SAVE_AS = "Save it from the spreadsheet as 'CSV UTF-8'"


class Fault(NamedTuple):
    """One thing to correct; ``column`` is None if it concerns the whole row, or the whole file."""

    column: str | None
    problem: str
    cure: str

    def at(self, file: Path | str, row: int | None = None) -> DataError:
        """Return the fault as an error that names its place; the row below the header is 1."""
        return DataError(self.problem, cure=self.cure, file=file, row=row, column=self.column)


class Sheet(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    file : path-like
    rows : dict of int to dict of str
        Cells by column, for each row that has one cell for each column; empty if the header is
        such that cells can't be named. The number is the one that a spreadsheet shows, counted
        after the header: rows without text are left out, but counted.
    header : list of str
    faults : list of DataError
        Of the header and of rows too long or too short.
    """

    file: Path | str
    rows: dict[int, dict[str, str]]
    header: list[str]
    faults: list[DataError]

    def checked(self, check: Callable[[int, dict[str, str]], Iterable[Fault]]) -> list[DataError]:
        """Return all faults from top to bottom: those of the file, and those that a check finds.

        Parameters
        ----------
        check : callable
            Takes the number and the cells of a row.

        Returns
        -------
        list of DataError
        """
        found = [
            fault.at(self.file, number)
            for number, row in self.rows.items()
            for fault in check(number, row)
        ]
        return sorted(self.faults + found, key=lambda fault: fault.row or 0)


def read_sheet(
    file: Path | str, columns: Mapping[str, str], *, entry: str, free: bool = False
) -> Sheet:
    """Read a CSV file in UTF-8, parted by commas, semicolons or tabs; all cells are stripped.

    Parameters
    ----------
    file : path-like
    columns : mapping of str
        The columns that must be there, and what each means.
    entry : str
        What a row describes, for the cure of a file without any.
    free : bool
        Whether other columns may be there too; their names must not be formulas.

    Returns
    -------
    Sheet

    Raises
    ------
    DataError
        If the file is no table with a header and rows.
    """
    rows = _parted(file, _text(file))
    if not any(map(any, rows[1:])):
        raise Fault(None, "no rows below the header", f"Write one row per {entry}").at(file)
    header = rows[0]
    if len(header) == 1:
        raise Fault(None, "cells not parted by commas, semicolons or tabs", SAVE_AS).at(file)
    faults = [fault.at(file) for fault in _header_faults(header, columns, free)]
    if len(set(header)) < len(header) or not set(columns) <= set(header):
        return Sheet(file, {}, header, faults)
    whole = {}
    for number, row in [(n, row) for n, row in enumerate(rows) if n and any(row)]:
        if len(row) == len(header):
            whole[number] = dict(zip(header, row, strict=True))
        else:
            problem = f"{len(row)} cells, the header has {len(header)}"
            cure = "Give each column one cell; put a text that holds a comma between double quotes"
            faults.append(Fault(None, problem, cure).at(file, number))
    return Sheet(file, whole, header, faults)


def formula_fault(column: str, text: str) -> Fault | None:
    """Refuse a text that a spreadsheet would run instead of showing it; numbers may have a sign."""
    if len(text) < 2 or text[0] not in "=+@-" or as_number(text) is not None:
        return None
    problem = f"'{text}' is a formula for a spreadsheet"
    return Fault(column, problem, "Write it with no sign before it")


def code_fault(column: str, text: str, codes: Collection[str]) -> Fault | None:
    """Refuse a text that is not one of the codes, and name the one that may be meant."""
    if text in codes:
        return None
    problem = f"'{text}' is not a listed code{_perhaps(_meant(text, codes))}"
    return Fault(column, problem, f"Take one of: {', '.join(codes)}")


def as_number(text: str) -> float | None:
    """Return the finite number that a text holds, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _text(file: Path | str) -> str:
    try:
        with Path(file).open("rb") as handle:
            content = handle.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            problem = f"more than {MAX_BYTES:,} bytes"
            raise Fault(None, problem, "Give the filled template alone").at(file)
        text = content.decode("utf-8-sig")
    except OSError as error:
        problem = f"can't be read ({error.strerror})"
        raise Fault(None, problem, "Correct the file's name").at(file) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Fault(None, f"not UTF-8 text, see line {line}", SAVE_AS).at(file) from error
    if "\0" in text:
        raise Fault(None, "not a text file", SAVE_AS).at(file)
    if not text.strip():
        raise Fault(None, "the file is empty", "Start from the template").at(file)
    return text


def _parted(file: Path | str, text: str) -> list[list[str]]:
    first = text.lstrip().splitlines()[0]
    mark = max(",;\t", key=first.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            cells = [cell.strip() for cell in row]
            if rows or any(cells):  # counting starts at the header, whatever stands above it
                rows.append(cells)
    except csv.Error as error:
        problem = f"the row can't be parted into cells ({error})"
        cure = "Close each quotation mark, and double each one inside a text"
        raise Fault(None, problem, cure).at(file, len(rows) or None) from error
    return rows


def _header_faults(header: list[str], columns: Mapping[str, str], free: bool) -> Iterator[Fault]:
    strange = [] if free else [name for name in header if name and name not in columns]
    meant = {name: _meant(name, set(columns) - set(header)) for name in strange}
    for name, meaning in columns.items():
        # A misspelt name is one mistake, told below.
        if name not in header and name not in meant.values():
            yield Fault(name, "this column is missing", f"Add it: {meaning}")
    for name, times in Counter(header).items():
        if not name:
            yield Fault(None, "a column has no name", "Name it, or remove the column")
        elif times > 1:
            yield Fault(name, f"this column is there {times} times", "Keep one of them")
        elif name in meant:
            problem = f"this column is unknown{_perhaps(meant[name])}"
            yield Fault(name, problem, "Correct its name or remove it")
        elif formula := formula_fault(name, name):
            yield formula


def _meant(word: str, known: Collection[str]) -> str | None:
    close = difflib.get_close_matches(word.lower().replace(" ", "_"), sorted(known), n=1)
    return close[0] if close else None


def _perhaps(name: str | None) -> str:
    return f", '{name}' perhaps" if name else ""
