"""Titles of pages, read from their sources, so that site and command line say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from equalcities.errors import UsageError

FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
INCLUDE = re.compile(r"\A\s*```\{include\}\s+(\S+)")
# {role}`text`, [text](address), `code`, **strong** and *emphasis* without their marks
MARKUP = (
    (re.compile(r"\{[a-z:]+\}`([^`<]+?)(?:\s*<[^>]*>)?`"), r"\1"),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"(?<!\\)[`*]+"), ""),
    (re.compile(r"\\([^\w\s])"), r"\1"),
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
    """Return titles by path without an ending: the table of contents' pages that are there."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = {page.removesuffix(".md") for page in _listed(toc, root)}
    return {page: page_title(root, page) for page in sorted(found) if _made(root, page)}


def _listed(entry: Any, root: Path) -> Iterator[str]:
    """Yield the pages that a part of the table of contents names."""
    if isinstance(entry, list):
        for part in entry:
            yield from _listed(part, root)
    elif isinstance(entry, dict):
        yield from (entry[name] for name in ("root", "file") if name in entry)
        for path in root.glob(f"{entry['glob']}.md") if "glob" in entry else ():
            yield path.relative_to(root).as_posix()
        for part in entry.values():
            yield from _listed(part, root)


def _made(root: Path, page: str) -> bool:
    """Say whether a page's source is there: some are made from data by a build."""
    return (root / f"{page}.md").is_file()
