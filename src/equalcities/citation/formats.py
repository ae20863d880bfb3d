"""A reference as text, BibTeX, RIS and CSL-JSON.

Every form carries the note, which says the evidence class in words. Field names follow BibTeX's
standard styles, the RIS tags that reference managers read, and the CSL-JSON schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from equalcities.citation.reference import Reference
from equalcities.citation.source import Author

BIBTEX_TYPE = {"book": "book", "data": "misc"}
RIS_TYPE = {"book": "BOOK", "data": "DATA", "fig": "FIGURE"}
CSL_TYPE = {"book": "book", "data": "dataset", "fig": "figure", "num": "entry"}
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "$-$", "²": "$^2$", "≤": r"$\le$",
    "≥": r"$\ge$", "×": r"$\times$", "→": r"$\to$",
} | {mark: f"\\{mark}" for mark in "&%$#_"}  # fmt: skip


def one_line(value: str) -> str:
    """Fold white space: every format gives a field one line."""
    return " ".join(value.split())


def text(reference: Reference) -> str:
    """Return the reference ready to paste, in the order of the APA's style."""
    book = reference.book
    made = [f"{_apa_authors(book.authors)} ({book.year})."]
    if reference.kind == "book":
        made.append(f"{book.title} ({book.edition}).")
    else:
        genre = f" [{reference.genre}]" if reference.genre else ""
        made.append(_stop(reference.title + genre))
        chapter = f", chapter “{reference.chapter}”" if reference.chapter else ""
        made.append(f"In {book.title} ({book.edition}){chapter}.")
    made += [_stop(book.publisher)] if book.publisher else []
    made += [_stop(reference.note)]
    if reference.kind == "book" and book.doi:
        made.append(f"https://doi.org/{book.doi}")
    elif reference.url:
        made.append(reference.url)
    return one_line(" ".join(made))


def _apa_authors(authors: tuple[Author, ...]) -> str:
    names = [a.name or f"{a.family}, {_initials(a.given)}".rstrip(", ") for a in authors]
    listed = ", ".join(names[:-1]) + (", & " if names[1:] else "") + names[-1]
    return _stop(listed)


def _initials(given: str) -> str:
    return " ".join(f"{part[0]}." for part in given.split())


def _stop(value: str) -> str:
    return value if value.endswith((".", "!", "?")) else f"{value}."


def bibtex(reference: Reference) -> str:
    """Return the reference as a BibTeX entry."""
    book = reference.book
    inside = reference.kind not in ("book", "data")
    fields = {
        "author": " and ".join(_bibtex_author(author) for author in book.authors),
        "title": f"{{{_latex(reference.title)}}}",
        "booktitle": f"{{{_latex(book.title)}}}" if inside else "",
        "howpublished": f"In: {_latex(book.title)}" if reference.kind == "data" else "",
        "publisher": _latex(book.publisher),
        "year": book.year,
        "date": book.date,
        "edition": _latex(book.edition),
        "version": _latex(book.version),
        "type": _latex(reference.genre),
        "doi": book.doi if reference.kind == "book" else "",
        "url": reference.url,
        "note": _latex(_full_note(reference)),
    }
    kind = BIBTEX_TYPE.get(reference.kind, "incollection")
    width = max(len(name) for name, value in fields.items() if value)
    lines = [f"  {name:<{width}} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{reference.label},\n" + ",\n".join(lines) + "\n}\n"


def _bibtex_author(author: Author) -> str:
    return f"{{{_latex(author.name)}}}" if author.name else _latex(author.listed)


def _latex(value: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in one_line(value))


def _full_note(reference: Reference) -> str:
    """Return the note, with the chapter for forms that have no other place for it."""
    chapter = f"Chapter “{reference.chapter}”. " if reference.chapter else ""
    return chapter + reference.note


def ris(reference: Reference) -> str:
    """Return the reference in the RIS format."""
    book = reference.book
    lines = [("TY", RIS_TYPE.get(reference.kind, "CHAP"))]
    lines += [("AU", author.listed) for author in book.authors]
    lines.append(("TI", reference.title))
    lines += [("T2", book.title)] if reference.kind != "book" else []
    lines += [("PB", book.publisher), ("PY", book.year), ("DA", book.date.replace("-", "/"))]
    lines += [("ET", book.edition), ("M3", reference.genre)]
    lines += [("DO", book.doi if reference.kind == "book" else ""), ("UR", reference.url)]
    lines += [("LA", book.languages[0]), ("N1", _full_note(reference)), ("ID", reference.label)]
    made = [f"{tag}  - {one_line(value)}" for tag, value in lines if value]
    return "\n".join([*made, "ER  - "]) + "\n"


def csl(reference: Reference) -> str:
    """Return the reference as CSL-JSON, a list of one item."""
    return json.dumps([csl_item(reference)], ensure_ascii=False, indent=1) + "\n"


def csl_item(reference: Reference) -> dict[str, Any]:
    """Return the reference as an item of CSL-JSON."""
    book = reference.book
    day = [int(part) for part in (book.date or book.year).split("-")]
    fields = {
        "id": reference.label,
        "type": CSL_TYPE.get(reference.kind, "chapter"),
        "title": one_line(reference.title),
        "author": [_csl_author(author) for author in book.authors],
        "issued": {"date-parts": [day]},
        "container-title": book.title if reference.kind != "book" else "",
        "publisher": book.publisher,
        "edition": book.edition,
        "version": book.version,
        "status": "draft" if book.draft else "",
        "genre": reference.genre,
        "DOI": book.doi if reference.kind == "book" else "",
        "URL": reference.url,
        "language": book.languages[0],
        "note": one_line(_full_note(reference)),
    }
    return {name: value for name, value in fields.items() if value}


def _csl_author(author: Author) -> dict[str, str]:
    if author.name:
        return {"literal": author.name}
    return {"family": author.family} | ({"given": author.given} if author.given else {})


FORMATS: dict[str, Callable[[Reference], str]] = {
    "text": lambda reference: text(reference) + "\n",
    "bibtex": bibtex,
    "ris": ris,
    "csl": csl,
}
"""How ``equalcities cite --format`` and the pages write a reference; each ends its last line."""
ENDINGS = {"bibtex": "bib", "ris": "ris", "csl": "json"}
"""Of the files beside a page of references."""
