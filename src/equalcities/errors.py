"""The one small family of errors that the package raises on purpose.

Each message is written for the person who has to mend the cause: it names the place
(file, row, column or key), says what is wrong there, and ends with what to do.
"""

from __future__ import annotations

from pathlib import Path


class EqualCitiesError(Exception):
    """Base of every error that the package raises on purpose."""


class UsageError(EqualCitiesError, ValueError):
    """A function or command was called with arguments that cannot be meant."""


class LedgerError(EqualCitiesError):
    """A published number or figure is not what the ledger says, or cannot enter it."""


class DataError(EqualCitiesError):
    """A data file or its record is not what it claims to be.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence without a full stop.
    cure : str
        What to do about it, in one sentence without a full stop.
    file, row, column : optional
        Where it is wrong. ``row`` counts data rows from 1, as a spreadsheet reader would
        after the header line.
    """

    def __init__(
        self,
        problem: str,
        *,
        cure: str,
        file: Path | str | None = None,
        row: int | str | None = None,
        column: str | None = None,
    ) -> None:
        self.problem, self.cure = problem, cure
        self.file, self.row, self.column = file, row, column
        place = [str(file)] if file is not None else []
        if row is not None:
            place.append(f"row {row}")
        if column is not None:
            place.append(f"column '{column}'")
        where = ", ".join(place)
        super().__init__(f"{where}: {problem}. {cure}." if where else f"{problem}. {cure}.")
