"""Several labels side by side, and the limits that areas leave about people."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equalcities.abi import participation_bounds, reach, targeting
from equalcities.errors import UsageError

UNITS = pd.DataFrame(
    {
        "labelled": [False, True, True, False],
        "target": [60, 40, 90, 10],
        "people": [100, 200, 300, 400],
    }
)


def test_each_row_says_what_targeting_says():
    table = reach({"a": UNITS, "b": UNITS.assign(target=UNITS["people"] // 2)}, rng=3, n_draws=99)
    assert list(table["case"]) == ["a", "a", "b", "b"]
    # Worked by hand in the tests of targeting.
    first = table.iloc[0]
    assert first["measure"] == "coverage" and first["n"] == 4
    values = first[["size", "random", "labelled", "optimal"]].astype(float)
    np.testing.assert_allclose(values, [0.5, 0.5, 0.65, 0.85])
    names = {"labelled": "labelled", "target": "target", "population": "people"}
    alone = targeting(UNITS, **names, rng=3, n_draws=99).set_index(["measure", "choice"])
    precision = alone.loc[("precision", "labelled")]
    assert table.iloc[1]["low"] == precision["ci_low"]
    assert table.iloc[1]["gain"] == alone.loc[("relative_gain", "labelled"), "value"]


def test_a_result_does_not_depend_on_its_neighbours():
    both = reach({"b": UNITS, "a": UNITS}, rng=3, n_draws=99).query("case == 'a'")
    alone = reach({"a": UNITS}, rng=3, n_draws=99)
    pd.testing.assert_frame_equal(both.reset_index(drop=True), alone)
    with pytest.raises(UsageError, match="empty"):
        reach({}, rng=3)


@given(inside=st.integers(1, 40), target=st.integers(1, 40), served=st.integers(0, 40))
def test_bounds_are_what_a_table_of_people_allows(inside, target, served):
    target, served = min(target, inside), min(served, inside)
    both = [k for k in range(target + 1) if 0 <= served - k <= inside - target]
    low, high = participation_bounds(target / inside, served / inside)
    assert low == pytest.approx(min(both) / target)
    assert high == pytest.approx(max(both) / target)


@pytest.mark.parametrize(("precision", "served"), [(0, 0.5), (1.1, 0.5), (0.5, -0.1), (0.5, 2)])
def test_shares_that_cannot_be_are_refused(precision, served):
    with pytest.raises(UsageError, match="between 0 and 1"):
        participation_bounds(precision, served)
