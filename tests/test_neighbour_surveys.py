from pathlib import Path

import pandas as pd
import pytest

TABLE = Path(__file__).parents[1] / "data" / "neighbour_surveys" / "neighbour_surveys.csv"
COLUMNS = (
    "survey_id,survey,publisher,year,sample,sample_size,question,share_percent,source_url,"
    "certainty,fact_id,note"
)


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(TABLE, keep_default_na=False, na_values={"sample_size": [""]})


def test_every_share_has_its_sample_and_source(table):
    assert ",".join(table.columns) == COLUMNS
    assert table["share_percent"].between(0, 100).all()
    assert table["source_url"].str.startswith("https://").all()
    assert table["certainty"].isin(["V", "V2", "V/V2"]).all()
    assert table["fact_id"].str.fullmatch(r"F\d+").all()
    required = ["survey_id", "survey", "publisher", "sample", "question", "year"]
    assert not table[required].astype(str).eq("").to_numpy().any()
    assert not table.duplicated(["survey_id", "sample", "question"]).any()


def test_a_survey_is_named_alike_in_all_its_rows(table):
    named = table.groupby("survey_id")[["survey", "publisher", "year"]].nunique()
    assert (named == 1).to_numpy().all()


def test_nothing_of_a_survey_of_72_cities_is_in_it(table):
    # neither of the two OECD surveys of 72 cities has public shares (facts F16 and F99)
    assert not table["sample_size"].eq(72).any()
    assert not table["fact_id"].isin([f"F{i}" for i in [*range(1, 25), 99]]).any()


def test_a_share_that_is_not_exact_says_so(table):
    rounded = table[table["share_percent"].isin([50.0, 33.3])]
    assert rounded["note"].str.contains("half|third").all()


def test_a_subgroup_of_unknown_size_says_so(table):
    unknown = table[table["sample_size"].isna()]
    assert len(unknown) and unknown["note"].str.contains("size of the subgroup not seen").all()
