import pandas as pd
import pytest

from equalcities.errors import UsageError
from equalcities.survey import (
    draw_respondents,
    generating_process,
    questionnaire,
    read_responses,
    simulate,
    simulate_universe,
    write_responses,
)


@pytest.fixture(scope="module")
def simulation():
    return simulate(rng=72)


@pytest.fixture(scope="module")
def universe():
    return simulate_universe(2000, rng=3)


def test_seventy_two_anonymous_respondents(simulation):
    table = simulation.responses.table
    assert len(table) == 72 and table.index.is_unique
    assert table.index.str.fullmatch(r"SIM-\d{4}").all()
    assert simulation.responses.evidence == "simulated"
    # X and two digits is no country's code
    assert table["q01_country"].str.fullmatch(r"X\d\d").all()
    assert table["q24_initiative"].isna().all()
    assert list(table.columns) == list(questionnaire().fields)


def test_same_seed_same_survey():
    one, two, other = simulate(rng=5), simulate(rng=5), simulate(rng=6)
    pd.testing.assert_frame_equal(one.responses.table, two.responses.table)
    pd.testing.assert_frame_equal(one.truth, two.truth)
    assert not one.responses.table.equals(other.responses.table)


@pytest.mark.parametrize("seed", range(5))
def test_simulated_responses_pass_the_checks_of_real_ones(tmp_path, seed):
    simulated = simulate(72, rng=seed).responses
    back = read_responses(write_responses(simulated, tmp_path / "a.csv"))
    pd.testing.assert_frame_equal(back.table, simulated.table)


def test_truth_is_the_share_of_the_universe(simulation):
    truth = simulation.truth.set_index(["field", "code"])["value"]
    answers = simulation.universe.answers.table
    assert truth["q08", "standalone"] == (answers["q08"] == "standalone").mean()
    asked = answers[answers["q08"].isin(["standalone", "embedded"])]
    assert truth["q09", "budget"] == asked["q09"].str.contains("budget").mean()
    ours = answers.loc[answers["q12_area"] != "not_ours", "q12_area"]
    assert truth["q12_area", "running"] == (ours == "running").mean()
    base = simulation.truth.set_index(["field", "code"])["base"]
    assert base["q09", "budget"] == len(asked) and base["q12_area", "running"] == len(ours)


def test_every_closed_code_has_a_truth_and_single_choices_sum_to_one(simulation):
    form = questionnaire()
    closed = {f.name: f for f in form.fields.values() if f.choices}
    sums = simulation.truth.groupby("field")["value"].sum()
    assert set(sums.index) == set(closed)
    for name, field in closed.items():
        if field.type == "select_one":
            assert sums[name] == pytest.approx(1)


def test_a_census_without_blanks_is_the_truth():
    universe = simulate_universe(300, rng=1)
    census = draw_respondents(universe, 300, selection="by_capacity", rng=2)
    assert sorted(census) == list(range(300))


def test_the_structure_is_there(universe):
    cities, answers = universe.cities, universe.answers.table
    by_size = (answers["q08"] == "standalone").groupby(cities["size"].to_numpy()).mean()
    assert by_size["over_1_5m"] > by_size["under_100k"] + 0.1
    # more capacity, fewer obstacles
    major = (answers["q22_staff"] == "major").to_numpy()
    assert cities["capacity"][major].mean() < cities["capacity"][~major].mean() - 0.3
    between = cities.groupby(["region", "country"])["capacity"].mean().groupby("region").std()
    assert between.mean() > 0.4


@pytest.mark.parametrize(
    ("selection", "what"), [("by_size", "size_score"), ("by_capacity", "capacity")]
)
def test_volunteers_differ_from_the_universe(universe, selection, what):
    drawn = draw_respondents(universe, 300, selection=selection, rng=1)
    assert len(set(drawn)) == 300
    level = universe.cities[what].to_numpy()
    assert level[drawn].mean() > level.mean() + 0.3
    random = draw_respondents(universe, 300, selection="random", rng=1)
    assert abs(level[random].mean() - level.mean()) < 0.25


def test_the_seed_of_the_universe_can_draw_from_it():
    universe = simulate_universe(2000, rng=9)
    drawn = draw_respondents(universe, 400, selection="random", rng=9)
    level = universe.cities["size_score"].to_numpy()
    assert abs(level[drawn].mean() - level.mean()) < 0.2


def test_respondents_come_in_no_order(universe):
    drawn = draw_respondents(universe, 1500, selection="by_size", rng=1)
    level = universe.cities["size_score"].to_numpy()[drawn]
    assert abs(level[:750].mean() - level[750:].mean()) < 0.15


def test_small_cities_leave_more_unanswered():
    simulation = simulate(1500, rng=4, universe_size=3000)
    table = simulation.responses.table
    small = table["q02_size"] == "under_100k"
    unanswered = (table["q14"].isna() | (table["q14"] == "dk")).groupby(small).mean()
    assert unanswered[True] > unanswered[False] + 0.05
    assert table["q14"].isna().any() and (table["q14"] == "dk").any()


def test_the_constants_are_listed(simulation):
    process = generating_process()
    assert process["parameter"].is_unique and process["value"].notna().all()
    shares = process[process["parameter"].str.startswith("share of size")]["value"]
    assert shares.sum() == pytest.approx(1)
    observed = simulate_universe(5000, rng=1).cities["size"].value_counts(normalize=True)
    for code, share in observed.items():
        listed = process.set_index("parameter").loc[f"share of size class {code}", "value"]
        assert share == pytest.approx(listed, abs=0.03)


@pytest.mark.parametrize(
    "call",
    [
        lambda u: simulate_universe(50, rng=1),
        lambda u: draw_respondents(u, 3000, rng=1),
        lambda u: draw_respondents(u, 0, rng=1),
        lambda u: draw_respondents(u, 10, selection="by_name", rng=1),
        lambda u: u.answers.indicators("q20_share_own"),
        lambda u: u.answers.asked("q99"),
    ],
)
def test_what_cannot_be_meant_is_refused(universe, call):
    with pytest.raises(UsageError):
        call(universe)
