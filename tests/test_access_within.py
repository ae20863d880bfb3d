import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from equalcities.access import equal_groups, gaps_within, group_gaps
from equalcities.errors import DataError, UsageError

IDS = list("abcdef")
VALUES = pd.Series([10.0, 20.0, 5.0, 30.0, 40.0, 44.0], index=IDS)
GROUPS = pd.Series(["poor", "poor", "rich", "poor", "rich", "rich"], index=IDS)
STRATA = pd.Series(["X", "X", "X", "Y", "Y", "Y"], index=IDS)
QUICK = {"rng": 1, "replicates": 40}


def made(seed, n=400):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "stratum": rng.integers(0, 6, n).astype(str),
            "group": rng.choice(["poor", "rich"], n),
            "people": rng.integers(1, 50, n).astype(float),
        }
    )
    frame["value"] = rng.gamma(2, 3, n) + 5 * frame["stratum"].astype(int)
    return frame


def test_by_hand():
    # X: 15 - 5 = 10, weight 2 * 1 / 3; Y: 30 - 42 = -12, weight 1 * 2 / 3; mean -1
    row = gaps_within(VALUES, GROUPS, STRATA, reference="rich", **QUICK).iloc[0]
    assert row["value"] == pytest.approx(-1)
    assert (row["group"], row["strata"], row["share"]) == ("poor", 2, 1)


def test_equals_the_regression_with_an_intercept_for_each_stratum():
    frame = made(3)
    gap = gaps_within(
        frame["value"], frame["group"], frame["stratum"], reference="rich",
        weights=frame["people"], **QUICK,
    )  # fmt: skip
    design = pd.get_dummies(frame["stratum"], dtype=float).assign(
        poor=(frame["group"] == "poor").astype(float)
    )
    fit = sm.WLS(frame["value"], design, weights=frame["people"]).fit()
    assert gap.loc[0, "value"] == pytest.approx(fit.params["poor"], rel=1e-10)


def test_one_stratum_is_the_plain_difference():
    frame = made(4)
    arguments = {"reference": "rich", "weights": frame["people"]}
    one = pd.Series("all", index=frame.index)
    gap = gaps_within(frame["value"], frame["group"], one, **arguments, **QUICK)
    plain = group_gaps(frame["value"], frame["group"], **arguments, **QUICK)
    assert gap.loc[0, "value"] == pytest.approx(plain.loc[0, "value"])


def test_what_differs_between_strata_plays_no_part():
    frame = made(5)
    moved = frame["value"] + frame["stratum"].map({str(i): 1000.0 * i for i in range(6)})
    before, after = (
        gaps_within(value, frame["group"], frame["stratum"], reference="rich", **QUICK)
        for value in (frame["value"], moved)
    )
    pd.testing.assert_frame_equal(before, after, rtol=1e-6)


def test_order_and_names_play_no_part():
    frame = made(6)
    shuffled = frame.sample(frac=1, random_state=1)
    shuffled["stratum"] = "z" + shuffled["stratum"]
    first, second = (
        gaps_within(t["value"], t["group"], t["stratum"], reference="rich", **QUICK)["value"]
        for t in (frame, shuffled)
    )
    assert first.to_list() == pytest.approx(second.to_list())


def test_a_stratum_without_the_reference_is_left_out_and_counted():
    groups = GROUPS.replace("rich", "poor").where(STRATA == "Y", GROUPS)
    groups["f"] = "poor"
    row = gaps_within(VALUES, groups, STRATA, reference="rich", **QUICK).iloc[0]
    assert row["value"] == pytest.approx(10) and row["strata"] == 1
    assert row["share"] == pytest.approx(2 / 5)


def test_whole_clusters_give_the_error_of_their_differences():
    # Each cluster holds one row of either group: the gap is the mean of the clusters' gaps.
    rng = np.random.default_rng(8)
    own = rng.normal(3, 2, 200)
    shared = rng.normal(0, 9, 200)
    index = pd.RangeIndex(400)
    values = pd.Series(np.r_[shared + own, shared], index=index)
    groups = pd.Series(["poor"] * 200 + ["rich"] * 200, index=index)
    clusters = pd.Series(np.tile(np.arange(200), 2), index=index)
    one = pd.Series(0, index=index)
    options = {"reference": "rich", "rng": 5, "replicates": 2000}
    row = gaps_within(values, groups, one, clusters=clusters, **options).iloc[0]
    assert row["value"] == pytest.approx(own.mean())
    width = (row["ci_high"] - row["ci_low"]) / (2 * 1.96)
    assert width == pytest.approx(own.std() / np.sqrt(200), rel=0.07)
    # Drawing rows would miss that the shared part cancels.
    apart = gaps_within(values, groups, one, **options).iloc[0]
    assert apart["ci_high"] - apart["ci_low"] > 3 * (row["ci_high"] - row["ci_low"])


def test_same_seed_same_interval():
    frame = made(9)
    runs = [
        gaps_within(frame["value"], frame["group"], frame["stratum"], reference="rich", **QUICK)
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(*runs)


def test_what_is_refused():
    with pytest.raises(UsageError, match="reference"):
        gaps_within(VALUES, GROUPS, STRATA, reference="nobody", **QUICK)
    with pytest.raises(UsageError, match="replicates"):
        gaps_within(VALUES, GROUPS, STRATA, reference="rich", rng=1, replicates=1)
    apart = pd.Series(["poor", "poor", "poor", "rich", "rich", "rich"], index=IDS)
    with pytest.raises(DataError, match="shares no stratum"):
        gaps_within(VALUES, apart, STRATA, reference="rich", **QUICK)
    with pytest.raises(DataError, match="missing"):
        gaps_within(VALUES, GROUPS, STRATA.where(STRATA == "X"), reference="rich", **QUICK)


def test_groups_by_hand():
    people = pd.Series([1.0, 1.0, 2.0, 4.0], index=list("abcd"))
    # middles of 8 people: a .0625, b .1875, c .375, d .75
    rank = pd.Series([1.0, 2.0, 3.0, 4.0], index=list("abcd"))
    assert equal_groups(rank, people, groups=2).to_dict() == {"a": 1, "b": 1, "c": 1, "d": 2}
    # b and c tied: their three people together have their middle at .3125
    tied = rank.replace(3.0, 2.0)
    assert equal_groups(tied, people, groups=4).to_dict() == {"a": 1, "b": 2, "c": 2, "d": 4}


def test_groups_are_equal_and_follow_the_ranking():
    rng = np.random.default_rng(2)
    rank = pd.Series(rng.normal(size=5000))
    people = pd.Series(rng.integers(1, 9, 5000).astype(float))
    group = equal_groups(rank, people)
    assert (people.groupby(group).sum() / people.sum()).to_numpy() == pytest.approx(0.2, abs=0.001)
    limits = rank.groupby(group).agg(["min", "max"])
    assert (limits["max"].iloc[:-1].to_numpy() < limits["min"].iloc[1:].to_numpy()).all()
    shuffled = rank.sample(frac=1, random_state=1)
    assert equal_groups(shuffled, people)[rank.index].equals(group)


def test_groups_refuse_places_without_people():
    people = pd.Series([1.0, 0.0], index=list("ab"))
    with pytest.raises(DataError, match="no people"):
        equal_groups(pd.Series([1.0, 2.0], index=list("ab")), people)
    with pytest.raises(UsageError, match="two or more"):
        equal_groups(people, people, groups=1)
