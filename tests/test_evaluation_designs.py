"""Evaluation designs against R, published examples and hand-worked cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities import evaluation
from equalcities.errors import UsageError
from equalcities.evaluation.designs import _deprecations_of_pyfixest

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """Seven programme areas with two starts, nine others, eight years (simulated)."""
    return pd.read_csv(DATA / "evaluation_panel.csv")


PANEL_DESIGNS = {
    "two-way": evaluation.two_way_fixed_effects,
    "two-stage": evaluation.two_stage,
    "synthetic": lambda table: evaluation.synthetic_control(table, rng=3, placebos=4)[0],
}


# --- from other software and from print ---------------------------------------------------


def test_differences_in_differences_agree_with_base_r(panel):
    """Values printed by tests/data/evaluation_panel.R (R 4.2.2)."""
    two_way = evaluation.two_way_fixed_effects(panel)
    assert (two_way.effect, two_way.se) == pytest.approx((2.5238943985, 0.7533574208), abs=1e-8)
    two_stage = evaluation.two_stage(panel)
    assert (two_stage.effect, two_stage.se) == pytest.approx((2.5997862069, 0.7055595788), abs=1e-8)
    # qt(0.975, 15) = 2.131450 in R
    assert two_stage.high - two_stage.effect == pytest.approx(2.131450 * two_stage.se, rel=1e-6)


def test_the_event_study_agrees_with_base_r(panel):
    """Values printed by tests/data/evaluation_panel.R (R 4.2.2)."""
    reference = {
        -5: -0.8420000000, -4: -1.1945555556, -3: -0.1871904762, -2: -0.5565555556,
        0: 0.3112222222, 1: 3.0220952381, 2: 2.1552698413, 3: 3.3613611111, 4: 4.2027222222,
    }  # fmt: skip
    table = evaluation.event_study(panel).set_index("since")
    assert table["effect"].to_dict() == pytest.approx(reference, abs=1e-8)
    assert (table["ci_low"] < table["effect"]).all() and (table["effect"] < table["ci_high"]).all()


def test_two_stage_library_gives_the_published_example():
    """The README of R's did2s: 2.152 (0.0476), state and year effects, data df_het."""
    pyfixest = pytest.importorskip("pyfixest")
    table = pd.read_csv(Path(pyfixest.__file__).parent / "did/data/df_het.csv")
    assert len(table) == 46_500
    with _deprecations_of_pyfixest():
        fit = pyfixest.did2s(
            table.assign(treat=table["treat"].astype(int)),
            yname="dep_var",
            first_stage="~ 0 | state + year",
            second_stage="~ 0 + treat",
            treatment="treat",
            cluster="state",
        )
        row = fit.tidy().iloc[0]
    assert row["Estimate"] == pytest.approx(2.152, abs=5e-4)
    assert row["Std. Error"] == pytest.approx(0.0476, abs=5e-5)


def test_two_periods_by_hand():
    """Card and Krueger (1994), table 3: employment 20.44 to 21.03 against 23.33 to 21.17."""
    means = {"NJ": (20.44, 21.03, 2), "PA": (23.33, 21.17, np.nan)}
    table = pd.DataFrame(
        [
            {"area": f"{state}{k}", "year": year, "outcome": value + k * year, "start": start}
            for state, (before, after, start) in means.items()
            for k in (-1, 1)
            for year, value in ((1, before), (2, after))
        ]
    )
    found = evaluation.two_way_fixed_effects(table)
    # each area's change is 1 off its state's mean; 4 areas, 8 rows, effect and two years estimated
    assert found.effect == pytest.approx(2.75, abs=1e-9)
    assert found.se == pytest.approx(np.sqrt((2 / 4 + 2 / 4) * 4 / 3 * 7 / 5), abs=1e-9)


def test_the_boundary_design_gives_the_published_senate_example():
    """Calonico, Cattaneo, Farrell and Titiunik (2017), Stata Journal 17(2), section 5."""
    datasets = pytest.importorskip("rdrobust.datasets")
    senate = datasets.rdrobust_RDsenate().dropna(subset=["vote", "margin"])
    found = evaluation.boundary_discontinuity(senate["vote"], senate["margin"])
    assert found.areas == 1297
    assert (found.effect, found.se) == pytest.approx((7.4141, 1.7413), abs=5e-5)
    assert (found.low, found.high) == pytest.approx((4.0937, 10.9193), abs=5e-5)


def test_a_straight_line_with_a_jump_is_found_exactly():
    distance = np.linspace(-1, 1, 400)
    found = evaluation.boundary_discontinuity(3 + 2 * distance + 5 * (distance >= 0), distance)
    assert found.effect == pytest.approx(5, abs=1e-8)


def test_a_synthetic_control_finds_the_mix_that_made_the_area():
    """0.3 of one donor and 0.7 of another, plus 2 from the start on."""
    rng = np.random.default_rng(5)
    donors = rng.normal(50, 4, (6, 10))
    made = 0.3 * donors[1] + 0.7 * donors[4] + 2.0 * (np.arange(10) >= 7)
    table = pd.DataFrame(
        [
            {"area": area, "year": year, "outcome": values[year], "start": start}
            for area, values, start in [
                *((k, donors[k], np.nan) for k in range(6)),
                (99, made, 7.0),
            ]
            for year in range(10)
        ]
    )
    found, weights = evaluation.synthetic_control(table, rng=1, placebos=3)
    assert found.effect == pytest.approx(2, abs=5e-3)
    wanted = {k: {1: 0.3, 4: 0.7}.get(k, 0.0) for k in range(6)}
    assert weights == pytest.approx(wanted, abs=2e-3)
    assert sum(weights.values()) == pytest.approx(1)


# --- what must not matter, and what must ---------------------------------------------------


@pytest.mark.parametrize("name", PANEL_DESIGNS)
def test_order_names_and_levels_do_not_matter(name, panel):
    design, base = PANEL_DESIGNS[name], PANEL_DESIGNS[name](panel)
    shuffled = panel.sample(frac=1, random_state=1)
    assert design(shuffled).effect == pytest.approx(base.effect, abs=1e-8)
    moved = panel.assign(outcome=panel["outcome"] + 3 * panel["year"] ** 2)
    assert design(moved).effect == pytest.approx(base.effect, abs=2e-3)
    assert design(moved).se == pytest.approx(base.se, abs=2e-3)
    if name != "synthetic":  # matches levels, and so it should depend on them
        levels = panel.assign(outcome=panel["outcome"] + 7 * panel["area"])
        assert design(levels).effect == pytest.approx(base.effect, abs=1e-7)


@settings(max_examples=8, deadline=None)
@given(extra=st.floats(-5, 5), scale=st.floats(0.1, 10))
def test_an_added_effect_is_found_and_units_carry_over(extra, scale):
    panel = pd.read_csv(DATA / "evaluation_panel.csv")
    running = panel["year"] >= panel["start"]
    more = panel.assign(outcome=scale * (panel["outcome"] + extra * running))
    for design in (evaluation.two_way_fixed_effects, evaluation.two_stage):
        base, found = design(panel), design(more)
        assert found.effect == pytest.approx(scale * (base.effect + extra), abs=1e-5)
        assert found.se == pytest.approx(scale * base.se, rel=1e-5)
        assert found.low < found.effect < found.high


def test_leaving_out_neighbours_and_years_is_the_same_as_a_smaller_table(panel):
    by_hand = panel[~(panel["neighbour"] == 1) & ~(panel["start"] - panel["year"] == 1)]
    guarded = evaluation.two_stage(panel, without_neighbours=True, skip_years_before=1)
    assert guarded == evaluation.two_stage(by_hand)
    assert guarded.areas == 13


def test_placebo_groups_come_from_the_seed(panel):
    first, again, other = (
        evaluation.synthetic_control(panel, rng=seed, placebos=3)[0] for seed in (1, 1, 2)
    )
    assert first == again
    assert (first.effect, first.se != other.se) == (other.effect, True)


def test_the_pretrend_test_sees_a_drift_and_only_that():
    calm = evaluation.generating_process(trend_sd=0.0, noise_sd=0.5)
    drifting = evaluation.generating_process(trend_gap=-1.0, trend_sd=0.0, noise_sd=0.5)
    assert evaluation.pretrend_test(evaluation.simulate_city(drifting, rng=1).panel) < 1e-6
    ps = [
        evaluation.pretrend_test(evaluation.simulate_city(calm, rng=seed).panel)
        for seed in range(20)
    ]
    assert np.mean(np.array(ps) < 0.05) < 0.25


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="start"), "lacks the columns"),
        (lambda t: t.assign(outcome=np.nan), "missing values"),
        (lambda t: t.assign(start=np.where(t["year"] > 2, 5.0, 6.0)), "two starts"),
        (lambda t: t.assign(start=np.nan), "needs programme areas"),
        (lambda t: t.assign(start=5.0), "needs programme areas"),
        (lambda t: t.assign(start=t["start"].replace(4, 1)), "no year before its start"),
    ],
)
def test_unfit_panels_are_refused(panel, change, message):
    with pytest.raises(UsageError, match=message):
        evaluation.two_way_fixed_effects(change(panel))


def test_other_refusals(panel):
    with pytest.raises(UsageError, match="two values without a programme"):
        evaluation.two_stage(panel[panel["year"] >= 3])
    with pytest.raises(UsageError, match="'neighbour'"):
        evaluation.two_stage(panel.drop(columns="neighbour"), without_neighbours=True)
    with pytest.raises(UsageError, match="lacks a year"):
        evaluation.synthetic_control(panel.iloc[1:], rng=1)
    with pytest.raises(UsageError, match="smaller cohort"):
        evaluation.synthetic_control(panel[~panel["area"].isin(range(10, 16))], rng=1)
    with pytest.raises(UsageError, match="two years"):
        evaluation.pretrend_test(panel[panel["year"] >= 3])
    line = np.linspace(-1, 1, 100)
    with pytest.raises(UsageError, match="fewer than twenty"):
        evaluation.boundary_discontinuity(line, line, donut=0.9)
    with pytest.raises(UsageError, match="align"):
        evaluation.boundary_discontinuity(line, line[1:])
    with pytest.raises(UsageError, match="finite"):
        evaluation.boundary_discontinuity(np.where(line > 0, np.nan, line), line)


@pytest.mark.parametrize(
    ("library", "run"),
    [
        ("pyfixest", evaluation.two_stage),
        ("pysyncon", lambda table: evaluation.synthetic_control(table, rng=1)),
        (
            "rdrobust",
            lambda table: evaluation.boundary_discontinuity(
                table["outcome"], table["outcome"] - table["outcome"].median()
            ),
        ),
    ],
)
def test_a_missing_library_is_named_with_the_cure(monkeypatch, panel, library, run):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=rf'{library}.*pip install "equalcities\[evaluation\]"'):
        run(panel)


def test_the_room_opens_without_the_extra():
    code = (
        "import sys; sys.modules.update(pyfixest=None, pysyncon=None, rdrobust=None)\n"
        "from equalcities import evaluation as e\n"
        "e.simulate_city(e.Process(), rng=1); print(e.areas_needed(2, variance=4))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) > 1
