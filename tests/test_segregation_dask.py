import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from equalcities.errors import DataError, UsageError
from equalcities.segregation import bias_corrected, bootstrap_interval, measure, null_test, profile

GROUPS = ["a", "b", "c"]


@pytest.fixture(scope="module")
def cities():
    rng = np.random.default_rng(6)
    sizes = rng.integers(1, 60, size=12)
    frame = pd.DataFrame(rng.poisson(30, size=(sizes.sum(), 3)), columns=GROUPS)
    frame[["x", "y"]] = rng.uniform(0, 3000, size=(len(frame), 2))
    frame["city"] = np.repeat([f"city {number:02}" for number in range(12)], sizes)
    return frame


@pytest.fixture(scope="module")
def partitioned(cities):
    parts = [part for _, part in cities.groupby(cities["city"].str[-1].astype(int) % 4)]
    return dd.from_map(lambda part: part, [*parts, cities.iloc[:0]], meta=cities.iloc[:0])


@pytest.mark.parametrize(
    ("ask", "options"),
    [
        (profile, {"replicates": 20, "rng": 1, "scales": [400, 900]}),
        (measure, {"indices": ["gini"]}),
        (bootstrap_interval, {"replicates": 20, "rng": 1}),
        (null_test, {"kind": "evenness", "replicates": 20, "rng": 1}),
        (bias_corrected, {"replicates": 20, "rng": 1}),
    ],
)
def test_partitions_give_the_same_answer(cities, partitioned, ask, options):
    expected = ask(cities, GROUPS, by="city", **options)
    found = ask(partitioned, GROUPS, by="city", **options)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_cluster_gives_the_same_answer(cities, partitioned):
    options = {"by": "city", "replicates": 20, "scales": [400, 900]}
    expected = profile(cities, GROUPS, rng=np.random.default_rng(4), **options)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        found = profile(partitioned, GROUPS, rng=np.random.default_rng(4), **options)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_places_must_be_whole(cities):
    halves = dd.from_pandas(cities.sort_values("x"), npartitions=2, sort=False)
    with pytest.raises(DataError, match="in several partitions"):
        profile(halves, GROUPS, by="city")


def test_dask_needs_places_and_no_weights(partitioned):
    with pytest.raises(UsageError, match="needs by"):
        profile(partitioned, GROUPS)
    with pytest.raises(UsageError, match="no weights"):
        profile(partitioned, GROUPS, by="city", weights=np.eye(3))
