"""Response files with one thing wrong, to show what a reader of the book would be told."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from equalcities.errors import UsageError
from equalcities.survey.files import ResponseFileError
from equalcities.survey.responses import Responses, read_responses
from equalcities.survey.schema import RESPONDENT


def _set(name: str, value: str) -> Callable[[pd.DataFrame], None]:
    def change(table: pd.DataFrame) -> None:
        table.loc[1, name] = value

    return change


def _repeat_id(table: pd.DataFrame) -> None:
    table.loc[2, RESPONDENT] = table.loc[1, RESPONDENT]


def _shift(table: pd.DataFrame) -> None:
    table.iloc[1, 2:] = table.iloc[1, 1:-1].to_numpy()


def _answer_unasked(table: pd.DataFrame) -> None:
    table.loc[1, "q08"] = "none"
    table.loc[1, "q09"] = "targets"


def _drop_column(table: pd.DataFrame) -> None:
    del table["q12_rent"]


_EXAMPLES: dict[str, Callable[[pd.DataFrame], None]] = {
    "a label in place of a code": _set("q14", "Some joint measures"),
    "a required answer left blank": _set("q02_size", ""),
    "a share beyond its range": _set("q20_share_eu", "140"),
    "more choices than allowed": _set("q05", "housing work skills health"),
    "an answer to what was not asked": _answer_unasked,
    "a formula in a cell": _set("q20_share_own", "=40+5"),
    "a respondent entered twice": _repeat_id,
    "a row that slipped by one column": _shift,
    "a column that is missing": _drop_column,
}


def bad_files(responses: Responses, folder: Path) -> pd.DataFrame:
    """Spoil a good response file in several ways, and collect what the reader says.

    Parameters
    ----------
    responses : Responses
        Good ones, three rows or more.
    folder : Path
        Where to write the files.

    Returns
    -------
    DataFrame
        ``fault`` (what was done), ``place`` (row and column named), ``problem``, ``cure``.

    Raises
    ------
    UsageError
        If a spoiled file is read all the same, or gives more than one error.
    """
    rows = []
    for fault, spoil in _EXAMPLES.items():
        good = responses.table.reset_index().astype("object")
        table = pd.DataFrame(good.where(good.notna(), ""))
        spoil(table)
        buffer = io.StringIO()
        csv.writer(buffer).writerows([list(table.columns), *table.to_numpy().tolist()])
        path = folder / "responses.csv"
        path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
        try:
            read_responses(path)
        except ResponseFileError as error:
            problems = error.problems
        else:
            problems = ()
        if len(problems) != 1:
            raise UsageError(f"'{fault}' gives {len(problems)} errors; it should give one.")
        one = problems[0]
        places = [f"row {one.row}" if one.row else "", one.column or ""]
        rows.append((fault, ", ".join(filter(None, places)) or "file", one.problem, one.cure))
    return pd.DataFrame(rows, columns=["fault", "place", "problem", "cure"])
