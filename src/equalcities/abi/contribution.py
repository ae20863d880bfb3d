"""Check a contributed table of effects: what is missing, where, and how to cure it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from equalcities.catalog import load, project_root, read_record
from equalcities.errors import DataError
from equalcities.rows import Fault, as_number, code_fault, formula_fault, read_sheet

DIRECTIONS = ("1", "0", "-1")
VERIFIED = ("yes", "direction_only")
BASES = ("full text", "abstract", "press", "part of the document", "summary")
LONGEST_QUOTE = 400


class Field(NamedTuple):
    """One column of a contributed table."""

    required: bool
    meaning: str
    codes: tuple[str, ...] = ()
    pattern: str = ""
    example: str = ""
    span: tuple[float, float] | None = None
    whole: bool = False


def fields(root: Path | None = None) -> dict[str, Field]:
    """Return the columns of a contribution; codes are those of the published datasets.

    Parameters
    ----------
    root : Path, optional
        The checkout; found by itself when left out.
    """
    root = root or project_root()
    study, effect = read_record("abi_studies", root), read_record("abi_effects", root)

    def codes(record, name: str) -> tuple[str, ...]:
        return record.column(name).values or ()

    web = r"https?://\S+\.\S+"
    return {
        "study_id": Field(
            True,
            "first author and year, small letters; the same in all rows of a study",
            pattern=r"[a-z0-9_]*[a-z][a-z0-9_]*[0-9]{4}[a-z]?",
            example="branas2018",
        ),
        "authors": Field(True, "family names of the authors"),
        "year": Field(True, "year of publication", span=(1980, 2100), whole=True),
        "title": Field(True, "title as on the page"),
        "journal": Field(True, "journal, report series or publisher"),
        "doi": Field(
            False,
            "DOI, only if you saw it on a page",
            pattern=r"10\.\d{4,9}/\S+",
            example="10.1016/j.jhe.2017.05.002",
        ),
        "programme_id": Field(
            True,
            "key of the programme in the dataset abi_programmes",
            pattern=r"[a-z]+(_[a-z0-9]+)+",
            example="uk_gowell",
        ),
        "new_programme": Field(
            False,
            "name and page of the programme, if it is not in abi_programmes yet",
            pattern=rf".*\S.*{web}.*",
            example="Name of the programme, https://...",
        ),
        "country_iso3": Field(
            True,
            "country of the study, ISO 3166-1 alpha-3; several with a semicolon between them",
            pattern=r"[A-Z]{3}(;[A-Z]{3})*",
            example="GBR",
        ),
        "design": Field(True, "how the comparison was made", codes(study, "design")),
        "maryland_score": Field(
            True,
            "strength of the design, from one (weakest) to five (randomised)",
            span=(1, 5),
            whole=True,
        ),
        "maryland_reason": Field(True, "what the score rests on, in words"),
        "benefits": Field(
            True, "whom the measured gain or loss concerns", codes(study, "benefits")
        ),
        "displacement_examined": Field(
            True, "whether the study looks at displacement", codes(study, "displacement_examined")
        ),
        "peer_reviewed": Field(True, "peer-reviewed publication", codes(study, "peer_reviewed")),
        "source_url": Field(
            True, "address of the page that you read", pattern=web, example="https://..."
        ),
        "outcome_domain": Field(True, "domain of the outcome", codes(effect, "outcome_domain")),
        "outcome_description": Field(
            True, "outcome, group, scope and comparison, so that another reader finds it"
        ),
        "direction": Field(True, "good for residents or the area, null, or adverse", DIRECTIONS),
        "verified": Field(
            True,
            "yes: you read a number; direction_only: you read only the sign or the null",
            VERIFIED,
        ),
        "effect_value": Field(False, "value, sign as reported", span=(-1e9, 1e9)),
        "effect_unit": Field(
            False, "unit as reported, for instance percent, pp, odds ratio, SF-12 points"
        ),
        "ci_low": Field(False, "lower limit of the 95% interval as printed", span=(-1e9, 1e9)),
        "ci_high": Field(False, "upper limit of the 95% interval as printed", span=(-1e9, 1e9)),
        "se": Field(False, "standard error as printed", span=(0, 1e9)),
        "p_text": Field(False, "significance as printed"),
        "n_units": Field(False, "sample, as stated"),
        "follow_up_years": Field(False, "years from the start to the measurement", span=(0, 100)),
        "basis": Field(True, "what you read", BASES),
        "quote": Field(
            True,
            f"the sentence or table cell that the row rests on, at most {LONGEST_QUOTE} characters",
        ),
        "reader": Field(True, "your name or handle, for the second reader's questions"),
        "read_on": Field(
            True,
            "date of reading",
            pattern=r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
            example="2026-11-23",
        ),
    }


STUDY_FIELDS = (
    "authors",
    "year",
    "title",
    "journal",
    "doi",
    "programme_id",
    "new_programme",
    "country_iso3",
    "design",
    "maryland_score",
    "maryland_reason",
    "benefits",
    "displacement_examined",
    "peer_reviewed",
)
"""Columns that describe the study and are the same in all its rows."""


def check_contribution(file: Path | str, root: Path | None = None) -> list[DataError]:
    """Check a contributed CSV file of effects.

    Parameters
    ----------
    file : Path or str
        One row per effect, columns as in `fields`.
    root : Path, optional
        The checkout; found by itself when left out.

    Returns
    -------
    list of DataError
        Everything to correct, each with file, row (counted after the header), column and cure;
        empty if the file is fine.

    Raises
    ------
    DataError
        If the file is no table that could be looked at.
    """
    root = root or project_root()
    known = fields(root)
    sheet = read_sheet(file, {name: field.meaning for name, field in known.items()}, entry="effect")
    studies = load("abi_studies", root).table.set_index("study_id")
    effects = load("abi_effects", root).table
    programmes = set(load("abi_programmes", root).table["programme_id"])
    taken = {
        (study, text): effect
        for study, text, effect in effects[
            ["study_id", "outcome_description", "effect_id"]
        ].itertuples(index=False)
    }
    first: dict[str, tuple[int, dict[str, str]]] = {}
    seen: dict[tuple[str, str], int] = {}

    def check(number: int, row: dict[str, str]) -> Iterator[Fault]:
        cells = list(_cell_faults(row, known))
        bad = {fault.column for fault in cells}
        yield from cells
        yield from _number_faults(row, bad)
        yield from _programme_faults(row, programmes, bad)
        if "study_id" not in bad:
            yield from _study_faults(number, row, first, studies)
            yield from _repeated(number, row, taken, seen)

    return sheet.checked(check)


def _repeated(
    number: int,
    row: dict[str, str],
    taken: dict[tuple[str, str], str],
    seen: dict[tuple[str, str], int],
) -> Iterator[Fault]:
    key = (row["study_id"], row["outcome_description"])
    if key in taken:
        yield Fault(
            "outcome_description",
            f"the table has this effect already, {taken[key]}",
            "Leave the row out, or open an issue if the entry is wrong",
        )
    elif key in seen:
        yield Fault(
            "outcome_description",
            f"the same outcome as in row {seen[key]}",
            "Say in the description in what they differ, or leave one out",
        )
    seen.setdefault(key, number)


def _cell_faults(row: dict[str, str], known: dict[str, Field]) -> Iterator[Fault]:
    for name, field in known.items():
        cell = row[name]
        if not cell:
            if field.required:
                yield Fault(name, "the cell is empty", f"Fill in: {field.meaning}")
            continue
        if formula := formula_fault(name, cell):
            yield formula
            continue
        if field.codes and (unlisted := code_fault(name, cell, field.codes)):
            yield unlisted
        if field.pattern and not re.fullmatch(field.pattern, cell):
            yield Fault(
                name, f"'{cell}' hasn't the form asked for", f"Write it like {field.example}"
            )
        if field.span:
            yield from _span_faults(name, cell, field)
    if len(row["quote"]) > LONGEST_QUOTE:
        yield Fault(
            "quote",
            f"{len(row['quote'])} characters",
            f"Keep the part that holds the result, at most {LONGEST_QUOTE} characters",
        )


def _span_faults(name: str, cell: str, field: Field) -> Iterator[Fault]:
    value = as_number(cell)
    if value is None:
        yield Fault(
            name,
            f"'{cell}' is not a number",
            "Write digits with a point, such as -4.5; units go into effect_unit",
        )
    elif not field.span[0] <= value <= field.span[1]:
        low, high = (f"{end:g}" for end in field.span)
        yield Fault(name, f"{cell} lies outside {low} to {high}", "Check the source")
    elif field.whole and value % 1:
        yield Fault(name, f"{cell} is not a whole number", "Check the source")


def _number_faults(row: dict[str, str], bad: set[str | None]) -> Iterator[Fault]:
    """Compare numbers, their unit, their interval and the direction with each other."""
    names = ("effect_value", "effect_unit", "ci_low", "ci_high", "se")
    has = {name: bool(row[name]) for name in names}
    if row["verified"] == "yes" and not has["effect_value"]:
        yield Fault(
            "effect_value",
            "the row says that a number was read, but there is none",
            "Fill in the number, or set verified to direction_only",
        )
    if row["verified"] == "direction_only" and has["effect_value"]:
        yield Fault(
            "verified",
            "the row holds a number but says that only the direction was read",
            "Set verified to yes if you read the number on the page, otherwise leave it out",
        )
    if has["effect_value"] and not has["effect_unit"]:
        yield Fault("effect_unit", "a number without a unit", "Write the unit as reported")
    for name in ("effect_unit", "ci_low", "ci_high", "se"):
        if has[name] and not has["effect_value"]:
            yield Fault(
                name,
                "filled although there is no effect_value",
                "Fill in the value, or empty this cell",
            )
    if has["ci_low"] != has["ci_high"]:
        missing = "ci_high" if has["ci_low"] else "ci_low"
        yield Fault(
            missing,
            "one limit of the interval is missing",
            "Fill in both limits, or neither and say so in p_text",
        )
    if not (has["effect_value"] and has["ci_low"] and has["ci_high"]):
        return
    if bad & {"effect_value", "ci_low", "ci_high"}:
        return
    value, low, high = (float(row[name]) for name in ("effect_value", "ci_low", "ci_high"))
    if low >= high:
        yield Fault("ci_low", f"{low:g} is not below ci_high, {high:g}", "Swap the limits")
        return
    if not low <= value <= high:
        yield Fault(
            "effect_value",
            f"{value:g} lies outside its interval, {low:g} to {high:g}",
            "Check value, limits and signs",
        )
        return
    ratio = "ratio" in row["effect_unit"] or row["effect_unit"] == "relative risk"
    if ratio and low <= 0:
        yield Fault("ci_low", f"a ratio can't be {low:g}", "Check the limits, or the unit")
        return
    null = 1.0 if ratio else 0.0
    if low < null < high and row["direction"] in ("1", "-1"):
        yield Fault(
            "direction",
            f"the interval includes {null:g}, no effect",
            "Set the direction to 0: null or not distinguishable from none",
        )


def _programme_faults(
    row: dict[str, str], programmes: set[str], bad: set[str | None]
) -> Iterator[Fault]:
    if "programme_id" in bad or not row["programme_id"]:
        return
    there = row["programme_id"] in programmes
    if not there and not row["new_programme"]:
        yield Fault(
            "programme_id",
            f"'{row['programme_id']}' is not in abi_programmes",
            "Take its key there, or give name and page in new_programme",
        )
    if there and row["new_programme"]:
        yield Fault(
            "new_programme",
            f"'{row['programme_id']}' is in abi_programmes already",
            "Empty this cell",
        )


def _study_faults(
    number: int,
    row: dict[str, str],
    first: dict[str, tuple[int, dict[str, str]]],
    studies: pd.DataFrame,
) -> Iterator[Fault]:
    """Check that a study is described alike in all rows, here and in the table."""
    name = row["study_id"]
    earlier, described = first.setdefault(name, (number, row))
    for field in STUDY_FIELDS:
        if row[field] != described[field]:
            yield Fault(
                field,
                f"not as in row {earlier}, which is the same study",
                "Describe a study alike in all its rows",
            )
    if name in studies.index and row["title"].casefold() != studies.loc[name, "title"].casefold():
        yield Fault(
            "study_id",
            f"'{name}' is another study, “{studies.loc[name, 'title']}”",
            "Put a letter behind the year, or correct the title",
        )
