"""The audit of result indicators: rubric, two passes, what the law asks, what a city could add."""

import re

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities import abi, funding
from equalcities.catalog import load
from equalcities.errors import DataError, UsageError
from equalcities.funding import audit as room


@pytest.fixture(scope="module")
def text(root):
    return (root / "data/eu_indicator_audit/rubric.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rubric(text):
    return funding.parse_rubric(text)


@pytest.fixture(scope="module")
def facts(root):
    return load("eu_indicators", root).table


@pytest.fixture(scope="module")
def table(root):
    return load("eu_indicator_audit", root).table


def numbered(prefix, text):
    return {f"{prefix}{int(n):02d}" for n in text.split()}


# --- against what others state ----------------------------------------------------------------


def test_list_lengths_and_people_are_those_of_the_funding_notes(table):
    """Counts in section 2 of the project's notes on result-based funding, made apart from this."""
    people = table[table["people"] == "yes"].groupby("list").size().to_dict()
    assert table.groupby("list").size().to_dict() == {
        "ERDF/CF": 161, "ESF+ Annex I": 25, "ESF+ Annex II": 8, "ESF+ Annex III": 28, "RRF": 14,
    }  # fmt: skip
    assert people == {
        "ERDF/CF": 45, "ESF+ Annex I": 23, "ESF+ Annex II": 8, "ESF+ Annex III": 18, "RRF": 8,
    }  # fmt: skip


def test_what_erdf_indicators_count_agrees_with_the_groups_of_the_funding_notes(table):
    groups = {
        "places": numbered("RCO", "57 63 65 66 67 69 70"),
        "covered": numbered("RCO", "74 113") | numbered("RCR", "35 36 37 41 42 50 95 96"),
        "users": numbered("RCR", "11 12 62 63 64 65 66 67 70 71 72 73 74 77"),
    }
    coded = table.set_index("code")["counted"]
    for kind, codes in groups.items():
        assert set(coded[list(codes)]) == {kind}


def test_splits_are_those_the_reader_found(table, facts):
    """The reader's 'sex' and 'age' are splits, except in Annex III, where rows are the split."""
    read = facts.set_index("code")["breakdown_as_read"].str.split(";")
    for row in table.itertuples():
        if re.match("ESF-III-R(0[2-9]|1[1-8])", row.code):
            assert row.splits == "none" and set(read[row.code]) <= {"sex", "age", "other"}
            assert row.group != "none"
            continue
        found = {"sex", "age"} & set(read[row.code])
        assert found == {"sex", "age"} & set(row.splits.split(";")) - (
            {"age"} if row.code == "ESF-III-O04" else set()  # money for children, not their age
        )


# --- the law -----------------------------------------------------------------------------------


def test_each_rule_of_the_rubric_stands_in_the_table_of_rules(rubric, root):
    rules = set(load("eu_indicator_rules", root).table["rule_id"])
    assert {rule["rule"] for rule in rubric.law} <= rules


def test_every_row_has_source_certainty_and_a_rule_behind_each_split(table):
    assert table["source_url"].str.startswith("http").all()
    assert table[["certainty", "breakdown_certainty"]].notna().all(axis=None)
    assert ((table["splits"] != "none") == table["rule"].notna()).all()
    assert (table.query("rule == 'R16'")["breakdown_certainty"] == "B").all()


# --- two passes ----------------------------------------------------------------------------------


def test_the_second_pass_looks_at_name_unit_and_kind_alone(facts, rubric):
    """A second person gets the same from the coding sheet, in any order of rows."""
    sheet = facts[["name", "unit", "kind"]]
    again = funding.code_from_text(sheet.sample(frac=1, random_state=3), rubric)
    pd.testing.assert_frame_equal(again.sort_index(), funding.code_from_text(facts, rubric))


def test_the_table_says_where_the_passes_differ(table, rubric):
    for row in table.to_dict("records"):
        differ = [q for q in rubric.questions if row[q] != row[f"{q}_text"]]
        assert (row["passes_differ"] if pd.notna(row["passes_differ"]) else "") == ";".join(differ)
    for question in rubric.questions:
        found = abi.agreement(table[question], table[f"{question}_text"])
        assert found.kappa_low <= found.kappa <= found.kappa_high


def test_the_empty_form_holds_every_indicator_and_no_code(root, table, rubric):
    path = root / "data/eu_indicator_audit/coding_sheet.csv"
    sheet = pd.read_csv(path, dtype=str)
    assert list(sheet["code"]) == list(table["code"])
    assert sheet[list(rubric.questions)].isna().all(axis=None)


def test_a_text_rule_by_hand(rubric):
    table = pd.DataFrame(
        {
            "name": [
                "Places in social housing",
                "Users of trams",
                "Roads",
                "Women over 70 and over",
            ],
            "unit": ["persons", "users/year", "km", "persons"],
            "kind": ["output", "result", "output", "output"],
        }
    )
    codes = funding.code_from_text(table, rubric)
    assert list(codes["people"]) == ["yes", "yes", "no", "yes"]
    assert list(codes["counted"]) == ["places", "users", "things", "users"]
    assert list(codes["route"]) == ["twin", "survey", "none", "register"]
    assert list(codes["group"]) == ["none", "none", "none", "sex"]
    assert list(codes["place"]) == ["site", "residents", "site", "residents"]


def test_the_chapter_says_what_the_data_say(table, rubric, facts):
    """Sentences of the chapter that no published number guards."""
    kappas = {q: abi.agreement(table[q], table[f"{q}_text"]).kappa for q in rubric.questions}
    assert sorted(kappas, key=kappas.get)[:2] == ["place", "route"]  # "agreement is lowest for"
    assert (table["certainty"] == "V2").mean() > 0.5  # "mostly read on secondary pages"
    results = table[(table["list"] == "ERDF/CF") & (table["kind"] == "result")]
    counts = results["measures"].value_counts()
    assert counts["access"] == counts.max() and counts["outcome"] == counts.min()
    group_rows = table[(table["list"] == "ESF+ Annex III") & (table["status"] == "group")]
    assert (group_rows["splits"].isin(["none", "housing", "age;housing"])).all()  # "not crossed"
    assert not {"religion", "orientation"} & set(rubric.grounds)
    named = table.set_index("code").loc["RCO113"]
    assert (named["counted"], named["group"]) == ("covered", "none")
    eige = facts["note"].str.contains("EIGE suggests", na=False)
    assert set(facts.loc[eige, "list"]) == {"ERDF/CF"}


# --- what follows from the codes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("yes", "none", "sex", "register", "users"), "split"),
        (("yes", "age", "sex;age", "register", "users"), "split"),
        (("yes", "age", "none", "survey", "users"), "group"),
        (("no", "none", "housing", "none", "things"), "group"),
        (("yes", "none", "none", "twin", "places"), "twin"),
        (("yes", "none", "none", "population", "covered"), "open"),
        (("no", "none", "none", "owners", "bodies"), "tied"),
        (("no", "none", "none", "none", "things"), "none"),
    ],
)
def test_status_by_hand(codes, expected):
    assert room.status(*codes) == expected


def test_costs_and_additions_by_hand(rubric):
    facts = pd.DataFrame(
        {"code": ["A", "B", "C", "D"], "list": ["ERDF/CF", "ESF+ Annex I", "ERDF/CF", "ERDF/CF"]}
    )
    coding = pd.DataFrame(
        {
            "people": ["yes", "yes", "yes", "no"],
            "counted": ["users", "users", "covered", "things"],
            "measures": ["access", "access", "access", "delivery"],
            "group": ["none"] * 4,
            "route": ["survey", "register", "population", "none"],
            "place": ["residents", "residents", "residents", "none"],
        }
    )
    found = funding.audit_indicators(facts, coding, rubric)
    assert list(found["status"]) == ["open", "split", "open", "none"]
    assert list(found["cost_people"]) == ["high", "none", "low", "none"]
    assert list(found["cost_place"]) == ["high", "medium", "low", "none"]
    assert found["city_adds"].isna().tolist() == [False, False, False, True]
    assert "postcode" in found["city_adds"][1] and "Sex" not in found["city_adds"][1]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_statuses_and_costs_cover_every_coding(rubric, data):
    draw = {
        q: data.draw(st.sampled_from(rubric.codes(q))) for q in rubric.questions
    }  # any combination, also such as no reader would give
    facts = pd.DataFrame({"code": ["X"], "list": ["RRF"]})
    row = funding.audit_indicators(facts, pd.DataFrame([draw]), rubric).iloc[0]
    assert row["status"] in funding.STATUSES
    assert {row["cost_people"], row["cost_place"]} <= set(funding.COSTS)


def test_counts_add_up(table, rubric):
    counts = funding.by_list(table, "status", funding.STATUSES)
    assert (counts[list(funding.STATUSES)].sum(axis=1) == counts["indicators"]).all()
    assert counts["indicators"].sum() == len(table)
    grounds = funding.by_ground(table, rubric)
    assert (grounds["split"] + grounds["group"] <= grounds["indicators"]).all()
    sex = grounds.query("ground == 'sex'").set_index("list")["split"]
    assert sex.sum() == (table["status"] == "split").sum()


@pytest.mark.parametrize(("margin", "needed"), [(0.05, 385), (0.03, 1068), (0.1, 97)])
def test_sample_sizes_are_those_of_the_textbook(margin, needed):
    """The usual table of sample sizes for a share of one half at 95%."""
    assert funding.sample_for_margin(margin) == needed


# --- faults ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r.pop("law"), "'law' is missing"),
        (lambda r: r["costs"].pop("low"), "its codes are"),
        (lambda r: r["questions"][1]["text_rules"].append({"code": "stars"}), "'stars'"),
        (lambda r: r["questions"][1]["text_rules"].pop(), "has a condition"),
        (
            lambda r: r["questions"][0]["text_rules"].insert(0, {"note": "x", "code": "no"}),
            "'note'",
        ),
        (lambda r: r["questions"][4]["adds"].pop("twin"), "'adds' has other codes"),
        (lambda r: r["questions"][4]["cost"].update(twin="free"), "a cost is 'free'"),
        (lambda r: r["law"][0].update(splits=["shoe size"]), "splits by 'shoe size'"),
    ],
)
def test_a_faulty_rubric_is_refused(text, change, words):
    raw = yaml.safe_load(text)
    change(raw)
    with pytest.raises(DataError, match=re.escape(words)):
        funding.parse_rubric(yaml.safe_dump(raw, sort_keys=False))
    with pytest.raises(DataError, match="not valid YAML"):
        funding.parse_rubric("a: [")


def test_faulty_codes_and_tables_are_refused(facts, table, rubric):
    coding = table[list(rubric.questions)].copy()
    coding.loc[4, "route"] = "guess"
    with pytest.raises(DataError, match="row 5, column 'route': the code 'guess'"):
        funding.audit_indicators(facts, coding, rubric)
    coding = table[list(rubric.questions)]
    with pytest.raises(DataError, match="not coded"):
        funding.check_coding(coding.drop(columns="place"), rubric)
    with pytest.raises(UsageError, match="different row labels"):
        funding.audit_indicators(facts.iloc[1:], coding, rubric)
    with pytest.raises(UsageError, match="holds"):
        funding.by_list(table, "status", ["split"])
    for margin in (0, 0.5):
        with pytest.raises(UsageError):
            funding.sample_for_margin(margin)
    loop = [{"people": "yes", "code": "no"}, {"code": "no"}]
    broken = funding.Rubric(
        "1", {}, {"people": {"codes": {"no": ""}, "text_rules": loop}}, (), {}, {}
    )
    with pytest.raises(UsageError, match="its own answer"):
        funding.code_from_text(facts, broken)
