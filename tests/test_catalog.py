"""The catalogue refuses what is damaged or undocumented, and names the place."""

import hashlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT

from equalcities import catalog
from equalcities.errors import DataError, UsageError

RECORD = {
    "id": "toy",
    "title": "Toy",
    "summary": "A toy table.",
    "producer": "Nobody",
    "evidence_class": "simulated",
    "source_url": "https://example.org",
    "date_published": "2026",
    "date_accessed": "2026",
    "licence": {"name": "CC0", "url": "https://example.org/cc0", "status": "stated"},
    "citation": "Nobody (2026). Toy.",
    "attribution": "Nobody",
    "table": "toy.csv",
    "sha256": "none yet",
    "rows": 2,
    "key": ["code"],
    "columns": [
        {"name": "code", "type": "string", "meaning": "code", "unit": "code", "required": True},
        {"name": "share", "type": "number", "meaning": "share", "unit": "%", "range": [0, 100]},
        {"name": "count", "type": "integer", "meaning": "n", "unit": "n", "range": [0, 9]},
        {"name": "kind", "type": "string", "meaning": "kind", "unit": "code", "values": ["a", "b"],
         "list": True},
    ],
    "known_faults": [],
    "processing": "None.",
    "inputs": [],
}  # fmt: skip
TABLE = "code,share,count,kind\nNA,12.5,3,a;b\nDE,,,\n"


@pytest.fixture
def toy(tmp_path):
    """Return a function that writes a toy dataset with changes, and the checkout it lies in."""

    def write(content=TABLE, checksum=True, **changes):
        record = {**RECORD, **changes}
        record = {k: v for k, v in record.items() if v is not ...}
        if checksum:
            record["sha256"] = hashlib.sha256(content.encode()).hexdigest()
        folder = tmp_path / "data" / "toy"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "_toc.yml").touch()
        (folder / "toy.csv").write_text(content, encoding="utf-8")
        (folder / "record.yml").write_text(yaml.safe_dump(record), encoding="utf-8")
        return tmp_path

    return write


def refused(root, *words):
    with pytest.raises(DataError) as caught:
        catalog.load("toy", root)
    for word in words:
        assert word in str(caught.value)
    assert str(caught.value).startswith("data/toy/")
    return caught.value


def test_a_sound_dataset_loads_typed_with_missing_kept_missing(toy):
    table, record = catalog.load("toy", toy())
    assert list(table["code"]) == ["NA", "DE"]  # Namibia is no missing value
    assert table["share"].dtype == "float64" and np.isnan(table["share"].iloc[1])
    assert table["count"].dtype == "Int64" and table["count"].iloc[1] is pd.NA
    assert record.evidence_class == "simulated" and record.column("kind").list


@pytest.mark.parametrize("field", sorted(catalog.RECORD_FIELDS))
def test_each_missing_field_is_named(toy, field):
    error = refused(toy(checksum=field != "sha256", **{field: ...}), "record.yml", f"'{field}'")
    assert "Add" in error.cure


@pytest.mark.parametrize("field", catalog.LICENCE_FIELDS)
def test_each_missing_licence_field_is_named(toy, field):
    licence = {k: v for k, v in RECORD["licence"].items() if k != field}
    refused(toy(licence=licence), "licence", f"'{field}'")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"evidence_class": "guessed"}, ["'guessed'", "observed, compiled, simulated"]),
        ({"id": "other"}, ["the id is 'other'", "'toy'"]),
        ({"licence": {**RECORD["licence"], "status": "maybe"}}, ["'maybe'"]),
        ({"surprise": 1}, ["'surprise' is unknown"]),
        ({"rows": "2"}, ["'rows' is a str, not a int"]),
        ({"key": ["nothing"]}, ["the key names 'nothing'"]),
        ({"columns": [{"name": "code", "type": "string", "meaning": "m"}]}, ["no 'unit'"]),
        ({"columns": [RECORD["columns"][0]] * 2}, ["described twice"]),
        ({"columns": [{**RECORD["columns"][1], "type": "float"}]}, ["type is 'float'"]),
        ({"columns": [{k: v for k, v in RECORD["columns"][1].items() if k != "range"}]},
         ["states no range"]),
        ({"columns": [{**RECORD["columns"][0], "colour": "red"}]}, ["unknown field 'colour'"]),
        ({"columns": ["code"]}, ["not a mapping"]),
    ],
)  # fmt: skip
def test_a_faulty_record_is_refused(toy, changes, words):
    refused(toy(**changes), *words)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("code,share,count,kind\nNA,101,3,a\nDE,,,\n", ["row 1", "'share'", "outside 0 to 100"]),
        ("code,share,count,kind\nNA,1,3,a\nDE,x,,\n", ["row 2", "'share'", "not a number"]),
        ("code,share,count,kind\nNA,1,3.5,a\nDE,,,\n", ["'count'", "not a whole number"]),
        ("code,share,count,kind\nNA,1,3,a;c\nDE,,,\n", ["row 1", "'kind'", "not a listed code"]),
        ("code,share,count,kind\nNA,1,3,a\nNA,,,\n", ["row 2", "'code'", "repeats"]),
        ("code,share,count,kind\n,1,3,a\nDE,,,\n", ["row 1", "'code'", "required and empty"]),
        ("code,share,count,kind,new\nNA,1,3,a,1\nDE,,,,\n", ["'new'", "not in the record"]),
        ("code,share,count\nNA,1,3\nDE,,\n", ["'kind'", "lacks it"]),
        ("code,share,count,kind\nNA,1,3,a\n", ["1 rows, the record says 2"]),
        ("", ["not a UTF-8 CSV table"]),
    ],
)
def test_a_faulty_table_is_refused_with_its_place(toy, table, words):
    refused(toy(table), "toy.csv", *words)


def test_a_pattern_is_checked(toy):
    columns = [{**RECORD["columns"][0], "pattern": "[A-Z]{2}"}, *RECORD["columns"][1:]]
    refused(toy(TABLE.replace("DE", "de"), columns=columns), "row 2", "does not match [A-Z]{2}")


def test_a_changed_byte_is_refused(toy):
    root = toy()
    (root / "data/toy/toy.csv").write_text(TABLE.replace("12.5", "12.6"), encoding="utf-8")
    refused(root, "SHA-256", "compile.py")


def test_a_missing_table_and_broken_yaml_are_refused(toy):
    root = toy()
    (root / "data/toy/toy.csv").unlink()
    refused(root, "can't be read")
    (root / "data/toy/record.yml").write_text("id: [\n", encoding="utf-8")
    refused(root, "not valid YAML", "row 2")
    (root / "data/toy/record.yml").write_text("just text", encoding="utf-8")
    refused(root, "not a mapping")


def test_unknown_datasets_and_undocumented_folders_are_refused(toy):
    root = toy()
    with pytest.raises(UsageError, match=r"no dataset 'tpy'\. Known: toy"):
        catalog.load("tpy", root)
    with pytest.raises(UsageError, match="no column 'x'"):
        catalog.read_record("toy", root).column("x")
    (root / "data/loose").mkdir()
    with pytest.raises(DataError, match=r"no record\.yml"):
        catalog.datasets(root)


def test_save_writes_all_or_nothing(toy):
    root = toy()
    folder = root / "data" / "toy"
    before = (folder / "toy.csv").read_bytes(), (folder / "record.yml").read_bytes()
    bad = pd.DataFrame({"kind": ["a"], "code": ["FR"], "share": [200.0], "count": [1]})
    with pytest.raises(DataError, match="outside"):
        catalog.save(bad, folder)
    assert ((folder / "toy.csv").read_bytes(), (folder / "record.yml").read_bytes()) == before
    record = catalog.save(bad.assign(share=20.0), folder)
    assert record.rows == 1
    assert catalog.load("toy", root).table["share"].tolist() == [20.0]


def test_inputs_are_checked_by_checksum(toy, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    digest = hashlib.sha256(b"x").hexdigest()
    root = toy(inputs=[{"file": "a.csv", "sha256": digest, "what": "a"}])
    with pytest.raises(DataError, match="missing"):
        catalog.check_inputs(root / "data/toy", raw)
    (raw / "a.csv").write_bytes(b"y")
    with pytest.raises(DataError, match="SHA-256"):
        catalog.check_inputs(root / "data/toy", raw)
    (raw / "a.csv").write_bytes(b"x")
    assert catalog.check_inputs(root / "data/toy", raw) == {"a.csv": raw / "a.csv"}


def test_the_weakest_class_wins():
    assert catalog.weakest(["observed", "observed"]) == "observed"
    assert catalog.weakest(["observed", "compiled"]) == "compiled"
    assert catalog.weakest(["compiled", "simulated", "observed"]) == "simulated"
    for bad in ([], ["guessed"]):
        with pytest.raises(UsageError):
            catalog.weakest(bad)


def test_the_checkout_is_found_or_asked_for(toy, tmp_path_factory):
    root = toy()
    assert catalog.project_root(root / "data" / "toy") == root
    with pytest.raises(UsageError, match="No checkout"):
        catalog.project_root(tmp_path_factory.mktemp("elsewhere"))


# --- the book's own datasets --------------------------------------------------------------


def test_every_dataset_of_the_book_is_sound(root):
    names = catalog.datasets(root)
    known = {
        "abi_programmes", "eu_perception", "fua_candidates", "neighbour_surveys", "panel72",
        "survey_questionnaire", "survey_responses", "survey_truth",
    }  # fmt: skip
    assert known <= set(names)
    for name in names:
        table, record = catalog.load(name, root)
        assert len(table) == record.rows
        assert (root / "data" / name / "compile.py").is_file()


@pytest.mark.parametrize("name", catalog.datasets(ROOT))
def test_compiling_again_gives_the_same_bytes(name, root, raw, tmp_path):
    shutil.copytree(root / "data", tmp_path / "data")
    (tmp_path / "_toc.yml").touch()
    folder = tmp_path / "data" / name
    record = catalog.read_record(name, root)
    if name == "survey_responses" and record.evidence_class == "observed":
        pytest.skip("a response file was put in place, which the book doesn't keep")
    (folder / record.table).unlink()
    arguments = ["--raw", str(raw)] if record.inputs else []
    subprocess.run([sys.executable, folder / "compile.py", *arguments], check=True, cwd=root)
    for file in (record.table, "record.yml"):
        assert (folder / file).read_bytes() == (root / "data" / name / file).read_bytes()


def test_the_panel_equals_the_reference_join(root, raw):
    ours = catalog.load("panel72", root).table.set_index("fua_code")
    theirs = pd.read_csv(raw / "data/panel72/panel72.csv").set_index("fua_code").loc[ours.index]
    pairs = {
        "population": "population_2020",
        "population_65plus": "population_65plus_2020",
        "green_area_m2_per_person": "green_area_m2_per_person",
        "heat_stress_days": "heat_stress_days_2020",
        "uhi_summer_night_c": "uhi_summer_night_c_2020",
        "gdp_per_person_usd_ppp": "gdp_pc_ppp_usd",
        "gdp_year": "gdp_year",
        "pt_access_pct": "pct_pt_access",
        "lat": "lat",
        "lon": "lon",
        "jobs_pct": "jobs",
        "trust_pct": "trust",
        "housing_pct": "housing",
        "rank_in_country": "rank",
    }
    for mine, reference in pairs.items():
        np.testing.assert_allclose(
            ours[mine].astype("float64"), theirs[reference].astype("float64"), rtol=1e-12
        )
