"""Corrections as data: read and checked from CORRECTIONS.md, given out as feeds.

A frozen version is never edited. What was found wrong in it stands in the feeds at the root of the
public tree, where a script in every page, of old versions too, looks for it.
"""

from __future__ import annotations

import datetime
import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from equalcities.errors import DataError
from equalcities.ledger import Number, anchor
from equalcities.release import versions
from equalcities.release.record import Record

FILE = "CORRECTIONS.md"
WITHDRAWN = "withdrawn"
"""Stands for the new value of a number that is printed no more."""
JSON_FEED = "corrections.json"
ATOM_FEED = "corrections.atom"
PAGE = "corrections.html"
TITLE = "Corrections to Cities of Equality"
CLASSES = {
    "editorial": "no number and no conclusion is touched",
    "minor": "a number moved, no conclusion",
    "substantial": "a conclusion is qualified or contradicted",
}
NEEDED = ("id", "date", "class", "title", "what", "who", "since")
OPTIONAL = ("fixed_in", "numbers", "figures", "pages")
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", flags=re.M | re.S)
# Entries of a feed need names for ever that depend on no address.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:equalcities:corrections")


@dataclass(frozen=True)
class Correction:
    """One correction.

    Attributes
    ----------
    id : str
        Its name for ever, the year and a count: ``2026-1``.
    date : date
        When it was made known.
    kind : str
        ``editorial``, ``minor`` or ``substantial``.
    title, what, who : str
        In one line; what was wrong, with its cause; who might have relied on it.
    since, fixed_in : str
        The first version with the fault, and the version that is right (empty while none is).
    numbers : dict
        Key to the value as printed, wrong and right.
    figures, pages : tuple of str
        Figures and pages that are touched.
    """

    id: str
    date: datetime.date
    kind: str
    title: str
    what: str
    who: str
    since: str
    fixed_in: str
    numbers: dict[str, tuple[str, str]]
    figures: tuple[str, ...]
    pages: tuple[str, ...]

    def affects(self, version: str) -> bool:
        """Say whether a version holds what was wrong."""
        here = versions.order(version)
        fixed = not self.fixed_in or here < versions.order(self.fixed_in)
        return versions.order(self.since) <= here and fixed


def read(root: Path) -> list[Correction]:
    """Read the corrections, newest first.

    Raises
    ------
    DataError
        If CORRECTIONS.md isn't one list in one yaml block, or an entry isn't complete.
    """
    blocks = BLOCK.findall((root / FILE).read_text(encoding="utf-8"))
    if len(blocks) != 1:
        raise DataError(
            f"holds {len(blocks)} yaml blocks", cure="Keep all corrections in one", file=FILE
        )
    try:
        entries = yaml.safe_load(blocks[0]) or []
    except yaml.YAMLError as error:
        raise DataError(f"its block is no YAML: {error}", cure="Mend it", file=FILE) from error
    found = [_correction(entry, place) for place, entry in enumerate(entries, start=1)]
    names = [correction.id for correction in found]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"'{name}' is there twice", cure="Give one another id", file=FILE)
    return sorted(found, key=lambda c: (c.date, c.id), reverse=True)


def _correction(entry: Any, place: int) -> Correction:
    def fault(problem: str, cure: str) -> DataError:
        return DataError(problem, cure=cure, file=FILE, row=place)

    if not isinstance(entry, dict):
        raise fault("the entry is no mapping", "Write 'id:', 'date:' and so on")
    for name in NEEDED:
        if not entry.get(name):
            raise fault(f"'{name}' is missing", f"Add '{name}:'")
    for name in entry:
        if name not in NEEDED + OPTIONAL:
            raise fault(f"'{name}' is unknown", f"Take one of: {', '.join(NEEDED + OPTIONAL)}")
    if not re.fullmatch(r"20\d\d-\d+", str(entry["id"])):
        raise fault(f"the id is '{entry['id']}'", "Write the year and a count, such as 2026-1")
    if not isinstance(entry["date"], datetime.date):
        raise fault(f"the date is '{entry['date']}'", "Write it as 2026-11-30")
    kind = entry["class"]
    if kind not in CLASSES:
        raise fault(f"the class is '{kind}'", f"Take one of: {', '.join(CLASSES)}")
    for name in ("since", "fixed_in"):
        version = entry.get(name, "1")
        if not isinstance(version, str):
            raise fault(f"'{name}' is no text", f'Write the version in quotes: {name}: "2026.1"')
        if name in entry and not versions.is_released_form(version):
            raise fault(f"'{name}' is '{version}'", "Write the version of a release, as 2026.1")
    numbers = entry.get("numbers") or {}
    for key, values in numbers.items():
        if not isinstance(values, dict) or sorted(values) != ["new", "old"]:
            raise fault(f"'{key}' needs 'old' and 'new'", "Give both values as they are printed")
    touched = [*numbers, *(entry.get("figures") or ()), *(entry.get("pages") or ())]
    if kind == "editorial" and (numbers or entry.get("figures")):
        raise fault("an editorial correction touches a number or figure", "Call it minor")
    if kind == "minor" and not (numbers or entry.get("figures")):
        raise fault("a minor correction names no number or figure", "Name it, or call it editorial")
    if not touched:
        raise fault("it names no number, figure or page", "Say where the error stood")
    fixed = entry.get("fixed_in", "")
    if fixed and versions.order(fixed) <= versions.order(entry["since"]):
        raise fault(
            f"it is put right in {fixed}, but wrong since {entry['since']}",
            "Name a later version: a frozen one is never edited",
        )
    if kind == "substantial" and not fixed:
        raise fault(
            "a substantial correction demands a new version",
            "Set the version under way in pyproject.toml and name it: fixed_in",
        )
    return Correction(
        id=str(entry["id"]),
        date=entry["date"],
        kind=kind,
        title=" ".join(entry["title"].split()),
        what=" ".join(entry["what"].split()),
        who=" ".join(entry["who"].split()),
        since=entry["since"],
        fixed_in=fixed,
        numbers={key: (str(v["old"]), str(v["new"])) for key, v in numbers.items()},
        figures=tuple(entry.get("figures") or ()),
        pages=tuple(entry.get("pages") or ()),
    )


def check(
    corrections: Iterable[Correction],
    earlier: Sequence[Record],
    now: Mapping[str, Number],
    version: str,
    *,
    final: bool = False,
) -> None:
    """Hold corrections against what the releases say.

    An error may be made known before it is put right: a number may still have its old value in
    the version under way, but no longer when that version is frozen.

    Parameters
    ----------
    corrections : iterable of Correction
        What CORRECTIONS.md holds.
    earlier : sequence of Record
        All releases under version control.
    now : mapping of str to Number
        What the book publishes now, for corrections that the version under way puts right.
    version : str
        The version under way, or the released one if no other has begun.
    final : bool
        Whether that version is being frozen.

    Raises
    ------
    DataError
        If a version, key or page doesn't exist, or an old or new value is not the one printed.
    """
    releases = {record.version: record for record in earlier}
    for correction in corrections:
        _check_one(correction, releases, now, version, final)


def _check_one(
    correction: Correction,
    releases: dict[str, Record],
    now: Mapping[str, Number],
    version: str,
    final: bool,
) -> None:
    def fault(problem: str, cure: str) -> DataError:
        return DataError(problem, cure=cure, file=FILE, row=correction.id)

    wrong = releases.get(correction.since)
    if wrong is None:
        raise fault(
            f"no version {correction.since} was released",
            f"Take one of: {', '.join(releases) or 'none so far, so nothing can be corrected'}",
        )
    under_way = versions.intended(version)
    if correction.fixed_in in releases:
        right = releases[correction.fixed_in].numbers
    elif correction.fixed_in in ("", under_way):
        right = now if correction.fixed_in else {}
    else:
        raise fault(
            f"it is put right in {correction.fixed_in}, which is neither released nor under way",
            f"The version under way is {under_way}: set it in pyproject.toml",
        )
    for key in (*correction.numbers, *correction.figures):
        if key not in wrong.keys:
            raise fault(f"version {wrong.version} has no '{key}'", "Correct the key")
    for page in correction.pages:
        if page not in wrong.pages:
            raise fault(f"version {wrong.version} has no page '{page}'", "Correct its address")
    for key, (old, new) in correction.numbers.items():
        if key not in wrong.numbers or wrong.numbers[key].text != old:
            printed = wrong.numbers[key].text if key in wrong.numbers else "nothing"
            raise fault(
                f"version {wrong.version} prints {printed} for '{key}', not {old}",
                "Give the old value as it was printed",
            )
        waiting = not final and correction.fixed_in not in releases
        gone = WITHDRAWN if correction.fixed_in in releases else new
        right_now = right[key].text if key in right else gone
        if right_now != new and not (waiting and right_now == old):
            printed = f"{right_now} for '{key}'" if key in right else f"no '{key}'"
            raise fault(
                f"version {correction.fixed_in} prints {printed}, not {new}",
                f"Give the new value as it is printed, or '{WITHDRAWN}' if it is printed no more",
            )


def json_feed(
    corrections: Sequence[Correction], releases: Sequence[Record], base: str = ""
) -> bytes:
    """Return the corrections as a JSON Feed (version 1.1).

    Each item carries, under ``_equalcities``, what the pages' script needs to mark the places:
    versions that are affected, addresses of numbers and figures, values before and after.

    Parameters
    ----------
    corrections : sequence of Correction
        Newest first.
    releases : sequence of Record
        The frozen versions.
    base : str
        Public address of the tree, ending in a slash; empty if it isn't known.
    """
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "language": "en",
    }
    if base:
        feed |= {"home_page_url": base + PAGE, "feed_url": base + JSON_FEED}
    feed["items"] = [_item(correction, releases, base) for correction in corrections]
    return (json.dumps(feed, indent=1, ensure_ascii=False) + "\n").encode()


def _item(correction: Correction, releases: Sequence[Record], base: str) -> dict[str, Any]:
    item = {
        "id": identifier(correction),
        "title": f"{correction.id}: {correction.title}",
        "content_text": in_words(correction),
        "date_published": f"{correction.date}T00:00:00Z",
        "tags": [correction.kind],
    }
    if base:
        item["url"] = f"{base}{PAGE}#{address(correction)}"
    units = {key: n.unit for record in releases for key, n in record.numbers.items()}
    item["_equalcities"] = {
        "id": correction.id,
        "class": correction.kind,
        "address": f"{PAGE}#{address(correction)}",
        "versions": [r.version for r in releases if correction.affects(r.version)],
        "fixed_in": correction.fixed_in,
        "released": correction.fixed_in in {r.version for r in releases},
        "numbers": [
            {
                "key": key, "anchor": anchor(key, "num"), "old": old, "new": new,
                "unit": units.get(key, ""),
            }
            for key, (old, new) in correction.numbers.items()
        ],
        "figures": [{"key": key, "anchor": anchor(key, "fig")} for key in correction.figures],
        "pages": list(correction.pages),
    }  # fmt: skip
    return item


def atom_feed(corrections: Sequence[Correction], releases: Sequence[Record]) -> bytes:
    """Return the corrections as an Atom feed (RFC 4287), newest first."""
    space = "http://www.w3.org/2005/Atom"
    ET.register_namespace("", space)

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, f"{{{space}}}{name}", attributes)
        element.text = text or None
        return element

    feed = ET.Element(f"{{{space}}}feed")
    add(feed, "id", uuid.uuid5(NAMESPACE, "feed").urn)
    add(feed, "title", TITLE)
    days = [str(c.date) for c in corrections] + [r.date for r in releases]
    add(feed, "updated", f"{max(days)}T00:00:00Z")
    add(add(feed, "author"), "name", "Cities of Equality contributors")
    # RFC 4287, section 3.2 and 4.2.7: references may be relative to the feed's own address
    add(feed, "link", rel="self", type="application/atom+xml", href=ATOM_FEED)
    add(feed, "link", rel="alternate", type="text/html", href=PAGE)
    for correction in corrections:
        entry = add(feed, "entry")
        add(entry, "id", identifier(correction))
        add(entry, "title", f"{correction.id}: {correction.title}")
        add(entry, "updated", f"{correction.date}T00:00:00Z")
        add(entry, "category", term=correction.kind)
        href = f"{PAGE}#{address(correction)}"
        add(entry, "link", rel="alternate", type="text/html", href=href)
        add(entry, "content", in_words(correction), type="text")
    ET.indent(feed, " ")
    return ET.tostring(feed, encoding="utf-8", xml_declaration=True) + b"\n"


def identifier(correction: Correction) -> str:
    """Return a correction's name for ever, for feed readers."""
    return uuid.uuid5(NAMESPACE, correction.id).urn


def address(correction: Correction) -> str:
    """Return where a correction stands within the page of corrections."""
    return f"correction-{correction.id}"


def in_words(correction: Correction) -> str:
    """Say in plain text what a correction says."""
    parts = [correction.what]
    for key, (old, new) in correction.numbers.items():
        right = "is withdrawn" if new == WITHDRAWN else f"should read {new}"
        parts.append(f"{key}: {old} {right}.")
    if correction.figures:
        parts.append(f"Figures: {', '.join(correction.figures)}.")
    if correction.pages:
        parts.append(f"Pages: {', '.join(correction.pages)}.")
    parts.append(f"Might have relied on it: {correction.who}")
    return " ".join([*parts, span(correction)])


def span(correction: Correction) -> str:
    """Say from which version to which the error stood."""
    put_right = (
        f"put right in {correction.fixed_in}" if correction.fixed_in else "not yet put right"
    )
    kind = f"{correction.kind}: {CLASSES[correction.kind]}"
    return f"Wrong since version {correction.since}, {put_right} ({kind})."
