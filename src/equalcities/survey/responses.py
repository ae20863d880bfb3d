"""Reading and writing response files: every answer is checked before any is loaded."""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from equalcities.errors import UsageError
from equalcities.survey.files import SHEET, Grid, Problem, ResponseFileError, read_grid
from equalcities.survey.schema import (
    DONT_KNOW,
    NOT_OURS,
    RESPONDENT,
    SIMULATED_PREFIX,
    Field,
    Questionnaire,
    questionnaire,
)

_RESPONDENT_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
# what UTF-8 looks like when it was read as cp1252, and the sign for what could not be read
_GARBLED = re.compile("\ufffd|[\u00c2\u00c3][\u0080-\u00bf]|\u00e2\u20ac")


@dataclass(frozen=True)
class Responses:
    """Checked responses to a questionnaire.

    Attributes
    ----------
    table : DataFrame
        One row per respondent (index ``respondent_id``), one column per field in the order of
        the form. A blank is missing.
    questionnaire : Questionnaire
    evidence : {"observed", "simulated"}
        Evidence class; whatever is computed inherits it.
    """

    table: pd.DataFrame
    questionnaire: Questionnaire
    evidence: str

    def asked(self, name: str) -> pd.Series:
        """Return who was asked a field, by its routing.

        Parameters
        ----------
        name : str

        Returns
        -------
        Series of bool
        """
        when = self.questionnaire.field(name).when
        if when is None:
            return pd.Series(True, index=self.table.index)
        return self.table[when.field].isin(when.codes)

    def indicators(self, name: str) -> pd.DataFrame:
        """Return one 0/1 column per code of a closed field, on the field's base.

        Parameters
        ----------
        name : str
            A single or multiple choice.

        Returns
        -------
        DataFrame of float
            One row per respondent who was asked and for whose city the item applies; NaN across
            the row is item non-response (blank or "don't know").

        Raises
        ------
        UsageError
            If the field has no codes.
        """
        field = self.questionnaire.field(name)
        if not field.choices:
            raise UsageError(f"'{name}' is not a closed question; choose one with codes.")
        answers = self.table.loc[self.asked(name), name].astype("object")
        answers = answers[answers.ne(NOT_OURS).fillna(True).astype(bool)]
        answers = answers.mask(answers.eq(DONT_KNOW).fillna(False).astype(bool))
        known = answers.notna()
        result = pd.DataFrame(np.nan, index=answers.index, columns=list(field.values))
        chosen = answers[known].str.split()
        for code in field.values:
            result.loc[known, code] = [float(code in codes) for codes in chosen]
        return result


def _code_problem(field: Field, code: str) -> str:
    """Say what to do about a code that is not in the list."""
    by_label = {label.casefold(): c for c, label in field.choices.items()}
    by_label |= {c.casefold(): c for c in field.choices}
    close = difflib.get_close_matches(code.casefold(), list(by_label), n=1, cutoff=0.75)
    if close:
        return f"write '{by_label[close[0]]}' if that is meant"
    return "use one of: " + ", ".join(field.choices)


def _select_one(field: Field, text: str) -> Iterator[tuple[str, str, str]]:
    if text not in field.choices:
        problem = f"'{text[:40]}' is not a code of this question"
        yield "wrong code", problem, _code_problem(field, text)


def _select_multiple(field: Field, text: str) -> Iterator[tuple[str, str, str]]:
    if re.search(r"[,;|/]", text):
        yield (
            "wrong separator",
            "the codes are not divided by blanks",
            "write them with one blank between, such as 'housing skills'",
        )
        return
    codes = text.split()
    for code in dict.fromkeys(codes):
        yield from _select_one(field, code)
    repeated = [code for code, count in Counter(codes).items() if count > 1]
    if repeated:
        yield "repeated code", f"'{repeated[0]}' is given twice", "give each code once"
    if field.max_choices is not None and len(set(codes)) > field.max_choices:
        yield (
            "too many choices",
            f"{len(set(codes))} codes where {field.max_choices} are allowed",
            "ask the respondent which ones count most",
        )
    alone = set(codes) & set(field.exclusive)
    if alone and len(set(codes)) > 1:
        yield (
            "contradiction",
            f"'{min(alone)}' is given beside other codes",
            "keep that code alone or drop it",
        )


def _integer(field: Field, text: str) -> Iterator[tuple[str, str, str]]:
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", text):
        yield (
            "not a whole number",
            f"'{text[:40]}' is not a whole number",
            "write digits only: no per cent sign, no decimals, no words",
        )
    elif not (field.minimum <= int(text) <= field.maximum):
        yield (
            "out of range",
            f"{text} lies outside {field.minimum} to {field.maximum}",
            "check the number with the respondent",
        )


def _text(field: Field, text: str) -> Iterator[tuple[str, str, str]]:
    if _GARBLED.search(text):
        yield (
            "garbled text",
            "letters were lost when the file was saved in the wrong encoding",
            "go back to the source and export it as UTF-8",
        )
    elif any(unicodedata.category(letter) == "Cc" and letter not in "\n\r\t" for letter in text):
        yield "control characters", "the text holds control characters", "type the answer again"
    if field.pattern and not re.fullmatch(field.pattern, text):
        yield "wrong pattern", f"'{text[:40]}' does not fit '{field.label}'", "correct it"
    if len(text) > field.max_length:
        yield (
            "too long",
            f"the text has {len(text)} characters and {field.max_length} are allowed",
            "shorten it",
        )


_CHECKS = {
    "select_one": _select_one,
    "select_multiple": _select_multiple,
    "integer": _integer,
    "text": _text,
}


def _header_problems(header: list[str], expected: list[str]) -> list[Problem]:
    problems = []
    for position, name in enumerate(header, start=1):
        if not name:
            problems.append(
                Problem(
                    "unnamed column", f"column number {position} has no name", "name or delete it"
                )
            )
    for name, count in Counter(filter(None, header)).items():
        if name not in expected:
            close = difflib.get_close_matches(name, expected, n=1)
            hint = f"rename it '{close[0]}' if that is meant, or " if close else ""
            problems.append(
                Problem(
                    "unknown column",
                    "the questionnaire has no such column",
                    hint + "delete it",
                    column=name,
                )
            )
        if count > 1:
            problems.append(
                Problem(
                    "duplicate column", f"the column appears {count} times", "keep one", column=name
                )
            )
    problems += [
        Problem(
            "missing column",
            "the column is missing",
            "add it; leave it blank for whoever did not answer",
            column=name,
        )
        for name in expected
        if name not in header
    ]
    return problems


def _shifted(row: list[str], columns: list[Field | None]) -> bool:
    """Whether the answers fit far better one column to the left or right."""

    def misfits(shift: int) -> int:
        count = 0
        for i, field in enumerate(columns):
            j = i + shift
            text = row[j] if 0 <= j < len(row) else ""
            if field is not None and text and field.type != "text":
                count += any(True for _ in _CHECKS[field.type](field, text))
        return count

    here = misfits(0)
    return here >= 5 and min(misfits(-1), misfits(1)) * 4 < here


def _row_problems(answers: dict[str, str], row: int, form: Questionnaire) -> Iterator[Problem]:
    totals: dict[str, list[int]] = {}
    for name, field in form.fields.items():
        text = answers[name]
        asked = field.when is None or answers[field.when.field] in field.when.codes
        if not text:
            if asked and field.required:
                yield Problem(
                    "missing answer",
                    f"'{field.label}' must be answered",
                    "ask the respondent, or leave the whole row out",
                    row,
                    name,
                )
            continue
        if not asked:
            yield Problem(
                "routing",
                f"answered although it is only asked if {field.when.field} is "
                + " or ".join(field.when.codes),
                f"clear it, or correct {field.when.field}",
                row,
                name,
            )
            continue
        found = list(_CHECKS[field.type](field, text))
        for kind, problem, cure in found:
            yield Problem(kind, problem, cure, row, name)
        if field.total and not found:
            totals.setdefault(field.total, []).append(int(text))
    for name, parts in totals.items():
        if sum(parts) > 100:
            yield Problem(
                "shares over 100",
                f"the shares sum to {sum(parts)} per cent",
                "check them with the respondent; together they are at most 100",
                row,
                name,
            )


def _respondent_problem(respondent: str, seen: dict[str, int], row: int) -> Problem | None:
    if not respondent:
        return Problem(
            "no respondent", "the row has no respondent", "give it an id", row, RESPONDENT
        )
    if not _RESPONDENT_PATTERN.fullmatch(respondent):
        return Problem(
            "wrong respondent id",
            f"'{respondent[:40]}' is not an id",
            "use up to 32 letters, digits, '-' and '_'; no name of a city or person",
            row,
            RESPONDENT,
        )
    if respondent in seen:
        return Problem(
            "duplicate respondent",
            f"'{respondent}' is already in row {seen[respondent]}",
            "keep the row that counts and delete the other",
            row,
            RESPONDENT,
        )
    seen[respondent] = row
    return None


def _table_problems(grid: Grid, form: Questionnaire) -> list[Problem]:
    problems = _header_problems(grid.header, [RESPONDENT, *form.fields])
    if problems:
        return problems  # with the columns in doubt, faults of single cells would mislead
    if not grid.rows:
        return [Problem("header only", "there is a header and no response", "export it again")]
    spoiled = {p.row for p in grid.problems if p.kind == "ragged row"}
    spoiled_cells = {(p.row, p.column) for p in grid.problems}
    problems = list(grid.problems)
    columns = [form.fields.get(name) for name in grid.header]
    seen: dict[str, int] = {}
    for number, row in enumerate(grid.rows, start=1):
        if number in spoiled:
            continue
        if not any(row):
            problems.append(
                Problem("blank row", "the row is blank", "delete it and check the next row", number)
            )
            continue
        if _shifted(row, columns):
            problems.append(
                Problem(
                    "shifted columns",
                    "the answers fit the columns beside theirs, so the row has slipped",
                    "move its cells back in line with the header",
                    number,
                )
            )
            continue
        answers = dict(zip(grid.header, row, strict=True))
        duplicate = _respondent_problem(answers[RESPONDENT], seen, number)
        problems += [duplicate] if duplicate else []
        problems += [
            p
            for p in _row_problems(answers, number, form)
            if (p.row, p.column) not in spoiled_cells
        ]
    made = [name.startswith(SIMULATED_PREFIX) for name in seen]
    if any(made) and not all(made):
        problems.append(
            Problem(
                "simulated and real",
                f"{sum(made)} of {len(made)} respondents are simulated and the others are not",
                f"keep one kind; ids that begin with '{SIMULATED_PREFIX}' are simulated",
            )
        )
    return sorted(problems, key=lambda p: p.row or 0)


def _typed(field: Field, values: list[str]) -> pd.Series:
    present = [value or None for value in values]
    if field.type == "select_one":
        return pd.Series(pd.Categorical(present, categories=list(field.choices)))
    if field.type == "integer":
        return pd.Series([int(v) if v else pd.NA for v in present], dtype="Int64")
    if field.type == "select_multiple":
        order = list(field.choices)
        present = [" ".join(sorted(v.split(), key=order.index)) if v else None for v in present]
    return pd.Series(present, dtype="str")


def read_responses(
    path: Path | str, *, form: Questionnaire | None = None, encoding: str | None = None
) -> Responses:
    """Read a response file, whole or not at all.

    Parameters
    ----------
    path : path-like
        CSV or XLSX, one row per respondent, one column per field (see `codebook`), in any order.
        A workbook with several sheets keeps the responses in the one called ``responses``.
    form : Questionnaire, optional
        The questionnaire that was fielded; the package's own by default.
    encoding : str, optional
        Needed for a CSV that is neither UTF-8 nor UTF-16 with its mark; never guessed.

    Returns
    -------
    Responses
        Of class ``simulated`` if the ids say that the simulator made them, else ``observed``.

    Raises
    ------
    ResponseFileError
        With every problem of the file in ``problems``: row, column, what is wrong, what to do.
    """
    form = form or questionnaire()
    grid = read_grid(path, encoding=encoding)
    problems = _table_problems(grid, form)
    if problems:
        raise ResponseFileError(problems, path)
    columns = dict(zip(grid.header, zip(*grid.rows, strict=True), strict=True))
    table = pd.DataFrame(
        {name: _typed(field, list(columns[name])) for name, field in form.fields.items()}
    )
    table.index = pd.Index(columns[RESPONDENT], name=RESPONDENT)
    simulated = columns[RESPONDENT][0].startswith(SIMULATED_PREFIX)
    return Responses(table, form, "simulated" if simulated else "observed")


def write_responses(
    responses: Responses,
    path: Path | str,
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
    columns: list[str] | None = None,
) -> Path:
    """Write responses so that `read_responses` gives them back.

    Parameters
    ----------
    responses : Responses
    path : path-like
        Ends in ``.csv`` or ``.xlsx``. The file appears whole or not at all.
    encoding, delimiter : str
        Of a CSV.
    columns : list of str, optional
        Order of the columns, ``respondent_id`` included; that of the form by default.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        For another ending, or columns that are not those of the form.
    """
    path = Path(path)
    table = responses.table.reset_index()
    columns = list(table.columns) if columns is None else columns
    if sorted(columns) != sorted(table.columns):
        raise UsageError("columns must name each column of the form once; see codebook().")
    table = table[columns].astype("object")
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        if path.suffix == ".csv":
            table.to_csv(part, index=False, encoding=encoding, sep=delimiter)
        elif path.suffix == ".xlsx":
            table.to_excel(part, index=False, sheet_name=SHEET, engine="openpyxl")
        else:
            raise UsageError(f"'{path.suffix}' is not a kind of response file; use .csv or .xlsx.")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
