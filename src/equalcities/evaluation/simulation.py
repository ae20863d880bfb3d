"""A made-up city with a programme whose effect is known, and the threats to finding it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import UsageError
from equalcities.stats import random_stream

#: Reach of displacement beyond the programme's boundary, and of the survey either side, in km.
_DISPLACEMENT_RANGE, _SURVEY_RANGE = 0.5, 1.0
# how wide the band is in which the drift of programme areas fades into the drift of the rest
_DRIFT_BAND = 0.3


@dataclass(frozen=True)
class Process:
    """How a made-up city comes about; outcomes are points on a scale such as per cent.

    Parameters
    ----------
    treated, controls, neighbours : int
        Programme areas, other areas, and how many of the others adjoin a programme area.
    years : int
        Years observed, numbered from 1.
    starts : tuple of int
        First programme year of each cohort; programme areas are dealt to cohorts evenly.
    effects, growth : tuple of float
        Effect in a cohort's first programme year, and what each further year adds.
    level_gap, area_sd : float
        How far programme areas lie below the others, and the spread between areas.
    year_sd, trend_sd : float
        Spread of the shocks common to a year, and of the areas' own yearly drift.
    noise_sd, autocorrelation : float
        Spread of what moves one area in one year, and its correlation from year to year.
    trend_gap : float
        Selection on trend: extra yearly drift of programme areas, programme or not.
    displacement : float
        Mean loss of the adjoining areas once the programme runs next door.
    anticipation : float
        Share of the first effect that shows in the year before the start.
    addresses_per_area, address_sd, gradient : float
        Boundary survey in the last year: addresses around each programme area, their spread,
        and the slope of the outcome per km towards the inside.
    divide : float
        Jump at the boundary that was there before the programme, such as along a railway.
    """

    treated: int = 20
    controls: int = 40
    neighbours: int = 20
    years: int = 12
    starts: tuple[int, ...] = (7,)
    effects: tuple[float, ...] = (2.0,)
    growth: tuple[float, ...] = (0.0,)
    level_gap: float = -5.0
    area_sd: float = 5.0
    year_sd: float = 1.0
    trend_sd: float = 0.15
    noise_sd: float = 1.5
    autocorrelation: float = 0.5
    trend_gap: float = 0.0
    displacement: float = 0.0
    anticipation: float = 0.0
    addresses_per_area: int = 250
    address_sd: float = 10.0
    gradient: float = -2.0
    divide: float = 0.0

    def __post_init__(self) -> None:
        cohorts = len(self.starts)
        if not cohorts == len(self.effects) == len(self.growth):
            raise UsageError("starts, effects and growth need one entry per cohort; align them.")
        if not 1 <= cohorts <= self.treated or not 0 <= self.neighbours <= self.controls:
            raise UsageError(
                "each cohort needs a programme area, and neighbours are part of the controls; "
                "give more areas or fewer cohorts."
            )
        if self.controls < 1 or not all(1 < start <= self.years for start in self.starts):
            raise UsageError(
                "a start needs a year before it and other areas to compare with; "
                "move the start into the years observed and give controls."
            )
        if not 0 <= self.autocorrelation < 1:
            raise UsageError("autocorrelation lies from 0 to below 1; give such a number.")


#: Each threat as what it changes in the generating process; one at a time.
THREATS: dict[str, dict] = {
    "none": {},
    "selection on trend": {"trend_gap": -0.25},
    "displacement to neighbours": {"displacement": 1.0},
    "anticipation": {"anticipation": 0.5},
    "staggered start, unequal effects": {
        "treated": 30,
        "controls": 30,
        "neighbours": 15,
        "starts": (4, 7, 10),
        "effects": (1.0, 0.5, 0.5),
        "growth": (0.5, 0.25, 0.0),
    },
    "few areas": {"treated": 4, "controls": 8, "neighbours": 4},
    "line along an old divide": {"divide": -3.0},
}


@dataclass(frozen=True)
class City:
    """One draw of a made-up city.

    Attributes
    ----------
    panel : DataFrame
        One row per area and year: ``area, year, outcome, start`` (missing where there never is a
        programme), ``neighbour``, and the truth ``effect``, which no evaluator sees.
    boundary : DataFrame
        One row per address surveyed in the last year: ``distance`` in km (positive inside),
        ``outcome``, ``start`` of the area at whose boundary it lies.
    truth : dict of str to float
        Mean effect over programme areas and years (``panel``), in the first cohort
        (``first_cohort``), and over cohorts in the last year (``last_year``).
    process : Process
        What generated it.
    evidence : str
        Always ``simulated``.
    """

    panel: pd.DataFrame
    boundary: pd.DataFrame
    truth: dict[str, float]
    process: Process
    evidence: str = field(default="simulated", init=False)


def generating_process(threat: str = "none", **changes: object) -> Process:
    """Return the generating process under one threat.

    Parameters
    ----------
    threat : str
        A key of `THREATS`.
    **changes
        Further fields of `Process` to set.

    Returns
    -------
    Process

    Raises
    ------
    UsageError
        For an unknown threat or field.
    """
    if threat not in THREATS:
        raise UsageError(f"threat '{threat}' is unknown; use one of {list(THREATS)}.")
    unknown = set(changes) - set(asdict(Process()))
    if unknown:
        raise UsageError(f"{sorted(unknown)} are no fields of Process; see its documentation.")
    return replace(Process(), **(THREATS[threat] | changes))


def simulate_city(process: Process, *, rng: np.random.Generator | int) -> City:
    """Draw one city: a panel of areas, and a survey of addresses around the boundary.

    Parameters
    ----------
    process : Process
        Generating process.
    rng : Generator or int
        Source of randomness, or a seed.

    Returns
    -------
    City

    Notes
    -----
    Panel: ``outcome = 60 + level of the area + shock of the year + drift * year + noise +
    effect``; noise is a stationary AR(1). Selection on trend adds ``trend_gap`` per year to the
    drift of programme areas. Adjoining areas lose ``displacement`` from the first start on.

    Boundary: ``outcome = 60 + gradient * distance + drift + noise`` at distances even on both
    sides, plus inside the effect of the cohort in the last year and the ``divide``. The drift of
    programme areas fades over about 0.3 km on either side, without a jump. Displacement falls
    with distance outside, so that its mean over the survey's km is ``displacement``; at the line
    it is more than twice that.
    """
    generator = random_stream(rng, "evaluation city")
    areas = process.treated + process.controls
    cohort = np.full(areas, -1)
    cohort[: process.treated] = np.arange(process.treated) % len(process.starts)
    inside = cohort >= 0
    neighbour = np.zeros(areas, bool)
    neighbour[process.treated : process.treated + process.neighbours] = True
    years = np.arange(1, process.years + 1)

    level = process.level_gap * inside + generator.normal(0, process.area_sd, areas)
    drift = process.trend_gap * inside + generator.normal(0, process.trend_sd, areas)
    shock = generator.normal(0, process.year_sd, process.years)
    untreated = (
        60
        + level[:, None]
        + shock
        + drift[:, None] * (years - 1)
        + _noise(process, areas, generator)
    )
    start, effect = _effects(process, cohort, years)
    early = np.zeros_like(effect)
    first = np.where(inside, np.array(process.effects)[cohort], 0.0)
    early[inside] = (years == start[inside, None] - 1) * first[inside, None]
    lost = process.displacement * neighbour[:, None] * (years >= min(process.starts))
    running = years >= np.where(inside, start, np.inf)[:, None]
    panel = pd.DataFrame(
        {
            "area": np.repeat(np.arange(areas), process.years),
            "year": np.tile(years, areas),
            "outcome": (untreated + effect + process.anticipation * early - lost).ravel(),
            "start": np.repeat(start, process.years),
            "neighbour": np.repeat(neighbour, process.years),
            "effect": np.where(running, effect, np.nan).ravel(),
        }
    )
    truth = {
        "panel": float(effect[running].mean()),
        "first_cohort": float(effect[(cohort == 0)[:, None] & running].mean()),
        "last_year": float(effect[inside, -1].mean()),
    }
    return City(panel, _boundary(process, start, effect, generator), truth, process)


def _noise(process: Process, areas: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Stationary AR(1) noise: (areas, years)."""
    rho = process.autocorrelation
    noise = rng.normal(0, process.noise_sd, (areas, process.years))
    for year in range(1, process.years):
        noise[:, year] = rho * noise[:, year - 1] + np.sqrt(1 - rho**2) * noise[:, year]
    return noise


def _effects(
    process: Process, cohort: NDArray[np.int64], years: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Start of each area (missing for none) and effect by area and year."""
    start = np.where(cohort >= 0, np.array(process.starts, float)[cohort], np.nan)
    since = years - start[:, None]
    grown = np.array(process.effects)[cohort, None] + np.array(process.growth)[cohort, None] * since
    return start, np.where(since >= 0, grown, 0.0)


def _boundary(
    process: Process,
    start: NDArray[np.float64],
    effect: NDArray[np.float64],
    rng: np.random.Generator,
) -> pd.DataFrame:
    n = process.treated * process.addresses_per_area
    area = np.repeat(np.arange(process.treated), process.addresses_per_area)
    distance = rng.uniform(-_SURVEY_RANGE, _SURVEY_RANGE, n)
    inside = distance >= 0
    drifted = process.trend_gap * (process.years - 1) / (1 + np.exp(-distance / _DRIFT_BAND))
    reach = _SURVEY_RANGE / _DISPLACEMENT_RANGE
    at_line = process.displacement * reach / (1 - np.exp(-reach))
    lost = at_line * np.exp(-np.abs(distance) / _DISPLACEMENT_RANGE)
    outcome = (
        60
        + process.gradient * distance
        + drifted
        + rng.normal(0, process.address_sd, n)
        + np.where(inside, effect[area, -1] + process.divide, -lost)
    )
    return pd.DataFrame({"distance": distance, "outcome": outcome, "start": start[area]})
