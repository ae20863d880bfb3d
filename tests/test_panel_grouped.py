from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from equalcities.errors import UsageError
from equalcities.panel import (
    associations,
    country_shares,
    influence_ranges,
    leave_one_out,
    random_intercept,
    theil_by_country,
    within_between,
)
from equalcities.stats import cluster_robust, theil_decomposition

CLUSTERED = pd.read_csv(Path(__file__).parent / "data" / "clustered.csv")
# Yield of dyestuff by batch: Davies and Goldsmith (1972), table 6.3; and Box and Tiao (1973),
# table 5.1.4, made so that batches do not differ. Both are in R's lme4.
DYES = pd.DataFrame(
    {
        "batch": np.repeat(list("ABCDEF"), 5),
        "yield": [1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605,
                  1510, 1560, 1445, 1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520,
                  1455, 1450, 1480, 1445],
        "yield2": [7.298, 3.846, 2.434, 9.566, 7.990, 5.220, 6.556, 0.608, 11.788, -0.892, 0.110,
                   10.386, 13.434, 5.510, 8.166, 2.212, 4.852, 7.092, 9.288, 4.980, 0.282, 9.014,
                   4.458, 9.446, 7.198, 1.722, 4.782, 8.106, 0.758, 3.758],
    }
)  # fmt: skip


def test_random_intercept_of_dyestuff():
    # lme4 book (Bates 2010), section 1.3: variances 1764 and 2451, intercept 1527.50 (19.38)
    fit = random_intercept(DYES, "yield", [], group="batch")
    assert not fit.singular and fit.notes == ()
    assert fit.var_between == pytest.approx(1764, abs=0.5)
    assert fit.var_within == pytest.approx(2451, abs=0.5)
    assert fit.terms.loc["intercept", "estimate"] == pytest.approx(1527.5)
    assert fit.terms.loc["intercept", "se"] == pytest.approx(19.38, abs=5e-3)
    assert (fit.n, fit.n_groups) == (30, 6)


def test_singular_fit_is_said_openly():
    # lme4 book, section 1.3: batch variance 0, residual 13.81, intercept 5.6656 (0.6784)
    fit = random_intercept(DYES, "yield2", [], group="batch")
    assert fit.singular and fit.icc == 0 and fit.var_between == 0
    assert fit.notes and "boundary" in " ".join(fit.notes)
    assert fit.var_within == pytest.approx(13.81, abs=5e-3)
    assert fit.terms.loc["intercept", "estimate"] == pytest.approx(5.6656, abs=5e-5)
    assert fit.terms.loc["intercept", "se"] == pytest.approx(0.6784, abs=5e-5)


def test_random_intercept_with_predictors_is_that_of_nlme():
    # R 4.2.2, nlme: lme(y ~ x + z, random = ~1 | g, method = "REML")
    fit = random_intercept(CLUSTERED, "y", ["x", "z"], group="g")
    np.testing.assert_allclose(
        fit.terms["estimate"], [-0.196863938, 0.406150158, -0.416711290], atol=1e-4
    )
    np.testing.assert_allclose(fit.terms["se"], [0.298661801, 0.137141377, 0.407734710], atol=1e-4)
    assert fit.var_between == pytest.approx(0.2183098, abs=1e-4)
    assert fit.var_within == pytest.approx(1.0590614, abs=1e-4)


def test_random_intercept_does_not_depend_on_units():
    scaled = CLUSTERED.assign(y=CLUSTERED["y"] * 1e5 + 3e6, x=CLUSTERED["x"] * 1e-4)
    one = random_intercept(CLUSTERED, "y", ["x"], group="g")
    two = random_intercept(scaled, "y", ["x"], group="g")
    assert two.terms.loc["x", "estimate"] == pytest.approx(
        1e9 * one.terms.loc["x", "estimate"], rel=1e-6
    )
    assert two.terms.loc["x", "se"] == pytest.approx(1e9 * one.terms.loc["x", "se"], rel=1e-6)
    assert two.icc == pytest.approx(one.icc, rel=1e-5)


def test_random_intercept_refuses_too_few_countries_or_collinear_terms():
    few = CLUSTERED[CLUSTERED["g"] < 3]
    with pytest.raises(UsageError, match="cannot carry"):
        random_intercept(few, "y", ["x"], group="g")
    with pytest.raises(UsageError, match="collinear"):
        random_intercept(CLUSTERED.assign(w=CLUSTERED["x"]), "y", ["x", "w"], group="g")
    with pytest.raises(UsageError, match=r"no column \['w'\]"):
        random_intercept(CLUSTERED, "y", ["w"], group="g")


def test_country_shares_use_each_columns_own_rows():
    frame = CLUSTERED.assign(part=CLUSTERED["y"].mask(CLUSTERED.index < 20))
    table = country_shares(frame, ["y", "part"], group="g").set_index("indicator")
    assert table["n"].tolist() == [60, 40]
    assert (table["ci_low"] < table["value"]).all() and (table["value"] < table["ci_high"]).all()


def test_theil_by_country_is_the_decomposition_with_an_interval():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "iso": np.repeat(np.arange(30), 2),
            "gdp": np.exp(rng.normal(size=60) * 0.3 + np.repeat(rng.normal(size=30) * 0.3, 2)),
            "pop": rng.integers(1, 9, size=60),
        }
    )
    frame.loc[0, "gdp"] = np.nan
    table = theil_by_country(frame, "gdp", group="iso", weight="pop", rng=1, n_resamples=300)
    used = frame.dropna()
    parts = theil_decomposition(used["gdp"], used["iso"], used["pop"])
    found = table.set_index(["measure", "component"])["value"]
    for name in ("between", "within", "total"):
        assert found["theil", name] == pytest.approx(parts.loc[name, "value"])
    assert found["share", "between"] == pytest.approx(parts.loc["between", "share"])
    assert (table["ci_low"] < table["value"]).all() and (table["value"] < table["ci_high"]).all()
    assert (table["n"] == 59).all() and (table["n_groups"] == 30).all()


def test_within_between_parts_sum_and_separate():
    frame = within_between(CLUSTERED, ["x"], group="g")
    np.testing.assert_allclose(frame["x_between"] + frame["x_within"], CLUSTERED["x"])
    np.testing.assert_allclose(frame.groupby("g")["x_within"].sum(), 0, atol=1e-12)


def test_associations_are_standardised_and_robust():
    frame = CLUSTERED.assign(big=CLUSTERED["x"] * 1000 + 5)
    run = {"group": "g", "rng": 1, "n_resamples": 199}
    table = associations(frame, ["y"], ["x", "big"], controls=["z"], **run)
    scaled = CLUSTERED[["y", "x", "z"]].apply(lambda c: (c - c.mean()) / c.std())
    reference = cluster_robust(scaled["y"], scaled[["x", "z"]], CLUSTERED["g"]).loc["x"]
    for column in ("df", "p_value", "ci_low", "ci_high"):
        np.testing.assert_allclose(table[column], reference[column])
    np.testing.assert_allclose(table["value"], reference["estimate"])
    # Holm: both p-values equal, so both are doubled.
    np.testing.assert_allclose(table["p_adjusted"], 2 * table["p_value"])
    assert (table["wild_ci_low"] < table["value"]).all()
    assert associations(frame, ["y"], ["x", "big"], controls=["z"], **run).equals(table)


def test_a_single_standardised_slope_is_the_correlation():
    table = associations(CLUSTERED, ["y"], ["x"], group="g", rng=1, n_resamples=99)
    assert table["value"][0] == pytest.approx(CLUSTERED["y"].corr(CLUSTERED["x"]))


def test_leave_one_out_is_that_of_regression_diagnostics():
    def slope(frame):
        return np.polyfit(frame["x"], frame["y"], 1)[0]

    frame = CLUSTERED.assign(city=[f"c{i}" for i in range(60)])
    table = leave_one_out(frame, slope, by="city").set_index("left_out")
    fit = sm.OLS(frame["y"], sm.add_constant(frame["x"])).fit()
    influence = fit.get_influence()
    # dfbetas are the changes in units of the error with the row left out.
    error = np.sqrt(influence.sigma2_not_obsi * fit.normalized_cov_params.loc["x", "x"])
    expected = pd.Series(-(influence.dfbetas[:, 1] * error), index=frame["city"])
    np.testing.assert_allclose(table["change"], expected[table.index], rtol=1e-6)
    assert table["change"].abs().is_monotonic_decreasing


def test_leave_one_out_by_country_sees_a_sign_that_hangs_on_one():
    frame = pd.DataFrame(
        {"iso": list("aabbcc"), "x": [0, 1, 0, 1, 10, 11], "y": [1, 0, 1, 0, 9, 9]}
    )
    table = leave_one_out(frame, lambda f: np.polyfit(f["x"], f["y"], 1)[0], by="iso")
    assert table["left_out"][0] == "c" and table["sign_flips"].tolist() == [True, False, False]
    assert table["n"].tolist() == [4, 4, 4]


def test_influence_ranges_sum_up_what_leave_one_out_returns():
    frame = CLUSTERED.assign(city=[f"c{i}" for i in range(60)])
    estimates = {
        "slope": lambda f: np.polyfit(f["x"], f["y"], 1)[0],
        "mean": lambda f: f["y"].mean(),
    }
    table = influence_ranges(frame, estimates, by={"a city": "city", "a group": "g"})
    assert table[["estimate", "left_out"]].to_numpy().tolist() == [
        ["slope", "a city"], ["slope", "a group"], ["mean", "a city"], ["mean", "a group"]
    ]  # fmt: skip
    for row in table.itertuples():
        column = {"a city": "city", "a group": "g"}[row.left_out]
        left = leave_one_out(frame, estimates[row.estimate], by=column)
        assert row.value == estimates[row.estimate](frame)
        assert (row.lowest, row.highest) == (left["value"].min(), left["value"].max())
        assert row.most == left["left_out"][0] and row.without_most == left["value"][0]
        assert row.sign_flips == left["sign_flips"].sum()
