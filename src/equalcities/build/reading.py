"""Pages of guidance are easy to read: Flesch's reading ease, and no long sentence.

A page that must be harder is an exception in ``book/reading_allow.yml``, with its reason. An
exception that nothing needs any more is refused too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from equalcities import guidance
from equalcities.errors import DataError, EqualCitiesError

EASE = 50.0
"""The least reading ease of a page; 60 to 70 is plain English in Flesch's table."""
WORDS = 35
"""The most words in a sentence."""
ALLOWED = Path("book") / "reading_allow.yml"

NUMBER = "7"
"""Stands for a number from the ledger: one short word."""
FENCE = re.compile(r"^\s*(`{3,}|~{3,})(?!\{(?:note|warning|admonition|tip|important|dropdown)\b)")
ROW = re.compile(r"^\s*\|(.*)\|\s*$")
ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+(?:☐\s*)?")
WORD = re.compile(r"[^\W_]+(?:['’\-.,/][^\W_]+)*")
SPOKEN_APART = re.compile(
    r"(?<![tscg])i[ao]|(?<=[^qg])ua(?!r)|eo(?!p)|(?:ar|id)ea|crea(?=t)|pean$|iu|[eoy]ing|"
    r"(?:sc|cl|qu|d)ie(?=[nt])"
)
"""Two vowels beside each other that are two syllables."""
END = re.compile(r"(?<=[.!?])[*_”\")]*\s+(?=[*_“\"(\[]*[A-Z0-9])")


class ReadingError(EqualCitiesError):
    """A page of guidance is hard to read."""


class Reading(NamedTuple):
    """How a page reads: Flesch's ease, and the sentences that are too long."""

    page: str
    ease: float
    long: tuple[str, ...]


def syllables(word: str) -> int:
    """Count the syllables of an English word by its vowels.

    Parameters
    ----------
    word : str
        Parts joined by a hyphen are counted one by one.

    Returns
    -------
    int
        At least one. A rule of thumb: right for most words, one off for some.
    """
    return sum(_syllables(part) for part in re.split(r"[^a-zà-ÿ]+", word.lower()) if part) or 1


def _syllables(part: str) -> int:
    stem = re.sub(r"(?<=[^aeiouytd])(?<![^aeiouy]l)ed$", "", part)
    stem = re.sub(r"(?<=[^aeioucgszxy])(?<!ch)(?<!sh)es$", "", stem)
    stem = re.sub(r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|(?<=[aeiou])e$", "", stem)
    stem = re.sub(r"(?<=[^aeiouyl])e(?=(?:ly|ment|ments|ful|less|ness|wher|thing)$)", "", stem)
    groups = len(re.findall(r"[aeiouyà-ÿ]+", stem))
    return max(1, groups + len(SPOKEN_APART.findall(stem)))


def blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the paragraphs, items and table cells of a Markdown page, as a reader sees them.

    Yields
    ------
    table : bool
        Whether it is a cell of a table.
    block : str
        Without code, headings and markup; a number from the ledger is one short word.
    """
    held: list[str] = []
    fence = ""
    for line in [*text.splitlines(), ""]:
        if fence:
            fence = "" if line.strip().startswith(fence) else fence
            continue
        opening, row = FENCE.match(line), ROW.match(line)
        apart = not line.strip() or re.match(r"\s*(?:#|:{3,}|`{3,}|:[\w-]+:|\([\w-]+\)=)", line)
        if held and (opening or row or apart or ITEM.match(line)):
            yield False, _plain(" ".join(held))
            held = []
        if opening:
            fence = opening.group(1)
        elif row:
            yield from ((True, _plain(cell)) for cell in row.group(1).split("|"))
        elif not apart:
            held.append(ITEM.sub("", line).strip())


def _plain(block: str) -> str:
    block = re.sub(r"\{num(?:ci)?\}`[^`]*`", NUMBER, block)
    block = re.sub(r"\{[\w:-]+\}`([^`<]*?)\s*<[^>]*>`", r"\1", block)
    block = re.sub(r"\{[\w:-]+\}`[^`]*`", "chapter", block)  # the page's title stands there
    block = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", block)
    return re.sub(r"[*`]|<[^>]*>", "", block)


def sentences(block: str) -> list[str]:
    """Split a block into sentences; a fragment without a full stop is one too."""
    return [part.strip() for part in END.split(block) if WORD.search(part)]


def ease(parts: Sequence[str]) -> float:
    """Return Flesch's reading ease of some sentences.

    Parameters
    ----------
    parts : sequence of str
        At least one sentence.

    Returns
    -------
    float
        206.835 - 1.015 words per sentence - 84.6 syllables per word.

    References
    ----------
    Flesch (1948), A new readability yardstick, Journal of Applied Psychology 32(3).
    """
    words = [word for part in parts for word in WORD.findall(part)]
    spoken = sum(syllables(word) for word in words)
    return 206.835 - 1.015 * len(words) / len(parts) - 84.6 * spoken / len(words)


def read_page(page: str, text: str) -> Reading:
    """Measure a page. Cells of tables count for the length of sentences, not for the ease."""
    found = [(table, part) for table, block in blocks(text) for part in sentences(block)]
    prose = [part for table, part in found if not table]
    if not prose:
        raise ReadingError(f"{page} holds no sentence. Write it, or remove the page.")
    long = tuple(part for _, part in found if len(WORD.findall(part)) > WORDS)
    return Reading(page, ease(prose), long)


def readings(root: Path) -> list[Reading]:
    """Measure every page of guidance, each recommendation as a page."""
    found = [
        read_page(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((root / guidance.FILE).parent.rglob("*.md"))
    ]
    entries = yaml.safe_load((root / guidance.FILE).read_text(encoding="utf-8"))
    for place, entry in enumerate(entries, start=1):
        # What is no text is refused, with its cure, when the recommendations are read.
        texts = [str(entry.get(name, "")) for name in guidance.PROSE]
        name = f"{guidance.FILE.as_posix()}, {entry.get('id', f'recommendation {place}')}"
        found.append(read_page(name, "\n\n".join(texts)))
    return found


def exceptions(root: Path) -> list[dict[str, Any]]:
    """Read the exceptions.

    Raises
    ------
    DataError
        If one has no page or reason, or neither the beginning of a sentence nor an ease.
    """
    listed = yaml.safe_load((root / ALLOWED).read_text(encoding="utf-8")) or []
    for place, entry in enumerate(listed, start=1):
        if not entry.get("page") or not entry.get("why") or not {"sentence", "ease"} & set(entry):
            raise DataError(
                "an entry needs 'page', 'why', and 'sentence' or 'ease'",
                cure="Write the beginning of the long sentence, or the ease that the page may have",
                file=ALLOWED.as_posix(),
                row=place,
            )
    return listed


def check_reading(root: Path) -> None:
    """Refuse pages of guidance that are hard to read.

    Raises
    ------
    ReadingError
        With page, sentence and cure for each.
    """
    faults, listed, needed = [], exceptions(root), []
    for found in readings(root):
        mine = [entry for entry in listed if entry["page"] == found.page]
        for sentence in found.long:
            excuses = [e for e in mine if "sentence" in e and sentence.startswith(e["sentence"])]
            needed += excuses
            if not excuses:
                words = len(WORD.findall(sentence))
                faults.append(f"{found.page}: {words} words in “{sentence[:70]}…”")
        if found.ease < EASE:
            excuses = [entry for entry in mine if entry.get("ease", EASE) <= found.ease]
            needed += excuses
            if not excuses:
                faults.append(f"{found.page}: reading ease {found.ease:.0f}")
    unused = [entry for entry in listed if entry not in needed]
    faults += [f"{ALLOWED.as_posix()}: nothing needs the exception for {e['page']}" for e in unused]
    if faults:
        raise ReadingError(
            "Guidance that is hard to read:\n  " + "\n  ".join(faults) + f"\nA page needs a "
            f"reading ease of {EASE:.0f}, and a sentence has {WORDS} words at most. Use shorter "
            f"words and sentences, or list an exception with its reason in {ALLOWED.as_posix()}."
        )
