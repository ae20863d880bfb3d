"""The power calculator against closed forms, print and simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equalcities import evaluation
from equalcities.errors import UsageError


def test_variance_by_hand():
    # independent years: sd**2 * (1/before + 1/after)
    assert evaluation.averaging_variance(4, 2, noise_sd=3) == pytest.approx(9 * (1 / 4 + 1 / 2))
    # one year on either side: 2 * sd**2 * (1 - rho)
    assert evaluation.averaging_variance(1, 1, noise_sd=2, autocorrelation=0.6) == pytest.approx(
        2 * 4 * 0.4
    )
    # drift alone: (distance between the middles of the two spells) ** 2
    assert evaluation.averaging_variance(4, 6, noise_sd=0, trend_sd=0.5) == pytest.approx(0.25 * 25)
    # sampling error adds as independent years do
    assert evaluation.averaging_variance(3, 3, noise_sd=0, sampling_sd=2) == pytest.approx(
        4 * 2 / 3
    )
    assert evaluation.sampling_sd(100) == pytest.approx(5)
    assert evaluation.sampling_sd(100, share=0.2, design_effect=2.25) == pytest.approx(6)


def test_power_of_two_means_as_printed():
    """Cohen (1988), table 2.4.1: d = 0.5 needs 64 per group for a power of 0.8."""
    assert evaluation.areas_needed(0.5, variance=1) == 64
    assert evaluation.power_did(0.5, 64, 64, variance=1) == pytest.approx(0.8015, abs=5e-4)
    assert evaluation.power_did(0, 64, 64, variance=1) == pytest.approx(0.05)


def test_power_with_few_areas_agrees_with_r():
    """power.t.test(n=4, delta=2, sd=1, strict=TRUE) and n=3, delta=1, in R 4.2.2."""
    assert evaluation.power_did(2, 4, 4, variance=1) == pytest.approx(0.656876, abs=1e-6)
    assert evaluation.power_did(1, 3, 3, variance=1) == pytest.approx(0.158791, abs=1e-6)
    assert evaluation.areas_needed(1.5, variance=1) == 9  # R: n = 8.06


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 60), st.integers(2, 60), st.floats(0.1, 50), st.floats(0.2, 0.95)
)  # fmt: skip
def test_minimum_detectable_effect_has_the_power_asked_for(treated, controls, variance, power):
    effect = evaluation.minimum_detectable_effect(treated, controls, variance=variance, power=power)
    found = evaluation.power_did(effect, treated, controls, variance=variance)
    assert found == pytest.approx(power, abs=1e-5)
    assert evaluation.power_did(effect, treated + 1, controls, variance=variance) > found - 1e-9
    assert evaluation.power_did(-effect, treated, controls, variance=variance) == pytest.approx(
        found
    )


@settings(max_examples=15, deadline=None)
@given(st.floats(0.3, 5), st.floats(0.2, 30), st.floats(0.5, 4))
def test_areas_needed_is_the_fewest(effect, variance, ratio):
    need = evaluation.areas_needed(effect, variance=variance, controls_per_treated=ratio)

    def power(treated):
        controls = max(2, int(np.ceil(treated * ratio)))
        return evaluation.power_did(effect, treated, controls, variance=variance)

    assert power(need) >= 0.8
    assert need == 2 or power(need - 1) < 0.8


def test_power_agrees_with_simulated_cities():
    """800 cities; the t test on changes is the two-way fixed-effects estimate (see below)."""
    process = evaluation.generating_process(treated=8, controls=12, neighbours=0, effects=(1.5,))
    variance = evaluation.averaging_variance(
        6, 6, noise_sd=process.noise_sd, autocorrelation=process.autocorrelation,
        trend_sd=process.trend_sd,
    )  # fmt: skip
    rng = np.random.default_rng(4)
    found, sizes = 0, []
    for _ in range(800):
        table = evaluation.simulate_city(process, rng=rng).panel
        wide = table["outcome"].to_numpy().reshape(20, 12)
        change = wide[:, 6:].mean(axis=1) - wide[:, :6].mean(axis=1)
        found += stats.ttest_ind(change[:8], change[8:]).pvalue < 0.05
        sizes.append(np.var(change[8:], ddof=1))
    wanted = evaluation.power_did(1.5, 8, 12, variance=variance)
    assert found / 800 == pytest.approx(wanted, abs=3 * np.sqrt(wanted * (1 - wanted) / 800))
    assert np.mean(sizes) == pytest.approx(variance, abs=3 * np.std(sizes) / np.sqrt(800))
    assert evaluation.two_way_fixed_effects(table).effect == pytest.approx(
        change[:8].mean() - change[8:].mean(), abs=1e-8
    )


def test_history_teaches_the_same_variance():
    process = evaluation.generating_process(
        treated=2, controls=1500, neighbours=0, effects=(0.0,), years=10, addresses_per_area=1
    )
    table = evaluation.simulate_city(process, rng=9).panel
    found, windows = evaluation.variance_from_history(table[table["start"].isna()], 3, 2)
    wanted = evaluation.averaging_variance(
        3, 2, noise_sd=process.noise_sd, autocorrelation=process.autocorrelation,
        trend_sd=process.trend_sd,
    )  # fmt: skip
    assert windows == 6
    assert found == pytest.approx(wanted, rel=0.06)


def test_history_by_hand_ignores_levels_and_common_years():
    table = pd.DataFrame(
        {"area": np.repeat([1, 2, 3], 2), "year": [1, 2] * 3, "outcome": [0, 1, 10, 13, 20, 25]}
    )
    assert evaluation.variance_from_history(table, 1, 1) == (pytest.approx(4), 1)
    moved = table.assign(outcome=table["outcome"] + 100 * table["year"])
    assert evaluation.variance_from_history(moved, 1, 1)[0] == pytest.approx(4)


def test_impossible_questions_are_refused():
    history = pd.DataFrame({"area": [1, 1], "year": [1, 2], "outcome": [0.0, 1.0]})
    for call, message in [
        (lambda: evaluation.averaging_variance(0, 3, noise_sd=1), "one year before"),
        (lambda: evaluation.averaging_variance(1, 3, noise_sd=-1), "negative"),
        (lambda: evaluation.averaging_variance(1, 1, noise_sd=1, autocorrelation=1), "between"),
        (lambda: evaluation.sampling_sd(0), "respondents"),
        (lambda: evaluation.power_did(1, 1, 9, variance=1), "two areas"),
        (lambda: evaluation.power_did(1, 9, 9, variance=1, alpha=0), "alpha"),
        (lambda: evaluation.minimum_detectable_effect(5, 5, variance=1, power=0.04), "power"),
        (lambda: evaluation.areas_needed(0, variance=1), "other than 0"),
        (lambda: evaluation.variance_from_history(history, 2, 2), "longer history"),
        (lambda: evaluation.variance_from_history(history, 1, 1), "three areas"),
    ]:
        with pytest.raises(UsageError, match=message):
            call()
    assert evaluation.areas_needed(0.001, variance=9, most=500) is None
