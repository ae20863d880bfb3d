import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from equalcities import segregation
from equalcities.errors import DataError, UsageError
from equalcities.segregation import measure, null_test, profile
from equalcities.segregation.indices import INDICES, values_of

GROUPS = ["a", "b", "c"]


def made_up(n_units=70, seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.poisson(30, size=(n_units, 3)), columns=GROUPS) * 0.3
    frame[["x", "y"]] = rng.uniform(0, 4000, size=(n_units, 2))
    return frame


def expected_values(frame, near):
    table = frame[GROUPS].to_numpy().T
    return values_of(table @ near.T, tuple(INDICES))


def value_at(rows, scale):
    return rows.loc[rows["scale"] == scale, "value"].to_numpy()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 60), st.integers(0, 1000), st.sets(st.integers(1, 5000), min_size=1, max_size=6)
)
def test_distance_bands_against_all_pairs(n_units, seed, scales):
    frame = made_up(n_units, seed)
    points = frame[["x", "y"]]
    rows = measure(frame, GROUPS, scales=sorted(scales))
    assert rows["scale"].unique().tolist() == [0, *sorted(scales)]
    for scale in scales:
        near = (cdist(points, points) <= scale).astype(float)
        np.testing.assert_allclose(value_at(rows, scale), expected_values(frame, near), atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 60), st.integers(0, 1000), st.sets(st.integers(1, 70), min_size=1, max_size=6)
)
def test_nearest_units_against_all_pairs(n_units, seed, scales):
    frame = made_up(n_units, seed)
    points = frame[["x", "y"]]
    rank = cdist(points, points).argsort(axis=1).argsort(axis=1)
    rows = measure(frame, GROUPS, scales={"neighbours": sorted(scales)})
    for scale in scales:
        expected = expected_values(frame, (rank < scale).astype(float))
        np.testing.assert_allclose(value_at(rows, scale), expected, atol=1e-12)


def test_ends_of_the_scale():
    frame = made_up()
    rows = measure(frame, GROUPS, scales=[1e-6, 1e5])
    np.testing.assert_allclose(value_at(rows, 1e-6), value_at(rows, 0), atol=1e-12)
    whole = rows[(rows["scale"] == 1e5) & (rows["index"] != "divergence")]
    evenness = whole["index"].map(lambda name: INDICES[name].unit_maximum)
    np.testing.assert_allclose(whole.loc[evenness, "value"], 0, atol=1e-12)


def test_coarse_patterns_last_to_larger_scales():
    # A chessboard is gone at the scale of a few squares; two halves are not.
    x, y = (axis.ravel() * 100.0 for axis in np.meshgrid(range(20), range(20)))
    squares = (x // 100 + y // 100) % 2
    halves = (x >= 1000).astype(float)
    found = {}
    for name, pattern in {"squares": squares, "halves": halves}.items():
        frame = pd.DataFrame({"a": 100 * pattern, "b": 100 * (1 - pattern), "x": x, "y": y})
        rows = measure(frame, ["a", "b"], indices=["multigroup_theil_h"], scales=[300])
        found[name] = rows.set_index("scale")["value"]
    assert found["squares"][0] == found["halves"][0] == 1
    assert found["squares"][300] < 0.01 and found["halves"][300] > 0.6


@pytest.mark.parametrize("scales", [[300, 900, 2500], {"neighbours": [1, 5, 40]}])
def test_large_places_are_handled_in_parts(scales, monkeypatch):
    frame = made_up()
    whole = null_test(frame * 10 // 1, GROUPS, scales=scales, replicates=10, rng=1)
    monkeypatch.setattr(segregation.scale, "PAIRS_AT_ONCE", 100)
    parts = null_test(frame * 10 // 1, GROUPS, scales=scales, replicates=10, rng=1)
    pd.testing.assert_frame_equal(parts, whole, rtol=1e-12)


def test_places_do_not_reach_into_each_other():
    frame = pd.concat([made_up(30, 1).assign(city="p"), made_up(40, 2).assign(city="q")])
    mixed = frame.sample(frac=1, random_state=3)
    rows = measure(mixed, GROUPS, by="city", scales=[1000])
    for city in "pq":
        alone = measure(frame[frame["city"] == city], GROUPS, scales=[1000])
        np.testing.assert_allclose(rows.loc[rows["place"] == city, "value"], alone["value"])


def test_weights_follow_the_rows_of_units():
    frame = pd.concat([made_up(30, 1).assign(city="p"), made_up(40, 2).assign(city="q")])
    frame = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    points = frame[["x", "y"]].to_numpy()
    city = frame["city"].to_numpy()
    near = (cdist(points, points) <= 1000) & (city[:, None] == city)
    by_weights = measure(frame, GROUPS, by="city", weights=near.astype(float))
    by_scale = measure(frame, GROUPS, by="city", scales=[1000])
    np.testing.assert_allclose(by_weights["value"], by_scale[by_scale["scale"] == 1000]["value"])


def test_geometry_gives_centroids():
    frame = made_up()
    squares = shapely.box(frame["x"] - 50, frame["y"] - 50, frame["x"] + 50, frame["y"] + 50)
    areas = gpd.GeoDataFrame(frame[GROUPS], geometry=squares, crs=3035)
    pd.testing.assert_frame_equal(
        measure(areas, GROUPS, scales=[700]), measure(frame, GROUPS, scales=[700])
    )
    degrees = areas.to_crs(4326)
    assert len(measure(degrees, GROUPS)) == len(measure(frame, GROUPS))
    with pytest.raises(UsageError, match="degrees"):
        measure(degrees, GROUPS, scales=[700])


def test_units_at_one_position_are_their_own_neighbours():
    frame = made_up(9).assign(x=0.0, y=0.0)
    rows = measure(frame, GROUPS, scales={"neighbours": [1, 9]})
    np.testing.assert_allclose(value_at(rows, 1), value_at(rows, 0), atol=1e-12)


def test_profile_with_scales_and_uncertainty():
    frame = made_up(40)
    frame[GROUPS] = frame[GROUPS] * 10 // 1
    rows = profile(frame, GROUPS, scales=[500, 1500], replicates=40, rng=1)
    columns = ["value", "ci_low", "ci_high", "null_mean", "p"]
    assert rows[columns].notna().all(axis=None)
    # The null is of persons over units, seen through the same surroundings.
    moved = _person_tables(frame, 40)
    points = frame[["x", "y"]]
    near = (cdist(points, points) <= 1500).astype(float)
    expected = values_of(moved @ near.T, tuple(INDICES)).mean(axis=0)
    np.testing.assert_allclose(rows.loc[rows["scale"] == 1500, "null_mean"], expected, atol=1e-12)


def _person_tables(frame, replicates):
    table = frame[GROUPS].to_numpy(float).T
    [step] = segregation.draws.steps(1, "all", "person", replicates, table.size)
    return segregation.draws.chance_tables(table, "person", step)


@pytest.mark.parametrize(
    "scales",
    [[], [0], [-5], [np.nan], {"neighbours": [2.5]}, {"radius": [3]}, {"distance": [1], "k": [2]}],
)
def test_scales_that_cannot_be_meant(scales):
    with pytest.raises(UsageError, match="scales"):
        measure(made_up(), GROUPS, scales=scales)


def test_weights_that_cannot_be_meant():
    frame = made_up(4).assign(city=list("ppqq"))
    with pytest.raises(UsageError, match="4 rows"):
        measure(frame, GROUPS, weights=np.eye(3))
    with pytest.raises(UsageError, match="negative"):
        measure(frame, GROUPS, weights=-np.eye(4))
    with pytest.raises(UsageError, match="different places"):
        measure(frame, GROUPS, by="city", weights=np.ones((4, 4)))
    with pytest.raises(UsageError, match="not both"):
        measure(frame, GROUPS, weights=np.eye(4), scales=[1])
    with pytest.raises(UsageError, match="columns x and y"):
        measure(frame[GROUPS], GROUPS, scales=[1])
    frame.loc[2, "x"] = np.nan
    with pytest.raises(DataError, match=r"row 3.*position"):
        measure(frame, GROUPS, scales=[1])
