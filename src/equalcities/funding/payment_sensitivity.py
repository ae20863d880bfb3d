"""Which assumption moves the answer of the payment experiment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from equalcities.errors import DataError, UsageError
from equalcities.funding.payment_inputs import (
    Floats,
    Population,
    check_places,
    read_groups,
    standard_rules,
)
from equalcities.funding.payments import Provider, play, total_values
from equalcities.stats import random_stream, sobol_indices

ASSUMPTIONS = {
    "creaming": (0.0, 1.0),
    "parking": (0.0, 0.9),
    "false_claims": (0.0, 0.2),
    "relabelling": (0.0, 0.3),
    "sight": (0.0, 1.0),
    "spread": (0.0, 0.8),
    "places_share": (0.3, 0.8),
    "margin": (0.0, 0.4),
    "knowledge": (0.0, 1.0),
    "gain_slope": (0.0, 1.0),
    "audit_share": (0.02, 0.3),
}
"""What is varied, with its lowest and highest value; all between are taken as equally likely.

``places_share`` is places by people in need. ``gain_slope`` scales how far the groups' gains lie
from their mean: at 0 help works equally well for all, at 1 as in the frame of groups.
``spread`` stands for the spread of every group.
"""

OUTPUTS = ("reach_gap", "cost_per_extra", "published_error")


def vary_assumptions(
    groups: pd.DataFrame,
    *,
    rng: np.random.Generator | int,
    n: int = 1000,
    ranges: Mapping[str, tuple[float, float]] = ASSUMPTIONS,
    audit_cost: float = 0.0,
) -> pd.DataFrame:
    """Play the five standard rules under assumptions drawn at random, in expectation.

    Parameters
    ----------
    groups : DataFrame
        As for `try_tariffs`; the gains, spreads and places are varied from there.
    rng : Generator or int
        Source of randomness, or a seed.
    n : int
        Draws.
    ranges : mapping of str to (float, float)
        Lowest and highest value of each of `ASSUMPTIONS`.
    audit_cost : float
        Cost of checking a file.

    Returns
    -------
    DataFrame
        One row per draw and rule: ``draw``, ``rule``, ``reach_gap``, ``cost_per_extra``,
        ``published_error`` and the assumptions.

    Raises
    ------
    DataError
        If the groups are not fit or have no gain or cost.
    UsageError
        If a range is not fit.
    """
    population = _fit(groups, ranges)
    points = random_stream(rng, "payment assumptions").random((n, len(ranges)))
    low, high = _limits(ranges)
    drawn = pd.DataFrame(low + points * (high - low), columns=list(ranges))
    frames = [
        pd.DataFrame(outputs, columns=list(OUTPUTS)).assign(draw=np.arange(n), rule=rule)
        for rule, outputs in _outputs(population, drawn, audit_cost).items()
    ]
    long = pd.concat(frames, ignore_index=True)
    return long[["draw", "rule", *OUTPUTS]].merge(drawn, left_on="draw", right_index=True)


def payment_sensitivity(
    groups: pd.DataFrame,
    *,
    rng: int,
    n: int = 256,
    ranges: Mapping[str, tuple[float, float]] = ASSUMPTIONS,
    audit_cost: float = 0.0,
    n_resamples: int = 200,
) -> pd.DataFrame:
    """Attribute the answer's variance to the assumptions: Sobol indices, rule by rule.

    Parameters
    ----------
    groups, ranges, audit_cost
        As for `vary_assumptions`.
    rng : int
        A seed.
    n : int
        Base sample, a power of two; the contract is played ``n * (len(ranges) + 2)`` times
        under each rule.
    n_resamples : int
        Bootstrap resamples behind the intervals.

    Returns
    -------
    DataFrame
        One row per ``rule``, ``output``, ``input`` and ``index`` (``"first"``, ``"total"``):
        ``value``, ``ci_low``, ``ci_high``. ``cost_per_extra`` enters by its logarithm, else a
        few very dear draws would decide. An output that no assumption moves under a rule has no
        rows.

    Raises
    ------
    DataError, UsageError
        As `vary_assumptions`.

    References
    ----------
    Saltelli, A. et al. (2010). *Computer Physics Communications* 181, 259-270.
    """
    population = _fit(groups, ranges)
    low, high = _limits(ranges)
    done: dict[str, Floats] = {}

    def column(points: Floats, rule: str, output: int) -> Floats:
        # The same seed gives the same points each time, so one pass serves all outputs.
        if not done:
            drawn = pd.DataFrame(low + points * (high - low), columns=list(ranges))
            done.update(_outputs(population, drawn, audit_cost))
        values = done[rule][:, output]
        if OUTPUTS[output] != "cost_per_extra":
            return values
        if not (values > 0).all():
            raise UsageError(
                f"under '{rule}' some draws pay nothing or bring nothing about, so cost has no "
                "logarithm; narrow the ranges."
            )
        return np.log(values)

    sobol_settings = {"rng": int(rng), "n": n, "n_resamples": n_resamples}
    frames = []
    for rule in _rule_names(population):
        for number, output in enumerate(OUTPUTS):
            try:
                table = sobol_indices(
                    lambda points, rule=rule, number=number: column(points, rule, number),
                    list(ranges),
                    **sobol_settings,
                )
            except UsageError:
                if not done or np.ptp(done[rule][:, number]) != 0:
                    raise
                continue
            frames.append(table.assign(rule=rule, output=output))
    long = pd.concat(frames, ignore_index=True)
    return long[["rule", "output", "input", "index", "value", "ci_low", "ci_high"]]


def _fit(groups: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]) -> Population:
    population = read_groups(groups)
    if set(ranges) != set(ASSUMPTIONS):
        raise UsageError(f"ranges names {sorted(ranges)}; give exactly {sorted(ASSUMPTIONS)}.")
    for name, (low, high) in ranges.items():
        if not low <= high:
            raise UsageError(f"the range of {name} runs from {low} to {high}; swap them.")
    for column in ("gain", "cost"):
        if (getattr(population, column) == 0).any():
            raise DataError(
                "a group has 0, so no weight can be set",
                cure="Leave the group out",
                file="groups",
                column=column,
            )
    top = ranges["spread"][1]
    easiest = population.base_rate * (1 + top) + population.gain.max()
    if easiest.max() > 1:
        raise DataError(
            f"with a spread of {top:g} a chance reaches {easiest.max():.3g}, above 1",
            cure="Lower base_rate or gain, or the range of spread",
            file="groups",
        )
    return population


def _limits(ranges: Mapping[str, tuple[float, float]]) -> tuple[Floats, Floats]:
    low, high = np.array(list(ranges.values()), dtype=float).T
    return low, high


def _rule_names(population: Population) -> list[str]:
    plain = {"margin": 0, "knowledge": 1, "audit_share": 0, "audit_cost": 0, "penalty": 1}
    return [rule.name for rule in standard_rules(population, 1, target_share=0.9, **plain)]


def _outputs(population: Population, drawn: pd.DataFrame, audit_cost: float) -> dict[str, Floats]:
    """Return one array (draws, outputs) per rule."""
    results: dict[str, list[list[float]]] = {}
    for values in drawn.to_dict("records"):
        varied, places = _varied(population, values)
        provider = Provider(
            **{name: values[name] for name in
               ("creaming", "parking", "false_claims", "relabelling", "sight")}
        )  # fmt: skip
        rules = standard_rules(
            varied, places, margin=values["margin"], knowledge=values["knowledge"],
            audit_share=values["audit_share"], audit_cost=audit_cost, penalty=1, target_share=0.9,
        )  # fmt: skip
        for rule in rules:
            total = total_values(play(varied, rule, provider, places), varied)
            results.setdefault(rule.name, []).append([total[name] for name in OUTPUTS])
    return {name: np.array(rows) for name, rows in results.items()}


def _varied(population: Population, values: Mapping[str, float]) -> tuple[Population, int]:
    people = population.people
    mean = float(people @ population.gain) / people.sum()
    varied = Population(
        groups=population.groups,
        people=people,
        base_rate=population.base_rate,
        gain=mean + values["gain_slope"] * (population.gain - mean),
        cost=population.cost,
        spread=np.full(len(people), values["spread"]),
    )
    return varied, check_places(round(values["places_share"] * int(people.sum())), varied)
