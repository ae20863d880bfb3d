import inspect

import numpy as np
import pandas as pd
import pytest

from equalcities.errors import DataError, UsageError
from equalcities.segregation import bias_corrected, bootstrap_interval, measure, null_test, profile


def units():
    return pd.DataFrame({"a": [10, 20, 5], "b": [4, 8, 30], "city": ["p", "q", "p"]})


def test_signature_is_the_contract():
    assert str(inspect.signature(profile)).partition(" ->")[0].count(":") == 7
    defaults = {name: p.default for name, p in inspect.signature(profile).parameters.items()}
    assert defaults == {
        "units": inspect.Parameter.empty,
        "groups": inspect.Parameter.empty,
        "by": None,
        "weights": None,
        "scales": None,
        "replicates": 0,
        "rng": None,
    }


@pytest.mark.parametrize("bad", [-1, np.nan, np.inf, -np.inf, None])
def test_impossible_counts_name_row_and_column(bad):
    frame = units().astype({"b": "float64"})
    frame.loc[1, "b"] = bad
    with pytest.raises(DataError, match=r"row 2, column 'b'"):
        profile(frame, ["a", "b"])


def test_counts_must_be_numbers():
    frame = units().astype({"a": str})
    with pytest.raises(DataError, match=r"column 'a'.*not numbers"):
        profile(frame, ["a", "b"])


def test_missing_place_is_not_a_place():
    frame = units()
    frame.loc[2, "city"] = None
    with pytest.raises(DataError, match=r"row 3, column 'city'"):
        profile(frame, ["a", "b"], by="city")


@pytest.mark.parametrize(
    ("groups", "by"),
    [("ab", None), (["a"], None), (["a", "a"], None), (["a", "x"], None), (["a", "b"], "town"),
     (["a", "b"], "a")],
)  # fmt: skip
def test_columns_that_cannot_be_meant(groups, by):
    with pytest.raises(UsageError):
        profile(units(), groups, by=by)


def test_columns_of_one_name():
    twice = pd.concat([units(), units()[["a"]]], axis=1)
    with pytest.raises(UsageError, match="two columns 'a'"):
        profile(twice, ["a", "b"])


def test_no_units():
    with pytest.raises(DataError, match="no units"):
        profile(units().iloc[:0], ["a", "b"])


@pytest.mark.parametrize("rng", [None, -1, 1.5, "1", True])
def test_draws_need_a_seed(rng):
    with pytest.raises(UsageError, match="rng"):
        profile(units(), ["a", "b"], replicates=5, rng=rng)


@pytest.mark.parametrize("replicates", [-1, 2.5, np.nan, "5", True])
def test_replicates_that_cannot_be_meant(replicates):
    with pytest.raises(UsageError, match="replicates"):
        profile(units(), ["a", "b"], replicates=replicates, rng=1)


def test_choices_that_do_not_exist():
    groups = ["a", "b"]
    with pytest.raises(UsageError, match="dissimilarity, gini"):
        measure(units(), groups, indices=["theil"])
    with pytest.raises(UsageError, match="kind"):
        null_test(units(), groups, kind="random", rng=1)
    with pytest.raises(UsageError, match="give scales"):
        null_test(units(), groups, kind="geographic", rng=1)
    with pytest.raises(UsageError, match="method"):
        bias_corrected(units(), groups, method="none", rng=1)
    with pytest.raises(UsageError, match="isolation"):
        bias_corrected(units(), groups, indices=["isolation"], rng=1)
    with pytest.raises(UsageError, match="replicates"):
        bootstrap_interval(units(), groups, replicates=0, rng=1)


def test_persons_are_not_drawn_from_fractions():
    frame = units().astype({"a": float})
    frame.loc[2, "a"] = 5.5
    for test in (null_test, bias_corrected):
        with pytest.raises(DataError, match=r"row 3, column 'a'.*whole"):
            test(frame, ["a", "b"], by="city", rng=1, replicates=5)


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", "Int64", "Float64"])
def test_number_types_do_not_matter(dtype):
    expected = profile(units(), ["a", "b"], by="city")
    found = profile(units().astype({"a": dtype, "b": dtype}), ["a", "b"], by="city")
    pd.testing.assert_frame_equal(found, expected)


def test_places_may_be_of_any_type():
    expected = profile(units(), ["a", "b"], by="city")
    codes = units().assign(city=[1, 2, 1])
    assert profile(codes, ["a", "b"], by="city")["place"].unique().tolist() == [1, 2]
    categories = units().astype({"city": "category"})
    found = profile(categories, ["a", "b"], by="city")
    pd.testing.assert_frame_equal(found, expected)


def test_the_frame_is_left_as_it_was():
    frame = units()
    before = frame.copy()
    profile(frame, ["a", "b"], by="city", replicates=5, rng=1)
    pd.testing.assert_frame_equal(frame, before)
