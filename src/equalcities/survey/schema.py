"""The questionnaire as objects: questions, their fields, routing, and what an answer may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

import yaml

from equalcities.errors import DataError, UsageError

#: Codes that are an answer on the form but no value: item non-response, and out of the base.
DONT_KNOW, NOT_OURS = "dk", "not_ours"
#: The first column of every response file.
RESPONDENT = "respondent_id"
#: Respondents made by the simulator; such a file is never observed data.
SIMULATED_PREFIX = "SIM-"

_TYPES = ("select_one", "select_multiple", "integer", "text")


@dataclass(frozen=True)
class Routing:
    """A field is asked only if an earlier one holds one of these codes."""

    field: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One column of the response file.

    Attributes
    ----------
    name : str
        Column name, such as ``q12_supply``.
    question, enabler : str
        The question it belongs to and that question's enabler.
    label : str
        What the respondent reads.
    type : {"select_one", "select_multiple", "integer", "text"}
        A multiple choice is stored as codes separated by blanks, as ODK does.
    list_name : str
        Name of the list of choices, empty without one.
    choices : Mapping of str to str
        Code to label, in the order of the form.
    required, ordered : bool
        Must be answered if asked; the codes (but for "don't know") go from less to more.
    when : Routing or None
        Condition under which it is asked.
    minimum, maximum : int or None
        Range of an integer.
    max_choices : int or None
        Most codes in a multiple choice.
    exclusive : tuple of str
        Codes that stand alone.
    total : str
        Integers sharing this name may not sum to more than 100.
    pattern : str
        Regular expression that the whole text must match, empty for none.
    max_length : int
        Most characters in a text.
    """

    name: str
    question: str
    enabler: str
    label: str
    type: str
    list_name: str = ""
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    required: bool = False
    ordered: bool = False
    when: Routing | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_choices: int | None = None
    exclusive: tuple[str, ...] = ()
    total: str = ""
    pattern: str = ""
    max_length: int = 500

    @property
    def values(self) -> tuple[str, ...]:
        """Codes that carry a value: all but "don't know" and "not the city's competence"."""
        return tuple(c for c in self.choices if c not in (DONT_KNOW, NOT_OURS))


@dataclass(frozen=True)
class Question:
    """One numbered question and its fields."""

    id: str
    text: str
    enabler: str
    actions: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Questionnaire:
    """A whole questionnaire.

    Attributes
    ----------
    id, version, title, note : str
        What it is, and whose wording.
    enablers : Mapping of str to str
        Code to name (our wording).
    questions : tuple of Question
    """

    id: str
    version: str
    title: str
    note: str
    enablers: Mapping[str, str]
    questions: tuple[Question, ...]

    @property
    def fields(self) -> dict[str, Field]:
        """Every field by name, in the order of the form."""
        return {f.name: f for question in self.questions for f in question.fields}

    def field(self, name: str) -> Field:
        """Return one field.

        Parameters
        ----------
        name : str

        Returns
        -------
        Field

        Raises
        ------
        UsageError
            If the questionnaire has no such field.
        """
        fields = self.fields
        if name not in fields:
            raise UsageError(f"there is no field '{name}'; see codebook() for the names.")
        return fields[name]


def _fields(question: dict, part: dict, lists: dict) -> list[Field]:
    when = part.get("when")
    shared = {
        "question": question["id"],
        "enabler": question["enabler"],
        "type": part["type"],
        "list_name": part.get("list", ""),
        "choices": MappingProxyType(lists[part["list"]] if "list" in part else {}),
        "required": part.get("required", False),
        "ordered": part.get("ordered", False),
        "when": Routing(when["field"], tuple(when["is"])) if when else None,
        "minimum": part.get("min"),
        "maximum": part.get("max"),
        "max_choices": part.get("max_choices"),
        "exclusive": tuple(part.get("exclusive", ())),
        "total": part.get("total", ""),
        "pattern": part.get("pattern", ""),
        "max_length": part.get("max_length", 500),
    }
    stem = question["id"] + (f"_{part['name']}" if "name" in part else "")
    if "rows" in part:
        rows = part["rows"].items()
        return [Field(name=f"{stem}_{row}", label=text, **shared) for row, text in rows]
    return [Field(name=stem, label=part.get("text", question["text"]), **shared)]


def _faults(questionnaire: Questionnaire) -> list[str]:
    """Mistakes that would make a form nobody can fill in."""
    faults, seen = [], {}
    for one in (f for question in questionnaire.questions for f in question.fields):
        if one.name in seen:
            faults.append(f"{one.name} appears twice")
        if one.type not in _TYPES:
            faults.append(f"{one.name} has the unknown type {one.type}")
        if one.type.startswith("select") != bool(one.choices):
            faults.append(f"{one.name}: choices and type do not agree")
        if one.enabler not in questionnaire.enablers:
            faults.append(f"{one.name}: enabler {one.enabler} is not listed")
        if one.when is not None:
            parent = seen.get(one.when.field)
            if parent is None:
                faults.append(f"{one.name} is routed by {one.when.field}, not asked before it")
            elif not set(one.when.codes) <= set(parent.choices):
                faults.append(f"{one.name} is routed by codes that {parent.name} lacks")
            elif parent.type != "select_one":
                faults.append(f"{one.name} is routed by {parent.name}, which is no single choice")
            elif not parent.required:
                faults.append(f"{one.name} is routed by {parent.name}, which may stay blank")
        if not set(one.exclusive) <= set(one.choices):
            faults.append(f"{one.name}: an exclusive code is not in its list")
        seen[one.name] = one
    return faults


def load_questionnaire(path: Path | str) -> Questionnaire:
    """Read a questionnaire from YAML and check that it hangs together.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Questionnaire

    Raises
    ------
    DataError
        If the file is not such a questionnaire, or routes to what is not asked before.
    """
    try:
        raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        questions = tuple(
            Question(
                id=q["id"],
                text=q["text"],
                enabler=q["enabler"],
                actions=tuple(q.get("actions", ())),
                fields=tuple(f for part in q["parts"] for f in _fields(q, part, raw["lists"])),
            )
            for q in raw["questions"]
        )
        result = Questionnaire(
            id=raw["id"],
            version=raw["version"],
            title=raw["title"],
            note=raw["note"],
            enablers=MappingProxyType(raw["enablers"]),
            questions=questions,
        )
    except (yaml.YAMLError, KeyError, TypeError, OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"this is not a questionnaire: {error!r}",
            cure="compare it with questionnaire.yml in equalcities.survey",
            file=path,
        ) from error
    faults = _faults(result)
    if faults:
        raise DataError("; ".join(faults), cure="mend the questionnaire", file=path)
    return result


@cache
def questionnaire() -> Questionnaire:
    """Return the questionnaire that ships with the package.

    Returns
    -------
    Questionnaire
        24 questions over the seven enablers, in our own wording.
    """
    source = resources.files("equalcities.survey") / "questionnaire.yml"
    with resources.as_file(source) as path:
        return load_questionnaire(path)
