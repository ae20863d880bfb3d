import numpy as np
import pytest

from equalcities.errors import UsageError
from equalcities.stats import variance_components

# Shrout and Fleiss (1979), table 2: six targets rated by four judges.
RATINGS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9],
                    [6, 2, 4, 7]])  # fmt: skip


def test_intraclass_correlation_of_shrout_and_fleiss():
    # Their ICC(1,1) is .17; the interval -0.13 to 0.72 is that of R psych and pingouin.
    split = variance_components(RATINGS.ravel(), np.repeat(range(6), 4))
    assert split.icc == pytest.approx(0.1657, abs=5e-5)
    assert (split.ci_low, split.ci_high) == pytest.approx((-0.1329, 0.7226), abs=5e-5)
    assert split.within == pytest.approx(6.26, abs=5e-3)
    assert (split.n, split.n_groups) == (24, 6)


@pytest.mark.parametrize(
    "sizes",
    [
        np.repeat([1, 2, 3], [5, 17, 11]),  # the panel's 33 countries
        np.repeat([1, 9], [12, 12]),
    ],
)
def test_interval_covers_for_unequal_groups(sizes):
    # 400 draws: 95 % +- 2.2
    rng = np.random.default_rng(1)
    groups = np.repeat(range(len(sizes)), sizes)
    hits = 0
    for _ in range(400):
        values = rng.normal(size=len(sizes))[groups] + rng.normal(size=len(groups))
        split = variance_components(values, groups)
        hits += split.ci_low <= 0.5 <= split.ci_high
    assert 0.92 <= hits / 400 <= 0.98


def test_groups_alike_give_a_negative_correlation_and_no_negative_variance():
    split = variance_components([1, 9, 2, 8, 0, 10], list("aabbcc"))
    assert split.icc < 0 and split.between == 0


def test_missing_values_are_left_out():
    assert variance_components([1, 2, 5, 7, np.nan], list("aabbb")).n == 4


@pytest.mark.parametrize(
    ("values", "groups"), [([1, 2], "ab"), ([1, 2], "aa"), ([1, 1, 2, 2], "aabb")]
)
def test_undefined_splits_are_refused(values, groups):
    with pytest.raises(UsageError):
        variance_components(values, list(groups))
