from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from equalcities.errors import DataError, UsageError
from equalcities.segregation import decompose, measure, multilevel_dissimilarity

BRADFORD = Path(__file__).parent / "fixtures" / "segregation" / "bradford_lsoa_2011.csv"
GROUPS = ["WhiteBrit", "SouthAsian", "Rest"]


@pytest.fixture
def bradford():
    return pd.read_csv(BRADFORD)


def test_parts_are_those_of_the_indices_on_either_level(bradford):
    names = ["multigroup_theil_h", "divergence"]
    rows = decompose(bradford, GROUPS, "MSOA").set_index(["index", "component"])
    fine = measure(bradford, GROUPS, indices=names).set_index("index")["value"]
    coarse = bradford.groupby("MSOA", as_index=False)[GROUPS].sum()
    between = measure(coarse, GROUPS, indices=names).set_index("index")["value"]
    within = measure(bradford, GROUPS, by="MSOA", indices=names)
    for name in names:
        assert rows.loc[(name, "total"), "value"].item() == pytest.approx(fine[name])
        assert rows.loc[(name, "between"), "value"].item() == pytest.approx(between[name])
        districts = rows.loc[(name, "district")]
        np.testing.assert_allclose(districts["value"], within.loc[within["index"] == name, "value"])
        assert districts["district"].tolist() == sorted(bradford["MSOA"].unique())


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (12, 3), elements=st.integers(0, 50).map(float)),
    st.lists(st.integers(0, 3), min_size=12, max_size=12),
)
def test_parts_add_up(counts, districts):
    if counts.sum() == 0:
        return
    frame = pd.DataFrame(counts, columns=list("abc")).assign(district=districts)
    rows = decompose(frame, list("abc"), "district")
    for _, part in rows.groupby("index"):
        values = part.groupby("component")["contribution"].sum(min_count=1)
        if np.isnan(values["total"]):  # A single group has no H.
            continue
        assert values["between"] + values["within"] == pytest.approx(values["total"], abs=1e-9)
        assert values["district"] == pytest.approx(values["within"], abs=1e-9)
        assert values["between"] > -1e-9 and values["within"] > -1e-9


def test_shares_at_the_extremes():
    frame = pd.DataFrame(
        {"a": [9, 9, 0, 0], "b": [0, 0, 5, 5], "d": [1, 1, 2, 2], "e": [1, 2, 1, 2]}
    )
    shares = {}
    for districts in "de":
        rows = decompose(frame, ["a", "b"], districts)
        rows = rows[rows["index"] == "multigroup_theil_h"].set_index("component")
        shares[districts] = rows["share"][["between", "within"]].to_numpy(float)
    np.testing.assert_allclose(shares["d"], [1, 0], atol=1e-12)
    np.testing.assert_allclose(shares["e"], [0, 1], atol=1e-12)


def test_places_are_decomposed_by_themselves(bradford):
    both = pd.concat(
        [bradford.assign(city="x"), bradford.iloc[:100].assign(city="w")], ignore_index=True
    ).sample(frac=1, random_state=1)
    rows = decompose(both, GROUPS, "MSOA", by="city")
    assert rows["place"].unique().tolist() == ["w", "x"]
    alone = decompose(bradford, GROUPS, "MSOA").drop(columns="place")
    among = rows[rows["place"] == "x"].drop(columns="place").reset_index(drop=True)
    pd.testing.assert_frame_equal(among, alone, rtol=1e-10)


def chessboard(square):
    x, y = (axis.ravel() for axis in np.meshgrid(range(16), range(16)))
    a = (x // square + y // square) % 2
    frame = pd.DataFrame({"a": a, "b": 1 - a})
    for size in (8, 4, 2):
        frame[f"by{size}"] = [f"{i}-{j}" for i, j in zip(x // size, y // size, strict=True)]
    return frame


@pytest.mark.parametrize(("square", "level"), [(8, "by8"), (4, "by4"), (2, "by2"), (1, "units")])
def test_chessboards_differ_by_level_only(square, level):
    # The example of the R package MLID (Harris & Owen): D is one on every board, the scale differs.
    rows = multilevel_dissimilarity(chessboard(square), "a", "b", ["by8", "by4", "by2"])
    rows = rows.set_index("level")
    np.testing.assert_allclose(rows["dissimilarity"], 1)
    assert rows.loc[level, "variance_share"] == pytest.approx(1)
    assert rows.loc[level, "holdback"] == pytest.approx(-1)
    assert rows["n_areas"].tolist() == [4, 16, 64, 256]


def test_levels_of_a_real_city(bradford):
    rows = multilevel_dissimilarity(bradford, "WhiteBrit", "SouthAsian", ["MSOA"])
    pair = measure(bradford, ["WhiteBrit", "SouthAsian"], indices=["dissimilarity"])
    assert rows["dissimilarity"].iloc[0] == pytest.approx(pair["value"].iloc[0])
    assert rows["variance_share"].sum() == pytest.approx(1)
    # The sum of squares between areas, by hand.
    shares = bradford[["WhiteBrit", "SouthAsian"]] / bradford[["WhiteBrit", "SouthAsian"]].sum()
    difference = shares["WhiteBrit"] - shares["SouthAsian"]
    means = difference.groupby(bradford["MSOA"]).transform("mean")
    assert rows["variance_share"].iloc[0] == pytest.approx((means**2).sum() / (difference**2).sum())


def test_names_may_repeat_in_different_larger_areas():
    board = chessboard(2)
    board["inner"] = board.groupby("by8")["by2"].transform(lambda names: pd.factorize(names)[0])
    expected = multilevel_dissimilarity(board, "a", "b", ["by8", "by2"])
    rows = multilevel_dissimilarity(board, "a", "b", ["by8", "inner"])
    pd.testing.assert_frame_equal(rows.drop(columns="level"), expected.drop(columns="level"))


def test_absent_group_has_no_levels():
    frame = pd.DataFrame({"a": [1, 2], "b": [0, 0], "d": [1, 2]})
    rows = multilevel_dissimilarity(frame, "a", "b", ["d"])
    assert rows[["dissimilarity", "variance_share", "holdback"]].isna().all(axis=None)


def test_areas_must_be_named(bradford):
    bradford.loc[6, "MSOA"] = None
    with pytest.raises(DataError, match=r"row 7, column 'MSOA'"):
        decompose(bradford, GROUPS, "MSOA")
    with pytest.raises(UsageError, match="'nowhere'"):
        decompose(bradford, GROUPS, "nowhere")
    with pytest.raises(UsageError, match="levels"):
        multilevel_dissimilarity(bradford, "WhiteBrit", "Rest", "MSOA")
