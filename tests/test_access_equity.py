import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.access import concentration_index, group_gaps, palma_ratio, share_short
from equalcities.errors import DataError, UsageError

VALUES = pd.Series([10.0, 20.0, 30.0, 60.0], index=list("abcd"))
GROUPS = pd.Series(["poor", "poor", "rich", "rich"], index=list("abcd"))
PEOPLE = pd.Series([3.0, 1.0, 1.0, 2.0], index=list("abcd"))
INCOME = pd.Series([1.0, 2.0, 3.0, 4.0], index=list("abcd"))
QUICK = {"rng": 1, "replicates": 50}


def test_gaps_by_hand():
    # means: poor (3 * 10 + 20) / 4 = 12.5, rich (30 + 2 * 60) / 3 = 50
    gaps = group_gaps(VALUES, GROUPS, reference="rich", weights=PEOPLE, **QUICK)
    assert gaps["measure"].tolist() == ["difference", "ratio"]
    assert gaps["value"].tolist() == [-37.5, 0.25]
    assert gaps["group"].tolist() == ["poor", "poor"] and gaps["n"].tolist() == [2, 2]
    # Two rows each: means lie in 10..20 and 30..60 whatever is drawn.
    assert gaps["ci_low"].between(-50, 0.25).all() and (gaps["ci_low"] <= gaps["value"]).all()
    assert (gaps["ci_high"] >= gaps["value"]).all() and (gaps["ci_high"] <= [-10, 20 / 30]).all()


def test_shares_short_by_hand():
    # under 20: only a, 3 of 4 poor people; above 30: only d, 2 of 3 rich people
    under = share_short(VALUES, GROUPS, minimum=20, weights=PEOPLE, **QUICK)
    assert dict(zip(under["group"], under["value"], strict=True)) == {"poor": 0.75, "rich": 0}
    above = share_short(VALUES, GROUPS, maximum=30, weights=PEOPLE, **QUICK)
    assert above["value"].tolist() == pytest.approx([0, 2 / 3])
    # People with nothing in reach are infinitely far.
    far = VALUES.replace(60.0, np.inf)
    assert share_short(far, GROUPS, maximum=30, **QUICK)["value"].tolist() == [0, 0.5]


def test_concentration_by_hand():
    # Ranks 1/8, 3/8, 5/8, 7/8, mean 30: covariance
    # ((10 - 30) * -3 + (20 - 30) * -1 + 0 + (60 - 30) * 3) / 8 / 4 = 160/32 = 5; 2 * 5 / 30
    index = concentration_index(VALUES, INCOME, **QUICK)
    assert index["value"] == pytest.approx(1 / 3)
    assert index["n"] == 4
    assert concentration_index(VALUES, -INCOME, **QUICK)["value"] == pytest.approx(-1 / 3)


def test_all_tied_means_no_concentration():
    tied = INCOME * 0 + 1
    assert concentration_index(VALUES, tied, **QUICK)["value"] == pytest.approx(0, abs=1e-15)
    assert palma_ratio(VALUES, tied, **QUICK)["value"] == pytest.approx(1)


def test_everything_with_the_best_off_person():
    # One of n has all: 2 * cov / mean = 2 * (1 - 1/(2n) - 1/2) = 1 - 1/n
    values, rank = pd.Series([0.0] * 9 + [5.0]), pd.Series(range(10))
    index = concentration_index(values, rank, **QUICK)["value"]
    assert index == pytest.approx(0.9)


def test_palma_by_hand():
    # Ten people: best-off tenth has 10, the worst-off four 1, 2, 3, 4, mean 2.5.
    values = pd.Series(np.arange(1.0, 11))
    assert palma_ratio(values, values, **QUICK)["value"] == pytest.approx(4)
    # Four equal rows: top tenth within d, 60; bottom 40% is a (0.25) and 0.15 of b:
    # (0.25 * 10 + 0.15 * 20) / 0.4 = 13.75
    assert palma_ratio(VALUES, INCOME, **QUICK)["value"] == pytest.approx(60 / 13.75)


def test_palma_is_missing_if_the_worst_off_have_nothing():
    values = pd.Series([0.0] * 5 + [1.0] * 5)
    assert np.isnan(palma_ratio(values, pd.Series(range(10)), **QUICK)["value"])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    values, rank = pd.Series(rng.uniform(0.1, 9, n)), pd.Series(rng.integers(0, 6, n))
    people = pd.Series(rng.integers(1, 5, n))
    few = {"rng": 0, "replicates": 2}
    for measure in (concentration_index, palma_ratio):
        value = measure(values, rank, weights=people, **few)["value"]
        again = [
            measure(values[::-1], rank, weights=people, **few),  # order
            measure(values * 7, rank, weights=people, **few),  # unit
            measure(values, rank**3, weights=people, **few),  # only ranks count
            measure(values, rank, weights=people * 11, **few),
            # a row of k persons is k rows of one
            measure(
                values.repeat(people).reset_index(drop=True),
                rank.repeat(people).reset_index(drop=True),
                **few,
            ),
        ]
        assert [other["value"] for other in again] == pytest.approx([value] * 5, abs=1e-10)
    assert -1 <= concentration_index(values, rank, **few)["value"] <= 1


def test_intervals_cover_as_often_as_they_say():
    # 200 samples of 2 x 60 from normal groups 1 apart: a 90% interval should hold 1 in about
    # 180; 165 is 3.5 binomial standard deviations below.
    draws = np.random.default_rng(8)
    groups = pd.Series(np.repeat(["far", "near"], 60))
    hits = 0
    for sample in range(200):
        values = pd.Series(draws.normal(np.repeat([6.0, 5.0], 60)))
        gap = group_gaps(
            values, groups, reference="near", rng=sample, replicates=200, confidence=0.9
        ).iloc[0]
        hits += gap["ci_low"] <= 1 <= gap["ci_high"]
    assert 165 <= hits <= 195


def test_same_seed_same_answer():
    first = concentration_index(VALUES, INCOME, rng=3)
    pd.testing.assert_series_equal(first, concentration_index(VALUES, INCOME, rng=3))
    assert first["ci_low"] < first["ci_high"]


def test_missing_access_is_not_dropped_in_silence():
    with pytest.raises(DataError, match=r"values is missing for 1 of 4 rows.*beyond"):
        group_gaps(VALUES.mask(VALUES == 60), GROUPS, reference="rich", **QUICK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank_by": INCOME.drop("a")}, "same identifiers"),
        ({"rank_by": INCOME.rename({"a": "z"})}, "same identifiers"),
        ({"rank_by": INCOME.rename({"a": "b"})}, "repeats an identifier"),
        ({"rank_by": GROUPS}, "rank_by are"),
        ({"weights": -PEOPLE}, "a weight is negative"),
        ({"weights": PEOPLE * np.inf}, "weights are infinite"),
        ({"values": VALUES * 0}, "all zero"),
        ({"values": VALUES - 15}, "negative"),
        ({"values": VALUES * np.inf}, "values are infinite"),
    ],
)
def test_broken_tables_are_refused(change, message):
    arguments = {"values": VALUES, "rank_by": INCOME, "weights": PEOPLE, **change}
    with pytest.raises(DataError, match=message):
        concentration_index(**arguments, **QUICK)


def test_groups_that_cannot_be_compared():
    with pytest.raises(UsageError, match="not among the groups"):
        group_gaps(VALUES, GROUPS, reference="middle", **QUICK)
    with pytest.raises(UsageError, match="at least two"):
        group_gaps(VALUES[:2], GROUPS[:2], reference="poor", **QUICK)
    with pytest.raises(DataError, match="group 'poor' has no people"):
        share_short(VALUES, GROUPS, minimum=1, weights=PEOPLE.where(GROUPS == "rich", 0), **QUICK)
    with pytest.raises(DataError, match="reference group is zero"):
        group_gaps(VALUES.where(GROUPS == "poor", 0), GROUPS, reference="rich", **QUICK)
    with pytest.raises(UsageError, match="either a minimum or a maximum"):
        share_short(VALUES, GROUPS, **QUICK)
    with pytest.raises(UsageError, match="add up to 1"):
        palma_ratio(VALUES, INCOME, top=0.7, **QUICK)


def test_areas_are_drawn_whole_for_all_groups_at_once():
    """In each area the second group is one minute farther: no draw of areas can say otherwise."""
    minutes = np.random.default_rng(3).uniform(2, 30, 40)
    table = pd.DataFrame(
        {
            "minutes": np.concatenate([minutes, minutes + 1]),
            "group": ["a"] * 40 + ["b"] * 40,
            "area": list(range(40)) * 2,
        }
    )
    given = {"reference": "a", "rng": 1, "replicates": 200}
    whole = group_gaps(table["minutes"], table["group"], clusters=table["area"], **given).iloc[0]
    assert (whole["value"], whole["ci_low"], whole["ci_high"]) == pytest.approx((1, 1, 1))
    rows = group_gaps(table["minutes"], table["group"], **given).iloc[0]
    assert rows["ci_high"] - rows["ci_low"] > 3


@pytest.mark.parametrize("measure", [concentration_index, palma_ratio])
def test_doubled_rows_of_a_cluster_change_nothing_along_a_ranking(measure):
    generator = np.random.default_rng(4)
    table = pd.DataFrame({"value": generator.uniform(1, 9, 60), "rank": generator.normal(size=60)})
    twice = pd.concat([table, table], ignore_index=True)
    given = {"rng": 7, "replicates": 100}
    once = measure(table["value"], table["rank"], clusters=pd.Series(range(60)), **given)
    doubled = measure(twice["value"], twice["rank"], clusters=pd.Series([*range(60)] * 2), **given)
    kept = ["value", "ci_low", "ci_high"]
    assert doubled[kept].to_numpy(float) == pytest.approx(once[kept].to_numpy(float))
    alone = measure(twice["value"], twice["rank"], **given)
    assert alone["ci_high"] - alone["ci_low"] < 0.9 * (once["ci_high"] - once["ci_low"])


def test_shares_short_by_cluster_are_wider_where_neighbours_are_alike():
    area = pd.Series(np.repeat(range(30), 10))
    minutes = area.map(lambda number: 20.0 if number % 3 else 5.0)
    everyone = pd.Series("all", area.index)
    given = {"maximum": 15, "rng": 2, "replicates": 300}
    rows = share_short(minutes, everyone, **given).iloc[0]
    whole = share_short(minutes, everyone, clusters=area, **given).iloc[0]
    assert whole["value"] == rows["value"] == pytest.approx(2 / 3)
    # The standard error grows by the root of the ten rows in each area.
    ratio = (whole["ci_high"] - whole["ci_low"]) / (rows["ci_high"] - rows["ci_low"])
    assert ratio == pytest.approx(10**0.5, rel=0.15)


def test_one_cluster_leaves_nothing_to_draw():
    values = pd.Series([1.0, 2.0, 3.0])
    with pytest.raises(UsageError, match="one cluster only"):
        concentration_index(values, values, rng=1, clusters=pd.Series("here", values.index))
