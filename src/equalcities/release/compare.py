"""What changed from one release to another: numbers, figures, data, each with its cause.

Example: ``equalcities diff 2026.1 2026.2``
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from equalcities import catalog, ledger
from equalcities.errors import EqualCitiesError
from equalcities.ledger import Number
from equalcities.release import corrections, record, versions
from equalcities.release.record import Record

HELP = "compare two releases; says by its exit status whether a published number changed"
EXAMPLE = "equalcities diff 2026.1 2026.2"
UNCHANGED, CHANGED = 0, 1
NO_CAUSE = "no cause stated"
DESCRIPTION = {
    "about": "another wording", "data": "other data named", "notebook": "another chapter",
    "simulation": "another account of what drew it",
}  # fmt: skip
FIGURE_PARTS = {
    "table": "the data behind it", "drawing": "the drawing", "words": "caption or description",
    "evidence_class": "the evidence class",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One entry that was added, changed or withdrawn.

    ``old`` or ``new`` is empty for what was added or withdrawn; ``cause`` says why. For a number
    that is still published, ``printed`` is the value with which ``new`` begins.
    """

    key: str
    about: str
    old: str
    new: str
    cause: str = ""
    printed: str = ""


@dataclass(frozen=True)
class Comparison:
    """What changed between two releases, in order of keys."""

    old: str
    new: str
    numbers_changed: tuple[Change, ...]
    numbers_withdrawn: tuple[Change, ...]
    numbers_added: tuple[Change, ...]
    numbers_described: tuple[Change, ...]
    figures_changed: tuple[Change, ...]
    figures_withdrawn: tuple[Change, ...]
    figures_added: tuple[Change, ...]
    data_changed: tuple[Change, ...]
    data_removed: tuple[Change, ...]
    data_added: tuple[Change, ...]

    @property
    def number_changed(self) -> bool:
        """Whether a number that was published is now another, or gone."""
        return bool(self.numbers_changed or self.numbers_withdrawn)

    @property
    def without_cause(self) -> list[str]:
        """Keys of changed numbers, and of figures with other data, without a stated cause."""
        moved = [c for c in self.figures_changed if FIGURE_PARTS["table"] in c.new]
        return [c.key for c in (*self.numbers_changed, *moved) if c.cause == NO_CAUSE]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all differs."""
        return not any(changes for _, changes in sections(self))


def compare(old: Record, new: Record, put_right: list[corrections.Correction]) -> Comparison:
    """Compare two releases.

    Parameters
    ----------
    old, new : Record
        The earlier and the later one.
    put_right : list of Correction
        Corrections that may explain a change; those of later versions are ignored.

    Returns
    -------
    Comparison
    """
    causes = _Causes(old, new, put_right)
    changed, described = [], []
    for key in sorted(old.numbers.keys() & new.numbers.keys()):
        before, after = old.numbers[key], new.numbers[key]
        if _same_statement(before, after):
            if words := _differing(before, after, DESCRIPTION):
                described.append(Change(key, after.about, "", ", ".join(words)))
        else:
            told = [shown(before), shown(after)]
            if told[0] == told[1]:  # printed alike: the difference lies behind the rounding
                told = [f"{told[0]} ({unrounded(n)})" for n in (before, after)]
            changed.append(Change(key, after.about, *told, causes.of(key), after.text))
    figures = [
        Change(key, new.figures[key].caption, "", ", ".join(parts), causes.of(key))
        for key in sorted(old.figures.keys() & new.figures.keys())
        if (parts := _differing(old.figures[key], new.figures[key], FIGURE_PARTS))
    ]
    return Comparison(
        old=old.version,
        new=new.version,
        numbers_changed=tuple(changed),
        numbers_withdrawn=tuple(
            Change(k, n.about, shown(n), "", _reason(new, k)) for k, n in _gone(old, new, "numbers")
        ),
        numbers_added=tuple(
            Change(k, n.about, "", shown(n), printed=n.text) for k, n in _gone(new, old, "numbers")
        ),
        numbers_described=tuple(described),
        figures_changed=tuple(figures),
        figures_withdrawn=tuple(
            Change(k, f.caption, f"in {f.notebook}", "", _reason(new, k))
            for k, f in _gone(old, new, "figures")
        ),
        figures_added=tuple(
            Change(k, f.caption, "", f"in {f.notebook}") for k, f in _gone(new, old, "figures")
        ),
        data_changed=tuple(
            Change(name, new.data[name].title, vintage(old.data[name]), vintage(new.data[name]))
            for name in sorted(old.data.keys() & new.data.keys())
            if old.data[name].sha256 != new.data[name].sha256
        ),
        data_removed=tuple(Change(k, d.title, vintage(d), "") for k, d in _gone(old, new, "data")),
        data_added=tuple(Change(k, d.title, "", vintage(d)) for k, d in _gone(new, old, "data")),
    )


def _gone(here: Record, there: Record, group: str) -> Iterator[tuple[str, object]]:
    """Yield what one release holds and the other doesn't."""
    entries = getattr(here, group)
    for key in sorted(entries.keys() - getattr(there, group).keys()):
        yield key, entries[key]


def _same_statement(old: Number, new: Number) -> bool:
    """Say whether two numbers tell a reader the same."""
    printed = all(
        getattr(old, name) == getattr(new, name)
        for name in ("text", "interval_text", "unit", "evidence_class")
    )
    values = [
        line for line in ledger.number_changes(old, new)
        if line.startswith(("the value moved", "the interval moved"))
    ]  # fmt: skip
    return printed and not values


def _differing(old: object, new: object, fields: dict[str, str]) -> list[str]:
    """Say in words which of some fields differ."""
    return [words for name, words in fields.items() if getattr(old, name) != getattr(new, name)]


def _reason(new: Record, key: str) -> str:
    return new.withdrawn[key].reason if key in new.withdrawn else NO_CAUSE


def shown(number: Number) -> str:
    """Return a number as a reader meets it: value, unit, interval and evidence class."""
    interval = f" ({number.interval_text})" if number.interval else ""
    unit = "" if isinstance(number.value, str) else f" {number.unit}"
    return f"{number.text}{unit}{interval}, {number.evidence_class}"


def unrounded(number: Number) -> str:
    """Return a value, and its interval if it has one, with all digits."""
    if not number.interval:
        return repr(number.value)
    low, high = number.interval
    return f"{number.value!r}, {low!r} to {high!r}"


def vintage(data: record.Vintage) -> str:
    """Return which data these are: published, accessed, and the start of the checksum."""
    return f"published {data.published}, accessed {data.accessed}, {data.sha256[:12]}…"


class _Causes:
    """Finds why a key changed: a correction that names it, else an entry of the changelog."""

    def __init__(self, old: Record, new: Record, put_right: list[corrections.Correction]) -> None:
        def between(version: str) -> bool:
            try:
                return versions.order(old.version) < versions.order(version) <= latest
            except EqualCitiesError:
                return False  # a heading that is no version

        latest = versions.order(new.version)
        self.corrections = [c for c in put_right if c.fixed_in and between(c.fixed_in)]
        self.entries = [
            entry.text
            for version, entries in new.changelog.items()
            if between(version)
            for entry in entries
        ]

    def of(self, key: str) -> str:
        """Return the cause in words."""
        for correction in self.corrections:
            if key in correction.numbers or key in correction.figures:
                return f"Correction {correction.id}: {correction.title}"
        for text in self.entries:
            if any(_covers(code, key) for code in re.findall(r"`([^`]+)`", text)):
                return text
        return NO_CAUSE


def _covers(code: str, key: str) -> bool:
    """Say whether ``panel72.gdp.*`` or ``panel72.gdp.areas`` in the changelog names a key."""
    return code == key or (code.endswith(".*") and key.startswith(code[:-1]))


def sections(comparison: Comparison) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Yield the parts of a comparison with their headings, what matters most first."""
    for heading, name in (
        ("Numbers that changed", "numbers_changed"),
        ("Numbers that were withdrawn", "numbers_withdrawn"),
        ("Figures that changed", "figures_changed"),
        ("Figures that were withdrawn", "figures_withdrawn"),
        ("Data of another vintage", "data_changed"),
        ("Data that are no longer used", "data_removed"),
        ("Numbers that were added", "numbers_added"),
        ("Figures that were added", "figures_added"),
        ("Data that were added", "data_added"),
        ("Numbers with another description", "numbers_described"),
    ):
        yield heading, getattr(comparison, name)


def as_text(comparison: Comparison) -> str:
    """Return a comparison as plain text."""
    lines = [f"From version {comparison.old} to {comparison.new}"]
    for heading, changes in sections(comparison):
        if changes:
            lines.append(f"\n{heading}: {len(changes)}")
        for change in changes:
            moved = " → ".join(part for part in (change.old, change.new) if part)
            lines.append(f"  {change.key}: {moved}")
            if change.cause:
                lines.append(f"    cause: {change.cause}")
    if comparison.is_empty:
        lines.append("Nothing differs.")
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line of ``equalcities diff``."""
    parser.add_argument("old", help="the earlier release: its version, or its folder")
    parser.add_argument("new", help="the later release: its version, or its folder")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.epilog += (
        "\n\nexit status: 0 no published number changed; 1 at least one changed or was withdrawn;"
        "\n2 the comparison could not be made. What was only added doesn't count as a change."
    )


def run(options: argparse.Namespace) -> int:
    """Print what changed; return 1 if a published number changed or was withdrawn, else 0."""
    root = catalog.project_root()
    old, new = (record.find(name, root) for name in (options.old, options.new))
    comparison = compare(old, new, corrections.read(root))
    if options.format == "json":
        content = asdict(comparison) | {"number_changed": comparison.number_changed}
        print(json.dumps(content, indent=1, ensure_ascii=False))
    else:
        print(as_text(comparison))
    return CHANGED if comparison.number_changed else UNCHANGED
