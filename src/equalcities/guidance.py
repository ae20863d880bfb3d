"""Recommendations as data: each checked, and walked to the sources it rests on.

A recommendation names the ledger's numbers and the practices behind it. Its evidence class is the
weakest of theirs, and its certainty can't be higher than that class allows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from equalcities.catalog import Record, weakest
from equalcities.errors import DataError
from equalcities.ledger import Number, Published

FILE = Path("book") / "guidance" / "recommendations.yml"
ADDRESSEES = ("city", "national government", "EU institutions")
LEVERS = ("better regulation", "funding", "knowledge")
ACTIONS = (1, 2, 3)
CERTAINTIES = ("very low", "low", "moderate", "high")
"""From the least certain to the most, as in GRADE."""
HIGHEST = {"observed": "high", "compiled": "moderate", "simulated": "low"}
"""The highest certainty that each evidence class allows."""
METHOD, EVIDENCE = "method recommendation", "recommendation"


@dataclass(frozen=True)
class Recommendation:
    """One recommendation as it stands in the file.

    Attributes
    ----------
    id, title, text : str
    addressees : tuple of str
        From ``ADDRESSEES``.
    action : int
        Of the Partnership: 1 segregation and access, 2 funding, 3 participation.
    lever : str
        From ``LEVERS``.
    numbers : tuple of str
        Keys of the ledger it rests on.
    practices : tuple of str
        Cases of ``participation_practices`` it rests on.
    certainty, certainty_reasons, change : str
        How certain, why, and what would change it.
    cost, first_step, indicator, limits : str
        Cost and feasibility, first step within a year, what to watch, what it doesn't say.
    """

    id: str
    title: str
    text: str
    addressees: tuple[str, ...]
    action: int
    lever: str
    numbers: tuple[str, ...]
    practices: tuple[str, ...]
    certainty: str
    certainty_reasons: str
    change: str
    cost: str
    first_step: str
    indicator: str
    limits: str


class Step(NamedTuple):
    """One way from a recommendation to a source: number, notebook, dataset, address."""

    number: Number
    notebook: str
    dataset: str
    source: str


ROLE = re.compile(r"\{num(?:ci)?\}`([^`]+)`")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
TUPLES = ("addressees", "numbers", "practices")
MAY_BE_EMPTY = ("numbers", "practices")
NAMES = tuple(field.name for field in fields(Recommendation))
PROSE = (
    "title", "text", "certainty_reasons", "change", "cost", "first_step", "indicator", "limits",
)  # fmt: skip
"""The fields that are read as prose."""


def read_recommendations(
    path: Path, ledger: Published, practices: Collection[str]
) -> list[Recommendation]:
    """Read and check the file of recommendations.

    Parameters
    ----------
    path : Path
        A YAML list with a mapping per recommendation.
    ledger : Published
        What the book publishes.
    practices : collection of str
        Keys of the practices.

    Returns
    -------
    list of Recommendation
        In the order of the file.

    Raises
    ------
    DataError
        Naming every fault of the file at once.
    """
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(entries, list) or not entries:
        raise DataError(
            "there is no list", cure="Begin each recommendation with '- id:'", file=path
        )
    faults = [
        f"{_name(entry, place)}: {fault}"
        for place, entry in enumerate(entries, start=1)
        for fault in _faults(entry, ledger, practices)
    ]
    ids = [entry.get("id") for entry in entries if isinstance(entry, Mapping)]
    faults += [
        f"{one}: the id is there twice"
        for one in sorted({i for i in ids if i and ids.count(i) > 1})
    ]
    if faults:
        raise DataError(
            f"{len(faults)} faults in the recommendations:\n- " + "\n- ".join(faults) + "\n",
            cure="Mend each of them",
            file=path,
        )
    return [_recommendation(entry) for entry in entries]


def evidence_class(one: Recommendation, ledger: Published) -> str:
    """Return the weakest class of what a recommendation rests on; practices are compiled."""
    classes = [ledger.numbers[key].evidence_class for key in one.numbers]
    return weakest(classes + ["compiled"] * bool(one.practices))


def kind(one: Recommendation, ledger: Published) -> str:
    """Say whether a recommendation rests on evidence, or on simulated results only."""
    simulated = all(ledger.numbers[key].evidence_class == "simulated" for key in one.numbers)
    return METHOD if simulated and not one.practices else EVIDENCE


def walk(one: Recommendation, ledger: Published, records: Mapping[str, Record]) -> list[Step]:
    """Return every way from a recommendation's numbers to the sources of their data.

    Parameters
    ----------
    one : Recommendation
    ledger : Published
    records : mapping of str to Record
        By dataset.

    Returns
    -------
    list of Step
        A number without a dataset (simulated inside a notebook) has an empty dataset and, as its
        source, what simulated it.
    """
    steps = []
    for key in one.numbers:
        number = ledger.numbers[key]
        for dataset in number.data:
            steps.append(Step(number, number.notebook, dataset, records[dataset].source_url))
        if not number.data:
            steps.append(Step(number, number.notebook, "", number.simulation))
    return steps


def _name(entry: Any, place: int) -> str:
    named = entry.get("id") if isinstance(entry, Mapping) else None
    return str(named) if named else f"recommendation {place}"


def _recommendation(entry: Mapping[str, Any]) -> Recommendation:
    return Recommendation(
        **{
            name: tuple(entry[name]) if name in TUPLES
            else entry[name] if name == "action" else " ".join(entry[name].split())
            for name in NAMES
        }
    )  # fmt: skip


def _faults(entry: Any, ledger: Published, practices: Collection[str]) -> list[str]:
    """List what is wrong with one entry: its shape first, then what it names."""
    if not isinstance(entry, Mapping):
        return ["it is no mapping; write 'field: value' lines"]
    found = [f"'{name}' is no field; remove it" for name in entry if name not in NAMES]
    found += [f"'{name}' is missing" for name in NAMES if name not in entry]
    for name in NAMES:
        found += _shape_faults(name, entry[name]) if name in entry else []
    return found or _content_faults(_recommendation(entry), ledger, practices)


def _shape_faults(name: str, value: Any) -> list[str]:
    if name in TUPLES:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return [f"'{name}' is no list of words"]
        if not value and name not in MAY_BE_EMPTY:
            return [f"'{name}' is empty"]
        return [f"'{name}' names something twice"] if len(set(value)) < len(value) else []
    if name == "action":
        return [] if value in ACTIONS else [f"action {value!r} is not one of {ACTIONS}"]
    return [] if isinstance(value, str) and value.strip() else [f"'{name}' holds no text"]


def _content_faults(
    one: Recommendation, ledger: Published, practices: Collection[str]
) -> list[str]:
    found = [
        f"{what} '{value}' is unknown; take one of: {', '.join(known)}"
        for what, values, known in (
            ("addressee", one.addressees, ADDRESSEES),
            ("lever", (one.lever,), LEVERS),
            ("certainty", (one.certainty,), CERTAINTIES),
        )
        for value in values
        if value not in known
    ]
    if not one.numbers and not one.practices:
        found.append("it rests on nothing; name numbers of the ledger, or practices")
    for key in one.numbers:
        if key in ledger.withdrawn:
            found.append(f"the number '{key}' was withdrawn; rest on another, or withdraw this too")
        elif key not in ledger.numbers:
            found.append(f"the ledger has no number '{key}'; correct the key")
    for name in NAMES:
        text = getattr(one, name)
        if name == "id" or not isinstance(text, str):
            continue
        quoted = ROLE.findall(text)
        found += [
            f"'{name}' quotes '{k}', which 'numbers' lacks" for k in quoted if k not in one.numbers
        ]
        if re.search(r"\d", YEAR.sub("", ROLE.sub("", text))):
            found.append(f"'{name}' holds a hand-typed number; quote it with {{num}}`key`")
    found += [
        f"there is no practice '{p}'; correct its key" for p in one.practices if p not in practices
    ]
    if found:
        return found
    weakest_class = evidence_class(one, ledger)
    highest = HIGHEST[weakest_class]
    if CERTAINTIES.index(one.certainty) > CERTAINTIES.index(highest):
        found.append(
            f"certainty '{one.certainty}' is higher than {weakest_class} evidence allows "
            f"('{highest}' at most)"
        )
    if kind(one, ledger) == METHOD and one.certainty != "very low":
        found.append("it rests on simulated results only, so its certainty is 'very low'")
    return found
