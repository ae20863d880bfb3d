import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.abi import targeting, targeting_curve
from equalcities.abi.targeting import _random_share
from equalcities.errors import UsageError

UNITS = pd.DataFrame(
    {
        "area": list("abcd"),
        "people": [100, 200, 300, 400],
        "poor": [60, 40, 90, 10],
        "label": [False, True, True, False],
        "class": [1, 1, 2, 3],
    }
)


def value(table, measure, choice="labelled", column="value"):
    row = table[(table["measure"] == measure) & (table["choice"] == choice)]
    return row[column].item()


def reach(units=UNITS, **options):
    settings_ = {"labelled": "label", "target": "poor", "population": "people", "rng": 1}
    return targeting(units, **{**settings_, "n_draws": 199, **options})


def test_a_case_worked_by_hand():
    # Inside: b and c, 500 people, 130 of the 200 poor. Best 500 people: a (60 of 100),
    # c (90 of 300), and 100 of b's 200 (20 poor): 170.
    table = reach()
    assert value(table, "size") == 0.5
    assert value(table, "coverage") == pytest.approx(130 / 200)
    assert value(table, "coverage", "optimal") == pytest.approx(170 / 200)
    assert value(table, "coverage", "random") == 0.5
    assert value(table, "precision") == pytest.approx(130 / 500)
    assert value(table, "precision", "optimal") == pytest.approx(170 / 500)
    assert value(table, "precision", "random") == pytest.approx(0.2)
    assert value(table, "relative_gain") == pytest.approx((0.65 - 0.5) / (0.85 - 0.5))
    assert (table["n"] == 4).all()


def test_units_count_as_one_without_population():
    units = pd.DataFrame({"label": [1, 1, 0, 0, 0], "poor": [1, 0, 1, 1, 0]})
    table = reach(units, population=None)
    assert value(table, "coverage") == pytest.approx(1 / 3)
    assert value(table, "coverage", "optimal") == pytest.approx(2 / 3)
    assert value(table, "precision") == 0.5
    assert value(table, "coverage", "random") == pytest.approx(0.4)


def random_units(seed, n=60):
    rng = np.random.default_rng(seed)
    people = rng.integers(0, 5000, n)
    poor = rng.binomial(people, rng.beta(2, 6, n))
    label = rng.random(n) < 0.3
    label[np.argmax(people)] = True
    return pd.DataFrame({"people": people, "poor": poor, "label": label})


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bounds_and_invariances(seed):
    units = random_units(seed)
    table = reach(units, n_draws=99)
    best = value(table, "coverage", "optimal")
    assert 0 <= value(table, "coverage") <= best + 1e-12 <= 1 + 1e-12
    assert best >= value(table, "coverage", "random") - 1e-12
    # The number of people reached is the same, said as coverage or as precision.
    total, inside = units["poor"].sum(), units.loc[units["label"], "people"].sum()
    assert value(table, "coverage") * total == pytest.approx(value(table, "precision") * inside)
    # Order of rows and unit of counts do not matter to the values.
    counts = units[["people", "poor"]] * 3
    other = reach(units.assign(**counts).iloc[::-1], n_draws=99)
    np.testing.assert_allclose(other["value"], table["value"], rtol=1e-9)


def test_no_set_of_whole_areas_beats_the_optimum():
    units = random_units(4, n=10)
    sets = np.array([[(code >> i) & 1 for i in range(10)] for code in range(2**10)])
    people, poor = sets @ units["people"].to_numpy(), sets @ units["poor"].to_numpy()
    for labels in (sets[37], sets[600], sets[1000]):
        table = reach(units.assign(label=labels), n_draws=99)
        size = labels @ units["people"].to_numpy()
        found = poor[people <= size].max() / units["poor"].sum()
        assert value(table, "coverage", "optimal") >= found - 1e-12


def test_labels_by_the_optimal_rule_gain_all_and_random_labels_nothing():
    units = random_units(8, n=400)
    rate = units["poor"] / units["people"].where(units["people"] > 0)
    best = reach(units.assign(label=rate.rank(ascending=False) <= 80))
    assert value(best, "relative_gain") == pytest.approx(1)
    label = np.random.default_rng(1).random(400) < 0.2
    blind = reach(units.assign(label=label), n_draws=999, level=0.998)
    low, high = (value(blind, "coverage", "random", c) for c in ("ci_low", "ci_high"))
    assert low < value(blind, "coverage") < high
    assert low < value(blind, "coverage", "random") < high
    assert value(best, "coverage") > value(best, "coverage", "random", "ci_high")


def test_random_choice_gives_each_person_the_same_chance():
    # Large units are rich: taking whole units in random order until full would be off the mark.
    rng = np.random.default_rng(3)
    people, poor = np.array([5000.0, 10, 10, 10]), np.array([0.0, 10, 10, 10])
    shares = [_random_share(rng, people, poor, 1000.0) for _ in range(20_000)]
    assert np.mean(shares) == pytest.approx(1000 / 5030, abs=0.012)


def test_bootstrap_interval_covers_the_value_and_shrinks_with_more_units():
    widths = []
    for n in (50, 800):
        table = reach(random_units(3, n=n), n_draws=399)
        low, high = (
            value(table, "coverage", column="ci_low"),
            value(table, "coverage", column="ci_high"),
        )
        assert low < value(table, "coverage") < high
        widths.append(high - low)
    assert 2.5 < widths[0] / widths[1] < 6.5  # about the square root of 16


def test_same_seed_same_answer():
    pd.testing.assert_frame_equal(reach(rng=7), reach(rng=7))
    assert not reach(rng=7).equals(reach(rng=8))


def test_gain_is_missing_where_nothing_can_be_gained():
    flat = UNITS.assign(poor=UNITS["people"] * 0.2)
    table = reach(flat)
    assert np.isnan(value(table, "relative_gain"))
    assert value(table, "coverage") == pytest.approx(0.5)


def test_curve_worked_by_hand():
    curve = targeting_curve(UNITS, score="class", target="poor", population="people")
    assert curve["score"].tolist() == [1, 2, 3]
    assert curve["n"].tolist() == [2, 3, 4]
    assert curve["size"].tolist() == pytest.approx([0.3, 0.6, 1.0])
    assert curve["coverage"].tolist() == pytest.approx([0.5, 0.95, 1.0])
    assert curve["precision"].tolist() == pytest.approx([1 / 3, 190 / 600, 0.2])
    # Best 300 people: a and 200 of c (60): 120 of 200. Best 600: a, c, b.
    assert curve["optimal_coverage"].tolist() == pytest.approx([0.6, 0.95, 1.0])
    turned = targeting_curve(
        UNITS, score="class", target="poor", population="people", descending=True
    )
    assert turned["score"].tolist() == [3, 2, 1]
    assert turned["coverage"].tolist() == pytest.approx([0.05, 0.5, 1.0])


def test_curve_and_table_agree():
    units = random_units(5).assign(score=lambda u: (~u["label"]).astype(int))
    curve = targeting_curve(units, score="score", target="poor", population="people").iloc[0]
    table = reach(units)
    assert curve["coverage"] == pytest.approx(value(table, "coverage"))
    assert curve["optimal_coverage"] == pytest.approx(value(table, "coverage", "optimal"))
    assert curve["size"] == pytest.approx(value(table, "size"))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"poor": [60, np.nan, 90, 10]}, {}, "row 1 has poor = nan"),
        ({"poor": [60, 40, -1, 10]}, {}, "row 2 has poor = -1"),
        ({"poor": [600, 40, 90, 10]}, {}, "row 0 has 600 in the target group and 100 people"),
        ({"poor": ["60", "40", "90", "x"]}, {}, "row 3 has poor = x"),
        ({"poor": [0, 0, 0, 0]}, {}, "zero everywhere"),
        ({"label": ["yes", "no", "no", "no"]}, {}, "row 0 has label = yes"),
        ({"label": [False] * 4}, {}, "nobody lives in a unit"),
        ({}, {"target": "unemployed"}, "units lacks unemployed"),
        ({}, {"n_draws": 10}, "n_draws is 10"),
        ({}, {"level": 2}, "level is 2"),
    ],
)
def test_bad_input_is_named_with_its_cure(change, options, message):
    with pytest.raises(UsageError, match=message):
        reach(UNITS.assign(**change), **options)


def test_curve_needs_every_score():
    with pytest.raises(UsageError, match="row 2 has no class"):
        targeting_curve(
            UNITS.assign(**{"class": [1, 2, None, 3]}),
            score="class",
            target="poor",
            population="people",
        )
