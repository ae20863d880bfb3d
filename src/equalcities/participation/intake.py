"""Take in new practices: check a filled template row by row, and add it to the collection."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from equalcities.catalog import Column, Record, project_root, read_record, save, write_whole
from equalcities.errors import DataError

DATASET = "participation_practices"
CONTRIBUTED = "contributed"
"""Folder beside the table that keeps each file taken in, so that it can be compiled again."""

EXAMPLE = {
    "practice_id": "xx_example_panel",
    "name": "Example panel (replace this row)",
    "city": "Example town",
    "country_iso3": "XXX",
    "start_year": "2024",
    "instrument": "citizens_assembly",
    "lead_level": "municipal",
    "policy_stage": "diagnosis;design",
    "power_level": "consult",
    "equity_features": "stipends;childcare",
    "target_groups": "residents of all districts",
    "outcome_summary": "What the page says came of it, in your words.",
    "evidence_type": "self_report",
    "source_title": "Title of the page",
    "source_url": "https://example.org/page",
    "verified": "yes",
    "note": "What a count or an amount covers; what is not certain.",
}
"""The row that shows how the template is filled; it is refused when it comes back."""


def template(record: Record) -> str:
    """Return the template: the header line and one example row, as CSV.

    Parameters
    ----------
    record : Record
        Of the dataset ``participation_practices``.

    Returns
    -------
    str
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in record.columns]
    writer.writerows([names, [EXAMPLE.get(name, "") for name in names]])
    return out.getvalue()


def practice_faults(
    file: Path, record: Record, taken: Collection[str] = ()
) -> tuple[pd.DataFrame, list[DataError]]:
    """Read a filled template and list everything in it that must be corrected.

    Parameters
    ----------
    file : Path
        CSV in UTF-8, parted by commas or, as some spreadsheets save it, by semicolons.
    record : Record
        Of the dataset ``participation_practices``: names, codes and ranges of the columns.
    taken : collection of str
        Keys of practices that the collection already holds.

    Returns
    -------
    table : DataFrame of str
        The rows, columns in the record's order; empty if they could not be read.
    faults : list of DataError
        Each with file, row (counted after the header), column and cure; empty if all is well.
    """
    try:
        rows = _rows(file)
        _check_header(file, rows[0], record)
        for number, row in enumerate(rows[1:], start=1):
            if len(row) != len(rows[0]):
                raise DataError(
                    f"{len(row)} cells, the header has {len(rows[0])}",
                    cure="Put quotation marks around a text that holds a comma or semicolon",
                    file=file,
                    row=number,
                )
    except DataError as fault:
        return pd.DataFrame(), [fault]
    table = pd.DataFrame(rows[1:], columns=rows[0], dtype=str)
    table = table[[column.name for column in record.columns]]
    faults = []
    seen = set(taken)
    for number, row in enumerate(table.to_dict("records"), start=1):
        for column, problem, cure in _row_faults(row, record, seen):
            faults.append(DataError(problem, cure=cure, file=file, row=number, column=column))
        seen.add(row["practice_id"])
    return table.mask(table == ""), faults


def take_in(file: Path, root: Path | None = None) -> Record:
    """Add the practices of a faultless file to the collection.

    Parameters
    ----------
    file : Path
        As for `practice_faults`.
    root : Path, optional
        The checkout; found by itself when left out.

    Returns
    -------
    Record
        Of the dataset, brought up to date.

    Raises
    ------
    DataError
        For the first fault; nothing is changed then.
    """
    root = root or project_root()
    record = read_record(DATASET, root)
    present = pd.read_csv(record.path, dtype=str, keep_default_na=False, na_values=[""])
    new, faults = practice_faults(file, record, set(present["practice_id"]))
    if faults:
        raise faults[0]
    kept = record.folder / CONTRIBUTED / f"{new['practice_id'].min()}.csv"
    saved = save(pd.concat([present, new]).sort_values("practice_id"), record.folder)
    write_whole(kept, new.to_csv(index=False, lineterminator="\n").encode())
    return saved


def contributed(folder: Path) -> list[pd.DataFrame]:
    """Read the files that were taken in before, for ``compile.py``.

    Parameters
    ----------
    folder : Path
        The dataset's folder.

    Returns
    -------
    list of DataFrame of str
    """
    return [
        pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
        for path in sorted((folder / CONTRIBUTED).glob("*.csv"))
    ]


def _rows(file: Path) -> list[list[str]]:
    save_as = "Save it from the spreadsheet as 'CSV UTF-8'"
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"can't be read ({error.strerror})", cure="Correct the file's name", file=file
        ) from error
    except UnicodeDecodeError as error:
        raise DataError("not a text in UTF-8", cure=save_as, file=file) from error
    if "\0" in text:
        raise DataError("not a CSV file", cure=save_as, file=file)
    if not text.strip():
        raise DataError("the file is empty", cure="Start from the template", file=file)
    header = text.partition("\n")[0]
    mark = ";" if ";" in header and "," not in header else ","
    try:
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        raise DataError(
            f"a quotation mark is open or misplaced ({error})",
            cure="Close it, and double each quotation mark inside a text",
            file=file,
        ) from error
    rows = [[cell.strip() for cell in row] for row in read if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise DataError("there is no row", cure="Add a row for each practice", file=file)
    return rows


def _check_header(file: Path, header: list[str], record: Record) -> None:
    expected = [column.name for column in record.columns]
    for name in header:
        if name not in expected:
            raise DataError(
                f"unknown column{_meant(name, expected)}",
                cure="Take the header line of the template",
                file=file,
                column=name,
            )
        if header.count(name) > 1:
            raise DataError(
                "the column is there twice", cure="Remove one of them", file=file, column=name
            )
    for name in expected:
        if name not in header:
            raise DataError(
                "the column is missing",
                cure="Take the header line of the template; cells below it may stay empty",
                file=file,
                column=name,
            )


Fault = tuple[str, str, str]


def _row_faults(row: dict[str, str], record: Record, seen: set[str]) -> Iterator[Fault]:
    sound = True
    for column in record.columns:
        found = _cell_fault(row[column.name], column)
        if found:
            sound = False
            yield (column.name, *found)
    if row["practice_id"] == EXAMPLE["practice_id"]:
        yield "practice_id", "this is the template's example", "Replace the row by your practice"
    elif row["practice_id"] in seen:
        yield (
            "practice_id",
            f"'{row['practice_id']}' is taken",
            "Give a new key, or propose a correction of the row that has it",
        )
    if sound:  # rules between cells need cells that can be read
        yield from _rules(row)


def _cell_fault(text: str, column: Column) -> tuple[str, str] | None:
    if not text:
        return ("the cell is empty", f"Fill in: {column.meaning}") if column.required else None
    if text[0] in "=@+":
        return f"'{text}' is a formula for a spreadsheet", "Write the text itself"
    if column.type != "string":
        digits = r"\d+" if column.type == "integer" else r"\d+(\.\d+)?"
        if not re.fullmatch(digits, text):
            kind = "a whole number" if column.type == "integer" else "a number"
            return f"'{text}' is not {kind}", "Write digits only, with a point for decimals"
        low, high = column.range or (float("-inf"), float("inf"))
        if not low <= float(text) <= high:
            return f"{text} lies outside {low} to {high}", "Correct it, or leave the cell empty"
    parts = text.split(";") if column.list else [text]
    for part in parts:
        if column.values and part not in column.values:
            return (
                f"'{part}' is no code of this column{_meant(part, column.values)}",
                f"Take from: {', '.join(column.values)}",
            )
    if column.list and len(set(parts)) < len(parts):
        return "a code is there twice", "Name each code once"
    if column.pattern and not re.fullmatch(column.pattern, text):
        return f"'{text}' has not the form of this column", f"Needed: {column.meaning}"
    return None


def _rules(row: dict[str, str]) -> Iterator[Fault]:
    if row["start_year"] and row["end_year"] and int(row["end_year"]) < int(row["start_year"]):
        yield "end_year", "the end lies before the start", "Correct one of the two years"
    if row["budget_amount"] and not row["budget_currency"]:
        yield "budget_currency", "an amount has no currency", "Write its code, such as EUR"
    if row["budget_currency"] and not row["budget_amount"]:
        yield "budget_amount", "a currency has no amount", "Write the amount, or clear the currency"
    if not row["note"]:
        for column, what in (
            ("participants_n", "whom the count covers"),
            ("budget_amount", "what the amount covers"),
        ):
            if row[column]:
                yield "note", f"nothing says {what}", "Write it in the note"
        if row["verified"] == "partly":
            yield "note", "nothing says what was inferred", "Name the cell that is not certain"


def _meant(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word.lower().replace(" ", "_"), list(known), n=1)
    return f", '{close[0]}' perhaps" if close else ""
