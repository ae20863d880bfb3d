"""The made-up city: same seed, known truth, and threats that change only what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from equalcities import evaluation
from equalcities.errors import UsageError


def draw(threat: str = "none", **changes) -> evaluation.City:
    return evaluation.simulate_city(evaluation.generating_process(threat, **changes), rng=8)


def test_same_seed_same_city():
    first, again = draw(), draw()
    pd.testing.assert_frame_equal(first.panel, again.panel)
    pd.testing.assert_frame_equal(first.boundary, again.boundary)
    other = evaluation.simulate_city(evaluation.Process(), rng=9)
    assert not first.panel["outcome"].equals(other.panel["outcome"])
    assert first.evidence == "simulated"


def test_the_truth_by_hand():
    city = draw("staggered start, unequal effects")
    # starts 4, 7, 10 of 12 years; 10 areas each; first effect plus growth per year
    effects = {
        4: [1 + 0.5 * k for k in range(9)], 7: [0.5 + 0.25 * k for k in range(6)],
        10: [0.5] * 3,
    }  # fmt: skip
    everything = [e for cohort in effects.values() for e in cohort]
    assert city.truth["panel"] == pytest.approx(np.mean(everything))
    assert city.truth["first_cohort"] == pytest.approx(np.mean(effects[4]))
    assert city.truth["last_year"] == pytest.approx(np.mean([5.0, 1.75, 0.5]))
    running = city.panel[city.panel["year"] >= city.panel["start"]]
    assert running["effect"].mean() == pytest.approx(city.truth["panel"])
    assert city.panel["effect"].notna().sum() == len(running) == 10 * (9 + 6 + 3)


def test_each_threat_changes_only_what_it_says():
    calm = draw()
    table = calm.panel
    inside, neighbour = table["start"].notna(), table["neighbour"]
    running, year = table["year"] >= 7, table["year"]
    expected = {
        "selection on trend": -0.25 * inside * (year - 1),
        "displacement to neighbours": -1.0 * (neighbour & running),
        "anticipation": 0.5 * 2.0 * (inside & (year == 6)),
        "line along an old divide": 0 * year,
    }
    for threat, change in expected.items():
        gap = draw(threat).panel["outcome"] - table["outcome"]
        np.testing.assert_allclose(gap, change, atol=1e-9, err_msg=threat)


def test_the_boundary_survey_knows_its_threats():
    calm = draw(addresses_per_area=2000).boundary
    inside, distance = calm["distance"] >= 0, calm["distance"]
    gap = {
        threat: draw(threat, addresses_per_area=2000).boundary["outcome"] - calm["outcome"]
        for threat in evaluation.THREATS
        if threat not in ("staggered start, unequal effects", "few areas")
    }
    assert np.allclose(gap["anticipation"], 0)
    assert np.allclose(gap["line along an old divide"], np.where(inside, -3, 0))
    # the loss outside has the same mean as among adjoining areas, and is largest at the line
    lost = gap["displacement to neighbours"]
    assert np.allclose(lost[inside], 0)
    assert lost[~inside].mean() == pytest.approx(-1, abs=0.02)
    assert lost[~inside & (distance > -0.01)].mean() == pytest.approx(-2.3, abs=0.05)
    # drift fades without a jump
    drift = gap["selection on trend"]
    near = distance.abs() < 0.005
    assert drift[near & inside].mean() == pytest.approx(drift[near & ~inside].mean(), abs=0.05)
    assert drift[distance > 0.95].mean() == pytest.approx(-0.25 * 11, abs=0.15)


def test_the_noise_is_what_the_documentation_says():
    city = draw(
        treated=2, controls=3000, neighbours=0, level_gap=0, area_sd=0, year_sd=0, trend_sd=0,
        effects=(0.0,), addresses_per_area=1,
    )  # fmt: skip
    wide = city.panel["outcome"].to_numpy().reshape(3002, 12) - 60
    assert wide.std(axis=0) == pytest.approx(np.full(12, 1.5), rel=0.05)
    correlation = np.corrcoef(wide.T)
    assert np.diag(correlation, 1) == pytest.approx(np.full(11, 0.5), abs=0.05)
    assert np.diag(correlation, 3) == pytest.approx(np.full(9, 0.125), abs=0.06)


def test_impossible_cities_are_refused():
    for changes, message in [
        ({"starts": (5, 6)}, "one entry per cohort"),
        ({"neighbours": 99}, "neighbours are part"),
        ({"starts": (1,)}, "a year before"),
        ({"starts": (13,)}, "a year before"),
        ({"autocorrelation": 1.0}, "autocorrelation"),
    ]:
        with pytest.raises(UsageError, match=message):
            evaluation.generating_process(**changes)
    with pytest.raises(UsageError, match="'meteor' is unknown"):
        evaluation.generating_process("meteor")
    with pytest.raises(UsageError, match="colour"):
        evaluation.generating_process(colour=1)
