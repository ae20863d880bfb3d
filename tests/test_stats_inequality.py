import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from equalcities.errors import UsageError
from equalcities.stats import theil, theil_decomposition, theil_from_gini

INCOMES = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]
GROUPS = list("aaabbbcccc")


def test_two_people_by_hand():
    # Shares 1/4 and 3/4: 0.5 (0.5 ln 0.5 + 1.5 ln 1.5)
    assert theil([1, 3]) == pytest.approx(0.5 * (0.5 * np.log(0.5) + 1.5 * np.log(1.5)))
    assert theil([0, 0, 0, 5]) == pytest.approx(np.log(4))
    assert theil([2, 2, 2]) == 0


def test_decomposition_is_that_of_pysal():
    # PySAL inequality 1.1.2, TheilD on the same numbers
    table = theil_decomposition(INCOMES, GROUPS)["value"]
    assert table["total"] == pytest.approx(0.362341242343895)
    assert table["between"] == pytest.approx(0.26344714, abs=1e-8)
    assert table["within"] == pytest.approx(0.0988941, abs=1e-7)


positive = st.floats(0.01, 1e6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(positive, st.sampled_from("abc"), st.integers(1, 5)), min_size=2))
def test_weights_are_repetitions_and_parts_sum(rows):
    values, groups, weights = map(list, zip(*rows, strict=True))
    table = theil_decomposition(values, groups, weights)["value"]
    repeated = theil_decomposition(np.repeat(values, weights), np.repeat(groups, weights))["value"]
    np.testing.assert_allclose(table, repeated, atol=1e-9)
    assert table["between"] + table["within"] == pytest.approx(table["total"], abs=1e-12)
    assert table.min() >= -1e-9
    assert theil(np.array(values) * 7, weights) == pytest.approx(table["total"], abs=1e-9)


def test_no_inequality_has_no_shares():
    table = theil_decomposition([2, 2], ["a", "b"])
    assert (table["value"] == 0).all() and table["share"].isna().all()


@pytest.mark.parametrize("values", [[], [1, -1], [0, 0], [1, np.nan]])
def test_unusable_values_are_refused(values):
    with pytest.raises(UsageError):
        theil(values)


def test_a_missing_group_is_refused():
    with pytest.raises(UsageError, match="group label"):
        theil_decomposition([1, 2], ["a", None])


def test_theil_from_gini_of_known_distributions():
    """Exponential: Gini one half, Theil 1 - Euler's constant; lognormal with sigma 1: Theil 1/2."""
    assert theil_from_gini([0.5], "gamma")[0] == pytest.approx(1 - np.euler_gamma, rel=1e-9)
    sigma_one = 2 * scipy_stats.norm.cdf(1 / np.sqrt(2)) - 1
    assert theil_from_gini([sigma_one])[0] == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("family", ["lognormal", "gamma"])
def test_theil_from_gini_agrees_with_drawn_incomes(family):
    rng = np.random.default_rng(7)
    drawn = rng.lognormal(0, 0.6, 400_000) if family == "lognormal" else rng.gamma(3, 1, 400_000)
    ordered = np.sort(drawn)
    rank = np.arange(1, ordered.size + 1)
    gini = 2 * (rank * ordered).sum() / (ordered.size * ordered.sum()) - 1
    assert theil_from_gini([gini], family)[0] == pytest.approx(theil(drawn), rel=0.01)
    assert (np.diff(theil_from_gini(np.linspace(0.1, 0.8, 15), family)) > 0).all()


@pytest.mark.parametrize(
    ("gini", "family"),
    [([31.0], "lognormal"), ([0.3], "pareto"), ([np.nan], "gamma"), ([0.0], "lognormal")],
)
def test_theil_from_gini_refuses(gini, family):
    with pytest.raises(UsageError):
        theil_from_gini(gini, family)
