"""Titles of pages, read from their sources, so that site and command line say the same."""

from __future__ import annotations

import re
from pathlib import Path

from equalcities.errors import UsageError

FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
INCLUDE = re.compile(r"\A\s*```\{include\}\s+(\S+)")
# {role}`text`, [text](address), `code`, **strong** and *emphasis* without their marks
MARKUP = (
    (re.compile(r"\{[a-z:]+\}`([^`<]+?)(?:\s*<[^>]*>)?`"), r"\1"),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"[`*]+"), ""),
)


def page_title(root: Path, page: str) -> str:
    """Return a page's first heading as plain text.

    Parameters
    ----------
    root : Path
        The checkout.
    page : str
        Its path without an ending, such as ``book/intro``.

    Raises
    ------
    UsageError
        If there is no such page, or it has no heading.
    """
    path = root / f"{page}.md"
    if not path.is_file():
        raise UsageError(f"There is no page '{page}'. Pages made from data need 'make book' first.")
    text = FRONT.sub("", path.read_text(encoding="utf-8"))
    included = INCLUDE.match(text)
    if included:
        text = (path.parent / included[1]).read_text(encoding="utf-8")
    heading = re.search(r"(?m)^# (.+)$", text)
    if heading is None:
        raise UsageError(f"{page}.md has no heading. Begin its text with '# Title'.")
    title = heading[1].strip()
    for pattern, plain in MARKUP:
        title = pattern.sub(plain, title)
    return title


def all_titles(root: Path) -> dict[str, str]:
    """Return the title of every page whose source is there, by its path without an ending."""
    files = [*(root / "notebooks").glob("*.md"), *(root / "book").rglob("*.md")]
    pages = sorted(path.relative_to(root).with_suffix("").as_posix() for path in files)
    return {page: page_title(root, page) for page in pages}
