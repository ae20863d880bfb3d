import warnings

import numpy as np
import pandas as pd
import pytest
from esda.getisord import G_Local
from esda.moran import Moran_Local
from libpysal.graph import Graph

from equalcities.errors import DataError, UsageError
from equalcities.overlap import local_clusters, nearest_neighbours


def lattice(side):
    """Places of a square lattice that share an edge; the identifier says row and column."""
    names = [f"r{i}c{j}" for i in range(side) for j in range(side)]
    edges = {}
    for i in range(side):
        for j in range(side):
            near = [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)]
            edges[f"r{i}c{j}"] = [f"r{a}c{b}" for a, b in near if 0 <= a < side and 0 <= b < side]
    return names, Graph.from_dicts(edges)


def spotted(side=8, seed=3):
    """Noise with a block of high values in one corner and of low ones in the other."""
    names, graph = lattice(side)
    values = pd.Series(np.random.default_rng(seed).normal(size=side**2), index=names)
    values[[f"r{i}c{j}" for i in range(3) for j in range(3)]] += 4
    values[[f"r{i}c{j}" for i in range(5, 8) for j in range(5, 8)]] -= 4
    return values, graph


def test_getis_ord_of_the_example_in_esda():
    # Points and values of the docstring of esda.G_Local, with its Gi* z-values.
    points = pd.DataFrame(
        [(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)], columns=["x", "y"]
    )
    band = {0: [1, 3], 1: [0, 3, 4], 2: [4], 3: [0, 1, 4], 4: [1, 2, 3, 5], 5: [4]}
    for place, near in band.items():
        away = np.hypot(*(points - points.loc[place]).to_numpy().T)
        assert set(near) == set(np.flatnonzero((away <= 15) & (away > 0)))
    found = local_clusters(
        pd.Series([2, 3, 3.2, 5, 8, 7]), Graph.from_dicts(band), measure="getis_ord", rng=1,
        permutations=99,
    )  # fmt: skip
    expected = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    assert found["value"].to_numpy() == pytest.approx(expected, abs=1e-8)


def test_local_moran_by_hand():
    # A line a-b-c-d with 1, 2, 3, 6: deviations -2, -1, 0, 3, sum of squares 14, n - 1 = 3.
    # a: 3 * -2 * -1 / 14; b: 3 * -1 * (-2 + 0) / 2 / 14; c: 0; d: 3 * 3 * 0 / 14.
    graph = Graph.from_dicts({"a": ["b"], "b": ["a", "c"], "c": ["b", "d"], "d": ["c"]})
    values = pd.Series([1.0, 2.0, 3.0, 6.0], index=list("abcd"))
    found = local_clusters(values, graph, rng=1, permutations=99)
    assert found["value"].to_numpy() == pytest.approx([6 / 14, 3 / 14, 0, 0])
    assert found.loc["a", "quadrant"] == found.loc["b", "quadrant"] == "low among low"


@pytest.mark.parametrize("measure", ["moran", "getis_ord"])
def test_p_values_are_twice_the_smaller_tail_of_esda(measure):
    values, graph = spotted()
    found = local_clusters(values, graph, measure=measure, rng=4, permutations=4999)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if measure == "moran":
            theirs = Moran_Local(values, graph, permutations=4999, seed=11).p_sim
        else:
            theirs = G_Local(
                values + 20, graph, transform="B", star=True, permutations=4999, seed=11, n_jobs=1
            ).p_sim
    error = 2 * np.sqrt(2 * theirs * (1 - theirs) / 4999)  # both draw
    assert (np.abs(found["p"] - np.minimum(1, 2 * theirs)) < 5 * error).all()


def test_finds_the_blocks_and_names_them():
    values, graph = spotted()
    moran = local_clusters(values, graph, rng=2, permutations=1999)["cluster"]
    assert moran["r1c1"] == "high among high" and moran["r6c6"] == "low among low"
    warm = local_clusters(values, graph, measure="getis_ord", rng=2, permutations=1999)["cluster"]
    assert warm["r1c1"] == "hot" and warm["r6c6"] == "cold"
    assert (warm == "none").sum() > 30


def test_a_place_unlike_its_surroundings():
    values, graph = spotted()
    values["r1c1"] = -3.0
    found = local_clusters(values, graph, rng=2, permutations=1999)
    assert found.loc["r1c1", "cluster"] == "low among high"


def test_without_clusters_p_values_are_uniform_and_few_are_found():
    names, graph = lattice(7)
    rng = np.random.default_rng(5)
    runs = [
        local_clusters(
            pd.Series(rng.gamma(1, 1, 49), index=names), graph, rng=seed, permutations=399
        )
        for seed in range(120)
    ]
    p = np.concatenate([run["p"] for run in runs])
    for level in (0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=0.02)
    # Under the null any cluster is false, so runs with one are at most as many as stated.
    assert np.mean([(run["cluster"] != "none").any() for run in runs]) <= 0.05 + 3 * 0.02


def test_order_scale_and_names_play_no_part():
    values, graph = spotted()
    first = local_clusters(values, graph, rng=7, permutations=199)
    scaled = local_clusters(10 * values + 3, graph, rng=7, permutations=199)
    pd.testing.assert_frame_equal(first, scaled)
    shuffled = values.sample(frac=1, random_state=2)
    again = local_clusters(shuffled, graph, rng=7, permutations=4999).loc[values.index]
    exact = local_clusters(values, graph, rng=8, permutations=4999)
    assert again["value"].to_numpy() == pytest.approx(first["value"].to_numpy())
    assert (again["quadrant"] == first["quadrant"]).all()
    assert np.abs(again["p"] - exact["p"]).max() < 0.06


def test_same_seed_same_answer_and_the_global_state_is_left_alone():
    values, graph = spotted()
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    runs = [local_clusters(values, graph, rng=3, permutations=99) for _ in range(2)]
    pd.testing.assert_frame_equal(*runs)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_hot_stays_hot_whatever_the_origin():
    values, graph = spotted()
    found = [
        local_clusters(values + shift, graph, measure="getis_ord", rng=2, permutations=99)
        for shift in (-1000.0, 0.0, 1000.0)
    ]
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[2], found[1])


def test_own_weights_are_ignored():
    values, graph = spotted()
    pd.testing.assert_frame_equal(
        local_clusters(values, graph.assign_self_weight(5), rng=3, permutations=99),
        local_clusters(values, graph, rng=3, permutations=99),
    )


def test_nearest_neighbours():
    units = pd.DataFrame({"x": [0, 1, 3, 10], "y": [0, 0, 0, 0]}, index=list("abcd"))
    graph = nearest_neighbours(units, 2)
    assert {name: set(graph[name].index) for name in "abcd"} == {
        "a": {"b", "c"}, "b": {"a", "c"}, "c": {"a", "b"}, "d": {"b", "c"},
    }  # fmt: skip
    with pytest.raises(UsageError, match="below the 4"):
        nearest_neighbours(units, 4)
    with pytest.raises(DataError, match="share one"):
        nearest_neighbours(units.assign(x=0), 2)


def test_what_is_refused():
    values, graph = spotted()
    with pytest.raises(UsageError, match="unknown"):
        local_clusters(values, graph, rng=1, measure="geary")
    with pytest.raises(DataError, match="same identifiers"):
        local_clusters(values.iloc[1:], graph, rng=1)
    with pytest.raises(DataError, match="'r0c0' has no value"):
        local_clusters(values.where(values.index != "r0c0"), graph, rng=1)
    with pytest.raises(DataError, match="alike"):
        local_clusters(values * 0, graph, rng=1)
    alone = Graph.from_dicts({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"], "e": []})
    with pytest.raises(DataError, match="'e' has no neighbour"):
        local_clusters(pd.Series([1.0, 2, 3, 4, 5], index=list("abcde")), alone, rng=1)


def test_a_high_value_among_low_ones_is_no_hot_spot():
    """Gi* counts the place itself: forty lifts its sum above average, its neighbours lie below."""
    places = pd.DataFrame(
        {"x": [float(i % 12) for i in range(144)], "y": [float(i // 12) for i in range(144)]}
    )
    values = pd.Series(np.random.default_rng(5).normal(10, 1, 144), places.index)
    graph = nearest_neighbours(places, 4)
    lonely = 66
    values[lonely] = 40.0
    values[graph[lonely].index] = 7.0
    found = local_clusters(values, graph, rng=1, measure="getis_ord", permutations=9999)
    assert found.loc[lonely, "value"] > 0 and found.loc[lonely, "quadrant"] == "hot"
    assert found.loc[lonely, "p_adjusted"] < 0.05
    assert found.loc[lonely, "cluster"] == "none"
    moran = local_clusters(values, graph, rng=1, permutations=9999)
    assert moran.loc[lonely, "cluster"] == "high among low"
