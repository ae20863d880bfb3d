"""What a release published, in one file: numbers, figures, data, pages, and the changelog.

A frozen release holds its record as ``release.json``. A copy in ``releases/`` stays under version
control, so that any later build can say what changed, and no earlier address is forgotten.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from equalcities import catalog, ledger
from equalcities.errors import DataError, UsageError
from equalcities.release import versions

FOLDER = "releases"
FILE = "release.json"
FORMAT = 1
HEADING = re.compile(r"## (\S+)(?: \((.+)\))?")


@dataclass(frozen=True)
class Entry:
    """One entry of the changelog: Adds, Changes, Fixes or Removes, and its text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Figure:
    """What identifies a published figure: digests of its data, drawing and words."""

    notebook: str
    caption: str
    evidence_class: str
    table: str
    drawing: str
    words: str


@dataclass(frozen=True)
class Vintage:
    """Which data a release stands on."""

    title: str
    evidence_class: str
    published: str
    accessed: str
    sha256: str


@dataclass(frozen=True)
class Record:
    """What one release published.

    Attributes
    ----------
    version, date : str
        Its number, and the day the changelog gives (empty while under way).
    numbers, figures, withdrawn, data : dict
        By key, or by dataset.
    pages : tuple of str
        Addresses of its pages, relative to its root.
    changelog : dict
        Entries of every version so far.
    made : dict
        How it was made: commit, time, Python, and what was left out of a trial.
    """

    version: str
    date: str
    numbers: dict[str, ledger.Number] = field(repr=False)
    figures: dict[str, Figure] = field(repr=False)
    withdrawn: dict[str, ledger.Withdrawn] = field(repr=False)
    data: dict[str, Vintage] = field(repr=False)
    changelog: dict[str, tuple[Entry, ...]] = field(repr=False)
    pages: tuple[str, ...] = field(default=(), repr=False)
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        """Every key that this release knows, withdrawn ones included."""
        return frozenset((*self.numbers, *self.figures, *self.withdrawn))

    def addresses(self) -> dict[str, str]:
        """Return each key by its address on the page of the ledger, withdrawn ones included."""
        numbers = [*self.numbers, *(k for k, w in self.withdrawn.items() if w.kind == "number")]
        figures = [*self.figures, *(k for k, w in self.withdrawn.items() if w.kind == "figure")]
        return {ledger.anchor(key, "num"): key for key in numbers} | {
            ledger.anchor(key, "ledger-fig"): key for key in figures
        }


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def take(root: Path, version: str, figures: Path) -> Record:
    """Take down what a checkout publishes now.

    Parameters
    ----------
    root : Path
        The checkout.
    version : str
        Its version.
    figures : Path
        The folder with the drawings as ``KEY.svg``.

    Returns
    -------
    Record
        Without pages and without how it was made, which only a release knows.
    """
    published = ledger.read_results(root)
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    dates = {match[1]: match[2] or "" for match in re.finditer(HEADING, text)}
    records = [catalog.read_record(name, root) for name in catalog.datasets(root)]
    return Record(
        version=version,
        date=_day(dates.get(version, "")),
        numbers=published.numbers,
        figures={key: _figure(entry, figures) for key, entry in published.figures.items()},
        withdrawn=published.withdrawn,
        data={
            r.id: Vintage(
                r.title, r.evidence_class, str(r.date_published), str(r.date_accessed), r.sha256
            )
            for r in records
        },
        changelog=parse_changelog(text),
    )


def _day(text: str) -> str:
    return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else ""


def _figure(entry: ledger.Figure, folder: Path) -> Figure:
    drawing = folder / f"{entry.key}.svg"
    if not drawing.is_file():
        raise DataError(
            f"the drawing of figure '{entry.key}' is missing", cure="Run 'make book'", file=drawing
        )
    return Figure(
        notebook=entry.notebook,
        caption=entry.caption,
        evidence_class=entry.evidence_class,
        table=sha256(entry.table.encode()),
        drawing=sha256(drawing.read_bytes()),
        words=sha256(f"{entry.caption}\0{entry.alt}".encode()),
    )


def parse_changelog(text: str) -> dict[str, tuple[Entry, ...]]:
    """Read the changelog: for each version its entries, each with the heading above it."""
    found: dict[str, list[Entry]] = {}
    version = kind = ""
    for line in text.splitlines():
        heading = HEADING.fullmatch(line.strip())
        if heading:
            version, kind = heading.group(1), ""
            found[version] = []
        elif line.startswith("### "):
            kind = line[4:].strip()
        elif line.startswith("- ") and version:
            found[version].append(Entry(kind, line[2:].strip()))
        elif line.startswith("  ") and version and found[version]:
            last = found[version].pop()
            found[version].append(Entry(last.kind, f"{last.text} {line.strip()}"))
    return {version: tuple(entries) for version, entries in found.items()}


def to_json(record: Record) -> bytes:
    """Return a record as text, the same bytes for the same record."""
    content = {"format": FORMAT} | asdict(record)
    for group in ("numbers", "withdrawn"):
        for key, entry in content[group].items():
            del entry["key"]
            content[group][key] = entry
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def from_json(content: bytes, where: Path | str) -> Record:
    """Read a record.

    Raises
    ------
    DataError
        If it is damaged or of a later form than this program knows.
    """
    try:
        raw = json.loads(content)
        if raw["format"] != FORMAT:
            raise DataError(
                f"is a record of form {raw['format']}, this program reads form {FORMAT}",
                cure="Use the program of a later version of the book",
                file=where,
            )
        return Record(
            version=raw["version"],
            date=raw["date"],
            numbers={key: _number(key, entry) for key, entry in raw["numbers"].items()},
            figures={key: Figure(**entry) for key, entry in raw["figures"].items()},
            withdrawn={k: ledger.Withdrawn(key=k, **e) for k, e in raw["withdrawn"].items()},
            data={name: Vintage(**entry) for name, entry in raw["data"].items()},
            changelog={v: tuple(Entry(**e) for e in es) for v, es in raw["changelog"].items()},
            pages=tuple(raw["pages"]),
            made=raw["made"],
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"can't be read as the record of a release ({error!r})",
            cure="Restore it from version control or from the archive of the release",
            file=where,
        ) from error


def _number(key: str, entry: dict[str, Any]) -> ledger.Number:
    interval = None if entry["interval"] is None else tuple(entry["interval"])
    return ledger.Number(
        **{**entry, "key": key, "interval": interval, "data": tuple(entry["data"])}
    )


def read(path: Path) -> Record:
    """Read the record of a release from its file or its folder.

    Raises
    ------
    UsageError
        If there is none.
    """
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"{path} holds no release: there is no {FILE}. Give a folder of dist/.")
    return from_json(file.read_bytes(), file)


def earlier(root: Path, version: str | None = None) -> list[Record]:
    """Read the records under version control, oldest first.

    Parameters
    ----------
    root : Path
        The checkout.
    version : str, optional
        Only those before this version.
    """
    paths = (root / FOLDER).glob("*.json")
    found = sorted((read(path) for path in paths), key=lambda r: versions.order(r.version))
    if version is None:
        return found
    return [r for r in found if versions.order(r.version) < versions.order(version)]


def find(name: str, root: Path) -> Record:
    """Find a release by its folder, or by its version in ``dist/`` or ``releases/``.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    candidates: Iterable[Path] = (
        Path(name), root / "dist" / name, root / FOLDER / f"{name}.json",
    )  # fmt: skip
    for path in candidates:
        if path.exists():
            return read(path)
    known = ", ".join(r.version for r in earlier(root)) or "none so far"
    raise UsageError(f"There is no release '{name}'. Give a folder or a version (known: {known}).")
