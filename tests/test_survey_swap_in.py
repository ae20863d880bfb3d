"""A response file put in place turns the chapter into observed data; a bad one changes nothing."""

import hashlib
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from equalcities import catalog
from equalcities.build.__main__ import undone_on_failure
from equalcities.survey import Responses, simulate, write_responses

pytestmark = pytest.mark.xdist_group("swap")


def make_survey(checkout, path, **variables):
    """Run the make target in the copy, with the environment that is already there."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EQUALCITIES")}
    environment["PYTHONPATH"] = str(checkout / "src")
    given = [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run(
        ["make", "survey", f"PY={sys.executable}", "-o", ".venv/installed",
         f"RESPONSES={path}", *given],
        cwd=checkout, env=environment, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip


def answers(n=60, seed=5):
    """Other answers than those in the book, under ids that don't say "simulated"."""
    made = simulate(n, rng=seed).responses
    table = made.table.copy()
    table.index = pd.Index([f"R{i:03d}" for i in range(1, n + 1)], name="respondent_id")
    table.loc["R002", "q24_initiative"] = 'Accès "facilité"; début à l’école'
    return Responses(table, made.questionnaire, "observed")


def digests(checkout, *folders):
    return {
        path.relative_to(checkout): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted((checkout / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_file_of_another_encoding_and_order_becomes_the_chapter(checkout, tmp_path):
    real = answers()
    columns = [*reversed(real.table.columns), "respondent_id"]
    path = write_responses(
        real, tmp_path / "fielded.csv", encoding="cp1252", delimiter=";", columns=columns
    )
    received = path.read_bytes()
    others = digests(checkout, "notebooks", "book", "src")
    done = make_survey(checkout, path, ENCODING="cp1252")
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_bytes() == received
    assert others.items() <= digests(checkout, "notebooks", "book", "src").items()

    table, record = catalog.load("survey_responses", checkout)
    assert record.evidence_class == "observed" and len(table) == 60
    assert table["q24_initiative"].isna().all()  # free text could name a city
    assert table["q01_country"].str.fullmatch(r"X\d\d").all()
    kept = table.set_index("respondent_id")["q08"]
    assert kept.to_dict() == real.table["q08"].astype(str).to_dict()

    ledger = json.loads((checkout / "results/survey_estimation.json").read_text(encoding="utf-8"))
    numbers, figures = ledger["numbers"], ledger["figures"]
    assert numbers["survey.n"]["value"] == 60
    for key in ("survey.n", "survey.share.strategy", "survey.compare.raw", "survey.ordinal.size"):
        assert numbers[key]["evidence_class"] == "observed"
    for key in ("survey.cover.limit", "survey.truth.error.raked"):
        assert numbers[key]["evidence_class"] == "simulated"
    assert figures["survey-shares"]["evidence_class"] == "observed"
    assert "observed" in figures["survey-shares"]["caption"]
    assert "simulated" not in figures["survey-shares"]["caption"]
    assert figures["survey-coverage"]["evidence_class"] == "simulated"
    page = (checkout / "_build/html/notebooks/survey_estimation.html").read_text(encoding="utf-8")
    assert "Evidence class: observed" in page
    site = checkout / "_build/html"
    assert "not offered" in (site / "book/data/survey_responses.html").read_text(encoding="utf-8")
    assert not list(site.rglob("survey_responses.csv"))

    back = make_survey(checkout, "")
    assert back.returncode == 0, back.stdout + back.stderr
    assert catalog.read_record("survey_responses", checkout).evidence_class == "simulated"


@pytest.mark.parametrize("fault", ["code", "few", "encoding", "absent", "mixed"])
def test_a_bad_file_gives_one_clear_error_and_changes_nothing(checkout, tmp_path, fault):
    real = answers(n=12 if fault == "few" else 60)
    path = write_responses(real, tmp_path / "fielded.csv", encoding="cp1252")
    said = {
        "code": ["'q08'", "row ", "is not a code of this question"],
        "few": ["12 responses", "30 or more"],
        "encoding": ["UTF-8", "encoding='cp1252'"],
        "absent": ["there is no such file"],
        "mixed": ["simulated and the others are not"],
    }[fault]
    text = path.read_bytes().decode("cp1252")
    if fault == "code":
        text = text.replace(",standalone,", ",stand-alone,", 1)
    if fault == "mixed":
        text = text.replace("\nR001,", "\nSIM-0001,", 1)
    path.write_bytes(text.encode("cp1252"))
    if fault == "absent":
        path = path.with_name("nowhere.csv")
    before = digests(checkout, "data", "results", "notebooks", "book", "src")
    given = {} if fault == "encoding" else {"ENCODING": "cp1252"}
    done = make_survey(checkout, path, **given)
    assert done.returncode != 0
    assert done.stderr.count("FAILED") == 1 and "Traceback" not in done.stderr, done.stderr
    for words in [*said, "Nothing was changed"]:
        assert words in done.stderr, done.stderr
    assert digests(checkout, "data", "results", "notebooks", "book", "src") == before


def test_a_failure_later_on_puts_everything_back(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/a.csv").write_text("before", encoding="utf-8")

    def break_off():
        with undone_on_failure(tmp_path, "kept"):
            (tmp_path / "kept/a.csv").write_text("after", encoding="utf-8")
            (tmp_path / "kept/b.csv").write_text("new", encoding="utf-8")
            raise RuntimeError("the build fails")

    with pytest.raises(RuntimeError, match="the build fails"):
        break_off()
    assert (tmp_path / "kept/a.csv").read_text(encoding="utf-8") == "before"
    assert not (tmp_path / "kept/b.csv").exists()
