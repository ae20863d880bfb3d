"""Prose holds no hand-typed statistics: numbers come from the ledger.

Every digit, and every number word above ten, in the prose of pages and notebooks, and in the
captions and alt texts of figures, must be a ledger role, a year, or covered by a pattern in
``book/prose_allow.yml`` that says why it is no statistic.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from equalcities.build import pairs
from equalcities.errors import DataError, EqualCitiesError

TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
TEENS = "eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
NUMBER = re.compile(
    rf"\d(?:[\d.,]*\d)?(?:\s?(?:%|‰))?|\b(?:{TEENS}|(?:{TENS})(?:-\w+)?|hundreds?|thousands?|"
    r"millions?|billions?|dozens?|two[ -]thirds|one[ -]third|three[ -]quarters|"
    r"(?:a|one)[ -]quarter of|(?:one|two|three|four|five|six|seven|eight|nine|ten) per ?cent)\b",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?![\d%]|\s?%|[.,]\d)")
SILENT_FENCE = re.compile(
    r"^\s*(`{3,}|~{3,})\s*(\{code-cell\}|\{math\}|\{raw\}|\{toctree\}|[\w.+-]*\s*$)"
)
DIRECTIVE = re.compile(r"^\s*[`~:]{3,}\{([\w:-]+)\}")
TITLED = ("admonition", "card", "dropdown", "grid-item-card", "list-table", "table")
SCALE = re.compile(r"(\{num(?:ci)?\}`[^`]*`)\s(?:thousand|million|billion)\b")
GENERATED_PAGES = (
    "cities.md", "corrections.md", "ledger.md", "practices.md", "recommendations.md", "status.md",
    "whats_changed.md",
)  # fmt: skip
TEXT_ARGUMENTS = ("caption", "alt", "about", "title")


class ProseError(EqualCitiesError):
    """Prose holds a number that doesn't come from the ledger."""


class Finding(NamedTuple):
    """A hand-typed number: where it stands and what it says."""

    file: str
    line: int
    text: str
    context: str


def allowed(root: Path) -> list[re.Pattern[str]]:
    """Read the patterns that are no statistics.

    Raises
    ------
    DataError
        If an entry has no pattern or no reason.
    """
    path = root / "book" / "prose_allow.yml"
    patterns = []
    for place, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), start=1):
        if not entry.get("pattern") or not entry.get("why"):
            raise DataError(
                "an entry needs 'pattern' and 'why'",
                cure="Say why the pattern is no statistic, or remove it",
                file="book/prose_allow.yml",
                row=place,
            )
        patterns.append(re.compile(entry["pattern"]))
    return patterns


def pages(root: Path) -> list[Path]:
    """List the hand-written pages: everything in ``book/`` and the notebooks' sources."""
    generated = {
        root / "book" / name
        for name in ("cities", "data", "practices", "recommendations", "_static", "_ext")
    }
    written = [
        path
        for path in sorted((root / "book").rglob("*.md"))
        if not generated & set(path.parents) and path.name not in GENERATED_PAGES
    ]
    return written + pairs.sources(root)


def findings(root: Path) -> list[Finding]:
    """Find every hand-typed number in the book."""
    patterns = allowed(root)
    found = []
    for path in pages(root):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        for line, prose in sorted([*_prose_lines(text), *_figure_texts(text, name)]):
            found += [
                Finding(name, line, number, prose.strip()[:100])
                for number in hand_typed(prose, patterns)
            ]
    return found


def check_prose(root: Path) -> None:
    """Refuse hand-typed numbers.

    Raises
    ------
    ProseError
        With file, line and cure for each.
    """
    found = findings(root)
    if found:
        lines = [f"{f.file}, line {f.line}: '{f.text}' in “{f.context}”" for f in found]
        raise ProseError(
            "Hand-typed numbers in prose:\n  " + "\n  ".join(lines) + "\nPublish the number in a "
            "notebook and quote it with {num}`key`. If it is no statistic (an article of law, a "
            "definition), add a pattern with its reason to book/prose_allow.yml."
        )


def hand_typed(prose: str, patterns: list[re.Pattern[str]]) -> list[str]:
    """Return the numbers in a piece of prose that are neither quoted, years, nor allowed."""
    text = SCALE.sub(" ", prose)  # "325 million", with the number from the ledger
    text = re.sub(r"\{[\w:-]+\}`[^`]*`|`[^`]*`", " ", text)  # roles and code
    text = re.sub(r"\]\([^)]*\)|<[^>]*>|https?://\S+|\(#[\w-]+\)|\$[^$]*\$", " ", text)
    for pattern in patterns:
        text = pattern.sub(" ", text)
    text = YEAR.sub(" ", text)
    return [match.group().strip() for match in NUMBER.finditer(text)]


def _prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield line numbers and lines that a reader sees as prose, with directive bodies."""
    fence, front = "", text.startswith("---\n")
    for number, line in enumerate(text.splitlines(), start=1):
        if front:
            front = not (number > 1 and line == "---")
            continue
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        silent = SILENT_FENCE.match(line)
        if silent and line.strip() != silent.group(1):
            fence = silent.group(1)
            continue
        opening = DIRECTIVE.match(line)
        if opening:
            line = line[opening.end() :] if opening.group(1) in TITLED else ""
        line = re.sub(r"^\s*(?:\([\w-]+\)=|:(?!alt|caption)[\w-]+:.*|%.*)", "", line)
        line = re.sub(r"^\s*\d+\.\s", "", line)  # the number of a list item
        yield number, line


def _figure_texts(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Yield the literal parts of captions, alt texts and the like in code cells."""
    for match in re.finditer(r"^```\{code-cell\}.*?\n(.*?)^```", text, flags=re.M | re.S):
        offset = text[: match.start(1)].count("\n")
        code = re.sub(
            r"\A(?:---\n.*?^---\n|(?:^:[\w-]+:[^\n]*\n)+)",
            _blank,
            match.group(1),
            flags=re.M | re.S,
        )
        try:
            tree = ast.parse(code)
        except SyntaxError as error:
            raise ProseError(
                f"{name}, line {offset + (error.lineno or 0)}: {error.msg}."
            ) from error
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            for argument in call.keywords:
                if argument.arg in TEXT_ARGUMENTS:
                    yield from _literals(argument.value, offset)


def _literals(node: ast.AST, offset: int) -> Iterator[tuple[int, str]]:
    formats = {
        id(part)
        for value in ast.walk(node)
        if isinstance(value, ast.FormattedValue)
        for part in ast.walk(value)
    }
    for part in ast.walk(node):
        literal = isinstance(part, ast.Constant) and isinstance(part.value, str)
        if literal and id(part) not in formats:
            yield offset + part.lineno, part.value


def _blank(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")
