"""Association of features, representativeness, Simpson's reversal, and invitations."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nchypergeom_fisher

from equalcities import participation as part
from equalcities.errors import UsageError
from equalcities.stats import proportion_interval


def frame(both, first, second, neither):
    rows = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    return pd.DataFrame(rows, columns=["a", "b"]).astype(bool)


def test_codes_become_a_matrix_and_unknown_ones_are_refused():
    seen = part.feature_matrix(pd.Series(["childcare;stipends", None, "stipends"]))
    assert list(seen.columns) == list(part.FEATURES)
    assert seen["stipends"].tolist() == [True, False, True]
    assert seen.sum().sum() == 3
    with pytest.raises(UsageError, match="unknown features"):
        part.feature_matrix(pd.Series(["clairvoyance"]))


def test_an_exact_odds_ratio_equals_the_value_printed_by_r():
    # R's help page fisher.test, example Job/TeaTasting: 3, 1, 1, 3.
    row = part.feature_pairs(frame(3, 1, 1, 3), fewest=1).iloc[0]
    assert row["odds_ratio"] == pytest.approx(6.408309, rel=1e-5)
    # The limits by their definition: each leaves 2.5 per cent in its tail.
    assert nchypergeom_fisher.sf(2, 8, 4, 4, row["low"]) == pytest.approx(0.025, rel=1e-5)
    assert nchypergeom_fisher.cdf(3, 8, 4, 4, row["high"]) == pytest.approx(0.025, rel=1e-5)
    assert row["p_value"] == pytest.approx(0.4857, abs=1e-4)


def test_few_cases_are_counted_and_not_estimated():
    row = part.feature_pairs(frame(2, 2, 10, 10)).iloc[0]
    assert row[["both", "first_only", "second_only", "neither"]].tolist() == [2, 2, 10, 10]
    assert row[["odds_ratio", "low", "high", "p_value", "p_adjusted"]].isna().all()


def test_a_gap_is_wilsons_interval_less_the_known_share():
    groups = pd.Index(["x", "y"])
    gaps = part.representation_gaps(pd.Series([0, 20], groups), pd.Series([300, 700], groups))
    low, high = proportion_interval(0, 20)
    assert gaps.loc["x", "gap"] == pytest.approx(-0.3)
    assert gaps.loc["x", "gap_low"] == pytest.approx(low - 0.3)
    assert gaps.loc["x", "gap_high"] == pytest.approx(high - 0.3)
    assert gaps["finding"].tolist() == ["under", "over"]
    one = part.representation_gaps(pd.Series([0, 2], groups), pd.Series([300, 700], groups))
    assert one["finding"].tolist() == ["cannot tell", "cannot tell"]


@pytest.mark.parametrize(
    ("participants", "population"),
    [([1, 2], [10, 0]), ([11, 1], [10, 10]), ([0, 0], [9, 9]), ([0.5, 1], [9, 9]),
     ([-1, 1], [9, 9]), ([np.nan, 1], [9, 9])],
)  # fmt: skip
def test_impossible_counts_are_refused(participants, population):
    with pytest.raises(UsageError):
        part.representation_gaps(pd.Series(participants), pd.Series(population))


def test_other_groups_are_refused():
    with pytest.raises(UsageError, match="same groups"):
        part.representation_gaps(pd.Series([1, 2], ["a", "b"]), pd.Series([9, 9], ["b", "a"]))


def berkeley():
    # Applicants (population) and admitted (participants), six departments, women and men.
    # Bickel, Hammel and O'Connell (1975), as in R's dataset UCBAdmissions.
    men = {"A": (512, 313), "B": (353, 207), "C": (120, 205), "D": (138, 279), "E": (53, 138),
           "F": (22, 351)}  # fmt: skip
    women = {"A": (89, 19), "B": (17, 8), "C": (202, 391), "D": (131, 244), "E": (94, 299),
             "F": (24, 317)}  # fmt: skip
    rows = [
        (department, name, yes, yes + no)
        for name, counts in (("men", men), ("women", women))
        for department, (yes, no) in counts.items()
    ]
    return pd.DataFrame(rows, columns=["stratum", "group", "participants", "population"])


def test_the_berkeley_reversal_is_found():
    check = part.simpson_check(berkeley(), "women")
    assert check.gaps.loc["all", "gap"] == pytest.approx(557 / 1835 - 1198 / 2691)
    assert check.gaps.loc["A", "gap"] == pytest.approx(89 / 108 - 512 / 825)
    assert check.standardised > 0 and check.reversed and not check.everywhere
    other = part.simpson_check(berkeley(), "men")
    assert other.standardised == pytest.approx(-check.standardised)


def test_a_stratum_with_one_side_has_no_gap_and_none_at_all_is_refused():
    rows = [("s", "a", 1, 10), ("s", "b", 5, 10), ("t", "a", 3, 10)]
    table = pd.DataFrame(rows, columns=["stratum", "group", "participants", "population"])
    check = part.simpson_check(table, "a")
    assert np.isnan(check.gaps.loc["t", "gap"])
    assert check.standardised == pytest.approx(-0.4) and not check.reversed
    with pytest.raises(UsageError, match="no stratum"):
        part.simpson_check(table[table["stratum"] == "t"], "a")
    with pytest.raises(UsageError, match="unknown"):
        part.simpson_check(table, "z")


def test_invitations_by_hand():
    groups = pd.Index(["x", "y"])
    have, all_of = pd.Series([10, 90], groups), pd.Series([500, 500], groups)
    need = part.invitations(have, all_of, pd.Series([0.5, 0.5], groups), tolerance=0.2)
    # 0.4 (100 + m) <= 10 + m gives m = 50.
    assert need["more"].tolist() == [50, 0]
    assert need["expected"].tolist() == [100, 0]
    assert need.loc["x", "invite"] > 100 and need.loc["y", "invite"] == 0
    sure = part.invitations(have, all_of, pd.Series([1.0, 1.0], groups), tolerance=0.2)
    assert sure["invite"].tolist() == [50, 0]
    with pytest.raises(UsageError, match="acceptance"):
        part.invitations(have, all_of, pd.Series([0.0, 0.5], groups))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=5).filter(any), st.floats(0.05, 0.5))
def test_after_the_additions_no_group_stays_below_its_floor(counts, tolerance):
    have, all_of = pd.Series(counts), pd.Series([1000 + 300 * i for i in range(len(counts))])
    need = part.invitations(have, all_of, pd.Series(0.3, have.index), tolerance=tolerance)
    after = have + need["more"]
    floor = (1 - tolerance) * all_of / all_of.sum()
    assert (after >= floor * after.sum() - 1e-6).all()
    short = need.index[need["more"] > 0]
    for group in short:  # one fewer would be too few
        less = after.copy()
        less[group] -= 1
        assert (less < floor * less.sum()).any()


def test_the_interval_within_strata_is_that_of_one_stratum_and_shrinks_with_more():
    one = pd.DataFrame(
        {
            "stratum": ["s", "s"],
            "group": ["a", "b"],
            "participants": [30, 50],
            "population": [100, 100],
        }
    )
    single = part.simpson_check(one, "a")
    row = single.gaps.loc["s"]
    assert single.standardised_low == pytest.approx(row["low"])
    assert single.standardised_high == pytest.approx(row["high"])
    # four like strata: the mean of four independent gaps has half the distance to each limit
    four = pd.concat([one.assign(stratum=name) for name in "pqrs"])
    pooled = part.simpson_check(four, "a")
    assert pooled.standardised - pooled.standardised_low == pytest.approx(
        (row["gap"] - row["low"]) / 2
    )
    assert pooled.standardised_high - pooled.standardised == pytest.approx(
        (row["high"] - row["gap"]) / 2
    )
