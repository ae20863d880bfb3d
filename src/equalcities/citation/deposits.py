"""Records for archives and repositories: CITATION.cff, .zenodo.json, DataCite XML and JSON."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import yaml

from equalcities.citation.reference import HOME
from equalcities.citation.source import Author, Book

UNKNOWN = "(:tba)"
"""DataCite's own word for what is to be announced later: some of its fields may not be empty."""
DATACITE = "http://datacite.org/schema/kernel-4"
ISO_639_2 = {"en": "eng", "fr": "fra"}
ZENODO_LICENCES = {"CC-BY-4.0": "cc-by-4.0"}
CFF_MESSAGE = (
    "Please cite the book with its version, and a number with its key and evidence class. "
    "Simulated results are no evidence about any place."
)
CFF_HEAD = "# Written from book/metadata.yml by 'make metadata'; change it there.\n"


def citation_cff(book: Book) -> str:
    """Return CITATION.cff: the software, and the book as what should be cited."""
    authors = [_cff_author(author) for author in book.authors]
    common = {
        "title": book.title,
        "authors": authors,
        "version": book.version,
        "date-released": book.date,
        "url": book.url(f"{HOME}.html"),
        "doi": book.doi,
    }
    whole = {
        "cff-version": "1.2.0",
        "message": CFF_MESSAGE,
        "type": "software",
        **common,
        "abstract": book.description,
        "keywords": list(book.keywords),
        "license": book.code_licence,
        "repository-code": book.repository,
        "preferred-citation": _filled(
            {
                "type": "book",
                **common,
                "year": int(book.year),
                "status": "in-preparation" if book.draft else "",
                "publisher": _filled({"name": book.publisher, "website": book.publisher_ror}),
                "languages": [ISO_639_2[language] for language in book.languages],
                "license": book.licence,
            }
        ),
    }
    return CFF_HEAD + yaml.dump(
        _filled(whole), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=95
    )


class _Plain(yaml.SafeDumper):
    """Quotes versions and dates, and repeats instead of referring to what was said before."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _cff_author(author: Author) -> dict[str, str]:
    if author.name:
        return _filled({"name": author.name, "orcid": author.orcid, "website": author.ror})
    return _filled(
        {
            "family-names": author.family, "given-names": author.given, "orcid": author.orcid,
            "affiliation": author.affiliation,
        }
    )  # fmt: skip


def zenodo_json(book: Book) -> str:
    """Return .zenodo.json, which Zenodo reads when it archives a release."""
    fields = {
        "title": book.title,
        "upload_type": "publication",
        "publication_type": "book",
        "publication_date": book.date,
        "version": book.version,
        "creators": [
            _filled(
                {
                    "name": author.listed,
                    "affiliation": author.affiliation,
                    "orcid": author.orcid.removeprefix("https://orcid.org/"),
                }
            )
            for author in book.authors
        ],
        "description": book.description,
        "access_right": "open",
        "license": ZENODO_LICENCES.get(book.licence, book.licence),
        "keywords": list(book.keywords),
        "language": ISO_639_2[book.languages[0]],
        "imprint_publisher": book.publisher,
        "notes": CFF_MESSAGE,
    }
    return json.dumps(_filled(fields), ensure_ascii=False, indent=1) + "\n"


def datacite_json(book: Book) -> str:
    """Return the book as DataCite JSON, for its metadata schema 4.5."""
    return json.dumps(_datacite(book), ensure_ascii=False, indent=1) + "\n"


def _datacite(book: Book) -> dict[str, Any]:
    fields = {
        "doi": book.doi,
        "url": book.url(f"{HOME}.html"),
        "types": {"resourceType": "Book", "resourceTypeGeneral": "Book"},
        "creators": [_datacite_creator(author) for author in book.authors],
        "titles": [{"title": book.title, "lang": book.languages[0]}],
        "publisher": _filled(
            {
                "name": book.publisher or UNKNOWN,
                "publisherIdentifier": book.publisher_ror,
                "publisherIdentifierScheme": "ROR" if book.publisher_ror else "",
                "schemeUri": "https://ror.org/" if book.publisher_ror else "",
            }
        ),
        "publicationYear": book.year,
        "subjects": [{"subject": word} for word in book.keywords],
        "dates": [{"date": book.date, "dateType": "Issued"}] if book.date else [],
        "language": book.languages[0],
        "version": book.version,
        "rightsList": [
            {
                "rights": book.licence_name,
                "rightsUri": book.licence_url,
                "rightsIdentifier": book.licence,
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
            }
        ],
        "descriptions": [{"description": book.description, "descriptionType": "Abstract"}],
        "relatedIdentifiers": [
            {
                "relatedIdentifier": book.book_doi,
                "relatedIdentifierType": "DOI",
                "relationType": "IsVersionOf",
            }
        ]
        if book.book_doi
        else [],
        "schemaVersion": DATACITE,
    }
    return _filled(fields)


def _datacite_creator(author: Author) -> dict[str, Any]:
    identifiers = [
        {"nameIdentifier": value, "nameIdentifierScheme": scheme, "schemeUri": address}
        for value, scheme, address in (
            (author.orcid, "ORCID", "https://orcid.org/"),
            (author.ror, "ROR", "https://ror.org/"),
        )
        if value
    ]
    return _filled(
        {
            "name": author.listed,
            "nameType": "Organizational" if author.name else "Personal",
            "familyName": author.family,
            "givenName": author.given,
            "nameIdentifiers": identifiers,
            "affiliation": [{"name": author.affiliation}] if author.affiliation else [],
        }
    )


def datacite_xml(book: Book) -> str:
    """Return the same record as DataCite XML."""
    record = _datacite(book)
    ElementTree.register_namespace("", DATACITE)
    root = ElementTree.Element(
        "resource",
        {
            "xmlns": DATACITE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{DATACITE} https://schema.datacite.org/meta/kernel-4.5/metadata.xsd",
        },
    )
    _add(root, "identifier", record.get("doi", UNKNOWN), identifierType="DOI")
    creators = _add(root, "creators")
    for entry in record["creators"]:
        creator = _add(creators, "creator")
        _add(creator, "creatorName", entry["name"], nameType=entry["nameType"])
        for name in ("givenName", "familyName"):
            if name in entry:
                _add(creator, name, entry[name])
        for known in entry.get("nameIdentifiers", ()):
            _add(
                creator, "nameIdentifier", known["nameIdentifier"],
                nameIdentifierScheme=known["nameIdentifierScheme"], schemeURI=known["schemeUri"],
            )  # fmt: skip
        for place in entry.get("affiliation", ()):
            _add(creator, "affiliation", place["name"])
    _group(root, "titles", "title", record["titles"], {"lang": "xml:lang"})
    publisher = {
        "publisherIdentifier": "publisherIdentifier",
        "publisherIdentifierScheme": "publisherIdentifierScheme",
        "schemeUri": "schemeURI",
    }
    _add(
        root, "publisher", record["publisher"]["name"],
        **{publisher[k]: v for k, v in record["publisher"].items() if k != "name"},
    )  # fmt: skip
    _add(root, "publicationYear", record["publicationYear"])
    types = record["types"]
    _add(
        root, "resourceType", types["resourceType"],
        resourceTypeGeneral=types["resourceTypeGeneral"],
    )  # fmt: skip
    _group(root, "subjects", "subject", record.get("subjects", ()), {})
    _group(root, "dates", "date", record.get("dates", ()), {"dateType": "dateType"})
    _add(root, "language", record["language"])
    same = ("relatedIdentifierType", "relationType")
    _group(
        root, "relatedIdentifiers", "relatedIdentifier", record.get("relatedIdentifiers", ()),
        dict(zip(same, same, strict=True)),
    )  # fmt: skip
    _add(root, "version", record["version"])
    rights = {"rightsUri": "rightsURI", "schemeUri": "schemeURI"}
    rights |= {name: name for name in ("rightsIdentifier", "rightsIdentifierScheme")}
    _group(root, "rightsList", "rights", record["rightsList"], rights)
    _group(
        root, "descriptions", "description", record["descriptions"],
        {"descriptionType": "descriptionType"},
    )  # fmt: skip
    ElementTree.indent(root, " ")
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _group(
    root: ElementTree.Element,
    group: str,
    name: str,
    entries: Any,
    attributes: dict[str, str],
) -> None:
    """Add a list of elements whose text is the field of the same name."""
    if entries:
        parent = _add(root, group)
        for entry in entries:
            given = {attributes[k]: v for k, v in entry.items() if k in attributes}
            _add(parent, name, entry[name], **given)


def _add(
    parent: ElementTree.Element, name: str, value: str | None = None, /, **attributes: str
) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name, attributes)
    element.text = value
    return element


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", [], {}, None)}


DEPOSITS = {"CITATION.cff": citation_cff, ".zenodo.json": zenodo_json}
"""Files at the root of the checkout, and what writes them."""
SITE_RECORDS = {"cite/datacite.json": datacite_json, "cite/datacite.xml": datacite_xml}
"""Files of the site, and what writes them."""
