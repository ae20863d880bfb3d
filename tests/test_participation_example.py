"""The invented city: known rates, a reversal by construction, panels drawn from voters."""

import numpy as np
import pandas as pd

from equalcities import participation as part


def test_renters_take_part_less_in_every_cell_and_more_in_the_expected_total():
    city = part.invented_city(1)
    rates = city.pivot_table(index=["stratum", "age"], columns="group", values="rate")
    assert (rates["renters"] < rates["owners"]).all()
    expected = city.assign(k=city["rate"] * city["population"]).groupby("group")
    total = expected["k"].sum() / expected["population"].sum()
    assert total["renters"] > total["owners"]


def test_the_check_finds_the_reversal_that_was_built_in():
    city = part.invented_city(2).groupby(["stratum", "group"], as_index=False)
    check = part.simpson_check(city[["participants", "population"]].sum(), "renters")
    assert check.reversed and check.standardised < 0 < check.gaps.loc["all", "gap"]


def test_draws_repeat_with_the_seed_and_follow_the_rates():
    pd.testing.assert_frame_equal(part.invented_city(7), part.invented_city(7))
    total = np.mean([part.invented_city(seed)["participants"].sum() for seed in range(40)])
    city = part.invented_city(0)
    expected = (city["rate"] * city["population"]).sum()
    spread = np.sqrt((city["rate"] * (1 - city["rate"]) * city["population"]).sum() / 40)
    assert abs(total - expected) < 4 * spread


def test_a_panel_has_its_size_and_holds_voters_only():
    city = part.invented_city(3)
    panel = part.drawn_panel(city, 40, 4)
    assert panel["participants"].sum() == 40
    assert (panel["participants"] <= city["participants"]).all()
