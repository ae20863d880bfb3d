import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.access import costs as costs_module
from equalcities.access import snap, straight_line, street_network, travel_times
from equalcities.errors import DataError, UsageError


def points(*coordinates, prefix="p"):
    rows = [(f"{prefix}{n}", x, y) for n, (x, y) in enumerate(coordinates)]
    return pd.DataFrame(rows, columns=["id", "x", "y"])


def as_dict(costs):
    people, places = costs.people[costs.person], costs.places[costs.place]
    return dict(zip(zip(people, places, strict=True), costs.cost.tolist(), strict=True))


def test_straight_line_by_hand():
    # Distances from (0, 0): 5 by the triangle 3-4-5, and 10; times 1.2 they are 6 and 12.
    people = points((0, 0), (100, 100))
    places = points((3, 4), (6, 8), prefix="s")
    costs = straight_line(people, places, cutoff=6, detour=1.2)
    assert as_dict(costs) == pytest.approx({("p0", "s0"): 6.0})
    assert list(costs.people) == ["p0", "p1"]
    wider = straight_line(people, places, cutoff=12, detour=1.2)
    assert as_dict(wider) == pytest.approx({("p0", "s0"): 6.0, ("p0", "s1"): 12.0})


def test_same_spot_is_a_pair_that_costs_nothing():
    costs = straight_line(points((1, 1)), points((1, 1), prefix="s"), cutoff=1)
    assert as_dict(costs) == {("p0", "s0"): 0.0}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1.5))
def test_straight_line_is_brute_force(seed, cutoff):
    rng = np.random.default_rng(seed)
    people, places = points(*rng.random((20, 2))), points(*rng.random((7, 2)), prefix="s")
    costs = straight_line(people, places, cutoff=cutoff, detour=1.3)
    step = people[["x", "y"]].to_numpy()[:, None] - places[["x", "y"]].to_numpy()
    every = 1.3 * np.hypot(step[..., 0], step[..., 1])
    person, place = np.nonzero(every <= cutoff)
    np.testing.assert_array_equal(costs.person, person)
    np.testing.assert_array_equal(costs.place, place)
    np.testing.assert_allclose(costs.cost, every[person, place], rtol=1e-12)


#   a --4-- b --1-- c      d --0-- e (an island)
#   a --9-- c, and a dearer second edge a-b of 7
EDGES = pd.DataFrame(
    [("a", "b", 4.0), ("b", "c", 1.0), ("a", "c", 9.0), ("a", "b", 7.0), ("d", "e", 0.0)],
    columns=["from_node", "to_node", "cost"],
)


def at(prefix, *nodes, **columns):
    ids = [f"{prefix}{n}" for n in range(len(nodes))]
    return pd.DataFrame({"id": ids, "node": nodes, **columns})


def test_street_network_by_hand():
    people, places = at("p", "a", "b", "d"), at("s", "c", "e")
    # a-b-c costs 4 + 1, not 9, and the edges a-b aren't added up; d-e costs nothing.
    found = {("p0", "s0"): 5.0, ("p1", "s0"): 1.0, ("p2", "s1"): 0.0}
    assert as_dict(street_network(EDGES, people, places, cutoff=20)) == found
    assert as_dict(street_network(EDGES, people, places, cutoff=5)) == found
    assert len(street_network(EDGES, people, places, cutoff=4.9)) == 2


def test_one_way_streets_lead_from_people_to_places():
    people, places = at("p", "a", "c"), at("s", "c", "a", "b")
    one_way = as_dict(street_network(EDGES, people, places, cutoff=20, directed=True))
    # From a: itself 0, b 4, c 5. From c no edge leads away.
    expected = {("p0", "s1"): 0, ("p0", "s2"): 4, ("p0", "s0"): 5, ("p1", "s0"): 0}
    assert one_way == expected
    many = at("p", "a", "c", "b")  # more people than places: searched from the places
    few = as_dict(street_network(EDGES, many, at("s", "c"), cutoff=20, directed=True))
    assert few == {("p0", "s0"): 5, ("p1", "s0"): 0, ("p2", "s0"): 1}


def test_cost_to_the_node_counts_and_shared_nodes_keep_their_own():
    people = at("p", "a", "a", "a", to_node=[0.5, 2.0, 3.0])
    places = at("s", "b", "b", to_node=[1.0, 0.0])
    # a-b is 4: 0.5 + 4 + 1 = 5.5 and so on; 3 + 4 + 1 = 8 is beyond 7.
    assert as_dict(street_network(EDGES, people, places, cutoff=7)) == {
        ("p0", "s0"): 5.5, ("p0", "s1"): 4.5, ("p1", "s0"): 7.0, ("p1", "s1"): 6.0,
        ("p2", "s1"): 7.0,
    }  # fmt: skip


def grid(size):
    node = np.arange(size * size).reshape(size, size)
    ends = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:])]
    start, end = (np.concatenate([pair[k].ravel() for pair in ends]) for k in (0, 1))
    return pd.DataFrame({"from_node": start, "to_node": end, "cost": 1.0})


@pytest.mark.parametrize("cells", [1, 300, 2**23])
def test_grid_distances_are_manhattan_whatever_the_chunks(monkeypatch, cells):
    monkeypatch.setattr(costs_module, "CHUNK_CELLS", cells)
    rng = np.random.default_rng(3)
    start, end = rng.integers(0, 144, 40), rng.integers(0, 144, 25)
    costs = street_network(grid(12), at("p", *start), at("s", *end), cutoff=6)
    every = abs(start[:, None] // 12 - end // 12) + abs(start[:, None] % 12 - end % 12)
    person, place = np.nonzero(every <= 6)
    np.testing.assert_array_equal(costs.person, person)
    np.testing.assert_array_equal(costs.place, place)
    np.testing.assert_array_equal(costs.cost, every[person, place])


def test_snap_finds_the_nearest_node():
    nodes = pd.DataFrame({"id": ["m", "n"], "x": [0.0, 10.0], "y": [0.0, 0.0]})
    snapped = snap(points((3, 4), (9, 0)), nodes, detour=2)
    assert list(snapped["node"]) == ["m", "n"]
    assert list(snapped["to_node"]) == [10.0, 2.0]


def times():
    return pd.DataFrame(
        {
            "from_id": ["p1", "p0", "p0", "p2"],
            "to_id": ["s0", "s1", "s0", "s0"],
            "travel_time": [30.0, 20.0, 10.0, np.nan],
        }
    )


def test_travel_times_in_the_layout_of_r5py():
    costs = travel_times(times())
    assert as_dict(costs) == {("p0", "s0"): 10, ("p0", "s1"): 20, ("p1", "s0"): 30}
    assert list(costs.people) == ["p1", "p0", "p2"]
    assert costs.cutoff == np.inf
    kept = travel_times(times(), people=["p0", "p1", "p2", "p3"], cutoff=20)
    assert len(kept) == 2 and len(kept.people) == 4


def test_whoever_is_asked_for_beyond_the_cutoff_is_told():
    with pytest.raises(UsageError, match="larger cutoff"):
        travel_times(times(), cutoff=20).within(25)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"travel_time": [30.0, -1.0, 10.0, 5.0]}, r"row 2, column 'travel_time'"),
        ({"travel_time": [30.0, np.inf, 10.0, 5.0]}, r"row 2, column 'travel_time'"),
        ({"travel_time": ["x", "y", "z", "w"]}, "not numbers"),
        ({"from_id": ["p0", "p0", "p0", "p2"]}, r"row 3: the pair 'p0', 's0' occurs twice"),
        ({"to_id": ["s0", "s1", None, "s0"]}, r"row 3, column 'to_id'"),
    ],
)
def test_broken_matrices_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        travel_times(times().assign(**change))


def test_identifiers_the_caller_did_not_list_are_refused():
    with pytest.raises(DataError, match=r"row 4, column 'from_id': 'p2' is not known"):
        travel_times(times(), people=["p0", "p1"])


@pytest.mark.parametrize(
    ("people", "message"),
    [
        (points((0, 0), (1, np.nan)), r"row 2, column 'y'"),
        (points((0, 0), (np.inf, 1)), r"row 2, column 'x'"),
        (points((0, 0), (1, 1)).assign(id="p"), r"row 2, column 'id': .*is repeated"),
        (points((0, 0), (1, 1)).assign(id=["p", None]), r"row 2, column 'id': .*is missing"),
        (points(), "no rows"),
    ],
)
def test_broken_points_are_refused(people, message):
    with pytest.raises(DataError, match=message):
        straight_line(people, points((0, 0), prefix="s"), cutoff=1)


def test_broken_networks_are_refused():
    people, places = at("p", "a"), at("s", "c")
    with pytest.raises(DataError, match=r"row 1, column 'node': 'z' is not known"):
        street_network(EDGES, at("p", "z"), places, cutoff=1)
    with pytest.raises(DataError, match=r"row 2, column 'cost'"):
        street_network(EDGES.assign(cost=[1, -1, 1, 1, 1]), people, places, cutoff=1)
    with pytest.raises(DataError, match=r"row 1, column 'to_node'"):
        missing = EDGES.assign(to_node=[None, "c", "c", "b", "e"])
        street_network(missing, people, places, cutoff=1)


@pytest.mark.parametrize("arguments", [{"cutoff": 0}, {"cutoff": np.inf}, {"cutoff": np.nan},
                                       {"cutoff": 1, "detour": 0.5}])  # fmt: skip
def test_numbers_that_cannot_be_meant(arguments):
    with pytest.raises(UsageError):
        straight_line(points((0, 0)), points((0, 0), prefix="s"), **arguments)


def test_missing_columns_are_named():
    with pytest.raises(UsageError, match="'x'"):
        straight_line(pd.DataFrame({"id": ["p"]}), points((0, 0), prefix="s"), cutoff=1)
