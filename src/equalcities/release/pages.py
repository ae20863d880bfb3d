"""The book's pages on what changed since the version before, and on corrections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from equalcities import __version__
from equalcities.ledger import anchor
from equalcities.release import corrections, record
from equalcities.release.compare import Change, Comparison, compare, sections
from equalcities.release.corrections import Correction


def generated_pages(root: Path, figures: Path) -> dict[str, str]:
    """Return the generated pages of this room, by file name below ``book/``.

    Parameters
    ----------
    root : Path
        The checkout.
    figures : Path
        The folder with the drawings of this build.

    Raises
    ------
    DataError
        If CORRECTIONS.md says what no release says.
    """
    now = record.take(root, __version__, figures)
    known = corrections.read(root)
    corrections.check(known, record.earlier(root), now.numbers, __version__)
    before = record.earlier(root, __version__)
    comparison = compare(before[-1], now, known) if before else None
    return {
        "corrections.md": corrections_page(known),
        "whats_changed.md": changes_page(comparison, __version__),
    }


def changes_page(comparison: Comparison | None, version: str) -> str:
    """Say what changed since the version before, each change with its cause."""
    title = "# What changed"
    if comparison is None:
        return (
            f"{title}\n\nVersion {version} leads to the first release of this book: there is no "
            "earlier version to compare it with. {doc}`versions` says how versions work.\n"
        )
    parts = [
        title,
        f"Version {version} compared with {comparison.old}, the version before it. Values are "
        "compared by the rule of {doc}`the ledger <ledger>`, figures and data by checksum. "
        "{doc}`versions` says how versions, addresses and corrections work.",
    ]
    if comparison.is_empty:
        parts.append("Nothing differs: no number, no figure and no data.")
    for heading, changes in sections(comparison):
        if changes:
            parts += [f"## {heading}", _table(heading, changes)]
    return "\n\n".join(parts) + "\n"


def _table(heading: str, changes: Sequence[Change]) -> str:
    head = heading.split()[0]
    rows = ["* - " + head.rstrip("s") + "\n  - What\n  - Cause"]
    rows += [
        f"* - {_named(head, change)}\n  - {_moved(change)}\n  - {_plain(change.cause)}"
        for change in changes
    ]
    if not any(change.cause for change in changes):
        rows = [row.rpartition("\n")[0] for row in rows]
    # the class makes a phone show each row as a block
    return ":::{list-table}\n:header-rows: 1\n:class: columns\n\n" + "\n".join(rows) + "\n:::"


def _named(head: str, change: Change) -> str:
    """Name an entry by what it is and its key, with a link where there is something to see."""
    name = f"{_plain(change.about)} `{change.key}`"
    if not change.new:
        return name
    if head == "Data":
        return f"{_plain(change.about)} ({{doc}}`{change.key} <data/{change.key}>`)"
    if head == "Figures":
        return f"{name} ({{ref}}`see it <{anchor(change.key, 'fig')}>`)"
    return name


def _moved(change: Change) -> str:
    """Say what was and what is; a value that is still published leads to its entry."""
    new = _plain(change.new)
    if change.printed:
        new = f"{{num}}`{change.key}` {_plain(change.new.removeprefix(change.printed))}"
    return " → ".join(part for part in (_plain(change.old), new) if part)


def _plain(text: str) -> str:
    """Escape what Markdown would take for marks, but leave code alone."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    marks = r"([\\*_{}\[\]<>|$~])"
    return "".join(p if p.startswith("`") else re.sub(marks, r"\\\1", p) for p in parts)


def corrections_page(known: Sequence[Correction]) -> str:
    """Say what was wrong in released versions, newest first."""
    classes = "\n".join(f"- *{kind}*: {meaning}" for kind, meaning in corrections.CLASSES.items())
    parts = [
        "# Corrections",
        "What was wrong in a released version, since when, the old and the new value, and who "
        f"might have relied on it. A correction has a class:\n\n{classes}",
        "A released version is never edited. A correction made after a version was released "
        "appears in that version as a notice, on a server that holds all versions; "
        "{doc}`versions` says how. This page has the corrections known when its version was "
        "made.",
    ]
    if not known:
        parts.append("No released version has been corrected.")
    return "\n\n".join([*parts, *map(_section, known)]) + "\n"


def _section(correction: Correction) -> str:
    parts = [
        f"({corrections.address(correction)})=\n## {correction.id}: {_plain(correction.title)}",
        f"{correction.date}. {corrections.span(correction)}",
        _plain(correction.what),
    ]
    if correction.numbers:
        rows = ["* - Number\n  - Wrong\n  - Right"]
        rows += [
            f"* - `{key}`\n  - {_plain(old)}\n  - {_plain(new)}"
            for key, (old, new) in correction.numbers.items()
        ]
        parts.append(":::{list-table}\n:header-rows: 1\n\n" + "\n".join(rows) + "\n:::")
    touched = [f"`{name}`" for name in (*correction.figures, *correction.pages)]
    if touched:
        parts.append(f"Touched: {', '.join(touched)}.")
    parts.append(f"Might have relied on it: {_plain(correction.who)}")
    return "\n\n".join(parts)
