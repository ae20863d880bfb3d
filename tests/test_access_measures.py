import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.access import (
    cumulative_opportunities,
    enhanced_two_step,
    exponential,
    gaussian,
    gravity,
    nearest_cost,
    power,
    steps,
    sufficiency,
    three_step,
    travel_times,
    two_step,
)
from equalcities.errors import DataError, UsageError

PYSAL = json.loads((Path(__file__).parent / "fixtures/access/pysal_reference.json").read_text())


def table(cost, cutoff=None):
    """Costs from a dense array; missing is out of reach."""
    cost = np.asarray(cost, dtype=float)
    person, place = np.indices(cost.shape).reshape(2, -1)
    matrix = pd.DataFrame({"from_id": person, "to_id": place, "travel_time": cost.ravel()})
    return travel_times(
        matrix, people=range(cost.shape[0]), places=range(cost.shape[1]), cutoff=cutoff
    )


# Three rows of people (100, 200, 300) and two places (6 and 4 doctors):
#       s0   s1
# p0    10    -
# p1    20    5
# p2     -   30
COST = [[10, np.nan], [20, 5], [np.nan, 30]]
DEMAND = pd.Series([100.0, 200.0, 300.0])
SUPPLY = pd.Series([6.0, 4.0])


def test_nearest_cost_by_hand():
    assert nearest_cost(table(COST)).tolist() == [10, 5, 30]
    near = table(COST, cutoff=10)
    np.testing.assert_array_equal(nearest_cost(near), [10, 5, np.nan])
    assert nearest_cost(near, beyond=np.inf).tolist() == [10, 5, np.inf]
    np.testing.assert_array_equal(nearest_cost(table(COST, cutoff=1)), [np.nan] * 3)


def test_cumulative_opportunities_by_hand():
    assert cumulative_opportunities(table(COST), 20).tolist() == [1, 2, 0]
    assert cumulative_opportunities(table(COST), 20, SUPPLY).tolist() == [6, 10, 0]
    assert cumulative_opportunities(table(COST), 19.9, SUPPLY).tolist() == [6, 4, 0]
    assert cumulative_opportunities(table(COST), 1).tolist() == [0, 0, 0]


def test_gravity_by_hand():
    # 6/10 = 0.6; 6/20 + 4/5 = 1.1; 4/30
    result = gravity(table(COST), power(1, minimum=1), SUPPLY)
    np.testing.assert_allclose(result, [0.6, 1.1, 4 / 30])
    # with a minimum of 10 the 5 counts as 10, and within=20 leaves out the last
    result = gravity(table(COST), power(1, minimum=10), SUPPLY, within=20)
    np.testing.assert_allclose(result, [0.6, 0.7, 0])


def test_decays_by_hand():
    cost = np.array([0.0, 10.0, 10.1, 20.0, 20.1])
    assert steps({20: 0.5, 10: 1})(cost).tolist() == [1, 1, 0.5, 0.5, 0]
    assert exponential(0.1)(cost)[[0, 1]] == pytest.approx([1, np.exp(-1)])
    assert gaussian(10)(cost)[[0, 1]] == pytest.approx([1, np.exp(-0.5)])


def test_two_step_by_hand():
    # within 20: s0 serves 100 + 200 people, 6/300 = 0.02; s1 serves 200, 4/200 = 0.02
    assert two_step(table(COST), DEMAND, SUPPLY, 20).tolist() == pytest.approx([0.02, 0.04, 0])
    # within 30: s1 serves 200 + 300, 4/500 = 0.008
    result = two_step(table(COST), DEMAND, SUPPLY, 30)
    assert result.tolist() == pytest.approx([0.02, 0.028, 0.008])


def test_enhanced_two_step_by_hand():
    # weights 1 to 10, 0.5 to 30. s0: 100 + 0.5 * 200 = 200 claims, 6/200 = 0.03;
    # s1: 200 + 0.5 * 300 = 350 claims, 4/350.
    # p0: 0.03; p1: 0.5 * 0.03 + 4/350; p2: 0.5 * 4/350
    result = enhanced_two_step(table(COST), DEMAND, SUPPLY, 30, steps({10: 1, 30: 0.5}))
    assert result.tolist() == pytest.approx([0.03, 0.015 + 4 / 350, 2 / 350])


def test_three_step_by_hand():
    # p1 chooses s0 with 0.5/1.5 = 1/3 and s1 with 2/3; the others have one place.
    # s0: 100 + 0.5 * 1/3 * 200 = 400/3 claims, 6 / (400/3) = 0.045;
    # s1: 2/3 * 200 + 0.5 * 300 = 850/3 claims, 4 / (850/3) = 12/850.
    # p0: 0.045; p1: 0.045/6 + 2/3 * 12/850; p2: 0.5 * 12/850
    result = three_step(table(COST), DEMAND, SUPPLY, 30, steps({10: 1, 30: 0.5}))
    assert result.tolist() == pytest.approx([0.045, 0.0075 + 8 / 850, 6 / 850])


def test_a_place_that_only_rows_without_people_reach_has_no_ratio():
    result = two_step(table(COST), pd.Series([0.0, 0.0, 300.0]), SUPPLY, 20)
    np.testing.assert_array_equal(result, [np.nan, np.nan, 0])
    empty = two_step(table(COST), pd.Series([0.0, 0.0, 300.0]), SUPPLY * 0, 20)
    assert empty.tolist() == [0, 0, 0]


ZONES = steps({10: 0.962, 20: 0.704, 30: 0.377})


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("cumulative_opportunities", lambda c, d, s: cumulative_opportunities(c, 30, s)),
        ("gravity_gaussian", lambda c, d, s: gravity(c, gaussian(12), s, within=30)),
        ("gravity_power", lambda c, d, s: gravity(c, power(1.5, minimum=2), s)),
        ("two_step", lambda c, d, s: two_step(c, d, s, 30)),
        ("enhanced_two_step_zones", lambda c, d, s: enhanced_two_step(c, d, s, 30, ZONES)),
        ("enhanced_two_step_gaussian",
         lambda c, d, s: enhanced_two_step(c, d, s, 30, gaussian(12))),
        ("three_step_zones", lambda c, d, s: three_step(c, d, s, 30, ZONES)),
    ],
)  # fmt: skip
def test_agrees_with_pysal(name, measure):
    data, expected = PYSAL["data"], PYSAL["values"][name]
    result = measure(table(data["cost"]), pd.Series(data["demand"]), pd.Series(data["supply"]))
    assert {str(person): value for person, value in result.items()} == pytest.approx(
        expected, rel=1e-12
    )


METHODS = {
    "two_step": lambda c, d, s: two_step(c, d, s, 20),
    "enhanced_two_step": lambda c, d, s: enhanced_two_step(c, d, s, 20, exponential(0.1)),
    "three_step": lambda c, d, s: three_step(c, d, s, 20, gaussian(9)),
}


def drawn(seed):
    rng = np.random.default_rng(seed)
    people, places = int(rng.integers(1, 30)), int(rng.integers(1, 9))
    return (
        rng.uniform(0, 60, (people, places)),
        pd.Series(rng.uniform(0.1, 500, people)),
        pd.Series(rng.uniform(0, 9, places)),
        rng,
    )


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_supply_that_someone_reaches_is_shared_out_whole(method, seed):
    cost, demand, supply, _ = drawn(seed)
    access = METHODS[method](table(cost), demand, supply)
    reached = supply[(cost <= 20).any(axis=0)].sum()
    assert (access * demand).sum() == pytest.approx(reached, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_only_ids_matter_not_order_and_supply_scales(method, seed):
    cost, demand, supply, rng = drawn(seed)
    access = METHODS[method](table(cost), demand, supply)
    matrix = pd.DataFrame(cost).rename_axis("from_id").reset_index()
    matrix = matrix.melt("from_id", var_name="to_id", value_name="travel_time")
    matrix = matrix.astype({"to_id": int}).iloc[rng.permutation(cost.size)]
    shuffled = METHODS[method](travel_times(matrix), demand[::-1], supply[::-1])
    np.testing.assert_allclose(shuffled.reindex(access.index), access, rtol=1e-12)
    np.testing.assert_allclose(METHODS[method](table(cost), demand, 3 * supply), 3 * access)
    np.testing.assert_allclose(METHODS[method](table(cost), 2 * demand, supply), access / 2)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_splitting_a_row_of_people_changes_nobodys_access(seed):
    cost, demand, supply, _ = drawn(seed)
    doubled = pd.concat([demand / 2, demand / 2], ignore_index=True)
    for method in METHODS.values():
        whole = method(table(cost), demand, supply)
        halves = method(table(np.vstack([cost, cost])), doubled, supply)
        np.testing.assert_allclose(halves, np.tile(whole, 2), rtol=1e-10)


def test_enhanced_with_a_flat_decay_is_two_step():
    cost, demand, supply, _ = drawn(5)
    flat = enhanced_two_step(table(cost), demand, supply, 20, np.ones_like)
    pd.testing.assert_series_equal(
        flat, two_step(table(cost), demand, supply, 20), check_names=False
    )


def test_sufficiency_knows_enough_short_and_unknown():
    values = pd.DataFrame({"jobs": [50, 10, np.nan, np.nan], "gp": [15.0, 16.0, 20.0, 10.0]})
    met = sufficiency(values, at_least={"jobs": 50}, at_most={"gp": 15})
    assert met["jobs"].tolist() == [True, False, pd.NA, pd.NA]
    assert met["gp"].tolist() == [True, False, False, True]
    # A failed threshold settles the matter, an unknown one doesn't.
    assert met["all"].tolist() == [True, False, False, pd.NA]
    for wrong in ({}, {"at_least": {"shops": 1}}, {"at_least": {"gp": 1}, "at_most": {"gp": 2}}):
        with pytest.raises(UsageError):
            sufficiency(values, **wrong)


@pytest.mark.parametrize(
    ("demand", "supply", "message"),
    [
        (DEMAND.drop(1), SUPPLY, r"demand of '1' is nan \(1 such\)"),
        (DEMAND, SUPPLY * -1, r"supply of '0' is -6.0 \(2 such\)"),
        (DEMAND, pd.Series([6.0, 4.0, 1.0]), "names '2', which the costs don't know"),
        (DEMAND, pd.Series([6.0, 4.0], index=[0, 0]), "two values for '0'"),
    ],
)
def test_broken_amounts_are_refused(demand, supply, message):
    with pytest.raises(DataError, match=message):
        two_step(table(COST), demand, supply, 20)


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(UsageError, match="Series"):
        two_step(table(COST), [1, 2, 3], SUPPLY, 20)
    with pytest.raises(UsageError, match="larger cutoff"):
        cumulative_opportunities(table(COST, cutoff=10), 20)
    with pytest.raises(UsageError, match="finite weight"), np.errstate(divide="ignore"):
        gravity(table([[0.0]]), lambda cost: 1 / cost)
    for decay in (lambda: power(1, minimum=0), lambda: exponential(-1), lambda: steps({})):
        with pytest.raises(UsageError):
            decay()
