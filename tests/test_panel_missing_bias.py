import numpy as np
import pandas as pd
import pytest

from equalcities.errors import UsageError
from equalcities.panel import compare_missing, missing_bounds, predicted_gap


def panel(seed=1, n_countries=40):
    rng = np.random.default_rng(seed)
    iso = np.repeat(np.arange(n_countries), 2)
    age = rng.normal(size=n_countries)[iso] + rng.normal(size=2 * n_countries)
    gdp = 10 + 0.8 * age + 0.3 * rng.normal(size=2 * n_countries)
    return pd.DataFrame({"iso": iso, "age": age, "gdp": gdp, "noise": rng.normal(size=len(iso))})


def test_standardised_difference_by_hand():
    frame = pd.DataFrame(
        {"iso": list("abcdef"), "gdp": [1, 2, 3, None, None, None], "x": [1.0, 2, 3, 4, 6, 8]}
    )
    row = compare_missing(frame, "gdp", ["x"], group="iso").iloc[0]
    # Means 6 and 2; variances 4 and 1, pooled 2.5.
    assert row["value"] == pytest.approx(4 / np.sqrt(2.5))
    assert (row["mean_without"], row["mean_with"]) == (6, 2)
    # One city per country: CR2 is Welch's error, and df that of Bell and McCaffrey, here 4.
    se = np.sqrt((4 / 3 + 1 / 3) / 2.5)
    half = 2.7764451 * se  # t quantile 0.975 with 4 df
    assert row["ci_high"] == pytest.approx(row["value"] + half)
    assert row["df"] == pytest.approx(4)
    assert (row["n_without"], row["n_with"], row["n_groups_without"]) == (3, 3, 3)


def test_differences_do_not_depend_on_units():
    frame = panel()
    frame.loc[frame["iso"] < 10, "gdp"] = np.nan
    one = compare_missing(frame, "gdp", ["age"], group="iso")
    two = compare_missing(frame.assign(age=frame["age"] * 50 + 7), "gdp", ["age"], group="iso")
    np.testing.assert_allclose(one["value"], two["value"])
    np.testing.assert_allclose(one["p_value"], two["p_value"])


def test_nothing_missing_is_refused():
    with pytest.raises(UsageError, match="two cities"):
        compare_missing(panel(), "gdp", ["age"], group="iso")


def test_bounds_hold_whatever_the_missing_values_are():
    full = panel()["gdp"]
    frame = pd.DataFrame({"gdp": full.mask(np.arange(len(full)) % 5 == 0)})
    table = missing_bounds(frame, "gdp", low=full.min(), high=full.max()).set_index("statistic")
    assert table.loc["mean", "bound_low"] < full.mean() < table.loc["mean", "bound_high"]
    assert table.loc["median", "bound_low"] <= full.median() <= table.loc["median", "bound_high"]
    # Sharp: the width of the mean's bounds is the missing share of the range (Manski 2003).
    width = table.loc["mean", "bound_high"] - table.loc["mean", "bound_low"]
    assert width == pytest.approx((full.max() - full.min()) * 16 / 80)
    assert (table["n_missing"] == 16).all()


def test_bounds_need_a_range_and_a_value():
    with pytest.raises(UsageError, match="must be below"):
        missing_bounds(panel(), "gdp", low=2, high=1)
    with pytest.raises(UsageError, match="no value at all"):
        missing_bounds(pd.DataFrame({"gdp": [np.nan]}), "gdp", low=1, high=2)


def test_predicted_gap_finds_the_true_direction():
    full = panel(n_countries=60)
    # The younger countries lack GDP, and GDP rises with age: complete cases look too high.
    country_age = full.groupby("iso")["age"].transform("mean")
    frame = full.assign(gdp=full["gdp"].mask(country_age < country_age.quantile(0.3)))
    row = predicted_gap(frame, "gdp", ["age"], group="iso", rng=1, n_resamples=300).iloc[0]
    truth = frame["gdp"].mean() - full["gdp"].mean()
    assert truth > 0.1
    assert row["ci_low"] < truth < row["ci_high"] and row["ci_low"] > 0
    assert row["value"] == pytest.approx(truth, abs=0.05)
    assert row["r_squared"] > 0.5


def test_useless_predictors_show_in_r_squared():
    frame = panel()
    frame.loc[frame["iso"] < 10, "gdp"] = np.nan
    row = predicted_gap(frame, "gdp", ["noise"], group="iso", rng=1, n_resamples=100).iloc[0]
    assert row["r_squared"] < 0.1


def test_predicted_gap_needs_gaps():
    with pytest.raises(UsageError, match="needs gaps"):
        predicted_gap(panel(), "gdp", ["age"], group="iso", rng=1)
