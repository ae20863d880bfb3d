import numpy as np
import pandas as pd
import pytest
from abi_reference import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.abi import (
    CONTESTED_READINGS,
    OUTCOMES,
    direction_scenarios,
    recode_contested,
    sign_tests,
    studies_behind,
    study_directions,
    synthesis_rows,
)
from equalcities.catalog import load
from equalcities.errors import UsageError

# Computed before this package existed, in the notes to the evidence table (November 2026):
# studies by direction and the two-sided sign test, 70 % rule.
EXPECTED = pd.DataFrame(
    [
        ("business", 4, 1, 1, 3, 0.375),
        ("crime", 4, 0, 0, 2, 0.125),
        ("education", 3, 0, 1, 1, 0.625),
        ("employment", 10, 8, 0, 2, 0.002),
        ("health_mental", 4, 5, 0, 3, 0.125),
        ("health_physical", 3, 4, 1, 3, 0.625),
        ("house_prices", 5, 2, 1, 3, 0.219),
        ("income", 6, 4, 0, 2, 0.031),
        ("satisfaction", 7, 1, 0, 0, 0.016),
        ("segregation_composition", 0, 1, 2, 2, 0.500),
    ],
    columns=["domain", "beneficial", "null", "adverse", "mixed", "p"],
)


@pytest.fixture(scope="module")
def effects():
    return pd.read_csv(DATA / "abi_directions.csv")


def test_the_evidence_table_gives_the_known_counts(effects):
    assert (len(effects), effects["study_id"].nunique()) == (151, 63)
    table = sign_tests(study_directions(effects))
    got = table[EXPECTED.columns].assign(p=table["p"].round(3))
    pd.testing.assert_frame_equal(got, EXPECTED, check_dtype=False)
    assert table.set_index("domain")["ignored"]["employment"] == pytest.approx(0.5)


def coded(*directions):
    return pd.DataFrame({"study_id": "a", "outcome_domain": "x", "direction": directions})


@pytest.mark.parametrize(
    ("directions", "want"),
    [
        ([1] * 7 + [0] * 3, "beneficial"),  # exactly 70 %
        ([1] * 2 + [0], "mixed"),  # 67 %
        ([-1] * 3 + [1], "adverse"),
        ([0], "null"),
        ([1, -1], "mixed"),
        ([1] * 14 + [-1] * 6, "beneficial"),
    ],
)
def test_seventy_percent_rule(directions, want):
    assert study_directions(coded(*directions))["direction"].tolist() == [want]


def test_the_threshold_can_be_varied():
    assert study_directions(coded(1, 1, 0), threshold=0.6)["direction"].tolist() == ["beneficial"]
    with pytest.raises(UsageError, match="above one half"):
        study_directions(coded(1), threshold=0.5)


def test_sign_test_matches_the_binomial_by_hand():
    studies = pd.concat([coded(1).assign(study_id=str(i)) for i in range(8)])
    studies = pd.concat([studies, coded(-1).assign(study_id="z"), coded(0).assign(study_id="n")])
    row = sign_tests(study_directions(studies.reset_index())).iloc[0]
    assert row["p"] == pytest.approx(2 * (1 + 9) / 2**9)
    assert row["share"] == pytest.approx(8 / 9)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([0.5175, 0.9972], abs=1e-4)
    assert row["ignored"] == pytest.approx(0.1)


def test_a_domain_of_nulls_has_no_test():
    row = sign_tests(study_directions(coded(0, 0))).iloc[0]
    assert np.isnan([row["share"], row["p"]]).all() and row["ignored"] == 1


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from([-1, 0, 1])),
        min_size=1,
        max_size=30,
    )
)
def test_order_and_sign(rows):
    columns = ["study_id", "outcome_domain", "direction"]
    table = pd.DataFrame(rows, columns=columns)
    plain = sign_tests(study_directions(table))
    shuffled = sign_tests(study_directions(table.iloc[::-1]))
    pd.testing.assert_frame_equal(plain, shuffled)
    flipped = sign_tests(study_directions(table.assign(direction=-table["direction"])))
    assert flipped["beneficial"].tolist() == plain["adverse"].tolist()
    np.testing.assert_allclose(flipped["p"], plain["p"])
    counted = plain[["beneficial", "null", "adverse", "mixed"]].to_numpy().sum()
    assert counted == len(table.drop_duplicates(["study_id", "outcome_domain"]))


def test_scenarios_recode_contested_effects(effects):
    def prices_hurt_renters(table):
        contested = (table["outcome_domain"] == "house_prices") & (table["direction"] == 1)
        table.loc[contested, "direction"] = -1
        return table

    table = direction_scenarios(effects, {"prices hurt renters": prices_hurt_renters})
    assert table["scenario"].unique().tolist() == ["as coded", "prices hurt renters"]
    prices = table[table["domain"] == "house_prices"].set_index("scenario")
    assert prices.loc["as coded", "beneficial"] == 5
    assert prices.loc["prices hurt renters", "beneficial"] == 0
    assert effects["direction"].eq(1).any()  # the caller's table is untouched
    assert sign_tests(study_directions(effects))["beneficial"].sum() == 46
    with pytest.raises(UsageError, match="as coded"):
        direction_scenarios(effects, {"as coded": prices_hurt_renters})


def test_bad_tables_are_named():
    with pytest.raises(UsageError, match="row 1 has direction 2"):
        study_directions(coded(1, 2))
    with pytest.raises(UsageError, match="lacks domain"):
        study_directions(coded(1), domain="domain")
    with pytest.raises(UsageError, match="row 0 has no study_id"):
        study_directions(coded(1).assign(study_id=None))
    with pytest.raises(UsageError, match="row 0 has direction nan"):
        study_directions(coded(np.nan))


def test_rows_for_the_synthesis_leave_out_comparators_and_value_for_money():
    rows = pd.DataFrame({"programme_id": list("abb"), "effect_unit": [None, "USD per USD", "pp"]})
    programmes = pd.DataFrame({"programme_id": list("ab"), "comparator": ["yes", "no"]})
    assert synthesis_rows(rows, programmes)["effect_unit"].tolist() == ["pp"]
    with pytest.raises(UsageError, match="No programme is called b"):
        synthesis_rows(rows, programmes.iloc[:1])


def test_contested_directions_are_recoded_and_nothing_else():
    rows = coded(1, 1, -1).assign(contested=["rising_prices", None, "rising_prices"])
    assert recode_contested(rows, "rising_prices", 0)["direction"].tolist() == [0, 1, 0]
    assert rows["direction"].tolist() == [1, 1, -1]
    with pytest.raises(UsageError, match="'rising_price'"):
        recode_contested(rows, "rising_price", 0)


def test_the_compiled_table_under_every_reading(root):
    rows = synthesis_rows(load("abi_effects", root).table, load("abi_programmes", root).table)
    table = direction_scenarios(rows, CONTESTED_READINGS)
    assert set(table["scenario"]) == {"as coded", *CONTESTED_READINGS}
    counts = table.set_index(["scenario", "domain"])
    prices = counts.xs("house_prices", level="domain")["beneficial"]
    assert prices["as coded"] == 8 and prices["rising prices as adverse"] == 0
    first = counts.loc["nearby areas with their outcome"]
    assert "nearby_areas" not in first.index
    # Row 79 apart, the domains of the first extraction: its counts of employment, above, with the
    # two rows on a page since then (a null) and without the one left out.
    assert counts.loc[("as coded", "employment"), ["beneficial", "null", "adverse"]].tolist() == [
        10, 10, 0,
    ]  # fmt: skip
    assert rows["outcome_domain"].isin(OUTCOMES).all()


def test_every_study_of_a_domain_is_listed_with_its_page(root):
    effects, studies, programmes = (
        load(f"abi_{name}", root).table for name in ("effects", "studies", "programmes")
    )
    rows = synthesis_rows(effects, programmes)
    listed = studies_behind(rows, studies, programmes, "employment")
    directions = study_directions(rows).query("domain == 'employment'")
    assert listed["direction"].value_counts().to_dict() == (
        directions["direction"].value_counts().to_dict()
    )
    assert listed["direction"].tolist()[0] == "beneficial"
    assert listed["source_url"].str.startswith("http").all()
    assert listed["study"].is_unique and listed.notna().all(axis=None)
    with pytest.raises(UsageError, match="'jobs'"):
        studies_behind(rows, studies, programmes, "jobs")
