"""Frames of groups and tariffs, checked; and the tariffs of five common payment rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import DataError, UsageError

Floats = NDArray[np.float64]

PER_RESULT, THRESHOLD, VALUE_ADDED = "per result", "threshold", "value added"
KINDS = (PER_RESULT, THRESHOLD, VALUE_ADDED)
TOTAL = "all"
"""Name of the row that sums the groups, so no group may bear it."""

GROUP_COLUMNS = ("group", "people", "base_rate", "gain", "cost", "spread")
TARIFF_COLUMNS = ("rule", "kind", "group", "tariff")
OPTIONAL_COLUMNS = ("expected", "target", "audit_share", "audit_cost", "penalty")
WHOLE_CONTRACT = ("target", "audit_share", "audit_cost", "penalty")


@dataclass(frozen=True)
class Population:
    """Groups of people in need, sorted by name so that the order of rows can't matter.

    Attributes
    ----------
    groups : tuple of str
        Names.
    people : ndarray of int
        People in need.
    base_rate, gain : ndarray
        Chance of the result without help, and what help adds to it.
    cost : ndarray
        Cost of helping one person.
    spread : ndarray
        Half of a group is easier and half harder than its mean: their chances without help are
        ``base_rate * (1 + spread)`` and ``base_rate * (1 - spread)``.
    """

    groups: tuple[str, ...]
    people: NDArray[np.int64]
    base_rate: Floats
    gain: Floats
    cost: Floats
    spread: Floats


@dataclass(frozen=True)
class PaymentRule:
    """What is paid for a result, by group in the order of the population.

    Attributes
    ----------
    name, kind : str
        Its name, and one of `KINDS`.
    tariff, expected : ndarray (`expected` may be one number)
        Paid per result; the chance that counts as expected (value added only).
    target : float
        Results below which nothing is paid and above which nothing is added (threshold only).
    audit_share, audit_cost, penalty : float
        Share of files checked, cost of a check, and what a false result found costs the
        provider on top of its payment, as a share of the tariff.
    """

    name: str
    kind: str
    tariff: Floats
    expected: Floats | float = 0.0
    target: float = 0.0
    audit_share: float = 0.0
    audit_cost: float = 0.0
    penalty: float = 0.0


def read_groups(groups: pd.DataFrame) -> Population:
    """Check a frame of groups; see `equalcities.funding.try_tariffs` for its columns.

    Raises
    ------
    DataError
        Naming row and column of the first thing that is wrong.
    """
    _check_columns(groups, GROUP_COLUMNS, (), "groups")
    names = _names(groups, "group", "groups")
    for name in names[names.duplicated()]:
        row = int(np.flatnonzero(names == name)[1]) + 1
        raise DataError(
            f"group '{name}' stands there twice",
            cure="Give one row per group",
            file="groups",
            row=row,
            column="group",
        )
    if TOTAL in set(names):
        raise DataError(
            f"'{TOTAL}' is the name of the total",
            cure="Rename the group",
            file="groups",
            column="group",
        )
    people = _numbers(groups, "people", "groups", low=1)
    base, gain = (_numbers(groups, c, "groups", low=0, high=1) for c in ("base_rate", "gain"))
    cost = _numbers(groups, "cost", "groups", low=0)
    spread = _numbers(groups, "spread", "groups", low=0, high=1)
    _refuse(
        people != np.floor(people), "is no whole number", "Count people", "groups", "people", people
    )
    easiest = base * (1 + spread) + gain
    _refuse(
        easiest > 1 + 1e-12,
        "is the chance of the easier half with help (base_rate * (1 + spread) + gain), above 1",
        "Lower base_rate, spread or gain",
        "groups",
        "gain",
        easiest,
    )
    order = np.argsort(names.to_numpy(str), kind="stable")
    return Population(
        groups=tuple(names.iloc[order]),
        people=people[order].astype(np.int64),
        base_rate=base[order],
        gain=gain[order],
        cost=cost[order],
        spread=spread[order],
    )


def read_tariffs(tariffs: pd.DataFrame, population: Population) -> list[PaymentRule]:
    """Check a frame of tariffs; see `equalcities.funding.try_tariffs` for its columns.

    Raises
    ------
    DataError
        Naming the row and column, or the rule, of the first thing that is wrong.
    """
    _check_columns(tariffs, TARIFF_COLUMNS, OPTIONAL_COLUMNS, "tariffs")
    table = tariffs.reset_index(drop=True)
    for column in ("rule", "kind", "group"):
        table[column] = _names(table, column, "tariffs")
    _refuse(
        ~table["kind"].isin(KINDS).to_numpy(),
        "is no kind of rule",
        f"Use one of {', '.join(KINDS)}",
        "tariffs",
        "kind",
        table["kind"],
    )
    _refuse(
        ~table["group"].isin(population.groups).to_numpy(),
        "is no group of the frame of groups",
        "Use the same names in both frames",
        "tariffs",
        "group",
        table["group"],
    )
    _refuse(
        table.duplicated(["rule", "group"]).to_numpy(),
        "has a tariff under this rule already",
        "Give one row per rule and group",
        "tariffs",
        "group",
        table["group"],
    )
    table["tariff"] = _numbers(table, "tariff", "tariffs", low=0)
    return [
        _read_rule(str(name), rows, population) for name, rows in table.groupby("rule", sort=False)
    ]


def _read_rule(name: str, rows: pd.DataFrame, population: Population) -> PaymentRule:
    absent = [group for group in population.groups if group not in set(rows["group"])]
    if absent:
        raise DataError(
            f"rule '{name}' has no tariff for {', '.join(absent)}",
            cure="Give one row per group, with tariff 0 where nothing is paid",
            file="tariffs",
            column="group",
        )
    if (rows["kind"] != rows["kind"].iloc[0]).any():
        raise DataError(
            f"rule '{name}' is of several kinds",
            cure="Give all its rows one kind",
            file="tariffs",
            column="kind",
        )
    kind = rows["kind"].iloc[0]
    for column, only in (("expected", VALUE_ADDED), ("target", THRESHOLD)):
        if kind == only and column not in rows:
            raise DataError(
                f"rule '{name}' pays by {only} but the frame has no column '{column}'",
                cure=f"Add '{column}'",
                file="tariffs",
            )
    whole = dict.fromkeys(WHOLE_CONTRACT, 0.0)
    used = [c for c in WHOLE_CONTRACT if c in rows and (c != "target" or kind == THRESHOLD)]
    for column in used:
        high = 1.0 if column == "audit_share" else np.inf
        values = _numbers(rows, column, "tariffs", low=0, high=high)
        if np.ptp(values) > 0:
            raise DataError(
                f"rule '{name}' has several values, but there is one per contract",
                cure="Repeat the same value for each group",
                file="tariffs",
                column=column,
            )
        whole[column] = float(values[0])
    if kind == THRESHOLD and whole["target"] == 0:
        raise DataError(
            f"rule '{name}' has a target of 0 results",
            cure="Give a target above 0",
            file="tariffs",
            column="target",
        )
    order = np.argsort(rows["group"].to_numpy(str), kind="stable")
    tariff = rows["tariff"].to_numpy(float)[order]
    if kind != VALUE_ADDED:
        return PaymentRule(name, kind, tariff, **whole)
    expected = _numbers(rows, "expected", "tariffs", low=0, high=1)
    return PaymentRule(name, kind, tariff, expected[order], **whole)


def check_places(places: int, population: Population) -> int:
    """Return the number of places if the population can fill them.

    Raises
    ------
    UsageError
        If it is no whole number from 1 to the number of people.
    """
    total = int(population.people.sum())
    whole = isinstance(places, int | np.integer) and not isinstance(places, bool)
    if not whole or not 1 <= places <= total:
        raise UsageError(f"places is {places}; give a whole number from 1 to {total}, the people.")
    return int(places)


# --- the common rules, at equal money -----------------------------------------------------


def standard_tariffs(
    groups: pd.DataFrame,
    *,
    places: int,
    margin: float = 0.2,
    knowledge: float = 1.0,
    audit_share: float = 0.1,
    audit_cost: float = 0.0,
    penalty: float = 1.0,
    target_share: float = 0.9,
) -> pd.DataFrame:
    """Return the tariffs of five common rules that cost the same under an even-handed provider.

    Parameters
    ----------
    groups : DataFrame
        As for `try_tariffs`.
    places : int
        Places that the contract pays for.
    margin : float
        What an even-handed, honest provider earns above its costs, as a share of them. It sets
        the level of all tariffs.
    knowledge : float
        From 0 to 1: how well the authority knows the groups' need. At 0 its weights and expected
        chances are the same for all groups.
    audit_share, audit_cost, penalty : float
        Of the rule "flat, audited": share of files checked, cost of each, and what a false
        result found costs beyond its own payment, as a share of the tariff.
    target_share : float
        Target of the rule "threshold", as a share of the even-handed provider's results.

    Returns
    -------
    DataFrame
        One row per rule and group, as `try_tariffs` takes it: ``rule``, ``kind``, ``group``,
        ``tariff``, ``expected``, ``target``, ``audit_share``, ``audit_cost``, ``penalty``.

    Raises
    ------
    DataError
        If the groups are not fit, or help adds nothing or costs nothing in one of them.
    UsageError
        If a number is out of its range.

    Notes
    -----
    Weights follow the cost of one extra result, ``cost / gain``. Equal money under an
    even-handed provider is what makes the rules comparable: what differs between them later is
    then due to how a provider responds.
    """
    population = read_groups(groups)
    check_places(places, population)
    bounds = {
        "margin": (margin, 0, np.inf),
        "knowledge": (knowledge, 0, 1),
        "audit_share": (audit_share, 0, 1),
        "audit_cost": (audit_cost, 0, np.inf),
        "penalty": (penalty, 0, np.inf),
        "target_share": (target_share, 1e-9, np.inf),
    }
    check_ranges(bounds)
    for column in ("gain", "cost"):
        if (getattr(population, column) == 0).any():
            raise DataError(
                "a group has 0, so no weight can be set",
                cure="Leave the group out, or set tariffs by hand",
                file="groups",
                column=column,
            )
    rules = standard_rules(
        population, places, margin=margin, knowledge=knowledge, audit_share=audit_share,
        audit_cost=audit_cost, penalty=penalty, target_share=target_share,
    )  # fmt: skip
    order = [population.groups.index(name) for name in groups["group"]]
    frames = [
        pd.DataFrame(
            {
                "rule": rule.name,
                "kind": rule.kind,
                "group": [population.groups[i] for i in order],
                "tariff": rule.tariff[order],
                "expected": np.broadcast_to(rule.expected, len(order))[order],
                "target": rule.target,
                "audit_share": rule.audit_share,
                "audit_cost": rule.audit_cost,
                "penalty": rule.penalty,
            }
        )
        for rule in rules
    ]
    return pd.concat(frames, ignore_index=True)


def standard_rules(
    population: Population,
    places: int,
    *,
    margin: float,
    knowledge: float,
    audit_share: float,
    audit_cost: float,
    penalty: float,
    target_share: float,
) -> list[PaymentRule]:
    """Return the rules of `standard_tariffs` without checks."""
    share = places * population.people / population.people.sum()
    results = share * (population.base_rate + population.gain)
    budget = (1 + margin) * float(share @ population.cost)
    weight = (population.cost / population.gain) ** knowledge
    mean = float(share @ population.base_rate) / places
    expected = (1 - knowledge) * mean + knowledge * population.base_rate
    target = target_share * float(results.sum())
    audits = places * audit_share * audit_cost
    one = np.ones(len(share))
    flat = one / results.sum()
    weighted = weight / float(results @ weight)
    extra = one / float(share @ population.gain)
    paid = max(0.0, budget - audits)
    return [
        PaymentRule("flat", PER_RESULT, budget * flat),
        PaymentRule("equity-weighted", PER_RESULT, budget * weighted),
        PaymentRule("threshold", THRESHOLD, budget / target * one, target=target),
        PaymentRule("value added", VALUE_ADDED, budget * extra, expected),
        PaymentRule(
            "flat, audited", PER_RESULT, paid * flat, audit_share=audit_share,
            audit_cost=audit_cost, penalty=penalty,
        ),
    ]  # fmt: skip


def check_ranges(bounds: dict[str, tuple[float, float, float]]) -> None:
    """Refuse numbers outside their range, given as name: (value, low, high).

    Raises
    ------
    UsageError
        Naming the first that is out of range.
    """
    for name, (value, low, high) in bounds.items():
        if not low <= value <= high:
            upper = "" if np.isinf(high) else f" to {high:g}"
            raise UsageError(f"{name} is {value}; give a number from {low:g}{upper}.")


# --- checks of columns --------------------------------------------------------------------


def _check_columns(
    frame: pd.DataFrame, needed: Sequence[str], optional: Sequence[str], file: str
) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"{file} is a {type(frame).__name__}; give a pandas DataFrame.")
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise DataError(
            f"the column {', '.join(missing)} is missing",
            cure=f"Give the columns {', '.join(needed)}",
            file=file,
        )
    unknown = [str(name) for name in frame.columns if name not in (*needed, *optional)]
    if unknown:
        known = ", ".join([*needed, *optional])
        raise DataError(
            f"the column {', '.join(unknown)} has no meaning here",
            cure=f"Rename or drop it; known are {known}",
            file=file,
        )
    if not frame.columns.is_unique:
        raise DataError("two columns bear one name", cure="Drop one of them", file=file)
    if len(frame) == 0:
        raise DataError("there are no rows", cure="Give at least one", file=file)


def _names(frame: pd.DataFrame, column: str, file: str) -> pd.Series:
    for row, value in enumerate(frame[column], start=1):
        if not isinstance(value, str) or not value.strip():
            raise DataError(
                "there is no name", cure="Fill it in as text", file=file, row=row, column=column
            )
    return frame[column]


def _numbers(
    frame: pd.DataFrame, column: str, file: str, *, low: float, high: float = np.inf
) -> Floats:
    values = frame[column]
    rows = [_row(label) for label in values.index] if file == "tariffs" else None
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise DataError(
            "the values are not numbers",
            cure="Write numbers without currency signs or spaces",
            file=file,
            column=column,
        )
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    _refuse(~np.isfinite(numbers), "is no finite number", "Fill it in", file, column, numbers, rows)
    upper = " or more" if np.isinf(high) else f" to {high:g}"
    _refuse(
        (numbers < low) | (numbers > high),
        "is out of range",
        f"Give a number from {low:g}{upper}" if np.isfinite(high) else f"Give {low:g}{upper}",
        file,
        column,
        numbers,
        rows,
    )
    return numbers


def _row(label: object) -> int:
    return int(label) + 1  # type: ignore[call-overload]


def _refuse(
    wrong: NDArray[np.bool_],
    problem: str,
    cure: str,
    file: str,
    column: str,
    values: Sequence[object] | Floats | pd.Series,
    rows: list[int] | None = None,
) -> None:
    """Raise for the first row that is wrong, with its value."""
    if not wrong.any():
        return
    first = int(np.flatnonzero(wrong)[0])
    value = list(values)[first]
    shown = f"{value:g}" if isinstance(value, float) else f"'{value}'"
    raise DataError(
        f"{shown} {problem}",
        cure=cure,
        file=file,
        row=rows[first] if rows else first + 1,
        column=column,
    )
