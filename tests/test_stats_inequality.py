import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.errors import UsageError
from equalcities.stats import theil, theil_decomposition

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
