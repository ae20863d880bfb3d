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
        "compared by the rule of the {doc}`ledger`, figures and data by checksum. "
        "{doc}`versions` says how versions, addresses and corrections work.",
    ]
    if comparison.is_empty:
        parts.append("Nothing differs: no number, no figure and no data.")
    for heading, changes in sections(comparison):
        if changes:
            parts += [f"## {heading}", _table(heading, changes)]
    return "\n\n".join(parts) + "\n"


def _table(heading: str, changes: Sequence[Change]) -> str:
    heads = [heading.split()[0].rstrip("s"), "Before", "Now", "Cause"]
    columns = [[_named(heading, c), _plain(c.old), _plain(c.new), _plain(c.cause)] for c in changes]
    filled = [0] + [i for i in (1, 2, 3) if any(row[i] for row in columns)]
    rows = [[heads[i] for i in filled], *([row[i] for i in filled] for row in columns)]
    body = "\n".join("* - " + "\n  - ".join(row) for row in rows)
    return f":::{{list-table}}\n:header-rows: 1\n:class: changes\n\n{body}\n:::"


def _named(heading: str, change: Change) -> str:
    """Name an entry by what it is and its key, with a link where there is something to see."""
    name = f"{_plain(change.about)} `{change.key}`"
    if not change.new:
        return name  # nothing is left to link to
    if heading.startswith("Data"):
        return f"{_plain(change.about)} ({{doc}}`{change.key} <data/{change.key}>`)"
    if heading.startswith("Figure"):
        return f"{name} ({{ref}}`see it <{anchor(change.key, 'fig')}>`)"
    return f"{name} ({{num}}`{change.key}`)"


def _plain(text: str) -> str:
    """Escape what Markdown would take for marks, but leave code alone."""
    parts = re.split(r"(`[^`]*`)", text)
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
