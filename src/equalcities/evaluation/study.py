"""The designs on made-up cities: bias, coverage and power under each threat."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from equalcities.errors import UsageError
from equalcities.evaluation.designs import (
    Estimate,
    boundary_discontinuity,
    synthetic_control,
    two_stage,
    two_way_fixed_effects,
)
from equalcities.evaluation.simulation import THREATS, City, generating_process, simulate_city

_Design = Callable[[City, np.random.Generator], Estimate]

#: Each design and the truth it is held against.
DESIGNS: dict[str, tuple[_Design, str]] = {
    "two-way fixed effects": (lambda city, _: two_way_fixed_effects(city.panel), "panel"),
    "two-stage": (lambda city, _: two_stage(city.panel), "panel"),
    "two-stage, guarded": (
        lambda city, _: two_stage(city.panel, without_neighbours=True, skip_years_before=1),
        "panel",
    ),
    "synthetic control": (
        lambda city, rng: synthetic_control(city.panel, rng=rng)[0],
        "first_cohort",
    ),
    "boundary discontinuity": (
        lambda city, _: boundary_discontinuity(
            city.boundary["outcome"].to_numpy(), city.boundary["distance"].to_numpy()
        ),
        "last_year",
    ),
}


def replicate(
    threat: str, number: int, *, seed: int, designs: Sequence[str] = tuple(DESIGNS)
) -> pd.DataFrame:
    """Draw one city under one threat and apply every design to it.

    Parameters
    ----------
    threat : str
        A key of `THREATS`.
    number : int
        Number of the replicate. Seed, threat and number fix the draw, so that replicates can be
        made in any order and on any number of workers.
    seed : int
        Seed of the study.
    designs : sequence of str
        Keys of `DESIGNS`.

    Returns
    -------
    DataFrame
        One row per design: ``threat, design, replicate, truth, estimate, low, high``.
    """
    unknown = [name for name in designs if name not in DESIGNS]
    if unknown:
        raise UsageError(f"designs {unknown} are unknown; use some of {list(DESIGNS)}.")
    process = generating_process(threat)
    place = list(THREATS).index(threat)
    city = simulate_city(process, rng=np.random.default_rng([seed, 0, place, number]))
    rows = []
    for name in designs:
        design, truth = DESIGNS[name]
        # a stream of its own, so that leaving out a design doesn't change the others
        own = np.random.default_rng([seed, 1, place, number, list(DESIGNS).index(name)])
        found = design(city, own)
        rows.append(
            {
                "threat": threat,
                "design": name,
                "replicate": number,
                "truth": city.truth[truth],
                "estimate": found.effect,
                "low": found.low,
                "high": found.high,
            }
        )
    return pd.DataFrame(rows)


def study(
    replicates: int,
    *,
    seed: int,
    threats: Sequence[str] = tuple(THREATS),
    designs: Sequence[str] = tuple(DESIGNS),
) -> pd.DataFrame:
    """Draw many cities under each threat; see `replicate` for the parameters and columns."""
    return pd.concat(
        [
            replicate(threat, number, seed=seed, designs=designs)
            for threat in threats
            for number in range(replicates)
        ],
        ignore_index=True,
    )


def summarise(draws: pd.DataFrame) -> pd.DataFrame:
    """Bias, coverage and power of each design under each threat, with Monte Carlo errors.

    Parameters
    ----------
    draws : DataFrame
        From `study`.

    Returns
    -------
    DataFrame
        One row per threat and design: ``truth, bias, bias_se, spread`` (standard deviation of the
        error), ``coverage, coverage_se`` (share of intervals that hold the truth), ``power,
        power_se`` (share of intervals that lie above nothing), ``verdict, replicates, evidence``.
        The verdict is ``fails`` where coverage lies below 90 % by more than simulation error (two
        standard errors), ``narrow`` where it so lies below 95 %, else ``holds``.

    Notes
    -----
    Standard errors are those of the simulation, over replicates; for shares the binomial one, with
    one half of a case added on either side so that it isn't nothing at 0 or 1. Power is worth
    something only where coverage holds: an interval in the wrong place excludes nothing easily.
    """
    missing = {"threat", "design", "truth", "estimate", "low", "high"} - set(draws.columns)
    if missing:
        raise UsageError(f"the draws lack {sorted(missing)}; use the table from study().")
    rows = []
    for (threat, design), group in draws.groupby(["threat", "design"], sort=False):
        n = len(group)
        error = group["estimate"] - group["truth"]
        inside = (group["low"] <= group["truth"]) & (group["truth"] <= group["high"])
        found = group["low"] > 0
        coverage, coverage_se = inside.mean(), _share_se(int(inside.sum()), n)
        rows.append(
            {
                "threat": threat,
                "design": design,
                "truth": group["truth"].mean(),
                "bias": error.mean(),
                "bias_se": error.std(ddof=1) / np.sqrt(n),
                "spread": error.std(ddof=1),
                "coverage": coverage,
                "coverage_se": coverage_se,
                "power": found.mean(),
                "power_se": _share_se(int(found.sum()), n),
                "verdict": _verdict(coverage + 2 * coverage_se),
                "replicates": n,
                "evidence": "simulated",
            }
        )
    return pd.DataFrame(rows)


def _verdict(at_best: float) -> str:
    if at_best < 0.90:
        return "fails"
    return "narrow" if at_best < 0.95 else "holds"


def _share_se(count: int, n: int) -> float:
    share = (count + 0.5) / (n + 1)
    return float(np.sqrt(share * (1 - share) / n))
