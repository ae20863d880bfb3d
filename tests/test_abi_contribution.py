"""A contributed study: a good file passes, each bad one names its place and its cure."""

import csv
import functools
import subprocess
import sys

import pandas as pd
import pytest

from equalcities.abi import contribution
from equalcities.abi.__main__ import main
from equalcities.abi.contribution import check_contribution, fields
from equalcities.catalog import load
from equalcities.errors import DataError


@pytest.fixture(autouse=True, scope="module")
def read_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contribution, "load", functools.cache(contribution.load))
        patch.setattr(contribution, "read_record", functools.cache(contribution.read_record))
        yield


@pytest.fixture(scope="module")
def good(root):
    path = root / "book" / "contribute_study_example.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture
def faults_of(tmp_path, root):
    def check(table):
        path = tmp_path / "study.csv"
        table.to_csv(path, index=False)
        return check_contribution(path, root)

    return check


def test_the_example_passes_and_so_does_a_study_of_a_known_programme(good, faults_of):
    assert faults_of(good) == []
    known = good.assign(programme_id="uk_gowell", new_programme="", country_iso3="GBR")
    assert faults_of(known) == []


BAD = [
    ({"study_id": ""}, "study_id", "the cell is empty", "Fill in: first author and year"),
    ({"study_id": "Doe 2026"}, "study_id", "hasn't the form", "Write it like branas2018"),
    ({"study_id": "egan2013"}, "study_id", "is another study", "Put a letter behind the year"),
    ({"quote": ""}, "quote", "the cell is empty", "the sentence or table cell"),
    ({"quote": "x" * 401}, "quote", "401 characters", "at most 400"),
    ({"year": "twenty"}, "year", "is not a number", "Write digits"),
    ({"year": "2026.5"}, "year", "is not a whole number", "Check the source"),
    ({"year": "1066"}, "year", "lies outside 1980 to 2100", "Check the source"),
    ({"doi": "https://doi.org/10.1/x"}, "doi", "hasn't the form", "10.1016/"),
    ({"country_iso3": "UK"}, "country_iso3", "hasn't the form", "Write it like GBR"),
    ({"design": "before-after"}, "design", "is not a listed code", "Take one of: DiD, RCT"),
    ({"maryland_score": "6"}, "maryland_score", "lies outside 1 to 5", "Check the source"),
    ({"benefits": "everyone"}, "benefits", "is not a listed code", "residents, area"),
    ({"source_url": "the website"}, "source_url", "hasn't the form", "https://"),
    ({"outcome_domain": "jobs"}, "outcome_domain", "is not a listed code", "employment"),
    ({"direction": "positive"}, "direction", "is not a listed code", "Take one of: 1, 0, -1"),
    ({"direction": "1"}, "direction", "the interval includes 0", "Set the direction to 0"),
    ({"effect_value": "1.2 points"}, "effect_value", "is not a number", "effect_unit"),
    ({"effect_value": "1,2"}, "effect_value", "is not a number", "with a point"),
    ({"effect_value": "nan"}, "effect_value", "is not a number", "Write digits"),
    ({"effect_value": "7"}, "effect_value", "lies outside its interval", "signs"),
    ({"effect_unit": ""}, "effect_unit", "a number without a unit", "as reported"),
    ({"ci_high": ""}, "ci_high", "one limit of the interval is missing", "both limits"),
    ({"ci_low": "2.8", "ci_high": "-0.4"}, "ci_low", "is not below ci_high", "Swap"),
    ({"effect_unit": "odds ratio"}, "ci_low", "a ratio can't be -0.4", "or the unit"),
    ({"se": "-1"}, "se", "lies outside 0", "Check the source"),
    ({"verified": "direction_only"}, "verified", "the row holds a number", "Set verified to yes"),
    ({"programme_id": "zz_unheard"}, None, "not as in row", "alike"),
    ({"new_programme": ""}, "programme_id", "is not in abi_programmes", "in new_programme"),
    ({"new_programme": "a name alone"}, "new_programme", "hasn't the form", "Name of the"),
    ({"programme_id": "uk_gowell"}, "new_programme", "is in abi_programmes already", "Empty"),
    ({"read_on": "23.11.2026"}, "read_on", "hasn't the form", "2026-11-23"),
    ({"basis": "memory"}, "basis", "is not a listed code", "full text"),
    ({"title": "=HYPERLINK(A1)"}, "title", "is a formula", "no sign before it"),
    ({"reader": " "}, "reader", "the cell is empty", "second reader"),
]


@pytest.mark.parametrize(("change", "column", "problem", "cure"), BAD)
def test_each_fault_is_named_with_row_column_and_cure(
    change, column, problem, cure, good, faults_of, tmp_path
):
    table = good.copy()
    for name, value in change.items():
        table.loc[0, name] = value
    found = [
        fault
        for fault in faults_of(table)
        if problem in fault.problem and (column is None or fault.column == column)
    ]
    assert found, faults_of(table)
    assert cure in found[0].cure
    line = str(found[0])
    # A fault between two rows is reported where it is seen, in the later one.
    assert line.startswith(
        f"{tmp_path / 'study.csv'}, row {found[0].row}, column '{found[0].column}': "
    )
    assert found[0].row == (2 if column is None else 1)


def test_a_number_that_was_said_to_be_read_must_be_there(good, faults_of):
    table = good.copy()
    table.loc[0, ["effect_value", "effect_unit", "ci_low", "ci_high"]] = ""
    (fault,) = faults_of(table)
    assert (fault.row, fault.column) == (1, "effect_value") and "direction_only" in fault.cure
    table.loc[1, "effect_unit"] = "percent"
    assert [(f.row, f.column) for f in faults_of(table)] == [
        (1, "effect_value"),
        (2, "effect_unit"),
    ]


def test_an_effect_is_entered_once(good, faults_of, root):
    twice = pd.concat([good, good.tail(1)])
    (fault,) = faults_of(twice)
    assert fault.row == 3 and "the same outcome as in row 2" in fault.problem
    effect = load("abi_effects", root).table.query("effect_id == 'e074'").iloc[0]
    study = load("abi_studies", root).table.set_index("study_id").loc[effect["study_id"]]
    known = good.head(1).assign(
        study_id=effect["study_id"], title=study["title"], programme_id="uk_gowell",
        new_programme="", outcome_description=effect["outcome_description"],
    )  # fmt: skip
    (fault,) = faults_of(known)
    assert "the table has this effect already, e074" in fault.problem


def test_the_heading_is_checked_first(good, faults_of):
    table = good.drop(columns="basis").assign(colour="red")
    assert [(f.row, f.column, f.problem) for f in faults_of(table)] == [
        (None, "basis", "this column is missing"),
        (None, "colour", "this column is unknown"),
    ]
    double = pd.concat([good, good[["se"]]], axis=1)
    assert "this column is there 2 times" in [fault.problem for fault in faults_of(double)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"study_id,authors\n", "no rows below the header"),
        (b"PK\x03\x04\xff\xfe", "not UTF-8 text"),
        (b"a,b\n\0,1\n", "not a text file"),
        (b'a,b\n"open,1\n', "quotation mark"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, problem, tmp_path, root):
    path = tmp_path / "study.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=problem):
        check_contribution(path, root)
    with pytest.raises(DataError, match="Correct the file's name"):
        check_contribution(tmp_path / "absent.csv", root)


def test_semicolons_are_read_and_open_commas_explained(good, tmp_path, root):
    path = tmp_path / "study.csv"
    good.assign(country_iso3="FRA;GBR").to_csv(path, index=False, sep=";")
    assert check_contribution(path, root) == []
    text = good.to_csv(index=False).replace('"Doe, Roe"', "Doe, Roe")
    path.write_text(text, encoding="utf-8")
    faults = check_contribution(path, root)
    assert [fault.row for fault in faults] == [1, 2]
    assert "double quotes" in faults[0].cure


def test_a_file_with_a_byte_order_mark_and_empty_lines_is_fine(good, tmp_path, root):
    path = tmp_path / "study.csv"
    path.write_text(good.to_csv(index=False) + "\n,,,\n", encoding="utf-8-sig")
    assert check_contribution(path, root) == []


def test_the_command_names_the_file_and_returns_a_status(good, tmp_path, capsys):
    path = tmp_path / "study.csv"
    good.to_csv(path, index=False)
    assert main(["check", str(path)]) == 0
    assert "nothing to correct" in capsys.readouterr().out
    good.assign(quote="").to_csv(path, index=False)
    assert main(["check", str(path)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"{path}, row 1, column 'quote': the cell is empty. Fill in: ")
    assert out[-1] == "2 to correct."
    assert main(["check", str(tmp_path / "absent.csv")]) == 2
    assert "can't be read" in capsys.readouterr().err


def test_the_template_has_every_field_and_overwrites_nothing(tmp_path, root):
    path = tmp_path / "new.csv"
    assert main(["template", str(path)]) == 0
    with path.open(encoding="utf-8", newline="") as handle:
        assert next(csv.reader(handle)) == list(fields(root))
    before = path.read_bytes()
    assert main(["template", str(path)]) == 2
    assert path.read_bytes() == before


def test_it_runs_as_a_module(root):
    example = root / "book" / "contribute_study_example.csv"
    ran = subprocess.run(
        [sys.executable, "-m", "equalcities.abi", "check", str(example)],
        capture_output=True, text=True, cwd=root, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_the_page_names_every_field_and_every_code(root):
    page = (root / "book" / "contribute_study.md").read_text(encoding="utf-8")
    for name, field in fields(root).items():
        (line,) = [row for row in page.splitlines() if row.startswith(f"- `{name}` (")]
        assert line.startswith(f"- `{name}` (required): ") == field.required, name
        for code in field.codes:
            assert f"`{code}`" in line, (name, code)
