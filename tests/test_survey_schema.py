import json

import jsonschema
import openpyxl
import pandas as pd
import pytest

from equalcities.errors import DataError, UsageError
from equalcities.survey import (
    codebook,
    json_schema,
    load_questionnaire,
    questionnaire,
    simulate,
    write_xlsform,
    xlsform_sheets,
)


@pytest.fixture(scope="module")
def form():
    return questionnaire()


def as_object(form, row):
    """One response as the JSON that the schema describes."""
    response = {"respondent_id": row.name}
    for name, field in form.fields.items():
        if pd.isna(row[name]):
            continue
        value = row[name]
        if field.type == "select_multiple":
            value = value.split()
        response[name] = int(value) if field.type == "integer" else value
    return response


def test_twenty_four_questions_over_the_seven_enablers(form):
    assert 20 <= len(form.questions) <= 25
    covered = {question.enabler for question in form.questions}
    assert {f"E{i}" for i in range(1, 8)} <= covered == set(form.enablers)
    assert [q.id for q in form.questions] == [f"q{i:02d}" for i in range(1, 25)]


def test_the_wording_says_whose_it_is(form):
    assert "not taken from" in form.note and "proxy" in form.note
    assert form.note in xlsform_sheets()["survey"]["label"].tolist()
    assert json_schema()["description"] == form.note


def test_names_are_valid_in_odk_and_unique(form):
    names = list(form.fields)
    assert len(set(names)) == len(names)
    sheets = xlsform_sheets()
    every = [*sheets["survey"]["name"].replace("", None).dropna(), *sheets["choices"]["name"]]
    assert all(name.replace("_", "a").isalnum() for name in every)
    assert not sheets["choices"].duplicated(["list_name", "name"]).any()


def test_xlsform_has_every_field_in_balanced_groups(form):
    survey = xlsform_sheets()["survey"]
    depth = 0
    for kind in survey["type"]:
        depth += (kind == "begin_group") - (kind == "end_group")
        assert depth in (0, 1)
    assert depth == 0
    rows = survey.set_index("name")
    for name, field in form.fields.items():
        assert rows.loc[name, "type"].split()[0] == field.type
        assert (rows.loc[name, "required"] == "yes") == field.required
        assert bool(rows.loc[name, "relevant"]) == (field.when is not None)
    assert rows.loc["q09", "relevant"] == "${q08} = 'standalone' or ${q08} = 'embedded'"
    used = {kind.split()[1] for kind in survey["type"] if kind.startswith("select")}
    assert used == set(xlsform_sheets()["choices"]["list_name"])


def test_xlsform_is_written_as_a_workbook(tmp_path):
    path = write_xlsform(tmp_path / "form.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["survey", "choices", "settings"]
    for name, sheet in xlsform_sheets().items():
        assert [c.value for c in book[name][1]] == list(sheet.columns)
        assert book[name].max_row == len(sheet) + 1
    assert list(tmp_path.iterdir()) == [path]


def test_pyxform_converts_the_form(tmp_path):
    # the converter behind ODK and KoboToolbox
    convert = pytest.importorskip("pyxform.xls2xform").convert
    result = convert(str(write_xlsform(tmp_path / "form.xlsx")))
    assert not result.warnings and "q24_support" in result.xform


def test_json_schema_takes_what_the_simulator_makes(form):
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    table = simulate(72, rng=1).responses.table
    for _, row in table.iterrows():
        check.validate(json.loads(json.dumps(as_object(form, row))))


@pytest.mark.parametrize(
    "change",
    [
        {"q08": "maybe"},
        {"q08": None},
        {"q08": "none", "q09": ["targets"]},
        {"q08": "standalone", "q09": None},
        {"q05": ["housing", "work", "skills", "health"]},
        {"q16": ["none", "ngos"]},
        {"q16": ["ngos", "ngos"]},
        {"q20_share_own": 101},
        {"q01_country": "Belgium"},
        {"city": "X"},
    ],
)
def test_json_schema_refuses(form, change):
    good = as_object(form, simulate(72, rng=1).responses.table.iloc[0])
    bad = {k: v for k, v in (good | change).items() if v is not None}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(bad)


def test_codebook_has_one_row_per_field(form):
    book = codebook()
    assert book["field"].tolist() == list(form.fields)
    assert book.set_index("field").loc["q05", "rule"] == "At most 3."
    assert book.set_index("field").loc["q09", "asked_if"] == "q08 = standalone or embedded"
    assert not book[["label", "enabler_name", "question_text"]].eq("").any().any()


def test_an_unknown_field_is_refused(form):
    with pytest.raises(UsageError, match="codebook"):
        form.field("q99")


MINIMAL = """
id: x
version: "1"
title: T
note: N
enablers: {E1: one}
lists: {yn: {"yes": "Yes", "no": "No"}}
questions:
  - id: q01
    enabler: E1
    text: First
    parts: [{type: select_one, list: yn, required: true}]
  - id: q02
    enabler: E1
    text: Second
    parts: [{type: select_multiple, list: yn, when: {field: q01, is: ["yes"]}}]
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("questions:", "queries:", "not a questionnaire"),
        ("id: q02", "id: q01", "twice"),
        ("field: q01", "field: q03", "not asked before"),
        ('is: ["yes"]', 'is: ["perhaps"]', "lacks"),
        ("list: yn, required: true", "list: yn", "may stay blank"),
        ("select_one", "select_two", "unknown type"),
        ("select_one, list: yn", "select_multiple, list: yn", "no single choice"),
        ("type: select_multiple, list: yn", "type: select_multiple", "do not agree"),
        ("list: yn, when", "list: yn, exclusive: [none], when", "exclusive"),
        ("enabler: E1", "enabler: E9", "not listed"),
        ("id: x", "id: [", "not a questionnaire"),
    ],
)
def test_a_questionnaire_that_does_not_hang_together_is_refused(tmp_path, old, new, says):
    path = tmp_path / "form.yml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert list(load_questionnaire(path).fields) == ["q01", "q02"]
    path.write_text(MINIMAL.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=says):
        load_questionnaire(path)
