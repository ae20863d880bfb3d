import numpy as np
import pandas as pd
import pytest
from abi_reference import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.abi import direction_scenarios, sign_tests, study_directions
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
