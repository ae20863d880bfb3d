"""The intake form: each broken file gives one clear error; a good one gives its pages."""

import csv
import io
import shutil

import pandas as pd
import pytest

from equalcities.catalog import load, read_record
from equalcities.errors import DataError
from equalcities.participation.__main__ import main
from equalcities.participation.intake import (
    DATASET,
    EXAMPLE,
    contributed,
    practice_faults,
    take_in,
    template,
)
from equalcities.site.practices import practice_pages

GOOD = EXAMPLE | {
    "practice_id": "zz_new_panel",
    "name": "New panel",
    "end_year": "2025",
    "participants_n": "40",
    "budget_amount": "1000.5",
    "budget_currency": "EUR",
}


@pytest.fixture(scope="module")
def record(root):
    return read_record(DATASET, root)


def text(record, *rows, mark=","):
    out = io.StringIO()
    names = [column.name for column in record.columns]
    writer = csv.DictWriter(out, names, delimiter=mark, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def faults(tmp_path, content, record, taken=()):
    file = tmp_path / "filled.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return practice_faults(file, record, taken)


def test_the_template_on_the_site_is_the_one_made_and_its_example_is_refused(root, record):
    file = root / "book" / "_static" / "practice_template.csv"
    assert file.read_text("utf-8") == template(record)
    found = practice_faults(file, record)[1]
    assert [fault.column for fault in found] == ["practice_id"]
    assert "example" in str(found[0])


def test_a_good_file_has_no_fault_whatever_the_spreadsheet_made_of_it(tmp_path, record):
    plain = faults(tmp_path, text(record, GOOD), record)
    assert plain[1] == []
    assert plain[0].loc[0, "participants_n"] == "40"
    for content in (
        "\ufeff" + text(record, GOOD).replace("\n", "\r\n") + ",,,\r\n",
        text(record, GOOD, mark=";"),
    ):
        table, found = faults(tmp_path, content, record)
        assert found == []
        pd.testing.assert_frame_equal(table, plain[0])


BAD_CELLS = {
    "empty name": ({"name": ""}, "name", "empty"),
    "empty source": ({"source_url": " "}, "source_url", "empty"),
    "key with capitals": ({"practice_id": "ZZ_New"}, "practice_id", "form"),
    "key taken": ({"practice_id": "fr_paris_pb"}, "practice_id", "taken"),
    "example left": ({"practice_id": EXAMPLE["practice_id"]}, "practice_id", "example"),
    "country in words": ({"country_iso3": "France"}, "country_iso3", "form"),
    "year in words": ({"start_year": "last year"}, "start_year", "whole number"),
    "year too early": ({"start_year": "1066"}, "start_year", "outside"),
    "end before start": ({"end_year": "2001"}, "end_year", "before"),
    "unknown instrument": ({"instrument": "citizen_assembly"}, "instrument", "citizens_assembly"),
    "code in capitals": ({"lead_level": "Municipal"}, "lead_level", "'municipal' perhaps"),
    "stages by comma": ({"policy_stage": "diagnosis, design"}, "policy_stage", "listed code"),
    "stage twice": ({"policy_stage": "design;design"}, "policy_stage", "twice"),
    "unknown power": ({"power_level": "delegate"}, "power_level", "listed code"),
    "unknown feature": ({"equity_features": "free lunch"}, "equity_features", "listed code"),
    "feature left open": ({"equity_features": "childcare;"}, "equity_features", "listed code"),
    "thousands by comma": ({"participants_n": "1,200"}, "participants_n", "whole number"),
    "nobody": ({"participants_n": "0"}, "participants_n", "outside"),
    "decimal comma": ({"budget_amount": "12,5"}, "budget_amount", "not a number"),
    "no currency": ({"budget_currency": ""}, "budget_currency", "no currency"),
    "no amount": ({"budget_amount": ""}, "budget_amount", "no amount"),
    "symbol as currency": ({"budget_currency": "€"}, "budget_currency", "form"),
    "unknown evidence": ({"evidence_type": "rumour"}, "evidence_type", "listed code"),
    "no web address": ({"source_url": "example.org"}, "source_url", "form"),
    "unsure": ({"verified": "no"}, "verified", "listed code"),
    "count without a note": (
        {"note": "", "budget_amount": "", "budget_currency": ""}, "note", "count"),
    "amount without a note": ({"note": "", "participants_n": ""}, "note", "amount"),
    "partly without a note": (
        {"note": "", "participants_n": "", "budget_amount": "", "budget_currency": "",
         "verified": "partly"}, "note", "inferred"),
    "formula": ({"outcome_summary": "=1+1"}, "outcome_summary", "formula"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_CELLS)
def test_a_bad_cell_gives_one_error_with_its_place_and_cure(tmp_path, record, case):
    change, column, word = BAD_CELLS[case]
    content = text(record, GOOD, GOOD | {"practice_id": "zz_second"} | change)
    found = faults(tmp_path, content, record, taken={"fr_paris_pb"})[1]
    assert len(found) == 1
    assert (found[0].row, found[0].column) == (2, column)
    assert word in found[0].problem and found[0].cure
    assert str(found[0]).startswith(f"{tmp_path / 'filled.csv'}, row 2, column '{column}': ")


BAD_FILES = {
    "empty": (lambda good: "", None, "empty"),
    "header alone": (lambda good: good.partition("\n")[0], None, "no row"),
    "another alphabet's bytes": (lambda good: good.encode("utf-16"), None, "UTF-8"),
    "a spreadsheet renamed": (lambda good: b"PK\x03\x04\x00\x00" + good.encode(), None, "CSV"),
    "column misspelt": (lambda good: good.replace("instrument", "Instruments", 1), "Instruments",
                        "'instrument' perhaps"),
    "column missing": (lambda good: good.replace("lead_level,", "", 1), "lead_level", "missing"),
    "column twice": (lambda good: good.replace("city", "city,city", 1), "city", "2 times"),
    "cell too many": (lambda good: good.replace("Example town", "Example, town"), None, "cells"),
    "open quotation": (lambda good: good.replace("New panel", '"New panel'), None, "quotation"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_gives_one_error_with_a_cure(tmp_path, record, case):
    spoil, column, word = BAD_FILES[case]
    found = faults(tmp_path, spoil(text(record, GOOD)), record)[1]
    assert len(found) == 1 and found[0].column == column
    assert word in str(found[0]) and found[0].cure


def test_a_file_that_is_not_there(tmp_path, record):
    table, found = practice_faults(tmp_path / "none.csv", record)
    assert table.empty and "Correct the file's name" in str(found[0])


def test_every_fault_of_a_file_is_named_and_a_key_is_used_once(tmp_path, record):
    bad = GOOD | {"city": "", "verified": "maybe"}
    found = faults(tmp_path, text(record, bad, GOOD), record)[1]
    assert [(f.row, f.column) for f in found] == [(1, "city"), (1, "verified"), (2, "practice_id")]


@pytest.fixture
def copy(root, tmp_path):
    shutil.copytree(root / "data" / DATASET, tmp_path / "data" / DATASET)
    (tmp_path / "_toc.yml").touch()
    return tmp_path


def test_a_good_file_adds_its_page_and_changes_no_other_case(root, record, copy):
    before = practice_pages(load(DATASET, root))
    file = copy / "filled.csv"
    file.write_text(text(record, GOOD), encoding="utf-8")
    take_in(file, copy)
    after = practice_pages(load(DATASET, copy))
    assert set(after) - set(before) == {"zz_new_panel"}
    assert all(after[name] == page for name, page in before.items() if name != "index")
    page = after["zz_new_panel"]
    for shown in ("# New panel", "2024 to 2025", "pay for members", "childcare", "1,000.50 EUR"):
        assert shown in page
    # What was kept compiles to the same table.
    folder = copy / "data" / DATASET
    original = pd.read_csv(root / "data" / DATASET / f"{DATASET}.csv", dtype=str)
    again = pd.concat([original, *contributed(folder)]).sort_values("practice_id")
    assert again.to_csv(index=False) == (folder / f"{DATASET}.csv").read_text("utf-8")
    # A second time the key is taken, and nothing changes.
    kept = (folder / f"{DATASET}.csv").read_bytes()
    with pytest.raises(DataError, match="taken"):
        take_in(file, copy)
    assert (folder / f"{DATASET}.csv").read_bytes() == kept


def test_the_command_names_faults_and_says_when_all_is_well(tmp_path, record, capsys):
    file = tmp_path / "filled.csv"
    file.write_text(text(record, GOOD | {"city": ""}), encoding="utf-8")
    assert main([str(file)]) == 1
    assert "row 1, column 'city'" in capsys.readouterr().err
    file.write_text(text(record, GOOD), encoding="utf-8")
    assert main([str(file)]) == 0
    assert "zz_new_panel" in capsys.readouterr().out


def test_the_command_explains_itself(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Example: python -m equalcities.participation" in said
