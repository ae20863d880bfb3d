"""The questionnaire in the forms that others use: XLSForm, JSON Schema, codebook."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from equalcities.survey.schema import RESPONDENT, Field, Questionnaire, questionnaire


def _relevant(field: Field) -> str:
    if field.when is None:
        return ""
    return " or ".join(f"${{{field.when.field}}} = '{code}'" for code in field.when.codes)


def _constraint(field: Field, form: Questionnaire) -> tuple[str, str]:
    """XPath test of an answer, and what the respondent reads when it fails."""
    tests, messages = [], []
    if field.type == "integer":
        tests.append(f". >= {field.minimum} and . <= {field.maximum}")
        messages.append(f"A whole number from {field.minimum} to {field.maximum}.")
    if field.total:
        # a form may only look back: the check sits on the last of the parts
        parts = [f.name for f in form.fields.values() if f.total == field.total]
        if field.name == parts[-1]:
            before = " + ".join(f"coalesce(${{{name}}}, 0)" for name in parts[:-1])
            tests.append(f"(. + {before}) <= 100")
            messages.append("The shares together are at most 100.")
    if field.max_choices is not None:
        tests.append(f"count-selected(.) <= {field.max_choices}")
        messages.append(f"At most {field.max_choices}.")
    for code in field.exclusive:
        tests.append(f"not(selected(., '{code}') and count-selected(.) > 1)")
        messages.append(f"'{field.choices[code]}' stands alone.")
    if field.pattern:
        tests.append(f"regex(., '^{field.pattern}$')")
        messages.append(f"{field.label}.")
    elif field.type == "text":
        tests.append(f"string-length(.) <= {field.max_length}")
        messages.append(f"At most {field.max_length} characters.")
    return " and ".join(f"({test})" for test in tests), " ".join(messages)


def xlsform_sheets(form: Questionnaire | None = None) -> dict[str, pd.DataFrame]:
    """Return the sheets of the questionnaire as an XLSForm.

    Parameters
    ----------
    form : Questionnaire, optional
        The package's own by default.

    Returns
    -------
    dict of str to DataFrame
        ``survey``, ``choices`` and ``settings``.

    References
    ----------
    XLSForm specification, https://xlsform.org/en/ref-table/
    """
    form = form or questionnaire()
    columns = [
        "type",
        "name",
        "label",
        "hint",
        "required",
        "relevant",
        "constraint",
        "constraint_message",
    ]
    rows: list[list[str]] = [
        ["note", "about", form.note, "", "", "", "", ""],
        [
            "text",
            RESPONDENT,
            "Respondent id given to you",
            "Not the name of a city or person",
            "yes",
            "",
            "regex(., '^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$')",
            "Letters, digits, - and _.",
        ],
    ]
    for question in form.questions:
        rows.append(["begin_group", f"{question.id}_group", question.text, "", "", "", "", ""])
        for field in question.fields:
            kind = f"{field.type} {field.list_name}" if field.choices else field.type
            hint = f"Choose up to {field.max_choices}." if field.max_choices else ""
            rows.append(
                [
                    kind,
                    field.name,
                    field.label,
                    hint,
                    "yes" if field.required else "",
                    _relevant(field),
                    *_constraint(field, form),
                ]
            )
        rows.append(["end_group", "", "", "", "", "", "", ""])
    lists = {f.list_name: f.choices for f in form.fields.values() if f.choices}
    return {
        "survey": pd.DataFrame(rows, columns=columns),
        "choices": pd.DataFrame(
            [(name, code, label) for name, codes in lists.items() for code, label in codes.items()],
            columns=["list_name", "name", "label"],
        ),
        "settings": pd.DataFrame(
            [(form.title, form.id, form.version)], columns=["form_title", "form_id", "version"]
        ),
    }


def write_xlsform(path: Path | str, *, form: Questionnaire | None = None) -> Path:
    """Write the questionnaire as an XLSForm workbook, ready for ODK or KoboToolbox.

    Parameters
    ----------
    path : path-like
        An ``.xlsx`` file; it appears whole or not at all, with the same bytes for the same form.
    form : Questionnaire, optional
        The package's own by default.

    Returns
    -------
    Path
    """
    path = Path(path)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, sheet in xlsform_sheets(form).items():
        page = book.create_sheet(name)
        for row in [list(sheet.columns), *sheet.to_numpy().tolist()]:
            page.append([cell or None for cell in row])
    part = path.with_name(f".{path.name}.part")
    try:
        book.save(part)
        _forget_time(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _forget_time(path: Path) -> None:
    """Take the time of writing out of a workbook, and compression that differs by library."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts["docProps/core.xml"] = re.sub(
        rb">[^<]*(</dcterms:(?:created|modified)>)",
        rb">2026-01-01T00:00:00Z\1",
        parts["docProps/core.xml"],
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def _field_schema(field: Field) -> dict[str, Any]:
    if field.type == "select_one":
        return {"type": "string", "enum": list(field.choices)}
    if field.type == "integer":
        return {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
    if field.type == "text":
        pattern = {"pattern": f"^{field.pattern}$"} if field.pattern else {}
        return {"type": "string", "minLength": 1, "maxLength": field.max_length, **pattern}
    schema: dict[str, Any] = {
        "type": "array",
        "items": {"type": "string", "enum": list(field.choices)},
        "uniqueItems": True,
        "minItems": 1,
    }
    if field.max_choices is not None:
        schema["maxItems"] = field.max_choices
    if field.exclusive:
        schema["anyOf"] = [
            {"maxItems": 1},
            {"not": {"contains": {"enum": list(field.exclusive)}}},
        ]
    return schema


def json_schema(form: Questionnaire | None = None) -> dict[str, Any]:
    """Return a JSON Schema (draft 2020-12) of one response.

    Parameters
    ----------
    form : Questionnaire, optional
        The package's own by default.

    Returns
    -------
    dict
        An object with one property per field; a field left blank is absent, a multiple choice is
        an array of codes. Routing is in ``allOf``. That shares sum to 100 at most cannot be said
        in JSON Schema; `read_responses` checks it.
    """
    form = form or questionnaire()
    fields = form.fields
    routing = []
    for field in fields.values():
        if field.when is None:
            continue
        parent = {
            "properties": {field.when.field: {"enum": list(field.when.codes)}},
            "required": [field.when.field],
        }
        asked = {"required": [field.name]} if field.required else True
        routing.append({"if": parent, "then": asked, "else": {"properties": {field.name: False}}})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": form.title,
        "description": form.note,
        "type": "object",
        "properties": {
            RESPONDENT: {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"},
            **{
                f.name: {"title": f.label, "description": f"{f.question}, {f.enabler}"}
                | _field_schema(f)
                for f in fields.values()
            },
        },
        "required": [RESPONDENT]
        + [f.name for f in fields.values() if f.required and f.when is None],
        "additionalProperties": False,
        "allOf": routing,
    }


def codebook(form: Questionnaire | None = None) -> pd.DataFrame:
    """Return the codebook: one row per field.

    Parameters
    ----------
    form : Questionnaire, optional
        The package's own by default.

    Returns
    -------
    DataFrame
        Columns ``field, question, question_text, enabler, enabler_name, actions, label, type,
        codes, required, asked_if, rule``; the wording is ours, as the questionnaire's note says.
    """
    form = form or questionnaire()
    rows = []
    for question in form.questions:
        for field in question.fields:
            when = field.when
            asked_if = "" if when is None else f"{when.field} = {' or '.join(when.codes)}"
            rows.append(
                {
                    "field": field.name,
                    "question": question.id,
                    "question_text": question.text,
                    "enabler": question.enabler,
                    "enabler_name": form.enablers[question.enabler],
                    "actions": " ".join(question.actions),
                    "label": field.label,
                    "type": field.type,
                    "codes": "; ".join(f"{code} = {text}" for code, text in field.choices.items()),
                    "required": field.required,
                    "asked_if": asked_if,
                    "rule": _constraint(field, form)[1],
                }
            )
    return pd.DataFrame(rows)
