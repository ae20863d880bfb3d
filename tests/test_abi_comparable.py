"""From reported effects to cells: metrics, variances, exclusions, and the cells that follow."""

import numpy as np
import pandas as pd
import pytest

from equalcities import abi
from equalcities.abi.comparable import EXCLUSIONS, NARROW
from equalcities.catalog import load
from equalcities.errors import UsageError


def effect(**given):
    row = {
        "study_id": "a", "programme_id": "x_p", "outcome_domain": "crime",
        "outcome_description": "shootings", "effect_value": -10.0, "effect_unit": "percent",
        "ci_low": -19.0, "ci_high": 0.0, "pool": "yes", "caution": np.nan,
    }  # fmt: skip
    return row | given


def one(**given):
    return abi.comparable_effects(pd.DataFrame([effect(**given)])).iloc[0]


@pytest.fixture(scope="module")
def effects(root):
    return abi.comparable_effects(load("abi_effects", root).table)


def test_percentages_and_ratios_meet_on_the_log_scale():
    percent, ratio = one(), one(effect_value=0.9, effect_unit="rate ratio", ci_low=0.81, ci_high=1)
    assert percent["metric"] == ratio["metric"] == "log ratio"
    assert percent["yi"] == pytest.approx(np.log(0.9)) == pytest.approx(ratio["yi"])
    # se = (ln 1 - ln 0.81) / (2 x 1.959964)
    assert percent["vi"] == pytest.approx((0.2107210 / 3.919928) ** 2) == pytest.approx(ratio["vi"])
    assert one(effect_unit="odds ratio", effect_value=0.9, ci_low=0.81, ci_high=1)["metric"] == (
        "log odds ratio"
    )


def test_differences_keep_their_scale():
    points = one(effect_value=2.0, effect_unit="SF-12 points", ci_low=0.04, ci_high=3.96)
    assert (points["metric"], points["yi"]) == ("points on a scale", 2.0)
    assert points["vi"] == pytest.approx(1.0, rel=1e-4)


def test_a_row_without_interval_has_no_variance_and_one_without_value_is_left_out():
    assert np.isnan(one(ci_low=np.nan, ci_high=np.nan)["vi"])
    assert (
        abi.comparable_effects(pd.DataFrame([effect(effect_value=np.nan), effect()])).shape[0] == 1
    )


@pytest.mark.parametrize(
    "unit",
    [
        "percent (reported range -10 to -20)", "percent per GBP per capita (range to -0.6)",
        "USD per USD", "jobs per project", "percentage points, maximum (up to 5-8)",
        "percent per month", "percent (as reported)",
    ],
)  # fmt: skip
def test_ranges_maxima_doses_and_money_have_no_common_metric(unit):
    row = one(effect_unit=unit)
    assert pd.isna(row["metric"]) and np.isnan(row["yi"]) and np.isnan(row["vi"])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"pool": "no"}, EXCLUSIONS[0][2]),
        ({"caution": "undercut"}, EXCLUSIONS[1][2]),
        ({"outcome_description": "shootings per additional demolition"}, EXCLUSIONS[2][2]),
        ({"outcome_description": "shootings, areas below the poverty line"}, EXCLUSIONS[3][2]),
        ({"pool": "no", "caution": "undercut"}, EXCLUSIONS[0][2]),
        ({}, ""),
    ],
)
def test_each_exclusion_has_its_reason(given, reason):
    assert one(**given)["excluded"] == reason


def test_constructs_are_narrower_than_domains():
    assert one()["construct"] == "gun violence"
    assert one(outcome_description="homicide rate")["construct"] == "homicide"
    assert one(outcome_domain="income", outcome_description="earnings")["construct"] is None


def test_counts_as_made_by_hand(effects):
    # 117 rows with a value, 35 with both limits (see test_abi_evidence).
    assert len(effects) == 117
    assert effects[["ci_low", "ci_high"]].notna().all(axis=1).sum() == 35
    assert (effects["vi"].notna() == effects[["ci_low", "ci_high"]].notna().all(axis=1)).all()


def test_printed_intervals_are_those_of_the_metric(effects):
    rows = effects[effects["vi"].notna()]
    half = 1.959964 * np.sqrt(rows["vi"])
    ratio = rows["metric"].isin(["log ratio", "log odds ratio"])
    plain = rows["effect_unit"] == "percent"
    for name, sign in (("ci_low", -1), ("ci_high", 1)):
        printed = rows[name].where(~plain, 1 + rows[name] / 100)
        printed = np.log(printed.where(ratio, 1)).where(ratio, rows[name])
        # Rounding in print, and intervals that weren't made on the log scale.
        assert ((rows["yi"] + sign * half - printed).abs() / half).max() < 0.35


def test_one_cell_of_near_relatives_qualifies_and_no_initiative(effects, root):
    cells = abi.narrow_cells(effects)
    assert cells.loc[cells["poolable"], "construct"].tolist() == ["gun violence"]
    assert (cells["reason"] == "").equals(cells["poolable"])
    programmes = abi.initiatives(load("abi_programmes", root).table)["programme_id"]
    proper = effects[effects["programme_id"].isin(programmes)]
    assert not abi.narrow_cells(proper)["poolable"].any()
    assert not abi.narrow_cells(effects, min_studies=4)["poolable"].any()
    gun = effects.query("construct == 'gun violence' and vi.notna() and excluded == ''")
    assert not gun["programme_id"].isin(programmes).any()
    with pytest.raises(UsageError, match=r"SF-12 mental score.*is not pooled: 1 of the 3 studies"):
        abi.pool_cell(proper, "SF-12 mental score", "points on a scale", NARROW)


def test_broad_cells_know_who_reported_without_an_interval(effects):
    cells = abi.candidate_cells(effects).set_index(["construct", "scale"])
    assert cells.loc[("income", "log ratio"), "n_studies"] == 0
    assert cells.loc[("income", "log ratio"), "n_studies_reported"] == 5
    assert (cells["n_studies"] <= cells["n_studies_reported"]).all()
    assert cells["n_effects"].sum() == len(effects)


def test_a_missing_column_is_named():
    with pytest.raises(UsageError, match="lacks pool"):
        abi.comparable_effects(pd.DataFrame([effect()]).drop(columns="pool"))
