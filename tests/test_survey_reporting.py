"""What the survey's chapters show: statements, groups, comparisons, the study in short."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from equalcities import survey
from equalcities.catalog import load
from equalcities.errors import UsageError
from equalcities.stats import adjust_pvalues, proportion_interval
from equalcities.survey import examples, neighbours, reporting


@pytest.fixture(scope="module")
def made():
    return survey.simulate(rng=72)


def test_a_statement_is_counted_and_has_its_wilson_interval(made):
    table = reporting.statement_shares(made.responses).set_index("key")
    answers = made.responses.table["q08"]
    row = table.loc["strategy"]
    assert row["count"] == (answers == "standalone").sum() and row["n"] == len(answers)
    low, high = proportion_interval(row["count"], row["n"])
    assert row[["value", "ci_low", "ci_high"]].tolist() == pytest.approx(
        [100 * row["count"] / row["n"], 100 * float(low), 100 * float(high)]
    )


def test_every_statement_is_a_code_of_a_field_asked_of_all():
    form = survey.questionnaire()
    for one in reporting.STATEMENTS:
        field = form.field(one.field)
        assert one.code in field.values and field.when is None


def test_a_statement_of_too_few_is_hidden(made):
    table = made.responses.table.copy()
    table["q08"] = pd.Categorical(["none"] * len(table), categories=table["q08"].cat.categories)
    few = survey.Responses(table, made.responses.questionnaire, "simulated")
    row = reporting.statement_shares(few).set_index("key").loc["strategy"]
    assert not row["shown"] and row[["value", "ci_low", "count"]].isna().all()
    assert not len(reporting.strategy_by_size(few))  # nothing to model, and no error


def test_size_classes_hide_what_is_too_small(made):
    table = reporting.statement_by_size(made.responses, "reported")
    shown = table[table["shown"].astype(bool)]
    assert (shown["count"] >= survey.THRESHOLD).all()
    assert (shown["n"] - shown["count"] >= survey.THRESHOLD).all()
    assert table.loc[~table["shown"].astype(bool), "value"].isna().all()


def test_comparisons_are_one_family_of_the_statements(made):
    table = reporting.comparisons_by_size(made.responses)
    assert len(table) == len(reporting.STATEMENTS) * 10  # pairs of five size classes
    np.testing.assert_allclose(table["p_adjusted"], adjust_pvalues(table["p_value"]))


def test_intervals_narrow_with_the_universe_and_leave_out_one_that_is_too_small():
    table = reporting.interval_methods(20, 72, populations=(60, 100, 600)).set_index("method")
    width = table["ci_high"] - table["ci_low"]
    assert "Wilson, universe of 60 cities" not in table.index
    assert (
        width["Wilson, universe of 100 cities"]
        < width["Wilson, universe of 600 cities"]
        < width["Wilson"]
    )


def test_an_uneven_split_needs_a_larger_difference():
    table = reporting.detectable(72, {"halves": 0.5, "tenth": 0.1}).set_index("split")
    assert table.loc["halves", ["n_1", "n_2"]].tolist() == [36, 36]
    assert 25 < table.loc["halves", "points"] < 40
    assert not table.loc["tenth", "points"] <= table.loc["halves", "points"]


def test_raking_meets_the_universe(made):
    weights = reporting.raked_to_universe(made)
    wanted = made.universe.cities["size"].map(reporting.SIZES).value_counts()
    found = weights.values.groupby(weights.categories["size"]).sum()
    np.testing.assert_allclose(found[wanted.index], wanted)


def test_estimates_are_held_against_the_truth_of_the_same_universe(made):
    truth = load("survey_truth").table
    table = reporting.against_truth(made, truth, rng=1)
    assert table["series"].value_counts().tolist() == [len(reporting.STATEMENTS)] * 3
    np.testing.assert_allclose(table["error"], table["value"] - table["truth"])
    own = made.universe.answers.indicators("q08")["standalone"].mean()
    assert table.loc[table["key"] == "strategy", "truth"].tolist() == pytest.approx([100 * own] * 3)


def test_coverage_is_summed_up_over_items():
    study = pd.DataFrame(
        {
            "scenario": "random", "kind": "shortcut", "estimator": "wald",
            "coverage": [0.9, 1.0], "mean_width": [0.1, 0.3],
        }
    )  # fmt: skip
    row = reporting.coverage_by_estimator(study).iloc[0]
    assert row[["mean", "lowest", "highest", "width"]].tolist() == pytest.approx([95, 90, 100, 20])
    assert row["situation"] == "A random draw of cities"
    assert row["label"] == "textbook interval (Wald)"
    with pytest.raises(KeyError, match="unheard of"):
        reporting.coverage_by_estimator(study.assign(estimator="unheard of"))


def test_each_spoiled_file_gives_one_error_of_its_own(made, tmp_path):
    table = examples.bad_files(made.responses, tmp_path)
    assert table["problem"].is_unique and (table != "").to_numpy().all()


def test_a_fault_that_is_not_found_is_refused(made, tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "_EXAMPLES", {"nothing at all": lambda table: None})
    with pytest.raises(UsageError, match="gives 0 errors"):
        examples.bad_files(made.responses, tmp_path)


# --- neighbouring surveys -------------------------------------------------------------------


def test_neighbours_keep_their_own_sample_and_say_how_exact_they_are():
    rows = neighbours.chart_rows(load("neighbour_surveys").table).set_index("question")
    exact = rows.loc["Holds data on social welfare and inclusion"]
    low, high = proportion_interval(0.32 * 89, 89)
    assert exact[["ci_low", "ci_high"]].tolist() == pytest.approx([100 * low, 100 * high])
    assert exact["heading"] == "Innovation Capacity of Cities survey 2018: 89 cities"
    assert rows.loc["Calls co-ordination effective", "prefix"] == "about "
    assert rows.loc["Major obstacle: insufficient finance", "note"] == "or more"
    unsized = rows.loc["Has indicators"]
    assert np.isnan(unsized["ci_low"]) and unsized["heading"].endswith(
        "those that work on the SDGs"
    )
    inexact = rows[(rows["prefix"] != "") | (rows["note"] != "")]
    assert inexact["ci_low"].isna().all()


def test_a_share_that_left_the_table_is_refused():
    table = load("neighbour_surveys").table
    with pytest.raises(UsageError, match="Has indicators"):
        neighbours.chart_rows(table[table["question"] != "Has indicators"])


@pytest.mark.parametrize(
    ("change", "says"),
    [({"fact_id": "F999"}, "there is no fact F999"), ({"share_percent": "31"}, "doesn't say 31")],
)
def test_a_share_without_a_source_is_found(root, raw, change, says):
    folder = root / "data" / "neighbour_surveys"
    spec = importlib.util.spec_from_file_location("compile_neighbours", folder / "compile.py")
    compiled = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compiled)
    known = compiled.facts(raw / compiled.FACTS)
    table = pd.read_csv(folder / "extracted.csv", dtype=str, keep_default_na=False)
    assert compiled.missing(table, known) == []
    row = table[table["question"] == "Holds data on social welfare and inclusion"]
    assert says in compiled.missing(row.assign(**change), known)[0]


# --- downloads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["questionnaire.xlsx", "response.schema.json", "response_template.csv"]
)
def test_the_downloads_are_those_of_the_questionnaire(root, tmp_path, name):
    import shutil
    import subprocess
    import sys

    committed = root / "data" / "survey_questionnaire"
    folder = tmp_path / "data" / "survey_questionnaire"
    folder.mkdir(parents=True)
    (tmp_path / "_toc.yml").touch()
    for file in ("record.yml", "compile.py"):
        shutil.copy2(committed / file, folder / file)
    subprocess.run([sys.executable, folder / "compile.py"], check=True, cwd=root)
    assert (folder / name).read_bytes() == (committed / name).read_bytes()
