"""Take in new practices: check a filled template row by row, and add it to the collection."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from equalcities.catalog import Column, Record, project_root, read_record, save, write_whole
from equalcities.errors import DataError
from equalcities.rows import Fault, code_fault, formula_fault, read_sheet

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
        CSV in UTF-8, parted by commas, semicolons or tabs.
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
    meanings = {column.name: column.meaning for column in record.columns}
    try:
        sheet = read_sheet(file, meanings, entry="practice")
    except DataError as fault:
        return pd.DataFrame(), [fault]
    seen = set(taken)
    faults = sheet.checked(lambda number, row: _row_faults(row, record, seen))
    table = pd.DataFrame(sheet.rows.values(), columns=list(meanings), dtype=str)
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


def _row_faults(row: dict[str, str], record: Record, seen: set[str]) -> Iterator[Fault]:
    sound = True
    for column in record.columns:
        if found := _cell_fault(row[column.name], column):
            sound = False
            yield found
    if row["practice_id"] == EXAMPLE["practice_id"]:
        yield Fault(
            "practice_id", "this is the template's example", "Replace the row by your practice"
        )
    elif row["practice_id"] in seen:
        yield Fault(
            "practice_id",
            f"'{row['practice_id']}' is taken",
            "Give a new key, or propose a correction of the row that has it",
        )
    seen.add(row["practice_id"])
    if sound:  # rules between cells need cells that can be read
        yield from _rules(row)


def _cell_fault(text: str, column: Column) -> Fault | None:
    name = column.name
    if not text:
        empty = Fault(name, "the cell is empty", f"Fill in: {column.meaning}")
        return empty if column.required else None
    if formula := formula_fault(name, text):
        return formula
    if column.type != "string":
        digits = r"\d+" if column.type == "integer" else r"\d+(\.\d+)?"
        if not re.fullmatch(digits, text):
            kind = "a whole number" if column.type == "integer" else "a number"
            cure = "Write digits only, with a point for decimals"
            return Fault(name, f"'{text}' is not {kind}", cure)
        low, high = column.range or (float("-inf"), float("inf"))
        if not low <= float(text) <= high:
            cure = "Correct it, or leave the cell empty"
            return Fault(name, f"{text} lies outside {low} to {high}", cure)
    parts = text.split(";") if column.list else [text]
    for part in parts:
        if column.values and (unlisted := code_fault(name, part, column.values)):
            return unlisted
    if column.list and len(set(parts)) < len(parts):
        return Fault(name, "a code is there twice", "Name each code once")
    if column.pattern and not re.fullmatch(column.pattern, text):
        return Fault(name, f"'{text}' has not the form of this column", f"Needed: {column.meaning}")
    return None


def _rules(row: dict[str, str]) -> Iterator[Fault]:
    if row["start_year"] and row["end_year"] and int(row["end_year"]) < int(row["start_year"]):
        yield Fault("end_year", "the end lies before the start", "Correct one of the two years")
    if row["budget_amount"] and not row["budget_currency"]:
        yield Fault("budget_currency", "an amount has no currency", "Write its code, such as EUR")
    if row["budget_currency"] and not row["budget_amount"]:
        yield Fault(
            "budget_amount", "a currency has no amount", "Write the amount, or clear the currency"
        )
    if not row["note"]:
        for column, what in (
            ("participants_n", "whom the count covers"),
            ("budget_amount", "what the amount covers"),
        ):
            if row[column]:
                yield Fault("note", f"nothing says {what}", "Write it in the note")
        if row["verified"] == "partly":
            yield Fault(
                "note", "nothing says what was inferred", "Name the cell that is not certain"
            )
