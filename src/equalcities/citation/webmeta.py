"""What a page's head tells machines: Highwire tags, JSON-LD, OpenGraph; and the site map."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from equalcities.catalog import CLASS_MEANING, Record
from equalcities.citation.reference import HOME, Reference
from equalcities.citation.source import Author, Book

CONTEXT = "https://schema.org"
PDF = "cities_of_equality.pdf"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
LONGEST_DESCRIPTION = 300


def head_tags(reference: Reference, description: str, record: Record | None = None) -> str:
    """Return the tags for a page's head.

    Parameters
    ----------
    reference : Reference
        The page as it is cited.
    description : str
        What it is about, in a sentence or two.
    record : Record, optional
        The dataset that the page describes.

    Returns
    -------
    str
    """
    named = [("description", description), *highwire(reference)]
    lines = [_meta("name", name, value) for name, value in named if value]
    lines += [_meta("property", n, v) for n, v in opengraph(reference, description) if v]
    lines += [f'<link rel="canonical" href="{escape(reference.url)}">'] if reference.url else []
    data = json.dumps(schema_org(reference, description, record), ensure_ascii=False, indent=1)
    # "</" would end the element wherever it stands
    lines.append('<script type="application/ld+json">' + data.replace("</", "<\\/") + "</script>")
    return "\n".join(lines)


def _meta(attribute: str, name: str, value: str) -> str:
    return f'<meta {attribute}="{name}" content="{escape(value)}">'


def highwire(reference: Reference) -> list[tuple[str, str]]:
    """Return the ``citation_*`` tags of a page.

    The first page describes the book. A chapter describes itself, under its own title and inside
    the book, so that no index takes it for a second copy of the book. Every other page has none.
    """
    book = reference.book
    if reference.kind not in ("book", "chapter"):
        return []
    tags = [("citation_title", reference.title)]
    for author in book.authors:
        tags.append(("citation_author", author.listed))
        tags += [("citation_author_orcid", author.orcid)]
    tags.append(("citation_publication_date", (book.date or book.year).replace("-", "/")))
    tags.append(("citation_language", book.languages[0]))
    if reference.kind == "chapter":
        tags.append(("citation_inbook_title", book.title))
    else:
        tags += [("citation_doi", book.doi), ("citation_pdf_url", book.url(PDF))]
        tags.append(("citation_keywords", "; ".join(book.keywords)))
    tags += [("citation_publisher", book.publisher)]
    tags += [("citation_public_url", reference.url)]
    return [(name, value) for name, value in tags if value]


def opengraph(reference: Reference, description: str) -> list[tuple[str, str]]:
    """Return the OpenGraph properties of a page."""
    book = reference.book
    tags = [
        ("og:title", reference.title),
        ("og:type", "book" if reference.kind == "book" else "article"),
        ("og:site_name", book.short_title),
        ("og:description", description),
        ("og:locale", book.languages[0]),
        ("og:url", reference.url),
    ]
    kind = "book:release_date" if reference.kind == "book" else "article:published_time"
    return [(name, value) for name, value in [*tags, (kind, book.date)] if value]


def schema_org(
    reference: Reference, description: str, record: Record | None = None
) -> dict[str, Any]:
    """Return a page as schema.org describes it: Book, Chapter, Dataset or WebPage."""
    book = reference.book
    kind = {"book": "Book", "chapter": "Chapter", "data": "Dataset"}.get(reference.kind, "WebPage")
    whole = {
        "@type": "Book",
        "name": book.title,
        "author": [_agent(author) for author in book.authors],
        "version": book.version,
        "url": book.url(f"{HOME}.html"),
    }
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": kind,
        "name": reference.title,
        "description": description,
        "inLanguage": book.languages[0],
        "version": book.version,
        "creativeWorkStatus": "Draft" if book.draft else "Published",
        "datePublished": book.date,
        "license": book.licence_url,
        "url": reference.url,
        "isAccessibleForFree": True,
        "publisher": _organisation(book.publisher, book.publisher_ror),
    }
    if reference.kind == "book":
        made |= {k: v for k, v in whole.items() if k not in ("@type", "name")}
        made |= {"keywords": list(book.keywords), "bookFormat": f"{CONTEXT}/EBook"}
        made["identifier"] = f"https://doi.org/{book.doi}" if book.doi else ""
    elif record is not None:
        made |= _dataset(record)
    else:
        made |= {"isPartOf": _filled(whole), "author": whole["author"]}
    if reference.evidence_class:
        made["creditText"] = reference.note
    return _filled(made)


def _dataset(record: Record) -> dict[str, Any]:
    meaning = CLASS_MEANING[record.evidence_class]
    return {
        "description": f"{record.summary.strip()} Evidence class: {record.evidence_class} "
        f"({meaning}).",
        "identifier": record.id,
        "creator": {"@type": "Organization", "name": record.producer},
        "license": record.licence["url"],
        "citation": " ".join(record.citation.split()),
        "isBasedOn": record.source_url if record.source_url.startswith("http") else "",
        "variableMeasured": [column.name for column in record.columns],
        "datePublished": record.date_published,
    }


def _agent(author: Author) -> dict[str, str]:
    if author.name:
        return _organisation(author.name, author.ror)
    return _filled(
        {
            "@type": "Person", "@id": author.orcid, "familyName": author.family,
            "givenName": author.given, "name": f"{author.given} {author.family}".strip(),
            "affiliation": author.affiliation,
        }
    )  # fmt: skip


def _organisation(name: str, ror: str) -> dict[str, str]:
    return _filled({"@type": "Organization", "@id": ror, "name": name}) if name else {}


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what isn't known: an empty field would be read as a value."""
    return {name: value for name, value in fields.items() if value not in ("", [], {}, None)}


def sitemap(book: Book, paths: Iterable[str]) -> str:
    """Return the site map of a version's pages, empty while their addresses aren't known."""
    urls = [book.url(path) for path in sorted(paths)]
    if not all(urls):
        return ""
    lines = [f"<url><loc>{escape(url)}</loc><lastmod>{book.date}</lastmod></url>" for url in urls]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{SITEMAP}">\n'
    return head + "\n".join(lines) + "\n</urlset>\n"
