"""What is known about the book: ``book/metadata.yml``, its version, the date of its release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from pathlib import Path
from typing import Any

import yaml

from equalcities.errors import DataError

METADATA = Path("book") / "metadata.yml"
RELEASED = re.compile(r"20\d\d\.\d+(?:\.\d+)?")
IDENTIFIERS = {
    "orcid": re.compile(r"https://orcid\.org/(?:\d{4}-){3}\d{3}[\dX]"),
    "ror": re.compile(r"https://ror\.org/0[a-z0-9]{6}\d\d"),
    "doi": re.compile(r"10\.\d{4,9}/\S+"),
    "address": re.compile(r"https://\S+"),
}
FORMS = {
    "orcid": "https://orcid.org/ and sixteen digits in fours",
    "ror": "https://ror.org/ and nine characters",
    "doi": "10.NNNN/ and a name, without https://doi.org/",
    "address": "https:// and a host",
}


@dataclass(frozen=True)
class Author:
    """A person (``family``, ``given``) or an organisation (``name``)."""

    name: str = ""
    family: str = ""
    given: str = ""
    orcid: str = ""
    ror: str = ""
    affiliation: str = ""

    @property
    def listed(self) -> str:
        """The name as lists are sorted: family name first."""
        return self.name or ", ".join(part for part in (self.family, self.given) if part)


@dataclass(frozen=True)
class Book:
    """What a reference says about the book.

    Attributes
    ----------
    version : str
        Such as ``2026.1``; a version under way, such as ``2026.1.dev0``, is a draft.
    date : str
        Day of the release, ``YYYY-MM-DD``; empty for a draft.
    address : str
        Where the folder ``v/`` with all versions is served; empty until known.
    others
        As in ``book/metadata.yml``.
    """

    title: str
    short_title: str
    description: str
    authors: tuple[Author, ...]
    publisher: str
    publisher_ror: str
    licence: str
    licence_name: str
    licence_url: str
    code_licence: str
    languages: tuple[str, ...]
    keywords: tuple[str, ...]
    address: str
    repository: str
    doi: str
    book_doi: str
    version: str
    date: str

    @property
    def draft(self) -> bool:
        """Whether this version hasn't been released."""
        return not self.date

    @property
    def year(self) -> str:
        """The year of the release, or the one that a draft's version names."""
        return (self.date or self.version)[:4]

    @property
    def edition(self) -> str:
        """The version in words."""
        if self.draft:
            return f"Draft {self.version}, not released"
        day = calendar_date.fromisoformat(self.date)
        return f"Version {self.version}, {day.day} {day:%B} {day.year}"

    def stable(self, path: str) -> str:
        """Return the lasting address of a file of the site, as far as it is known.

        Relative to the folder that holds ``v/`` until an address is known. A draft is not kept
        anywhere, so its files only have their place within the site.
        """
        if self.draft:
            return path
        kept = f"v/{self.version}/{path}"
        return f"{self.address.rstrip('/')}/{kept}" if self.address else kept

    def url(self, path: str) -> str:
        """Return the address of a file as a URL, empty while there is none."""
        stable = self.stable(path)
        return stable if stable.startswith("https://") else ""


def read_book(root: Path, version: str) -> Book:
    """Read what is known about the book.

    Parameters
    ----------
    root : Path
        The checkout.
    version : str
        The version that is cited.

    Returns
    -------
    Book

    Raises
    ------
    DataError
        If a field is missing, unknown or of another form, or a released version has no date.
    """
    raw = yaml.safe_load((root / METADATA).read_text(encoding="utf-8"))
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return book_from(raw, version, release_date(changelog, version))


def release_date(changelog: str, version: str) -> str:
    """Return the day that the changelog's heading gives a version, empty for a draft.

    Raises
    ------
    DataError
        If a version in the form of a release has no dated heading.
    """
    heading = rf"(?m)^## {re.escape(version)} \((\d{{4}}-\d\d-\d\d)\)\s*$"
    found = re.search(heading, changelog)
    if found:
        return found[1]
    if RELEASED.fullmatch(version):
        raise DataError(
            f"it doesn't date version {version}, which is no draft",
            cure=f"Write the heading '## {version} (YEAR-MM-DD)'",
            file="CHANGELOG.md",
        )
    return ""


def book_from(raw: Mapping[str, Any], version: str, date: str) -> Book:
    """Check the fields of ``book/metadata.yml`` and return the book."""
    fields = dict(raw)
    publisher, licence, doi = (_part(fields, name) for name in ("publisher", "licence", "doi"))
    texts = ("title", "short_title", "description", "code_licence", "address", "repository")
    book = Book(
        authors=tuple(_author(entry) for entry in _take(fields, "authors")),
        publisher=_text(publisher, "name"),
        publisher_ror=_text(publisher, "ror"),
        licence=_text(licence, "id"),
        licence_name=_text(licence, "name"),
        licence_url=_text(licence, "url"),
        languages=tuple(_take(fields, "languages")),
        keywords=tuple(_take(fields, "keywords")),
        doi=_text(doi, "version"),
        book_doi=_text(doi, "book"),
        version=version,
        date=date,
        **{name: _text(fields, name) for name in texts},
    )
    for rest in (fields, publisher, licence, doi):
        _nothing_left(rest)
    if not (book.title and book.authors and book.licence and book.languages):
        raise _fault("it has no title, author, licence or language", "Give each of them")
    for value, kind in (
        (book.publisher_ror, "ror"), (book.doi, "doi"), (book.book_doi, "doi"),
        (book.address, "address"), (book.repository, "address"),
    ):  # fmt: skip
        _check_form(value, kind)
    return book


def _author(raw: Mapping[str, Any]) -> Author:
    fields = dict(raw)
    names = ("name", "family", "given", "orcid", "ror", "affiliation")
    author = Author(**{name: _text(fields, name) for name in names if name in fields})
    _nothing_left(fields)
    if bool(author.name) == bool(author.family):
        raise _fault(
            "an author has not exactly one of name (an organisation) and family (a person)",
            "Give one of them",
        )
    _check_form(author.orcid, "orcid")
    _check_form(author.ror, "ror")
    return author


def _check_form(value: str, kind: str) -> None:
    if value and not IDENTIFIERS[kind].fullmatch(value):
        raise _fault(f"'{value}' is no {kind}", f"Write {FORMS[kind]}, or leave it empty")


def _take(fields: dict[str, Any], name: str) -> Any:
    if name not in fields:
        raise _fault(f"it has no field '{name}'", "Add it; it may be empty if it isn't known")
    return fields.pop(name) or ()


def _part(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(_take(fields, name))


def _text(fields: dict[str, Any], name: str) -> str:
    value = _take(fields, name) or ""
    if not isinstance(value, str):
        raise _fault(f"'{name}' is no text", "Put it in quotes")
    return " ".join(value.split())


def _nothing_left(fields: Mapping[str, Any]) -> None:
    if fields:
        raise _fault(f"it has unknown fields: {', '.join(fields)}", "Remove or correct them")


def _fault(problem: str, cure: str) -> DataError:
    return DataError(problem, cure=cure, file=METADATA.as_posix())
