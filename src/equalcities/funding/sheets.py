"""Indicator sheets: from a short YAML to a complete fiche, or one clear error.

A sheet is read whole before anything is made of it. Every value is text until it has been
checked, so that ``no`` stays a word and ``2029-13`` no date, and each fault is named with its line.
"""

from __future__ import annotations

import difflib
import io
import re
import unicodedata
import zipfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from html import escape
from importlib.resources import files
from typing import NoReturn

import docx
import yaml
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from equalcities.errors import DataError

MAX_BYTES = 100_000
MAX_TEXT = 3_000
YEARS = (2000, 2100)

GROUNDS = {
    "sex": "Sex",
    "age": "Age",
    "area": "Area of residence",
    "disability": "Disability",
    "ethnic": "Ethnic origin",
    "migrant": "Nationality or foreign background",
    "religion": "Religion or belief",
    "orientation": "Sexual orientation",
    "housing": "Housing situation",
    "work": "Work status",
    "education": "Level of education",
    "income": "Income",
    "other": "Other",
}
"""Grounds that a breakdown can be made by, with their headings."""

SPECIAL = ("disability", "ethnic", "religion", "orientation")
"""Grounds that are special categories of personal data (GDPR, Article 9)."""

RACER = {
    "relevant": "closely tied to what is to be changed",
    "accepted": "agreed by those who work with it and those it is about",
    "credible": "unambiguous, and clear to people who are no experts",
    "easy": "possible to collect at a reasonable cost",
    "robust": "hard to manipulate, and the same when counted again",
}
"""The five criteria, and what each asks."""

EQUALITY = {
    "who_is_missing": "Who is likely to be missing from the number?",
    "easy_cases": "Could it be met with the easy cases? What stops that?",
    "counted_twice": "Can one person count more than once?",
}

FREQUENCIES = ("monthly", "quarterly", "twice a year", "yearly", "once", "continuous")
PAYMENT = {
    "none": "No payment rests on it",
    "total": "Payment rests on the total alone",
    "groups": "Payment rests on the groups too",
}
TOP = {
    "code": True, "name": True, "definition": True, "kind": True, "fund": True, "unit": True,
    "counts_people": True, "common_indicator": False, "direction": False, "baseline": True,
    "milestone": False, "target": True, "breakdowns": False, "no_breakdown_because": False,
    "data_source": True, "frequency": True, "responsible": True, "verification": True,
    "personal_data": False, "smallest_count": False, "payment": False, "equality": True,
    "racer": True, "notes": False,
}  # fmt: skip
"""Fields of a sheet and whether each is required."""


@dataclass(frozen=True)
class Point:
    """A value and its year."""

    value: Decimal
    year: int


@dataclass(frozen=True)
class Group:
    """One group of a breakdown, with its own baseline and target or neither."""

    name: str
    baseline: Decimal | None = None
    target: Decimal | None = None


@dataclass(frozen=True)
class Breakdown:
    """A breakdown by one ground."""

    ground: str
    groups: tuple[Group, ...]
    source: str = ""
    overlapping: bool = False

    @property
    def has_values(self) -> bool:
        """Whether its groups have values of their own."""
        return self.groups[0].target is not None


@dataclass(frozen=True)
class Sheet:
    """A checked indicator sheet; see `read_sheet` for the fields."""

    code: str
    name: str
    definition: str
    kind: str
    fund: str
    unit: str
    counts_people: bool
    baseline: Point
    target: Point
    data_source: str
    frequency: str
    responsible: str
    verification: str
    equality: dict[str, str]
    racer: dict[str, tuple[str, str]]
    common_indicator: str = ""
    direction: str = "up"
    milestone: Point | None = None
    breakdowns: tuple[Breakdown, ...] = ()
    no_breakdown_because: str = ""
    personal_data: str = ""
    smallest_count: int | None = None
    payment: str = "none"
    notes: str = ""
    law_splits: tuple[str, ...] | None = None

    @property
    def is_share(self) -> bool:
        """Whether values are per cent."""
        return self.unit.lower().startswith(("%", "per cent", "percent"))


def read_sheet(content: bytes, file: str = "sheet") -> Sheet:
    """Read and check an indicator sheet.

    Parameters
    ----------
    content : bytes
        The YAML, in UTF-8. `example` returns one with every field.
    file : str
        Its name, for messages.

    Returns
    -------
    Sheet

    Raises
    ------
    DataError
        For the first fault, with line, field and cure.

    Notes
    -----
    RACER is the test for indicators of the European Commission's Better Regulation Toolbox:
    relevant, accepted, credible, easy, robust.
    """
    return _Reader(file).sheet(content)


class _Reader:
    """Reads one file; every refusal goes through `refuse`."""

    def __init__(self, file: str) -> None:
        self.file = file

    def refuse(self, problem: str, cure: str, line: int | None = None, name: str = "") -> NoReturn:
        place = (
            self.file + (f", line {line}" if line else "") + (f", field '{name}'" if name else "")
        )
        raise DataError(problem, cure=cure, file=place)

    # --- from bytes to nodes ---------------------------------------------------------------

    def tree(self, content: bytes) -> yaml.MappingNode:
        if len(content) > MAX_BYTES:
            self.refuse(f"{len(content):,} bytes are too many for a sheet",
                        f"Give a file below {MAX_BYTES:,} bytes")  # fmt: skip
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            self.refuse("this is not UTF-8 text", "Save the file as UTF-8", line)
        if not text.strip():
            self.refuse("the file is empty", "Start from the example: python -m "
                        "equalcities.funding example")  # fmt: skip
        try:
            for event in yaml.parse(text, yaml.SafeLoader):
                line = event.start_mark.line + 1
                if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                    self.refuse("anchors and aliases (& and *) are not read",
                                "Write the value out, or put it in quotes", line)  # fmt: skip
                if getattr(event, "tag", None):
                    self.refuse(f"the tag '{event.tag}' is not read",
                                "Take it out, or put the value in quotes", line)  # fmt: skip
            node = yaml.compose(text, yaml.SafeLoader)
        except yaml.reader.ReaderError as error:
            line = text[: error.position].count("\n") + 1
            self.refuse("it holds a character that can't be printed", "Delete that character", line)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if "single document" in f"{error.context} {error.problem}":
                self.refuse("there is a second sheet below '---'", "Give each sheet its own file",
                            mark.line + 1)  # fmt: skip
            self.refuse(f"this is not valid YAML ({error.problem})", "Correct the line: indent "
                        "with spaces, and put text with ': ' or '#' in quotes",
                        mark.line + 1)  # fmt: skip
        except RecursionError:
            self.refuse("it is nested too deeply", "Start from the example")
        if not isinstance(node, yaml.MappingNode):
            self.refuse("this is no list of fields", "Write lines of the form 'name: value'", 1)
        return node

    def fields(
        self, node: yaml.Node, known: Collection[str], name: str = ""
    ) -> dict[str, yaml.Node]:
        """Return the fields of a mapping; refuse one that is repeated or unknown."""
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            self.refuse(f"it needs fields of its own ({', '.join(known)})",
                        "Write them below it, indented", line, name)  # fmt: skip
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.refuse("a field's name is no word", "Write 'name: value'", line, name)
            inner = f"{name}.{key.value}" if name else key.value
            if key.value in found:
                self.refuse("the field stands here twice", "Keep one of the two", line, inner)
            if key.value not in known:
                close = difflib.get_close_matches(key.value, list(known), n=1)
                if node.flow_style and isinstance(value, yaml.ScalarNode) and not value.value:
                    self.refuse("a comma parts fields here", "Put the whole text in quotes", line,
                                name)  # fmt: skip
                cure = (
                    f"Write '{close[0]}' if you mean it"
                    if close
                    else f"Take one of {', '.join(known)}"
                )
                self.refuse("there is no such field", cure, line, inner[:60])
            found[key.value] = value
        return found

    def required(
        self, found: dict[str, yaml.Node], wanted: Iterable[str], line: int, name: str = ""
    ) -> None:
        for missing in wanted:
            if missing not in found:
                inner = f"{name}.{missing}" if name else missing
                self.refuse("the field is missing", f"Add '{missing}:'", line, inner)

    # --- from nodes to values ----------------------------------------------------------------

    def text(self, node: yaml.Node, name: str, longest: int = MAX_TEXT) -> str:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode):
            self.refuse("it should be a text", "Write it in one piece; put it in quotes if it "
                        "holds '[' or '{' at its start", line, name)  # fmt: skip
        value = " ".join(node.value.split())
        if not value or (node.style is None and value.lower() in ("~", "null")):
            self.refuse("it is empty", "Fill it in, or take the field out if it is optional",
                        line, name)  # fmt: skip
        for sign in node.value:
            hidden = unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t"
            if (
                hidden
                or sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"
            ):
                self.refuse(f"it holds the hidden character U+{ord(sign):04X}",
                            "Delete that character", line, name)  # fmt: skip
        if len(value) > longest:
            self.refuse(f"{len(value):,} characters are too many", f"Shorten it to {longest:,}",
                        line, name)  # fmt: skip
        return value

    def choice(self, node: yaml.Node, name: str, allowed: Collection[str]) -> str:
        value = self.text(node, name)
        if value not in allowed:
            self.refuse(f"'{value[:40]}' is not known", f"Take one of {', '.join(allowed)}",
                        node.start_mark.line + 1, name)  # fmt: skip
        return value

    def number(self, node: yaml.Node, name: str, share: bool = False) -> Decimal:
        line, value = node.start_mark.line + 1, self.text(node, name)
        if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,6})?", value, re.ASCII):
            self.refuse(f"'{value[:40]}' is no number", "Write digits alone, with a point before "
                        "decimals: 1200.5", line, name)  # fmt: skip
        found = Decimal(value)
        if found < 0:
            self.refuse(f"{value} is below zero", "Give a count or a share", line, name)
        if share and found > 100:
            self.refuse(f"{value} per cent is above 100", "Give a share from 0 to 100, or another "
                        "unit", line, name)  # fmt: skip
        return found

    def point(self, node: yaml.Node, name: str, share: bool) -> Point:
        found = self.fields(node, ("value", "year"), name)
        self.required(found, ("value", "year"), node.start_mark.line + 1, name)
        year = self.text(found["year"], f"{name}.year")
        low, high = YEARS
        if not re.fullmatch(r"\d{4}", year, re.ASCII) or not low <= int(year) <= high:
            self.refuse(f"'{year[:40]}' is no year", f"Give one from {low} to {high}",
                        found["year"].start_mark.line + 1, f"{name}.year")  # fmt: skip
        return Point(self.number(found["value"], f"{name}.value", share), int(year))

    def items(self, node: yaml.Node, name: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.refuse("it should be a list", "Begin each entry with '- '",
                        node.start_mark.line + 1, name)  # fmt: skip
        return node.value

    def breakdown(self, node: yaml.Node, name: str, share: bool) -> Breakdown:
        line = node.start_mark.line + 1
        found = self.fields(node, ("ground", "groups", "source", "overlapping"), name)
        self.required(found, ("ground", "groups"), line, name)
        ground = self.choice(found["ground"], f"{name}.ground", GROUNDS)
        groups = [
            self.group(entry, f"{name}.groups[{place}]", share)
            for place, entry in enumerate(self.items(found["groups"], f"{name}.groups"), start=1)
        ]
        line = found["groups"].start_mark.line + 1
        names = [group.name.casefold() for group in groups]
        if len(names) < 2:
            self.refuse("one group is no breakdown", "Name at least two, such as women and men",
                        line, f"{name}.groups")  # fmt: skip
        for repeated in (n for n in names if names.count(n) > 1):
            self.refuse(f"the group '{repeated}' stands here twice", "Keep one of the two", line,
                        f"{name}.groups")  # fmt: skip
        if len({group.target is None for group in groups}) > 1:
            self.refuse("some groups have values and others none", "Give all of them baseline and "
                        "target, or none", line, f"{name}.groups")  # fmt: skip
        return Breakdown(
            ground=ground,
            groups=tuple(groups),
            source=self.text(found["source"], f"{name}.source") if "source" in found else "",
            overlapping="overlapping" in found
            and self.choice(found["overlapping"], f"{name}.overlapping", ("yes", "no")) == "yes",
        )

    def group(self, node: yaml.Node, name: str, share: bool) -> Group:
        if isinstance(node, yaml.ScalarNode):
            return Group(self.text(node, name, 120))
        found = self.fields(node, ("name", "baseline", "target"), name)
        self.required(found, ("name", "baseline", "target"), node.start_mark.line + 1, name)
        return Group(
            self.text(found["name"], f"{name}.name", 120),
            self.number(found["baseline"], f"{name}.baseline", share),
            self.number(found["target"], f"{name}.target", share),
        )

    def criterion(self, node: yaml.Node, name: str) -> tuple[str, str]:
        found = self.fields(node, ("met", "why"), name)
        self.required(found, ("met", "why"), node.start_mark.line + 1, name)
        met = self.choice(found["met"], f"{name}.met", ("yes", "partly", "no"))
        return met, self.text(found["why"], f"{name}.why")

    # --- the sheet ---------------------------------------------------------------------------

    def sheet(self, content: bytes) -> Sheet:
        node = self.tree(content)
        found = self.fields(node, TOP)
        self.required(found, (name for name, needed in TOP.items() if needed), 1)
        lines = {name: value.start_mark.line + 1 for name, value in found.items()}
        texts = {
            name: self.text(found[name], name, 200 if name == "name" else MAX_TEXT)
            for name in (
                "code", "name", "definition", "fund", "unit", "data_source", "responsible",
                "verification", "common_indicator", "no_breakdown_because", "personal_data",
                "notes",
            )
            if name in found
        }  # fmt: skip
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", texts["code"], re.ASCII):
            self.refuse(f"'{texts['code'][:40]}' can't be a code, which also names the files",
                        "Use up to 40 letters, digits, - or _", lines["code"], "code")  # fmt: skip
        chosen = {
            name: self.choice(found[name], name, allowed)
            for name, allowed in {
                "kind": ("output", "result"), "direction": ("up", "down"),
                "frequency": FREQUENCIES, "payment": PAYMENT,
            }.items()
            if name in found
        }  # fmt: skip
        share = texts["unit"].lower().startswith(("%", "per cent", "percent"))
        points = {
            name: self.point(found[name], name, share)
            for name in ("baseline", "milestone", "target")
            if name in found
        }
        entries = self.items(found["breakdowns"], "breakdowns") if "breakdowns" in found else []
        places = [f"breakdowns[{place}]" for place in range(1, len(entries) + 1)]
        lines |= {
            name: entry.start_mark.line + 1 for name, entry in zip(places, entries, strict=True)
        }
        breakdowns = tuple(
            self.breakdown(entry, name, share) for name, entry in zip(places, entries, strict=True)
        )
        equality = self.fields(found["equality"], EQUALITY, "equality")
        self.required(equality, EQUALITY, lines["equality"], "equality")
        racer = self.fields(found["racer"], RACER, "racer")
        self.required(racer, RACER, lines["racer"], "racer")
        smallest = None
        if "smallest_count" in found:
            number = self.number(found["smallest_count"], "smallest_count")
            if number != int(number) or not 1 <= number <= 100:
                self.refuse(f"{number} is no count below which to hide groups",
                            "Give a whole number from 1 to 100", lines["smallest_count"],
                            "smallest_count")  # fmt: skip
            smallest = int(number)
        sheet = Sheet(
            **texts,
            **chosen,
            **points,
            counts_people=self.choice(found["counts_people"], "counts_people", ("yes", "no"))
            == "yes",
            breakdowns=breakdowns,
            equality={name: self.text(equality[name], f"equality.{name}") for name in EQUALITY},
            racer={name: self.criterion(racer[name], f"racer.{name}") for name in RACER},
            smallest_count=smallest,
        )
        self.agree(sheet, lines)
        return sheet

    def agree(self, sheet: Sheet, lines: dict[str, int]) -> None:
        """Refuse a sheet whose fields contradict each other."""
        base, target, middle = sheet.baseline, sheet.target, sheet.milestone
        if target.year <= base.year:
            self.refuse(f"its year {target.year} is not after the baseline's {base.year}",
                        "Correct one of the two", lines["target"], "target.year")  # fmt: skip
        sign = 1 if sheet.direction == "up" else -1
        if (target.value - base.value) * sign <= 0:
            self.refuse(f"going from {base.value} to {target.value} is not '{sheet.direction}'",
                        "Correct the value, or write 'direction: down' if less is better",
                        lines["target"], "target.value")  # fmt: skip
        if middle and not base.year < middle.year < target.year:
            self.refuse(f"its year {middle.year} is not between {base.year} and {target.year}",
                        "Correct it", lines["milestone"], "milestone.year")  # fmt: skip
        if middle and not min(base.value, target.value) <= middle.value <= max(
            base.value, target.value
        ):
            self.refuse(f"{middle.value} is not between baseline {base.value} and target "
                        f"{target.value}", "Correct it", lines["milestone"],
                        "milestone.value")  # fmt: skip
        if sheet.counts_people and not (sheet.breakdowns or sheet.no_breakdown_because):
            self.refuse("it counts people and has no breakdown", "Add 'breakdowns:', by sex at "
                        "least, or say why not in 'no_breakdown_because:'",
                        lines["counts_people"], "breakdowns")  # fmt: skip
        if sheet.breakdowns and sheet.no_breakdown_because:
            self.refuse("there are breakdowns as well", "Take one of the two fields out",
                        lines["no_breakdown_because"], "no_breakdown_because")  # fmt: skip
        earlier: set[str] = set()
        for place, breakdown in enumerate(sheet.breakdowns, start=1):
            name, ground = f"breakdowns[{place}]", breakdown.ground
            if ground != "other" and ground in earlier:
                self.refuse(f"there are two breakdowns by '{ground}'", "Join them", lines[name],
                            name)  # fmt: skip
            if ground in SPECIAL and sheet.counts_people and not sheet.personal_data:
                self.refuse(f"'{ground}' is specially protected personal data",
                            "Say on which basis and how it is collected, in 'personal_data:'",
                            lines[name], name)  # fmt: skip
            earlier.add(ground)
            self.groups_agree(sheet, breakdown, lines[name], name)
        if sheet.payment == "groups" and not any(b.has_values for b in sheet.breakdowns):
            self.refuse("payment rests on groups, and no group has a target", "Give the groups "
                        "baseline and target, or change 'payment'", lines["payment"],
                        "payment")  # fmt: skip

    def groups_agree(self, sheet: Sheet, breakdown: Breakdown, line: int, name: str) -> None:
        if not breakdown.has_values:
            return
        for what, total in (("baseline", sheet.baseline.value), ("target", sheet.target.value)):
            values = [getattr(group, what) for group in breakdown.groups]
            if sheet.is_share and not min(values) <= total <= max(values):
                self.refuse(f"the {what} of {total} per cent lies outside those of its groups "
                            f"({min(values)} to {max(values)})", "Correct one of them", line,
                            name)  # fmt: skip
            if not sheet.is_share and not breakdown.overlapping and sum(values) > total:
                self.refuse(f"the groups' {what}s add up to {sum(values)}, more than the total "
                            f"{total}", "Correct them, or write 'overlapping: yes' if one person "
                            "can be in two groups", line, name)  # fmt: skip


# --- what the fiche says -----------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """A part of the fiche: a table; the first column names the row. Widths in cm, for print."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = (4.5, 12.5)


def shown(value: Decimal) -> str:
    """Return a number as printed: thousands parted by commas, no idle zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def equality_check(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Return the equality check: question, ``yes``, ``no`` or empty, and what it rests on."""
    grounds = {breakdown.ground: breakdown for breakdown in sheet.breakdowns}
    people = sheet.counts_people
    rows = [("Does it count people?", "yes" if people else "no", "")]
    reason = sheet.no_breakdown_because
    for ground, question in (
        ("sex", "Is it broken down by sex?"),
        ("age", "By age?"),
        ("area", "By area of residence?"),
    ):
        found = grounds.get(ground)
        names = ", ".join(group.name for group in found.groups) if found else reason
        rows.append((question, "yes" if found else "no", names))
    if sheet.law_splits is not None:
        missing = [g for g in sheet.law_splits if g not in grounds]
        asked = ", ".join(sheet.law_splits) or "none found"
        note = f"Asked for {sheet.common_indicator}: {asked}."
        if missing:
            note += f" Missing here: {', '.join(missing)}."
        question = "Does it hold the splits that the law asks for?"
        rows.append((question, "no" if missing else "yes", note))
    aimed = [GROUNDS[b.ground].lower() for b in sheet.breakdowns if b.has_values]
    rows.append(
        ("Do groups have targets of their own?", "yes" if aimed else "no", ", ".join(aimed))
    )
    rows += [("What do the group targets do?", "", text) for text in _moves(sheet)]
    rows.append(("Does payment rest on it?", "no" if sheet.payment == "none" else "yes",
                 PAYMENT[sheet.payment]))  # fmt: skip
    rows += [(question, "", sheet.equality[name]) for name, question in EQUALITY.items()]
    return rows


def _moves(sheet: Sheet) -> list[str]:
    """Say for each breakdown with values whether the plan narrows the distance between groups."""
    said = []
    for breakdown in (b for b in sheet.breakdowns if b.has_values):
        name = GROUNDS[breakdown.ground]
        if sheet.is_share:
            before, after = (
                max(values) - min(values)
                for values in (
                    [group.baseline for group in breakdown.groups],
                    [group.target for group in breakdown.groups],
                )
            )
            verb = "stays" if before == after else "narrows" if after < before else "widens"
            said.append(
                f"{name}: the distance between the highest and the lowest group {verb}, from "
                f"{shown(before)} to {shown(after)} points."
            )
            continue
        parts = [
            f"{group.name} {_part(group.baseline, sheet.baseline.value)} of the baseline, "
            f"{_part(group.target, sheet.target.value)} of the target"
            for group in breakdown.groups
        ]
        said.append(f"{name}: {'; '.join(parts)}.")
    return said


def _part(value: Decimal, total: Decimal) -> str:
    return f"{100 * value / total:.0f}%" if total else "no share"


def open_points(sheet: Sheet) -> list[str]:
    """List what a reader should still ask for: splits that lack, criteria not met."""
    points = []
    grounds = {breakdown.ground for breakdown in sheet.breakdowns}
    if sheet.counts_people:
        for ground, what in (("sex", "by sex"), ("age", "by age"), ("area", "by area")):
            if ground not in grounds:
                points.append(f"People are counted without a breakdown {what}.")
        if grounds and sheet.smallest_count is None:
            points.append("No smallest count is set below which a group is not published.")
    for missing in sorted(set(sheet.law_splits or ()) - grounds):
        points.append(f"The law asks to split {sheet.common_indicator} by {missing}.")
    if sheet.payment == "total":
        points.append("Payment rests on the total alone: easy cases pay as well as hard ones.")
    if sheet.breakdowns and not any(b.has_values for b in sheet.breakdowns):
        points.append("Groups are reported and have no targets: a gap can stay unnoticed.")
    points += [
        f"RACER: {name} is {'met in part' if met == 'partly' else 'not met'}. {why}"
        for name, (met, why) in sheet.racer.items()
        if met != "yes"
    ]
    return points


def sections(sheet: Sheet) -> list[Section]:
    """Return the whole fiche as tables, the same for the page and the document."""
    about = [
        ("Code", sheet.code),
        ("Definition", sheet.definition),
        ("Kind", sheet.kind),
        ("Fund or programme", sheet.fund),
        ("Common indicator", sheet.common_indicator or "none"),
        ("Unit", sheet.unit),
        ("Better is", "more" if sheet.direction == "up" else "less"),
    ]
    points = [("Baseline", sheet.baseline), ("Target", sheet.target)]
    if sheet.milestone:
        points.insert(1, ("Milestone", sheet.milestone))
    values = [(name, shown(point.value), str(point.year)) for name, point in points]
    groups = [
        (
            GROUNDS[breakdown.ground],
            group.name,
            shown(group.baseline) if group.baseline is not None else "not set",
            shown(group.target) if group.target is not None else "not set",
        )
        for breakdown in sheet.breakdowns
        for group in breakdown.groups
    ]
    data = [
        ("Data source", sheet.data_source),
        *[(f"Source, {GROUNDS[b.ground].lower()}", b.source) for b in sheet.breakdowns if b.source],
        ("Frequency", sheet.frequency),
        ("Responsible", sheet.responsible),
        ("Verification", sheet.verification),
        ("Personal data", sheet.personal_data or "nothing stated"),
        (
            "Smallest group published",
            f"{sheet.smallest_count} people" if sheet.smallest_count else "not set",
        ),
    ]
    racer = [(name.capitalize(), RACER[name], met, why) for name, (met, why) in sheet.racer.items()]
    found = [
        Section("What is measured", (), tuple(about)),
        Section(
            "Baseline and target",
            ("Point", f"Value ({sheet.unit})", "Year"),
            tuple(values),
            (4.5, 8.5, 4),
        ),
    ]
    if groups:
        heads = ("Breakdown", "Group", "Baseline", "Target")
        found.append(Section("Breakdowns", heads, tuple(groups), (4.5, 6.5, 3, 3)))
    found += [
        Section("Data and verification", (), tuple(data)),
        Section(
            "Equality check",
            ("Question", "Answer", "Basis"),
            tuple(equality_check(sheet)),
            (6, 2, 9),
        ),
        Section(
            "RACER test", ("Criterion", "Asks", "Met", "Why"), tuple(racer), (2.5, 5.5, 1.8, 7.2)
        ),
    ]
    left = open_points(sheet) or ["None found."]
    found.append(Section("Open points", (), tuple((str(i), p) for i, p in enumerate(left, 1))))
    if sheet.notes:
        found.append(Section("Notes", (), (("Notes", sheet.notes),)))
    return found


def with_law(sheet: Sheet, splits: Sequence[str] | None) -> Sheet:
    """Return the sheet with the splits that the law asks of its common indicator."""
    return replace(sheet, law_splits=None if splits is None else tuple(splits))


# --- the page and the document -------------------------------------------------------------------

STYLE = """
body { color: #22303a; font-family: system-ui, sans-serif; line-height: 1.45; margin: 2rem auto;
  max-width: 52rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0 0 1.2rem; width: 100%; }
th, td { border: 1px solid #c8d0d6; overflow-wrap: anywhere; padding: 0.3rem 0.5rem;
  text-align: left; vertical-align: top; }
thead th { background: #e8eef2; overflow-wrap: normal; }
td.short { white-space: nowrap; }
tbody th { font-weight: 600; width: 13rem; }
@media (max-width: 36rem) { body { padding: 0 0.4rem; } th, td { padding: 0.2rem; }
  tbody th { width: 26%; } }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""
EPOCH = datetime(2020, 1, 1)
"""Date written into documents, so that the same sheet gives the same bytes."""


def sheet_body(sheet: Sheet, level: int = 1) -> str:
    """Return the fiche as a piece of HTML, every value escaped.

    Parameters
    ----------
    sheet : Sheet
    level : int
        Level of its first heading.
    """
    parts = [f"<h{level}>{escape(sheet.name)}</h{level}>"]
    for section in sections(sheet):
        parts.append(f"<h{level + 1}>{escape(section.title)}</h{level + 1}>")
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in section.heads)
        head = f"<thead><tr>{head}</tr></thead>" if head else ""
        rows = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td{_short(text)}>{escape(text)}</td>" for text in rest)
            + "</tr>"
            for first, *rest in section.rows
        )
        parts.append(f'<table class="table">{head}<tbody>{rows}</tbody></table>')
    return "\n".join(parts)


def _short(text: str) -> str:
    return ' class="short"' if len(text) <= 8 else ""


def sheet_page(sheet: Sheet) -> str:
    """Return the fiche as a whole HTML page that needs no other file and no network."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(sheet.code)}: {escape(sheet.name)}</title>\n<style>{STYLE}</style>\n"
        f"</head>\n<body>\n<main>\n{sheet_body(sheet)}\n</main>\n</body>\n</html>\n"
    )


def sheet_document(sheet: Sheet) -> bytes:
    """Return the fiche as an office document (DOCX), the same bytes for the same sheet."""
    document = docx.Document()
    document.styles["Normal"].font.size = Pt(10)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    properties = document.core_properties
    properties.title = f"{sheet.code}: {sheet.name}"[:255]
    properties.author = properties.last_modified_by = ""
    properties.comments, properties.language = "", "en"
    properties.created = properties.modified = EPOCH
    document.add_heading(sheet.name, level=0)
    for section in sections(sheet):
        document.add_heading(section.title, level=1)
        _add_table(document, section)
    raw = io.BytesIO()
    document.save(raw)
    return _undated(raw.getvalue())


def _add_table(document: docx.document.Document, section: Section) -> None:
    table = document.add_table(rows=0, cols=len(section.widths), style="Table Grid")
    table.autofit = False
    for number, row in enumerate([section.heads, *section.rows] if section.heads else section.rows):
        is_head = bool(section.heads) and number == 0
        added = table.add_row()
        for place, (cell, text) in enumerate(zip(added.cells, row, strict=True)):
            cell.width = Cm(section.widths[place])
            cell.paragraphs[0].add_run(text).bold = is_head or place == 0
        if is_head:  # repeated at the top of the next page, and announced by screen readers
            mark = OxmlElement("w:tblHeader")
            mark.set(qn("w:val"), "true")
            added._tr.get_or_add_trPr().append(mark)


def _undated(content: bytes) -> bytes:
    """Write a zip file again with one date for all its parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = zipfile.ZipInfo(name, date_time=EPOCH.timetuple()[:6])
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(part, old.read(name))
    return out.getvalue()


def example() -> bytes:
    """Return the example: a sheet with every field, invented and of no real city."""
    return files("equalcities.funding").joinpath("example_sheet.yml").read_bytes()
