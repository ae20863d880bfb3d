"""The panel's rule: known answers, ties, order, and what it leaves out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities import panel
from equalcities.catalog import load
from equalcities.errors import UsageError


def candidates(populations, missing=()):
    """Candidates with complete core, country by country."""
    rows = [
        {"fua_code": f"{country}{n}", "iso3": country, "fua_name": f"{country}{n}", "population": p}
        for country, sizes in populations.items()
        for n, p in enumerate(sizes)
    ]
    table = pd.DataFrame(rows).assign(**dict.fromkeys(panel.CORE, 1.0))
    table.loc[table["fua_code"].isin(missing), "pt_access_pct"] = np.nan
    return table


def codes(table):
    return sorted(table["fua_code"])


def test_two_of_each_country_then_third_largest_by_size():
    table = candidates({"A": [9, 8, 7, 6], "B": [5, 4, 3], "C": [2]})
    chosen = panel.select_panel(table, size=6)
    assert codes(chosen) == ["A0", "A1", "A2", "B0", "B1", "C0"]
    assert chosen.set_index("fua_code")["rank_in_country"].to_dict()["A2"] == 3
    assert codes(panel.select_panel(table, size=7)) == sorted([*codes(chosen), "B2"])


def test_incomplete_areas_are_passed_over_and_listed():
    table = candidates({"A": [9, 8, 7], "B": [5, 4]}, missing=["A0"])
    chosen = panel.select_panel(table, size=4)
    assert codes(chosen) == ["A1", "A2", "B0", "B1"]
    assert chosen.set_index("fua_code")["rank_in_country"]["A1"] == 1
    left = panel.larger_areas_left_out(table, chosen)
    assert left["fua_code"].tolist() == ["A0"]
    assert left["missing_core"].tolist() == ["pt_access_pct"]
    assert panel.larger_areas_left_out(table.iloc[1:], chosen).empty


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_rule_ignores_row_order_and_respects_ranks(data):
    sizes = st.lists(st.integers(1, 50), min_size=1, max_size=5)
    populations = data.draw(st.dictionaries(st.sampled_from("ABCDE"), sizes, min_size=1))
    table = candidates(populations)
    size = data.draw(st.integers(1, len(table)))
    chosen = panel.select_panel(table, size=size)
    shuffled = table.sample(frac=1, random_state=data.draw(st.integers(0, 99)))
    pd.testing.assert_frame_equal(chosen, panel.select_panel(shuffled, size=size))
    assert len(chosen) == size
    for _, group in chosen.groupby("iso3"):
        assert group["rank_in_country"].tolist() == list(range(1, len(group) + 1))


def test_unfit_candidates_are_refused():
    table = candidates({"A": [1, 2]})
    with pytest.raises(UsageError, match="Only 2 areas are complete, 72 are asked for"):
        panel.select_panel(table)
    with pytest.raises(UsageError, match="lack the columns pt_access_pct"):
        panel.select_panel(table.drop(columns="pt_access_pct"))


def test_missingness_counts():
    table = pd.DataFrame({"g": list("aab"), "x": [1.0, np.nan, 2.0]})
    assert panel.missingness(table, ["x"]).to_dict("records") == [
        {"column": "x", "n": 3, "present": 2, "missing": 1}
    ]
    by = panel.missingness(table, ["x"], by="g").set_index("g")
    assert by["missing"].to_dict() == {"a": 1, "b": 0}


def test_describe_names_the_ends():
    table = pd.DataFrame({"fua_name": list("dcba"), "x": [4, 1, 2, 3]})
    row = panel.describe(table, ["x"]).iloc[0]
    assert (row["lowest_place"], row["highest_place"]) == ("c", "d")
    # Quartiles by linear interpolation, as R's quantile(type = 7) gives for 1:4.
    assert (row["q25"], row["median"], row["q75"]) == (1.75, 2.5, 3.25)


def test_coverage_groups():
    table = pd.DataFrame({"g": [1, 1, None, None], "p": [1, None, 1, None]})
    assert panel.coverage_group(table, "g", "p").tolist() == list(panel.COVERAGE_GROUPS)


def test_the_book_s_panel_is_what_the_rule_returns(root):
    everything = load("fua_candidates", root).table.query("oecd_member == 'yes'")
    chosen = panel.select_panel(everything)
    book = load("panel72", root).table
    assert chosen["fua_code"].tolist() == book["fua_code"].tolist()
    # Counts stated by the reference join that this panel reproduces.
    assert (len(book), book["iso3"].nunique()) == (72, 33)
    assert book["gdp_per_person_usd_ppp"].notna().sum() == 59
    assert book["trust_pct"].notna().sum() == 39
    left = panel.larger_areas_left_out(everything, book)
    assert "Ciudad de Mexico" in set(left["fua_name"])
    rules = panel.compare_rules(everything)
    assert rules.groupby("rule")["areas"].first().tolist() == [203, 33, 72, 72]
