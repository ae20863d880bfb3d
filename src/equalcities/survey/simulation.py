"""Simulated responses with a known truth: a made-up universe of cities, and who answers.

Nothing here describes a real city. Every constant is a choice of ours, listed by
`generating_process`, and serves to show which estimators find the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from equalcities.errors import UsageError
from equalcities.stats import random_stream
from equalcities.survey.responses import Responses
from equalcities.survey.schema import (
    DONT_KNOW,
    NOT_OURS,
    RESPONDENT,
    SIMULATED_PREFIX,
    Field,
    questionnaire,
)

_SIZE_SHARES = {
    "under_100k": 0.40,
    "100_250k": 0.25,
    "250_500k": 0.17,
    "500k_1_5m": 0.12,
    "over_1_5m": 0.06,
}
_REGION_SHARES = {
    "eu": 0.40,
    "europe_other": 0.10,
    "north_america": 0.15,
    "latin_america": 0.12,
    "asia_pacific": 0.15,
    "africa_middle_east": 0.08,
}
_REGION_CAPACITY = {
    "eu": 0.2,
    "europe_other": 0.0,
    "north_america": 0.2,
    "latin_america": -0.2,
    "asia_pacific": 0.0,
    "africa_middle_east": -0.4,
}
_COUNTRIES = 80
_COUNTRY_SD, _CITY_SD = 0.8, 0.6
_SIZE_EFFECT = 0.6
_ENABLER_LOADING, _ENABLER_SD = 1.0, 0.5
_OFFSETS = (-0.8, -0.4, 0.0, 0.4, 0.8)
_OPTION_SLOPE = 0.8
_NOT_OURS = 0.10
_VOLUNTEER_SLOPE = 0.6
_BLANK_LEVEL, _BLANK_SLOPE = -2.0, -0.8
# lists whose codes rise with trouble, or not with capacity at all
_DIRECTION = {"obstacle": -1.0, "trend": 0.0}
_SELECTIONS = ("random", "by_size", "by_capacity")


@dataclass(frozen=True)
class Universe:
    """A made-up population of cities and what each would answer.

    Attributes
    ----------
    cities : DataFrame
        ``region``, ``size``, ``country`` (codes), ``size_score`` and ``capacity`` (standard
        normal scale, not observable).
    answers : Responses
        Complete answers of every city, of class ``simulated``.
    """

    cities: pd.DataFrame
    answers: Responses

    def margin(self, name: str) -> pd.Series:
        """Return how many cities of the universe gave each answer, to rake to.

        Parameters
        ----------
        name : str
            A single-choice field, such as ``q02_size``.

        Returns
        -------
        Series of int
            Indexed by code; codes that no city holds are left out.
        """
        counts = self.answers.table[name].value_counts(sort=False)
        return counts[counts > 0].rename(name)

    def truth(self) -> pd.DataFrame:
        """Return the true share of every code of every closed field.

        Returns
        -------
        DataFrame
            Columns ``field, code, label, value, base``: share of the ``base`` cities of the
            universe that are asked and to which the item applies.
        """
        form = self.answers.questionnaire
        rows = []
        for field in form.fields.values():
            if not field.choices:
                continue
            given = self.answers.indicators(field.name)
            rows += [
                (field.name, code, field.choices[code], given[code].mean(), len(given))
                for code in given.columns
            ]
        return pd.DataFrame(rows, columns=["field", "code", "label", "value", "base"])


@dataclass(frozen=True)
class Simulation:
    """Simulated responses and the truth behind them.

    Attributes
    ----------
    responses : Responses
        What the survey would hold, blanks and "don't know" included.
    truth : DataFrame
        See `Universe.truth`.
    universe : Universe
    sampled : ndarray of int
        Row of the universe behind each response.
    """

    responses: Responses
    truth: pd.DataFrame
    universe: Universe
    sampled: NDArray[np.int64]


def generating_process() -> pd.DataFrame:
    """Return every constant of the generating process with its meaning.

    Returns
    -------
    DataFrame
        Columns ``parameter, value, meaning``. All are invented.
    """
    rows = [
        (f"share of size class {k}", v, "chance that a city is of this size")
        for k, v in _SIZE_SHARES.items()
    ]
    rows += [
        (f"share of region {k}", v, "chance that a city lies there")
        for k, v in _REGION_SHARES.items()
    ]
    rows += [
        (f"capacity in {k}", v, "shift of capacity in the region")
        for k, v in _REGION_CAPACITY.items()
    ]
    rows += [
        ("countries", _COUNTRIES, "made-up countries, shared out over the regions"),
        ("size effect", _SIZE_EFFECT, "capacity per standard deviation of size class"),
        ("country sd", _COUNTRY_SD, "spread of capacity between countries of a region"),
        ("city sd", _CITY_SD, "spread of capacity between cities of a country"),
        ("enabler loading", _ENABLER_LOADING, "weight of capacity in the city's level per enabler"),
        ("enabler sd", _ENABLER_SD, "spread of that level beyond capacity"),
        ("option slope", _OPTION_SLOPE, "log odds of ticking an option per unit of that level"),
        ("not ours", _NOT_OURS, "chance that an item is not the city's competence"),
        ("volunteer slope", _VOLUNTEER_SLOPE, "log odds of answering per sd of size or capacity"),
        ("blank level", _BLANK_LEVEL, "log odds of leaving an item blank at mean size"),
        ("blank slope", _BLANK_SLOPE, "change of it per standard deviation of size class"),
    ]
    return pd.DataFrame(rows, columns=["parameter", "value", "meaning"])


def _draw_cities(size: int, rng: np.random.Generator) -> pd.DataFrame:
    sizes, regions = list(_SIZE_SHARES), list(_REGION_SHARES)
    size_class = rng.choice(len(sizes), size, p=list(_SIZE_SHARES.values()))
    region = rng.choice(len(regions), size, p=list(_REGION_SHARES.values()))
    per_region = np.maximum(1, np.round(_COUNTRIES * np.array(list(_REGION_SHARES.values()))))
    first = np.concatenate([[0], np.cumsum(per_region)[:-1]])
    country = (first[region] + np.floor(rng.random(size) * per_region[region])).astype(int)
    ranks = np.arange(len(sizes))
    chances = np.array(list(_SIZE_SHARES.values()))
    mean = ranks @ chances
    size_score = (size_class - mean) / np.sqrt((ranks - mean) ** 2 @ chances)
    country_effect = rng.normal(0, _COUNTRY_SD, int(per_region.sum()))
    capacity = (
        _SIZE_EFFECT * size_score
        + np.array([_REGION_CAPACITY[r] for r in regions])[region]
        + country_effect[country]
        + rng.normal(0, _CITY_SD, size)
    )
    return pd.DataFrame(
        {
            "region": np.array(regions)[region],
            "size": np.array(sizes)[size_class],
            "country": [f"X{c:02d}" for c in country],
            "size_score": size_score,
            "capacity": capacity,
        }
    )


def _draw_single(
    field: Field, level: NDArray[np.float64], offset: float, rng: np.random.Generator
) -> NDArray[np.object_]:
    values = np.array(field.values, dtype=object)
    steps = len(values)
    if field.ordered:
        # cumulative logit: evenly spread thresholds, moved by the offset of the item
        cuts = np.log(np.arange(1, steps) / np.arange(steps - 1, 0, -1)) + offset
        score = _DIRECTION.get(field.list_name, 1.0) * level + rng.logistic(size=len(level))
        chosen = (score[:, None] > cuts).sum(axis=1)
    else:
        chances = np.exp(-0.4 * np.arange(steps))
        chosen = rng.choice(steps, len(level), p=chances / chances.sum())
    return values[chosen]


def _draw_multiple(
    field: Field, level: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.object_]:
    options = [code for code in field.values if code not in field.exclusive]
    appeal = np.linspace(0.8, -1.2, len(options))
    liking = appeal + _OPTION_SLOPE * level[:, None] + rng.logistic(size=(len(level), len(options)))
    rank = (-liking).argsort(axis=1).argsort(axis=1)
    ticked = (liking > 0) & (rank < (field.max_choices or len(options)))
    if not field.exclusive:
        ticked |= rank == 0  # nothing to say "none" with: the most liked option is ticked
    alone = field.exclusive[0] if field.exclusive else ""
    return np.array(
        [" ".join(np.array(options, dtype=object)[row]) or alone for row in ticked], dtype=object
    )


def _draw_shares(in_eu: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    shapes = np.tile([4.0, 3.0, 1.0, 0.7], (len(in_eu), 1))
    parts = rng.gamma(shapes)
    parts[~in_eu, 2] = 0
    return np.floor(100 * parts / parts.sum(axis=1, keepdims=True)).astype(int)


def simulate_universe(size: int = 600, *, rng: np.random.Generator | int) -> Universe:
    """Make up a universe of cities and what each would answer.

    Parameters
    ----------
    size : int
        Number of cities.
    rng : Generator or int
        Source of randomness, or a seed.

    Returns
    -------
    Universe

    Raises
    ------
    UsageError
        For fewer than 100 cities, which leaves size classes empty.

    Notes
    -----
    A city's capacity rises with its size class and differs between regions and between countries;
    its level on each enabler follows capacity. Ordered items follow a cumulative logit of that
    level, multiple choices a logit per option. `generating_process` lists every constant.
    """
    if size < 100:
        raise UsageError(f"a universe of {size} cities is too small; take 100 or more.")
    generator = random_stream(rng, "universe")
    form = questionnaire()
    cities = _draw_cities(size, generator)
    level = {
        enabler: _ENABLER_LOADING * cities["capacity"].to_numpy()
        + generator.normal(0, _ENABLER_SD, size)
        for enabler in form.enablers
    }
    in_eu = (cities["region"] == "eu").to_numpy()
    money = iter(_draw_shares(in_eu, generator).T)
    known = {"q01_region": "region", "q01_country": "country", "q02_size": "size"}
    table: dict[str, pd.Series] = {}
    for number, field in enumerate(form.fields.values()):
        if field.name in known:
            drawn = cities[known[field.name]].to_numpy(object)
        elif field.type == "select_one":
            offset = _OFFSETS[number % len(_OFFSETS)]
            drawn = _draw_single(field, level[field.enabler], offset, generator)
            if NOT_OURS in field.choices:
                drawn[generator.random(size) < _NOT_OURS] = NOT_OURS
        elif field.type == "select_multiple":
            drawn = _draw_multiple(field, level[field.enabler], generator)
        elif field.type == "integer":
            drawn = next(money)
        else:
            drawn = np.full(size, None, dtype=object)  # free text is left blank: none is invented
        column = pd.Series(drawn)
        if field.when is not None:
            column = column.where(table[field.when.field].isin(field.when.codes), None)
        table[field.name] = _column_type(column, field)
    answers = pd.DataFrame(table)
    answers.index = pd.Index(_ids(size), name=RESPONDENT)
    cities.index = answers.index
    return Universe(cities, Responses(answers, form, "simulated"))


def _column_type(column: pd.Series, field: Field) -> pd.Series:
    if field.type == "select_one":
        return pd.Series(pd.Categorical(column, categories=list(field.choices)))
    return column.astype("Int64" if field.type == "integer" else "str")


def _ids(size: int) -> list[str]:
    return [f"{SIMULATED_PREFIX}{i:04d}" for i in range(1, size + 1)]


def draw_respondents(
    universe: Universe, n: int, *, selection: str = "by_size", rng: np.random.Generator | int
) -> NDArray[np.int64]:
    """Draw who answers, without replacement.

    Parameters
    ----------
    universe : Universe
    n : int
        Respondents.
    selection : {"random", "by_size", "by_capacity"}
        Every city alike; larger cities more readily (which weights can mend); more capable cities
        more readily (which they cannot, since capacity is not observed).
    rng : Generator or int
        Source of randomness, or a seed.

    Returns
    -------
    ndarray of int
        Rows of the universe.

    Raises
    ------
    UsageError
        If there are not that many cities, or the selection is unknown.
    """
    if selection not in _SELECTIONS:
        raise UsageError(f"selection '{selection}' is unknown; use one of {list(_SELECTIONS)}.")
    if not 0 < n <= len(universe.cities):
        raise UsageError(f"cannot draw {n} of {len(universe.cities)} cities; change n.")
    generator = random_stream(rng, "respondents")
    score = {
        "random": 0.0,
        "by_size": universe.cities["size_score"].to_numpy(),
        "by_capacity": universe.cities["capacity"].to_numpy(),
    }[selection]
    # the n largest Gumbel keys are a successive draw with chances proportional to exp(score)
    keys = _VOLUNTEER_SLOPE * score + generator.gumbel(size=len(universe.cities))
    return generator.permutation(np.argsort(-keys)[:n])


def blank_chance(size_score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance that a respondent of this size leaves an optional item unanswered.

    Parameters
    ----------
    size_score : ndarray
        Standardised size class.

    Returns
    -------
    ndarray
    """
    return expit(_BLANK_LEVEL + _BLANK_SLOPE * np.asarray(size_score))


def simulate(
    n: int = 72,
    *,
    rng: np.random.Generator | int,
    universe_size: int = 600,
    selection: str = "by_size",
) -> Simulation:
    """Simulate a survey with a known truth.

    Parameters
    ----------
    n : int
        Respondents.
    rng : Generator or int
        Source of randomness, or a seed; the same seed gives the same survey.
    universe_size : int
        Cities in the universe.
    selection : {"random", "by_size", "by_capacity"}
        Who answers, see `draw_respondents`.

    Returns
    -------
    Simulation
        Respondents are called ``SIM-0001`` and so on, in no order; no real city is named or meant.

    Raises
    ------
    UsageError
        As `simulate_universe` and `draw_respondents`.

    Notes
    -----
    Small cities leave optional items blank, or say "don't know", more often than large ones, so
    the answers that are missing differ from those that are there, but not within a size class.
    """
    generator = random_stream(rng, "survey")
    universe = simulate_universe(universe_size, rng=generator)
    sampled = draw_respondents(universe, n, selection=selection, rng=generator)
    table = universe.answers.table.iloc[sampled].copy()
    chance = blank_chance(universe.cities["size_score"].to_numpy()[sampled])
    for field in universe.answers.questionnaire.fields.values():
        if field.required:
            continue
        unanswered = (generator.random(n) < chance) & table[field.name].notna().to_numpy()
        says_so = unanswered & (generator.random(n) < 0.5) & (DONT_KNOW in field.choices)
        if says_so.any():
            table.loc[says_so, field.name] = DONT_KNOW
        table.loc[unanswered & ~says_so, field.name] = pd.NA if field.type == "integer" else None
    table.index = pd.Index(_ids(n), name=RESPONDENT)
    responses = Responses(table, universe.answers.questionnaire, "simulated")
    return Simulation(responses, universe.truth(), universe, sampled)
