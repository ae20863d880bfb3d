"""What is wrong with someone's files, collected so that all of it is said at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from equalcities.errors import EqualCitiesError

ROWS_NAMED = 5
LONGEST = 80
# Marks that turn the direction of writing around, so that a name reads as another.
DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_hidden(character: str) -> bool:
    """Tell whether a character could disturb a screen: a control or a direction mark."""
    return unicodedata.category(character) == "Cc" or character in DIRECTION_MARKS


def plain(value: object) -> str:
    """Return a value from a file as short text that is safe to print on a terminal."""
    text = "".join(repr(c)[1:-1] if is_hidden(c) else c for c in str(value)[: LONGEST + 1])
    # Half of a surrogate pair can't be printed at all.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


@dataclass(frozen=True)
class Problem:
    """One thing that has to be mended.

    Attributes
    ----------
    file : str
        Name of the file or of the option.
    what, cure : str
        What is wrong and what to do, each a clause without a full stop.
    rows : tuple of str
        The first of the rows concerned, as they are printed.
    n_rows : int
        How many rows are concerned.
    column : str
        Name of the column, or nothing.
    """

    file: str
    what: str
    cure: str
    rows: tuple[str, ...] = ()
    n_rows: int = 0
    column: str = ""

    def __str__(self) -> str:
        place = [plain(self.file)]
        if self.rows:
            more = self.n_rows - len(self.rows)
            named = ", ".join(self.rows) + (f" and {more:,} more" if more else "")
            place.append(f"row{'s' if self.n_rows > 1 else ''} {named}")
        if self.column:
            place.append(f"column '{plain(self.column)}'")
        return f"{', '.join(place)}: {self.what}. {self.cure}."


class InputProblems(EqualCitiesError):
    """Everything that keeps a set of files from being assessed.

    Attributes
    ----------
    problems : tuple of Problem
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(problems)
        head = f"{count} problem{'s' if count > 1 else ''} to mend; nothing was written."
        lines = [f"  {number}. {problem}" for number, problem in enumerate(problems, 1)]
        super().__init__("\n".join([head, *lines]))


@dataclass
class Findings:
    """Problems and remarks on one input file, gathered while it is read.

    Attributes
    ----------
    file : str
        Name of the file.
    problems : list of Problem
    notes : list of str
        What was decided or noticed on the way; the report prints it.
    ids : pandas.Series or None
        Identifiers of the rows, once known, to name rows by.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ids: pd.Series | None = None

    def add(
        self, what: str, cure: str, *, rows: np.ndarray | None = None, column: str = ""
    ) -> None:
        """Note a problem; `rows` is a mask over the rows, and no row means no problem."""
        if rows is None:
            self.problems.append(Problem(self.file, what, cure, column=column))
            return
        numbers = np.flatnonzero(rows)
        if len(numbers):
            named = tuple(self._row(number) for number in numbers[:ROWS_NAMED])
            self.problems.append(Problem(self.file, what, cure, named, len(numbers), column))

    def note(self, text: str) -> None:
        """Keep a remark for the report."""
        self.notes.append(f"{plain(self.file)}: {text}")

    def _row(self, number: int) -> str:
        name = "" if self.ids is None else plain(self.ids.iloc[number]).strip()
        return f"{number + 1} ('{name}')" if name else f"{number + 1}"
