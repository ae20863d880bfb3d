from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from equalcities.errors import DataError, UsageError
from equalcities.overlap import pair_lift, stacking, variance_ratio, worst_places

QUICK = {"rng": 1, "replicates": 20}

# Six places, three domains, two of six marked in each.
FLAGS = pd.DataFrame(
    {
        "income": [True, True, False, False, False, False],
        "health": [True, False, True, False, False, False],
        "crime": [True, True, False, False, False, False],
    },
    index=list("abcdef"),
)
PEOPLE = pd.Series([4.0, 2, 1, 1, 1, 1], index=list("abcdef"))


def random_flags(seed, n=200, domains=4, share=0.25, strata=5):
    rng = np.random.default_rng(seed)
    flags = pd.DataFrame(rng.random((n, domains)) < share, columns=list("wxyz")[:domains])
    return flags, pd.Series(rng.integers(0, strata, n), index=flags.index)


def test_worst_places_by_hand():
    scores = pd.DataFrame({"a": [1.0, 5, 3, 4, 2], "b": [1.0, 2, 2, 2, 0]})
    # A fifth of five places is one; in b three are tied for it.
    assert worst_places(scores, share=0.2).to_numpy().tolist() == [
        [False, False], [True, True], [False, True], [False, True], [False, False],
    ]  # fmt: skip
    own = worst_places(scores[["a"]], share=0.5, strata=pd.Series([1, 1, 2, 2, 2]))
    # Worst half of {1, 5} is 5; of {3, 4, 2} those with fewer than 1.5 worse: 4 and 3.
    assert own["a"].tolist() == [False, True, True, True, False]


def test_an_exact_share_marks_exactly_that_many():
    scores = pd.DataFrame({"a": np.arange(15.0)})
    for share, count in ((0.2, 3), (0.4, 6), (0.1, 2)):  # 1.5 places: the second is in
        assert worst_places(scores, share=share)["a"].sum() == count


def test_stacking_by_hand():
    table = stacking(FLAGS, permutations=99, weights=PEOPLE, **QUICK).set_index("domains")
    # a has three marks, b two, c one; people 4, 2, 1 of 10.
    assert table["places"].tolist() == [3, 2, 1]
    assert table["value"].tolist() == pytest.approx([0.7, 0.6, 0.4])
    # Each mark has chance 1/3: at least one 1 - 8/27, at least two 7/27, all three 1/27.
    assert table["expected"].tolist() == pytest.approx([19 / 27, 7 / 27, 1 / 27])
    assert table["ratio"].tolist() == pytest.approx([0.7 * 27 / 19, 0.6 * 27 / 7, 0.4 * 27])


def test_permutations_agree_with_counting_them_all():
    # Each domain marks two of six places: 15 ways each; how often are 3 marks on one place?
    ways = [set(w) for w in product(range(6), repeat=2) if w[0] < w[1]]
    hits = [len(a & b & c) for a, b, c in product(ways, repeat=3)]
    table = stacking(FLAGS, permutations=20000, **QUICK).set_index("domains")
    assert np.mean(hits) / 6 == pytest.approx(table.loc[3, "expected"])
    # Observed: one place. Two-sided: twice the share of ways with at least one.
    assert table.loc[3, "p"] == pytest.approx(2 * np.mean(np.array(hits) >= 1), rel=0.05)


def test_variance_ratio_by_hand():
    # Counts 3, 2, 1, 0, 0, 0: sum of squares 14 - 36/6 = 8; each domain 2 - 4/6 = 4/3.
    assert variance_ratio(FLAGS, permutations=99, **QUICK)["value"] == pytest.approx(2)
    same = pd.DataFrame({name: FLAGS["income"] for name in "abc"})
    assert variance_ratio(same, permutations=99, **QUICK)["value"] == pytest.approx(3)
    apart = pd.DataFrame({"a": FLAGS["income"], "b": ~FLAGS["income"]})
    assert variance_ratio(apart, permutations=99, **QUICK)["value"] == pytest.approx(0)


def test_variance_ratio_is_the_mean_correlation():
    flags, _ = random_flags(2)
    flags = worst_places(pd.DataFrame(np.random.default_rng(2).normal(size=(200, 4))), share=0.2)
    mean = flags.corr().to_numpy()[np.triu_indices(4, 1)].mean()
    value = variance_ratio(flags, permutations=9, **QUICK)["value"]
    assert value == pytest.approx(1 + 3 * mean)


def test_pairs_by_hand():
    pairs = pair_lift(FLAGS, draws=9999, **QUICK).set_index(["first", "second"])
    assert pairs["both"].tolist() == [1, 2, 1]
    assert pairs["expected"].tolist() == pytest.approx([2 / 3] * 3)
    assert pairs.loc[("income", "crime"), "lift"] == pytest.approx(3)
    # Both of two among two of six: 1 / 15; the smaller tail is doubled.
    assert pairs.loc[("income", "crime"), "p"] == pytest.approx(2 / 15, abs=0.012)
    assert (pairs["p_adjusted"] >= pairs["p"]).all()


def test_pairs_follow_the_hypergeometric_law_and_mantel_haenszel():
    flags, strata = random_flags(4, n=400)
    flags["x"] |= flags["w"] & (np.random.default_rng(1).random(400) < 0.35)
    found = pair_lift(flags[["w", "x"]], strata=strata, draws=20000, **QUICK).iloc[0]
    tables = [pd.crosstab(part["w"], part["x"]).to_numpy() for _, part in flags.groupby(strata)]
    oracle = StratifiedTable(tables)
    mean = sum(t[1].sum() * t[:, 1].sum() / t.sum() for t in tables)
    assert found["expected"] == pytest.approx(mean)
    assert found["p"] == pytest.approx(oracle.test_null_odds().pvalue, rel=0.35, abs=2e-4)
    whole = pair_lift(flags[["w", "y"]], draws=40000, **QUICK).iloc[0]
    law = stats.hypergeom(400, flags["w"].sum(), flags["y"].sum())
    tail = min(law.sf(whole["both"] - 1), law.cdf(whole["both"]))
    assert whole["p"] == pytest.approx(min(1, 2 * tail), abs=0.015)


def test_strata_take_out_what_lies_between_them():
    # One area bad at everything, one good at everything; inside each, no link.
    rng = np.random.default_rng(3)
    area = pd.Series(["bad"] * 300 + ["good"] * 300)
    share = np.where(area == "bad", 0.6, 0.05)
    flags = pd.DataFrame(rng.random((600, 4)) < share[:, None], columns=list("wxyz"))
    plain = variance_ratio(flags, permutations=199, **QUICK)
    inside = variance_ratio(flags, strata=area, permutations=199, **QUICK)
    assert plain["value"] > 1.8 and plain["p"] <= 0.02
    assert inside["null_low"] < inside["value"] < inside["null_high"]
    assert 0.8 < inside["value"] < 1.2
    everywhere = stacking(flags, strata=area, permutations=99, **QUICK).set_index("domains")
    # Poisson-binomial of each area, put together.
    rates = flags.groupby(area).mean()
    by_hand = np.mean([rates.loc[name].prod() for name in ("bad", "good")])
    assert everywhere.loc[4, "expected"] == pytest.approx(by_hand)


def test_under_independence_p_values_are_calibrated():
    small = {"permutations": 99, "replicates": 2}
    ratio, stack = [], []
    for seed in range(200):
        flags, strata = random_flags(seed, n=60, domains=3)
        ratio.append(variance_ratio(flags, strata=strata, rng=seed, **small)["p"])
        stack.append(stacking(flags, strata=strata, rng=seed, **small)["p"].iloc[1])
    # Counts are discrete, so p-values may be larger than uniform, not smaller.
    for p in (ratio, stack):
        assert np.mean(np.array(p) <= 0.1) <= 0.1 + 3 * np.sqrt(0.09 / 200)
    assert np.mean(np.array(ratio) <= 0.1) >= 0.03


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(6)
    # A common cause: with chance 1/2 a place has marks with chance .5, else .1.
    both = 0.5 * (0.5**3 + 0.1**3)
    ratio = both / 0.3**3
    held = 0
    for seed in range(120):
        rate = np.where(rng.random(500) < 0.5, 0.5, 0.1)
        flags = pd.DataFrame(rng.random((500, 3)) < rate[:, None])
        row = stacking(flags, rng=seed, permutations=2, replicates=199).iloc[2]
        held += row["ratio_low"] <= ratio <= row["ratio_high"]
    assert 0.86 <= held / 120 <= 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_relabelling_and_order_play_no_part(seed):
    flags, strata = random_flags(seed, n=80)
    people = pd.Series(np.random.default_rng(seed).integers(1, 9, 80).astype(float))
    small = {"rng": 5, "permutations": 9, "replicates": 5}
    first = stacking(flags, weights=people, strata=strata, **small)
    mixed = flags.sample(frac=1, random_state=seed % 1000)
    pd.testing.assert_frame_equal(first, stacking(mixed, weights=people, strata=strata, **small))
    exact = ["value", "expected", "ratio", "places"]
    turned = stacking(flags[list("zyxw")], weights=people, strata=-strata, **small)
    pd.testing.assert_frame_equal(first[exact], turned[exact])
    # A place split in two of half the people changes neither shares nor expectation.
    twice = pd.concat([flags, flags.rename(index=lambda i: 1000 + i)])
    halves = pd.concat([people / 2, (people / 2).rename(index=lambda i: 1000 + i)])
    both = pd.concat([strata, strata.rename(index=lambda i: 1000 + i)])
    split = stacking(twice, weights=halves, strata=both, **small)
    pd.testing.assert_frame_equal(first[exact[:3]], split[exact[:3]])


def test_what_is_refused():
    with pytest.raises(UsageError, match="True and False"):
        stacking(FLAGS.astype(int), permutations=9, **QUICK)
    with pytest.raises(UsageError, match="between 0 and 1"):
        worst_places(FLAGS.astype(float), share=1.5)
    with pytest.raises(DataError, match="missing"):
        worst_places(pd.DataFrame({"a": [1.0, np.nan]}), share=0.2)
    with pytest.raises(DataError, match="same identifiers"):
        stacking(FLAGS, weights=PEOPLE.iloc[1:], permutations=9, **QUICK)
    with pytest.raises(DataError, match="no people"):
        stacking(FLAGS, weights=-PEOPLE, permutations=9, **QUICK)
    with pytest.raises(DataError, match="tells places apart"):
        variance_ratio(FLAGS | True, permutations=9, **QUICK)
    with pytest.raises(UsageError, match="two domains"):
        pair_lift(FLAGS[["income"]], **QUICK)
