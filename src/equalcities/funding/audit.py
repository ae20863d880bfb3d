"""Audit of result indicators: what an indicator can show of inequality between people.

The rubric is data (``data/eu_indicator_audit/rubric.yml``): questions, codes, rules for a second
pass from the text alone, and what a city could add at which cost. This module applies it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import pandas as pd
import yaml

from equalcities.errors import DataError, UsageError

COSTS = ("none", "low", "medium", "high")
"""Reporting costs, from the lowest to the highest."""

STATUSES = ("split", "group", "open", "twin", "tied", "none")
"""What an indicator can show; the first that fits, see the rubric."""

TEXT_FIELDS = ("unit", "name", "kind")
ROUTES_TO_PEOPLE = ("register", "population", "survey")


@dataclass(frozen=True)
class Rubric:
    """A checked rubric.

    Attributes
    ----------
    version : str
    grounds : dict of str to str
        Code and name of each ground that a breakdown or a group can make visible.
    questions : dict of str to dict
        By question: ``asks``, ``codes`` and ``text_rules``; for some ``adds`` and ``cost``.
    law : tuple of dict
        Breakdowns that the law asks for: ``rule``, ``splits`` and whom it binds.
    costs, status : dict of str to str
        Meaning of each cost and of each status.
    """

    version: str
    grounds: dict[str, str]
    questions: dict[str, dict[str, Any]]
    law: tuple[dict[str, Any], ...]
    costs: dict[str, str]
    status: dict[str, str]

    def codes(self, question: str) -> tuple[str, ...]:
        """Return the codes of a question in the rubric's order."""
        return tuple(self.questions[question]["codes"])


def parse_rubric(text: str, file: str = "rubric.yml") -> Rubric:
    """Read a rubric and check that it is complete and agrees with itself.

    Parameters
    ----------
    text : str
        The YAML.
    file : str
        Its name, for messages.

    Raises
    ------
    DataError
        For the first fault, with the question it stands in.
    """

    def refuse(problem: str, cure: str, where: str | None = None) -> None:
        raise DataError(problem, cure=cure, file=file, column=where)

    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(f"not valid YAML: {error}", cure="Correct it", file=file) from error
    wanted = {"version", "grounds", "costs", "questions", "law", "status"}
    missing = sorted(wanted - set(raw if isinstance(raw, Mapping) else ()))
    if missing:
        refuse(f"'{missing[0]}' is missing", "Add it")
    for name, known in (("costs", COSTS), ("status", STATUSES)):
        if tuple(raw[name]) != known:
            refuse(f"its codes are {list(raw[name])}", f"Take {', '.join(known)}", name)
    questions = {entry["id"]: entry for entry in raw["questions"]}
    for name, question in questions.items():
        codes = set(question["codes"])
        rules = question["text_rules"]
        used = {code for rule in rules for code in _parts(rule["code"], question)}
        if used - codes:
            refuse(f"a text rule gives {sorted(used - codes)[0]!r}", "Name it under codes", name)
        if set(rules[-1]) != {"code"}:
            refuse("its last text rule has a condition", "End with a rule that holds always", name)
        unknown = {key for rule in rules for key in rule} - {*TEXT_FIELDS, "people", "code"}
        if unknown:
            refuse(f"a text rule looks at {sorted(unknown)[0]!r}",
                   f"Take {', '.join(TEXT_FIELDS)} or people", name)  # fmt: skip
        for key in ("adds", "cost"):
            if key in question and set(question[key]) != codes:
                refuse(f"'{key}' has other codes than 'codes'", "Give each code one", name)
        costs = set(question.get("cost", {}).values()) - {*COSTS, "as route"}
        if costs:
            refuse(f"a cost is {sorted(costs)[0]!r}", f"Take {', '.join(COSTS)}", name)
    for rule in raw["law"]:
        strange = set(rule["splits"]) - set(raw["grounds"])
        if strange:
            refuse(f"rule {rule['rule']} splits by {sorted(strange)[0]!r}",
                   "Name it under grounds", "law")  # fmt: skip
    return Rubric(
        version=str(raw["version"]),
        grounds=dict(raw["grounds"]),
        questions=questions,
        law=tuple(raw["law"]),
        costs=dict(raw["costs"]),
        status=dict(raw["status"]),
    )


def _parts(code: str, question: Mapping[str, Any]) -> list[str]:
    return code.split(";") if question.get("several") else [code]


def code_from_text(indicators: pd.DataFrame, rubric: Rubric) -> pd.DataFrame:
    """Code indicators by the rubric's text rules alone: the second pass.

    Parameters
    ----------
    indicators : DataFrame
        With ``code, name, unit, kind``. Nothing else is looked at.
    rubric : Rubric

    Returns
    -------
    DataFrame
        Same index; one column per question. The first rule that fits gives the code. The question
        ``people`` is answered first, because other rules may ask for its answer.
    """
    found = pd.DataFrame(index=indicators.index)
    people: pd.Series | None = None
    for name in sorted(rubric.questions, key=lambda question: question != "people"):
        rules = rubric.questions[name]["text_rules"]
        codes = pd.Series(pd.NA, index=indicators.index, dtype=object)
        for rule in rules:
            fits = codes.isna()
            for field in TEXT_FIELDS:
                if field in rule:
                    pattern = re.compile(rule[field], re.IGNORECASE)
                    fits &= indicators[field].map(lambda text, p=pattern: bool(p.search(text)))
            if "people" in rule:
                if people is None:
                    raise UsageError("The question 'people' can't ask for its own answer.")
                fits &= people == rule["people"]
            codes[fits] = rule["code"]
        found[name] = codes.astype(str)
        if name == "people":
            people = found[name]
    return found[list(rubric.questions)]


def check_coding(coding: pd.DataFrame, rubric: Rubric, file: str = "coding") -> None:
    """Refuse a code that the rubric doesn't know.

    Raises
    ------
    DataError
        With row and question.
    """
    for name, question in rubric.questions.items():
        if name not in coding:
            raise DataError("the question is not coded", cure="Add it", file=file, column=name)
        for row, code in enumerate(coding[name], start=1):
            strange = [
                part for part in _parts(str(code), question) if part not in question["codes"]
            ]
            if strange:
                raise DataError(
                    f"the code '{strange[0]}' is not in the rubric",
                    cure=f"Take one of {', '.join(map(str, question['codes']))}",
                    file=file, row=row, column=name,
                )  # fmt: skip


def splits_by_law(indicators: pd.DataFrame, rubric: Rubric) -> pd.DataFrame:
    """Say by which grounds the law asks to split each indicator.

    Parameters
    ----------
    indicators : DataFrame
        With ``code, list`` and ``people``.
    rubric : Rubric

    Returns
    -------
    DataFrame
        ``splits`` (grounds parted by ``;``, or ``none``) and ``rule`` (missing if none was found).
    """
    splits = pd.Series("none", index=indicators.index)
    rules = pd.Series(None, index=indicators.index, dtype="str")
    for rule in rubric.law:
        bound = pd.Series(True, index=indicators.index)
        if "lists" in rule:
            bound &= indicators["list"].isin(rule["lists"])
        if "codes" in rule:
            bound &= indicators["code"].isin(rule["codes"])
        if "people" in rule:
            bound &= indicators["people"] == rule["people"]
        splits[bound], rules[bound] = ";".join(rule["splits"]), rule["rule"]
    return pd.DataFrame({"splits": splits, "rule": rules})


def status(people: str, group: str, splits: str, route: str, counted: str) -> str:
    """Say what an indicator can show of inequality between people, by its codes.

    Returns
    -------
    str
        One of `STATUSES`.
    """
    if "sex" in splits.split(";"):
        return "split"
    if group != "none" or splits != "none":
        return "group"
    if counted == "places" or (people == "yes" and route == "twin"):
        return "twin"
    if people == "yes":
        return "open" if route in ROUTES_TO_PEOPLE else "none"
    return "tied" if route != "none" else "none"


def audit_indicators(
    indicators: pd.DataFrame, coding: pd.DataFrame, rubric: Rubric
) -> pd.DataFrame:
    """Audit indicators: what each shows, and what a city could add at which reporting cost.

    Parameters
    ----------
    indicators : DataFrame
        With ``code, list`` and what should be kept.
    coding : DataFrame
        Same rows in the same order, one column per question of the rubric.
    rubric : Rubric

    Returns
    -------
    DataFrame
        ``indicators`` with the codes, ``splits``, ``rule``, ``status``, ``cost_people`` (to break
        down by sex and age; ``none`` if the law asks for a split by sex already, or nobody is
        behind the number), ``cost_place`` and ``city_adds`` (missing if nothing).

    Raises
    ------
    DataError
        For a code that the rubric doesn't know.
    UsageError
        If the two tables don't belong together.
    """
    if not indicators.index.equals(coding.index):
        raise UsageError("indicators and coding have different row labels: join them by code.")
    check_coding(coding, rubric)
    questions = list(rubric.questions)
    table = indicators.drop(columns=[q for q in questions if q in indicators]).join(
        coding[questions]
    )
    table = table.join(splits_by_law(table, rubric))
    table["status"] = [
        status(*row)
        for row in table[["people", "group", "splits", "route", "counted"]].itertuples(index=False)
    ]
    route, place = rubric.questions["route"], rubric.questions["place"]
    asked = table["status"] == "split"
    table["cost_people"] = table["route"].map(route["cost"]).where(~asked, "none")
    as_route = table["route"].map(route["cost"])
    place_cost = table["place"].map(place["cost"])
    table["cost_place"] = place_cost.where(place_cost != "as route", as_route)
    split = table["route"].map(route["adds"]).where(~asked, "")
    adds = (split + " " + table["place"].map(place["adds"])).str.strip()
    table["city_adds"] = adds.where(adds != "", None)
    return table


def by_list(table: pd.DataFrame, column: str, codes: Sequence[str]) -> pd.DataFrame:
    """Count indicators by list and kind.

    Parameters
    ----------
    table : DataFrame
        As `audit_indicators` returns it.
    column : str
        What to count by.
    codes : sequence of str
        Its codes in the order to show.

    Returns
    -------
    DataFrame
        One row per list and kind that occur, in the table's order: ``list, kind, indicators`` and
        one column per code.
    """
    strange = set(table[column]) - set(codes)
    if strange:
        raise UsageError(f"'{column}' holds {sorted(strange)}. Name them in the order to show.")
    rows = []
    for (name, kind), part in table.groupby(["list", "kind"], sort=False):
        counts = part[column].value_counts().reindex(list(codes), fill_value=0)
        rows.append({"list": name, "kind": kind, "indicators": len(part), **counts.to_dict()})
    return pd.DataFrame(rows)


def by_ground(table: pd.DataFrame, rubric: Rubric) -> pd.DataFrame:
    """Count, by list and ground, how an indicator makes the ground visible.

    Parameters
    ----------
    table : DataFrame
        As `audit_indicators` returns it.
    rubric : Rubric

    Returns
    -------
    DataFrame
        One row per list and ground: ``list, ground, indicators, split`` (the law asks for a split
        by it) and ``group`` (the indicator counts one group of it and asks for no split by it).
    """
    rows = []
    for name, part in table.groupby("list", sort=False):
        splits, groups = (part[column].str.split(";") for column in ("splits", "group"))
        for ground in rubric.grounds:
            split = splits.map(lambda codes, g=ground: g in codes)
            group = groups.map(lambda codes, g=ground: g in codes) & ~split
            rows.append(
                {
                    "list": name,
                    "ground": ground,
                    "indicators": len(part),
                    "split": int(split.sum()),
                    "group": int(group.sum()),
                }
            )
    return pd.DataFrame(rows)


def sample_for_margin(margin: float, confidence: float = 0.95) -> int:
    """Return how many people to ask so that a share is known to within a margin.

    Parameters
    ----------
    margin : float
        Half the width of the interval, between 0 and 0.5, such as 0.05.
    confidence : float

    Returns
    -------
    int
        For a simple random sample and the worst case, a share of one half, with the normal
        approximation. A share within one group needs that many from the group.

    References
    ----------
    Cochran, W. G. (1977). *Sampling Techniques*, 3rd ed., section 4.4.
    """
    if not 0 < margin < 0.5 or not 0 < confidence < 1:
        raise UsageError("margin must lie between 0 and 0.5, confidence between 0 and 1.")
    critical = NormalDist().inv_cdf((1 + confidence) / 2)
    return math.ceil(critical**2 / (4 * margin**2))
