from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from equalcities.errors import UsageError
from equalcities.panel import (
    city_types,
    cluster_stability,
    gap_statistic,
    partition,
    silhouette_widths,
)
from equalcities.panel.city_types import METHODS

# Ruspini (1970), Information Sciences 2, 319-350: 75 points in four groups.
RUSPINI = pd.read_csv(Path(__file__).parent / "data" / "ruspini.csv").to_numpy(float)
FOUR = np.repeat([0, 1, 2, 3], [20, 23, 17, 15])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_ruspinis_four_groups(method):
    assert partition(RUSPINI, 4, method, rng=1).tolist() == FOUR.tolist()


def test_silhouettes_of_ruspini():
    # Kaufman and Rousseeuw (1990) give 0.74 for four groups; R's cluster 0.7376570, and
    # 0.73, 0.75, 0.67, 0.80 by group; further digits from scikit-learn 1.9.1.
    widths = silhouette_widths(RUSPINI, FOUR)
    assert widths.mean() == pytest.approx(0.7376569908806615)
    by_group = [widths[g == FOUR].mean() for g in range(4)]
    np.testing.assert_allclose(by_group, [0.72623466, 0.75483443, 0.66911542, 0.80422848])


def test_silhouettes_of_poor_groups_are_those_of_scikit_learn():
    # scikit-learn 1.9.1, silhouette_samples, points cut by x at 40 and 80
    widths = silhouette_widths(RUSPINI, np.digitize(RUSPINI[:, 0], [40, 80]))
    np.testing.assert_allclose(
        widths[[0, 10, 50, 74]], [0.45483418, 0.52819236, 0.74909859, 0.12746798], rtol=1e-7
    )
    assert widths.mean() == pytest.approx(0.2812409538862421)


def test_a_group_of_one_has_silhouette_zero():
    assert silhouette_widths([[0.0], [1], [9]], [0, 0, 1])[2] == 0


@pytest.mark.parametrize("method", METHODS)
def test_gap_statistic_finds_four_groups_in_ruspini(method):
    table = gap_statistic(RUSPINI, 6, method, rng=1, n_references=20)
    assert table.loc[table["chosen"], "k"].tolist() == [4]


def test_gap_statistic_finds_one_group_in_none():
    rng = np.random.default_rng(2)
    table = gap_statistic(rng.uniform(size=(80, 3)), 5, rng=1, n_references=50)
    assert table.loc[table["chosen"], "k"].tolist() == [1]


def test_medoids_are_the_best_of_all():
    points = RUSPINI[::5]
    distance = cdist(points, points)
    best = min(distance[:, list(m)].min(axis=1).sum() for m in combinations(range(15), 3))
    labels = partition(points, 3, "pam", rng=1)
    cost = sum(distance[np.ix_(labels == g, labels == g)].sum(axis=0).min() for g in range(3))
    assert cost == pytest.approx(best)


def test_labels_follow_the_points_not_their_order():
    order = np.random.default_rng(1).permutation(75)
    for method in METHODS:
        labels = partition(RUSPINI[order], 4, method, rng=1)
        assert len(set(zip(labels, FOUR[order], strict=True))) == 4


def test_ruspinis_groups_are_stable_and_wrong_numbers_are_not():
    table = cluster_stability(RUSPINI, 4, rng=1, n_resamples=50)
    assert table["size"].tolist() == [20, 23, 17, 15]
    assert table["value"].min() > 0.95 and (table["recovered"] > 0.9).all()
    worse = cluster_stability(RUSPINI, 6, rng=1, n_resamples=50)
    assert worse["value"].min() < 0.75


def test_jaccard_by_hand():
    # Pairs far apart: any sample splits into its two sides, so each group's similarity to the
    # best group of a sample is 1 whenever both sides are drawn.
    points = np.array([[0.0], [0.1], [10], [10.1]])
    both = cluster_stability(points, 2, rng=1, n_resamples=200)
    assert (both["recovered"] > 0.7).all()
    # If only one side with its two points is drawn, k = 2 splits it: similarity 1 / 2.
    countries = cluster_stability(points, 2, rng=1, groups=list("aabb"), n_resamples=200)
    # Whole sides: half of the samples hold both (1), a quarter each side alone (0.5, dissolved).
    assert countries["value"].to_numpy() == pytest.approx([5 / 6, 5 / 6], abs=0.06)
    assert countries["n"].to_numpy() == pytest.approx([150, 150], abs=20)


def frame_of(points):
    table = pd.DataFrame(points, columns=list("xyz")[: points.shape[1]])
    return table.assign(code=[f"C{i}" for i in range(len(points))])


def test_types_are_found_where_there_are_types():
    result = city_types(frame_of(RUSPINI), ["x", "y"], code="code", rng=1, n_references=30)
    assert result.stable and result.k == 4 and (result.n, result.n_dropped) == (75, 0)
    assert result.statement.startswith("There are 4 stable types")
    assert result.members["type"].tolist() == FOUR.tolist()
    np.testing.assert_allclose(result.profile.loc[0], RUSPINI[:20].mean(axis=0))


@pytest.mark.parametrize("method", ["ward", "pam"])
def test_no_types_are_claimed_where_there_are_none(method):
    rng = np.random.default_rng(4)
    frame = frame_of(rng.normal(size=(72, 3)))
    frame.loc[3, "x"] = np.nan
    result = city_types(
        frame, list("xyz"), code="code", rng=1, method=method, n_references=20, n_resamples=40
    )
    assert not result.stable and result.n_dropped == 1
    assert result.statement.startswith("No stable types of city.")


@pytest.mark.parametrize("rule", [{"min_silhouette": 0.99}, {"min_jaccard": 1.01}])
def test_each_limit_of_the_rule_counts(rule):
    result = city_types(
        frame_of(RUSPINI), ["x", "y"], code="code", rng=1, n_references=10, n_resamples=20, **rule
    )
    assert not result.stable and result.k == 4


def test_the_gap_statistic_counts():
    grid = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), axis=-1).reshape(-1, 2)
    result = city_types(
        frame_of(grid), ["x", "y"], code="code", rng=1, min_silhouette=-1, min_jaccard=0,
        n_references=30, n_resamples=20,
    )  # fmt: skip
    assert not result.stable and "gap statistic chooses 1" in result.statement


def test_verdict_does_not_depend_on_units():
    run = {"code": "code", "rng": 1, "n_references": 10, "n_resamples": 10}
    frame = frame_of(RUSPINI)
    one = city_types(frame, ["x", "y"], **run)
    two = city_types(frame.assign(x=frame["x"] * 1000 - 7), ["x", "y"], **run)
    assert one.statement == two.statement and one.members["type"].equals(two.members["type"])


def test_unusable_requests_are_refused():
    with pytest.raises(UsageError, match="unknown"):
        partition(RUSPINI, 2, "dbscan", rng=1)
    with pytest.raises(UsageError, match="missing values"):
        partition([[np.nan], [1]], 1, rng=1)
    with pytest.raises(UsageError, match="distinct points"):
        partition([[1.0], [1], [1]], 2, rng=1)
    with pytest.raises(UsageError, match="two groups"):
        silhouette_widths(RUSPINI, np.zeros(75))
    with pytest.raises(UsageError, match="too few for up to 8"):
        city_types(frame_of(RUSPINI[:16]), ["x", "y"], code="code", rng=1)
