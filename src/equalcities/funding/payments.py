"""Payment for results when the provider chooses whom to enrol, help and claim.

A thought experiment, not a forecast: people of known need, a contract with fewer places than
people, a provider who answers to what is paid. Each behaviour can be switched on by degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import UsageError
from equalcities.funding.payment_inputs import (
    PER_RESULT,
    THRESHOLD,
    TOTAL,
    VALUE_ADDED,
    Floats,
    PaymentRule,
    Population,
    check_places,
    check_ranges,
    read_groups,
    read_tariffs,
)
from equalcities.stats import random_stream

# Profits closer than this, against the largest, are ties: no one is preferred for rounding.
TIE = 1e-9

UNITS = {
    "people": "people",
    "enrolled": "people",
    "helped": "people",
    "results": "results",
    "extra": "results",
    "claimed_enrolled": "people",
    "published": "results",
    "paid": "currency",
    "penalties": "currency",
    "audit_cost": "currency",
    "service_cost": "currency",
    "reach": "share",
    "published_error": "share",
    "outlay": "currency",
    "margin": "currency",
    "cost_per_result": "currency per result",
    "cost_per_extra": "currency per result",
    "extra_share": "share",
    "reach_gap": "share",
}
"""Measures in the order of tables, with their units."""
TOTAL_ONLY = (
    "outlay", "margin", "cost_per_result", "cost_per_extra", "extra_share", "reach_gap",
)  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """How a provider answers to what is paid; with all behaviours at 0 it is even-handed.

    Attributes
    ----------
    creaming : float
        Share of places filled with those who promise most profit; the rest by lot.
    parking : float
        Share of people left without help among those whose help costs more than it brings in.
    false_claims : float
        Share of the enrolled without a result who are claimed as results, if no one checks.
    relabelling : float
        Share of files put into a better-paid group, if no one checks.
    sight : float
        Share of people of whom the provider sees whether they are easier or harder than their
        group's mean.
    parked_cost : float
        Cost of a parked person as a share of the cost of help.
    safety : float
        How far above a target the provider aims, as a share of it.
    """

    creaming: float = 0.0
    parking: float = 0.0
    false_claims: float = 0.0
    relabelling: float = 0.0
    sight: float = 0.5
    parked_cost: float = 0.2
    safety: float = 0.1

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1."""
        upper = {"safety": np.inf}
        check_ranges({k: (v, 0, upper.get(k, 1)) for k, v in asdict(self).items()})


def try_tariffs(
    groups: pd.DataFrame,
    tariffs: pd.DataFrame,
    *,
    places: int,
    provider: Provider,
    rng: np.random.Generator | int,
    replicates: int = 200,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Try payment rules on groups of your own: who is reached, at what cost, how truly counted.

    Parameters
    ----------
    groups : DataFrame
        One row per group of people in need: ``group`` (name), ``people`` (count), ``base_rate``
        (chance of the result without help, 0 to 1), ``gain`` (what help adds to the chance, 0
        to 1), ``cost`` (of helping one person, any currency), ``spread`` (0 to 1: the easier
        half has the chance ``base_rate * (1 + spread)`` without help, the harder half
        ``base_rate * (1 - spread)``).
    tariffs : DataFrame
        One row per rule and group: ``rule`` (name), ``kind`` (``"per result"``,
        ``"threshold"`` or ``"value added"``), ``group``, ``tariff`` (per result, in the currency
        of the costs). Value added needs ``expected`` (the chance that counts as expected);
        threshold needs ``target`` (results). ``audit_share``, ``audit_cost`` (per file) and
        ``penalty`` (share of the tariff) are optional, for any kind, one value per rule.
    places : int
        Places that the contract pays for; all of them are filled.
    provider : Provider
        How the provider behaves.
    rng : Generator or int
        Source of randomness, or a seed.
    replicates : int
        How often the contract is played.
    confidence : float
        Share of replicates within ``ci_low`` and ``ci_high``.

    Returns
    -------
    DataFrame
        One row per rule, group (and their total, ``"all"``) and measure: ``rule``, ``group``,
        ``measure``, ``unit``, ``value`` (mean over replicates), ``ci_low``, ``ci_high``, ``n``
        (replicates). A ratio that is undefined in a replicate, such as cost per result where
        there is none, is missing.

        By true group: ``people``, ``enrolled``, ``helped``, ``results``, ``extra`` (results
        that help brought about), ``reach`` (helped by people), ``service_cost``, ``penalties``.
        By claimed group: ``claimed_enrolled``, ``published`` (results after the audit), ``paid``.
        Across both: ``published_error``, (published - results) / results. For the total also
        ``outlay`` (paid - penalties + audits), ``margin`` (of the provider),
        ``cost_per_result``, ``cost_per_extra`` (outlay by results, by extra results),
        ``extra_share`` (extra by published) and ``reach_gap`` (reach of the group with the
        lowest base rate, minus that of the highest).

    Raises
    ------
    DataError
        If a frame is not fit; the message names row and column.
    UsageError
        If another argument is out of range.

    Notes
    -----
    The provider enrols by expected profit (as far as it creams), helps where help pays (as far
    as it parks), and claims falsely less the more is checked: false claims and labels are
    multiplied by ``max(0, 1 - audit_share * (1 + penalty))``, the expected net return of a false
    claim by its tariff. A checked file is put right. Under a threshold nothing is paid below the
    target and nothing more above it, so help goes to the cheapest results up to the target, and
    to no one if the target is out of reach. Under value added the total is never below 0.
    The provider's choices rest on results it expects, not on claims it could invent.

    References
    ----------
    Carter, E. and Whitworth, A. (2015). Creaming and parking in quasi-marketised
    welfare-to-work schemes. *Journal of Social Policy* 44, 277-296.
    """
    population, rules = _read(groups, tariffs, places)
    if not isinstance(replicates, int) or replicates < 1:
        raise UsageError(f"replicates is {replicates}; give a whole number of at least 1.")
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence}; give a number between 0 and 1.")
    seed = int(random_stream(rng, "payments").integers(2**62))
    frames = []
    for rule in rules:
        # One stream per rule: adding a rule to the frame leaves the others' draws as they were.
        stream = random_stream(seed, rule.name)
        runs = np.stack(
            [
                _values(play(population, rule, provider, places, stream), population)
                for _ in range(replicates)
            ]
        )
        tail = 100 * (1 - confidence) / 2
        low, high = np.percentile(runs, [tail, 100 - tail], axis=0)
        summary = {"value": runs.mean(axis=0), "ci_low": low, "ci_high": high}
        frames.append(_tidy(rule.name, groups["group"], population, **summary))
    return pd.concat(frames, ignore_index=True).assign(n=int(replicates))


def compare_behaviours(
    groups: pd.DataFrame,
    tariffs: pd.DataFrame,
    behaviours: Mapping[str, Provider],
    *,
    places: int,
    rng: int,
    replicates: int = 200,
) -> pd.DataFrame:
    """Try the same tariffs on several providers.

    Parameters
    ----------
    groups, tariffs, places, replicates
        As for `try_tariffs`.
    behaviours : mapping of str to Provider
        Providers by name.
    rng : int
        A seed, the same for each provider.

    Returns
    -------
    DataFrame
        As from `try_tariffs`, with a first column ``behaviour``.

    Raises
    ------
    DataError, UsageError
        As `try_tariffs`.
    """
    tables = {
        name: try_tariffs(
            groups, tariffs, places=places, provider=provider, rng=rng, replicates=replicates
        )
        for name, provider in behaviours.items()
    }
    return pd.concat(tables, names=["behaviour"]).reset_index("behaviour").reset_index(drop=True)


def payment_outcomes(
    groups: pd.DataFrame, tariffs: pd.DataFrame, *, places: int, provider: Provider
) -> pd.DataFrame:
    """Return what is expected, without chance: every share falls as its probability says.

    Parameters
    ----------
    groups, tariffs, places, provider
        As for `try_tariffs`.

    Returns
    -------
    DataFrame
        As from `try_tariffs`, without ``ci_low``, ``ci_high`` and ``n``. A threshold is met or
        not by the expected number of results.

    Raises
    ------
    DataError, UsageError
        As `try_tariffs`.
    """
    population, rules = _read(groups, tariffs, places)
    return pd.concat(
        [
            _tidy(
                rule.name,
                groups["group"],
                population,
                value=_values(play(population, rule, provider, places), population),
            )
            for rule in rules
        ],
        ignore_index=True,
    )


def _read(
    groups: pd.DataFrame, tariffs: pd.DataFrame, places: int
) -> tuple[Population, list[PaymentRule]]:
    population = read_groups(groups)
    check_places(places, population)
    return population, read_tariffs(tariffs, population)


# --- one contract -------------------------------------------------------------------------


def play(
    population: Population,
    rule: PaymentRule,
    provider: Provider,
    places: int,
    rng: np.random.Generator | None = None,
) -> dict[str, Floats]:
    """Play one contract; without ``rng``, in expectation.

    Returns
    -------
    dict of str to ndarray
        Counts and money by group, in the order of the population.
    """
    chance, seen, people = _cells(population, provider, rng)
    enrolled = _enrol(population, rule, provider, places, seen, people, rng)
    wanted = _wanted(population, rule, provider, seen, enrolled)
    helped = _part(enrolled, 1 - provider.parking * (1 - wanted), rng)
    # A result without help would have come anyway; help adds to it among the others.
    anyway = _part(helped, chance, rng)
    open_chance = np.divide(
        population.gain[:, None], 1 - chance, out=np.zeros_like(chance), where=chance < 1
    )
    extra = _part(helped - anyway, open_chance, rng)
    unhelped = _part(enrolled - helped, chance, rng)
    by_group = {
        "people": population.people.astype(float),
        "enrolled": enrolled.sum(axis=1),
        "helped": helped.sum(axis=1),
        "results": (anyway + extra + unhelped).sum(axis=1),
        "extra": extra.sum(axis=1),
    }
    return by_group | _settle(population, rule, provider, by_group, rng)


def _cells(
    population: Population, provider: Provider, rng: np.random.Generator | None
) -> tuple[Floats, Floats, Floats]:
    """Split groups into easier and harder halves, seen and unseen: four columns per group.

    Returns the chance without help, the chance the provider reckons with, and people.
    """
    base, spread = population.base_rate[:, None], population.spread[:, None]
    chance = base * (1 + spread * np.array([1.0, 1.0, -1.0, -1.0]))
    seen = np.where([True, False, True, False], chance, base)
    total = population.people.astype(float)
    easier = _part(total, 0.5, rng)
    columns = []
    for half in (easier, total - easier):
        visible = _part(half, provider.sight, rng)
        columns += [visible, half - visible]
    return chance, seen, np.stack(columns, axis=1)


def _enrol(
    population: Population,
    rule: PaymentRule,
    provider: Provider,
    places: int,
    seen: Floats,
    people: Floats,
    rng: np.random.Generator | None,
) -> Floats:
    tariff, gain = rule.tariff[:, None], population.gain[:, None]
    pays = _help_pays(population, rule, provider)[:, None]
    if rule.kind == THRESHOLD:
        pays = np.ones_like(pays)
    helped = 1 - provider.parking * (1 - pays)
    cost = population.cost[:, None] * (helped + provider.parked_cost * (1 - helped))
    profit = (
        tariff * (seen + helped * gain - np.broadcast_to(rule.expected, len(gain))[:, None]) - cost
    )
    chosen = _part(np.array(float(places)), provider.creaming, rng)
    first = _in_order(-profit, people, float(chosen), rng)
    return first + _by_lot(people - first, places - float(chosen), rng)


def _help_pays(population: Population, rule: PaymentRule, provider: Provider) -> Floats:
    """Return 1 for groups in which help brings in at least what it costs, else 0."""
    saved = (1 - provider.parked_cost) * population.cost
    earned = rule.tariff * population.gain
    return (earned >= saved * (1 - TIE)).astype(float)


def _wanted(
    population: Population, rule: PaymentRule, provider: Provider, seen: Floats, enrolled: Floats
) -> Floats:
    """Return the share of each cell that it pays to help."""
    pays = np.broadcast_to(_help_pays(population, rule, provider)[:, None], enrolled.shape)
    if rule.kind != THRESHOLD:
        return pays
    sure = float((enrolled * seen).sum())
    most = enrolled * population.gain[:, None]
    if sure + most.sum() < rule.target * (1 - TIE):
        return np.zeros_like(enrolled)
    aim = min(max(0.0, rule.target * (1 + provider.safety) - sure), float(most.sum()))
    useful = population.gain > TIE  # else its price would be beyond all numbers
    price = np.divide(
        population.cost, population.gain, out=np.zeros_like(population.cost), where=useful
    )
    bought = _in_order(np.broadcast_to(price[:, None], most.shape), most, aim, None)
    return np.divide(bought, most, out=np.zeros_like(most), where=most > 0)


def _settle(
    population: Population,
    rule: PaymentRule,
    provider: Provider,
    by_group: dict[str, Floats],
    rng: np.random.Generator | None,
) -> dict[str, Floats]:
    """Claim, audit and pay."""
    enrolled, results = by_group["enrolled"], by_group["results"]
    worth = max(0.0, 1 - rule.audit_share * (1 + rule.penalty))
    invented = _part(enrolled - results, provider.false_claims * worth, rng)
    found = _part(invented, rule.audit_share, rng)
    claims = results + invented - found
    label, better = _best_label(population, rule)
    moving = provider.relabelling * worth * (1 - rule.audit_share) * better
    moved_claims = _part(claims, moving, rng)
    moved_rest = _part(enrolled - claims, moving, rng)
    published = _move(claims, moved_claims, label)
    on_label = _move(enrolled, moved_claims + moved_rest, label)
    audited = _part(enrolled, rule.audit_share, rng)
    paid = _pay(rule, published, on_label)
    penalties = found * rule.penalty * rule.tariff
    kept = by_group["helped"] + provider.parked_cost * (enrolled - by_group["helped"])
    service = population.cost * kept
    return {
        "claimed_enrolled": on_label,
        "published": published,
        "paid": paid,
        "penalties": penalties,
        "audit_cost": audited * rule.audit_cost,
        "service_cost": service,
    }


def _best_label(population: Population, rule: PaymentRule) -> tuple[NDArray[np.intp], Floats]:
    """Return the group under which a helped member of each group is paid best, and if it is more.

    Among equals the first in the order of the population, which is by name.
    """
    chance = (population.base_rate + population.gain)[:, None]
    if rule.kind == VALUE_ADDED:
        worth = rule.tariff * (chance - rule.expected)
    else:
        worth = rule.tariff * np.ones_like(chance)
    label = worth.argmax(axis=1)
    own = np.diagonal(worth)
    scale = float(np.abs(worth).max())
    return label, (worth.max(axis=1) > own + TIE * scale).astype(float)


def _move(counts: Floats, moved: Floats, label: NDArray[np.intp]) -> Floats:
    result = counts - moved
    np.add.at(result, label, moved)
    return result


def _pay(rule: PaymentRule, published: Floats, enrolled: Floats) -> Floats:
    if rule.kind == PER_RESULT:
        return rule.tariff * published
    if rule.kind == VALUE_ADDED:
        due = rule.tariff * (published - rule.expected * enrolled)
        return due if due.sum() > 0 else np.zeros_like(due)
    count = float(published.sum())
    if count < rule.target * (1 - TIE):
        return np.zeros_like(published)
    return rule.tariff * published * rule.target / count


# --- shares, in expectation or drawn ------------------------------------------------------


def _part(counts: Floats, share: Floats | float, rng: np.random.Generator | None) -> Floats:
    """Return a share of counts: its expectation, or a binomial draw."""
    if rng is None:
        return counts * share
    drawn = rng.binomial(np.asarray(counts).astype(np.int64), np.clip(share, 0, 1))
    return np.asarray(drawn, dtype=float)


def _by_lot(people: Floats, places: float, rng: np.random.Generator | None) -> Floats:
    """Fill places by lot among people."""
    total = float(people.sum())
    if places <= 0 or total <= 0:
        return np.zeros_like(people)
    if rng is None:
        return people * (places / total)
    drawn = rng.multivariate_hypergeometric(people.ravel().astype(np.int64), int(places))
    return drawn.reshape(people.shape).astype(float)


def _in_order(
    price: Floats, people: Floats, places: float, rng: np.random.Generator | None
) -> Floats:
    """Fill places in ascending order of price, by lot among those of equal price."""
    taken, left = np.zeros_like(people), places
    flat = price.ravel()
    order = np.argsort(flat, kind="stable")
    steps = np.diff(flat[order], prepend=flat[order[0]])
    tier = np.cumsum(steps > TIE * float(np.abs(flat).max()))
    for level in range(int(tier[-1]) + 1):
        if left <= 0:
            break
        members = np.zeros(len(flat), dtype=bool)
        members[order[tier == level]] = True
        here = np.where(members.reshape(people.shape), people, 0.0)
        size = float(here.sum())
        taken += here if size <= left else _by_lot(here, left, rng)
        left -= min(size, left)
    return taken


# --- tables -------------------------------------------------------------------------------


def _values(run: dict[str, Floats], population: Population) -> Floats:
    """Return one contract as an array: measures by groups and, last, their total."""
    counted = np.stack(list(run.values()))
    counted = np.concatenate([counted, counted.sum(axis=1, keepdims=True)], axis=1)
    table = dict(zip(run, counted, strict=True))
    table["reach"] = table["helped"] / table["people"]
    table["published_error"] = _ratio(table["published"] - table["results"], table["results"])
    total = {name: values[-1] for name, values in table.items()}
    revenue = total["paid"] - total["penalties"]
    outlay = revenue + total["audit_cost"]
    hardest, easiest = population.base_rate.argmin(), population.base_rate.argmax()
    only = {
        "outlay": outlay,
        "margin": revenue - total["service_cost"],
        "cost_per_result": _ratio(outlay, total["results"]),
        "cost_per_extra": _ratio(outlay, total["extra"]),
        "extra_share": _ratio(total["extra"], total["published"]),
        "reach_gap": table["reach"][hardest] - table["reach"][easiest],
    }
    rows = np.full((len(UNITS), counted.shape[1]), np.nan)
    for row, name in enumerate(UNITS):
        if name in only:
            rows[row, -1] = only[name]
        else:
            rows[row] = table[name]
    return rows


def total_values(run: dict[str, Floats], population: Population) -> dict[str, float]:
    """Return the measures of one contract as a whole."""
    return dict(zip(UNITS, _values(run, population)[:, -1].tolist(), strict=True))


def _ratio(above: Floats | float, below: Floats | float) -> Floats:
    # Below TIE a count is nothing, and its ratio would be beyond all numbers.
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > TIE)


def _tidy(rule: str, groups: pd.Series, population: Population, **values: Floats) -> pd.DataFrame:
    """Return arrays from `_values` as rows: groups in the order they were given, then all."""
    order = [*(population.groups.index(name) for name in groups), len(groups)]
    names = [*groups, TOTAL]
    frame = pd.DataFrame(
        {
            "rule": rule,
            "group": np.tile(names, len(UNITS)),
            "measure": np.repeat(list(UNITS), len(names)),
            "unit": np.repeat(list(UNITS.values()), len(names)),
        }
        | {name: table[:, order].ravel() for name, table in values.items()}
    )
    return frame[(frame["group"] == TOTAL) | ~frame["measure"].isin(TOTAL_ONLY)]
