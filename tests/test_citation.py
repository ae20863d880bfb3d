"""References in four forms and records for archives, read by others' parsers and schemas."""

import codecs
import dataclasses
import html
import itertools
import json
import re
from xml.etree import ElementTree

import bibtexparser
import jsonschema
import latexcodec  # noqa: F401 (registers the codec)
import pytest
import yaml
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle
from citeproc import formatter as citeproc_formatters
from citeproc.source.json import CiteProcJSON
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import parse_string

from equalcities import __version__, cli
from equalcities.catalog import CLASS_MEANING, RESULT_MEANING
from equalcities.citation import FORMATS, Author, bibtex, csl, read_book, ris, text
from equalcities.citation.command import book_references
from equalcities.citation.deposits import (
    DATACITE,
    DEPOSITS,
    citation_cff,
    datacite_json,
    datacite_xml,
    zenodo_json,
)
from equalcities.citation.formats import csl_item
from equalcities.citation.pages import reference_page
from equalcities.citation.reference import Reference, book_reference, table_names
from equalcities.citation.source import METADATA, book_from, release_date
from equalcities.citation.webmeta import head_tags, highwire, schema_org, sitemap
from equalcities.errors import DataError
from equalcities.ledger import read_results

NASTY = (
    "50% of {gaps} & C:\\temp_1 #2 costs $3 ~ ^x “quoted” 'single' \"double\" − ² é ß Łódź 東京 "
    "@key, a=b"
)
# citeproc-py doesn't know the fields version, status and genre of every type.
unknown_to_citeproc = pytest.mark.filterwarnings("ignore:The following arguments for Reference")


@pytest.fixture(scope="module")
def book(root):
    return read_book(root, __version__)


@pytest.fixture(scope="module")
def released(book):
    return dataclasses.replace(
        book, version="2026.1", date="2026-12-01", address="https://book.example.org/ce"
    )


@pytest.fixture(scope="module")
def people(released):
    """The book as it might be one day: every field filled, all of it invented for the test."""
    return dataclasses.replace(
        released,
        authors=(
            Author(
                family="Ngũgĩ", given="Ada Mary", orcid="https://orcid.org/0000-0002-1825-0097",
                affiliation="Institute of Tests",
            ),
            Author(name="Testers & Sons", ror="https://ror.org/05dxps055"),
        ),
        publisher="House of Tests", publisher_ror="https://ror.org/05dxps055",
        repository="https://git.example.org/ce", doi="10.5072/ce.2026.1", book_doi="10.5072/ce",
    )  # fmt: skip


@pytest.fixture(scope="module")
def known(root):
    return book_references(root)


@pytest.fixture(scope="module")
def ledger(root):
    return read_results(root)


@pytest.fixture(scope="module")
def schemas(root):
    folder = root / "tests" / "fixtures" / "schemas"
    files = {
        "cff": "cff/schema-1.2.0.json", "csl": "csl/csl-data.json",
        "datacite": "datacite/datacite-v4.5.json",
    }  # fmt: skip
    return {name: json.loads((folder / path).read_text("utf-8")) for name, path in files.items()}


def check(instance, schema):
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    validator(schema).validate(instance)


def read_ris(content):
    """Read RIS strictly: every line a tag, first TY, last an empty ER."""
    lines = content.splitlines()
    pairs = [re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line).groups() for line in lines]
    assert pairs[0][0] == "TY" and pairs[-1] == ("ER", "")
    assert [tag for tag, _ in pairs].count("TY") == 1
    fields = {}
    for tag, value in pairs[:-1]:
        assert value == value.strip() != ""
        fields.setdefault(tag, []).append(value)
    assert all(len(v) == 1 for tag, v in fields.items() if tag != "AU")
    return fields


def plain_latex(value):
    """Read LaTeX as another library does, apart from mathematics and two signs it leaves."""
    left = (("$-$", "−"), ("$^2$", "²"), (r"\$", "$"), (r"\textasciicircum{}", "^"))
    for maths, letter in left:
        value = value.replace(maths, letter)
    for name, letter in (("textbraceleft", "\x01"), ("textbraceright", "\x02")):
        value = value.replace(f"\\{name}{{}}", letter)
    value = codecs.decode(value, "ulatex")
    return value.replace("{", "").replace("}", "").replace("\x01", "{").replace("\x02", "}")


def all_kinds(known):
    order = sorted(known.values(), key=lambda reference: reference.kind)
    return [next(group) for _, group in itertools.groupby(order, lambda r: r.kind)]


def nasty(book):
    return Reference(book, "num", "a.key", NASTY, "book/ledger.html#num-a-key", "observed", NASTY)


def test_every_number_figure_dataset_and_page_can_be_cited(known, ledger, root):
    for key in ledger.numbers:
        assert known[f"cite/num/{key}"].path.startswith("book/ledger.html#num-")
    for key, figure in ledger.figures.items():
        assert known[f"cite/fig/{key}"].path.startswith(f"notebooks/{figure.notebook}.html#fig-")
    for path in (root / "notebooks").glob("*.md"):
        assert known[f"cite/page/notebooks/{path.stem}"].kind == "chapter"
    assert known["cite/data/panel72"].kind == "data" and known["cite/book"].kind == "book"
    labels = [reference.label for reference in known.values()]
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[a-z0-9.-]+", label) for label in labels)


def test_all_bibtex_is_read_alike_by_two_parsers(known):
    whole = "\n".join(map(bibtex, known.values()))
    one = parse_string(whole, "bibtex").entries
    two = bibtexparser.loads(
        whole, bibtexparser.bparser.BibTexParser(common_strings=True, interpolate_strings=False)
    ).entries_dict
    assert len(one) == len(two) == len(known)
    for reference in known.values():
        entry, other = one[reference.label], two[reference.label]
        assert entry.type == other["ENTRYTYPE"]
        for name, value in entry.fields.items():
            if name != "type":
                assert " ".join(value.split()) == " ".join(other[name].split())
        assert plain_latex(entry.fields["title"]) == reference.title
        assert str(entry.persons["author"][0]).strip("{}") == reference.book.authors[0].name
        assert entry.fields["version"] == __version__
        assert plain_latex(entry.fields["note"]).endswith(reference.note)


def test_all_csl_json_fits_its_schema(known, schemas):
    items = [csl_item(reference) for reference in known.values()]
    check(items, schemas["csl"])
    assert json.loads(csl(known["cite/book"]))[0] == csl_item(known["cite/book"])


@unknown_to_citeproc
def test_csl_json_renders_with_citeproc(known, released, people):
    chosen = [dataclasses.replace(r, book=b) for r in all_kinds(known) for b in (released, people)]
    chosen = [
        dataclasses.replace(r, key=f"{r.key}-{place}") if r.kind != "book" else r
        for place, r in enumerate(chosen)
    ]
    chosen = list({reference.label: reference for reference in chosen}.values())
    source = CiteProcJSON([csl_item(reference) for reference in chosen])
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, source, citeproc_formatters.plain)
    for reference in chosen:
        bibliography.register(Citation([CitationItem(reference.label)]))
    bibliography.sort()
    lines = dict(zip(bibliography.keys, map(str, bibliography.bibliography()), strict=True))
    assert len(lines) == len(chosen) >= 8
    folded = {key: re.sub(r"[’‘]", "'", line).casefold() for key, line in lines.items()}
    for reference in chosen:
        line = folded[reference.label]
        name = reference.book.authors[0].name or reference.book.authors[0].family
        assert name.casefold() in line and "2026" in line
        assert re.sub(r"[’‘]", "'", reference.title).casefold()[:40] in line
        if reference.kind != "book":
            assert reference.url.casefold() in line


def test_all_ris_is_read_strictly(known):
    types = {"book": "BOOK", "data": "DATA", "fig": "FIGURE"}
    for reference in known.values():
        fields = read_ris(ris(reference))
        assert fields["TY"] == [types.get(reference.kind, "CHAP")]
        assert fields["TI"] == [reference.title] and fields["PY"] == ["2026"]
        assert fields["N1"][0].endswith(reference.note)
        assert ("T2" in fields) == (reference.kind != "book")


def test_simulated_results_say_so_in_every_form(known):
    simulated = [r for r in known.values() if r.evidence_class == "simulated"]
    assert {"num", "fig", "data"} <= {r.kind for r in simulated}
    for reference in simulated:
        for form in FORMATS.values():
            assert "not evidence about any place" in " ".join(form(reference).split())
        if reference.kind in ("num", "fig", "data"):
            assert "no evidence about any place" in csl_item(reference)["genre"]
            assert "no evidence about any place" in read_ris(ris(reference))["M3"][0]


def test_every_form_says_the_class_of_a_number_in_words(known):
    for reference in known.values():
        if reference.kind in ("num", "fig", "data"):
            words = CLASS_MEANING if reference.kind == "data" else RESULT_MEANING
            said = f"Evidence class: {reference.evidence_class} ({words[reference.evidence_class]})"
            for form in (text, ris, csl):
                assert said in form(reference)


def test_a_result_is_not_called_a_statistic_of_the_producer(known):
    numbers = [r for r in known.values() if r.kind == "num" and r.evidence_class == "observed"]
    assert len(numbers) > 100
    assert not any("as published by the producer" in text(reference) for reference in numbers)


def test_the_unit_of_a_value_in_words_is_not_printed(known, ledger):
    worded = [n for n in ledger.numbers.values() if isinstance(n.value, str) and n.unit == "names"]
    assert worded
    for number in worded:
        assert known[f"cite/num/{number.key}"].title.endswith(number.text)


def test_each_number_says_by_itself_what_it_is(ledger):
    """A reference carries these words alone: no two values share them, none leans on another."""
    said = {}
    for number in ledger.numbers.values():
        said.setdefault((number.about, number.unit), set()).add(str(number.value))
    assert {words for words, values in said.items() if len(values) > 1} == set()
    leaning = re.compile(
        r"^(the same|their|of (these|those))\b|\b(that many|that gap|of those areas)\b"
    )
    assert [n.key for n in ledger.numbers.values() if leaning.search(n.about)] == []


def test_a_chapter_with_simulated_results_says_that_they_are_no_evidence(known, ledger):
    entries = [*ledger.numbers.values(), *ledger.figures.values()]
    mixed = {e.notebook for e in entries if e.evidence_class == "simulated"}
    assert mixed
    for name in mixed:
        assert "no evidence about any place" in text(known[f"cite/page/notebooks/{name}"])


def test_difficult_text_survives_every_form(released):
    reference = nasty(released)
    entry = parse_string(bibtex(reference), "bibtex").entries[reference.label]
    assert plain_latex(entry.fields["title"]) == NASTY
    assert bibtexparser.loads(bibtex(reference)).entries[0]["title"] == entry.fields["title"]
    assert read_ris(ris(reference))["TI"] == [NASTY]
    assert json.loads(csl(reference))[0]["title"] == NASTY
    assert NASTY in text(reference)
    page = reference_page(reference)
    for form in ("text", "bibtex", "ris", "csl"):
        assert FORMATS[form](reference).strip() in html.unescape(page)
    long = dataclasses.replace(reference, title="A very long title, " * 200 + "\n\tat last")
    assert read_ris(ris(long))["TI"] == [" ".join(long.title.split())]
    assert len(parse_string(bibtex(long), "bibtex").entries) == 1


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1))
@settings(max_examples=60, deadline=None)
def test_any_title_leaves_bibtex_and_ris_readable(title):
    title = " ".join(title.split()) or "-"
    book = book_from(
        {
            "title": "T", "short_title": "T", "description": "", "authors": [{"name": "A"}],
            "publisher": {"name": "", "ror": ""}, "licence": {"id": "X", "name": "", "url": ""},
            "code_licence": "MIT", "languages": ["en"], "keywords": [], "address": "",
            "repository": "", "doi": {"version": "", "book": ""},
        },
        "2026.1", "2026-12-01",
    )  # fmt: skip
    reference = Reference(book, "num", "k", title, "book/ledger.html#num-k", "observed")
    entries = parse_string(bibtex(reference), "bibtex").entries
    assert list(entries) == [reference.label] and entries[reference.label].fields["year"] == "2026"
    assert read_ris(ris(reference))["TI"] == [title]


def test_the_command_prints_what_the_functions_make(known, capsys):
    for reference in all_kinds(known):
        given_key = "book" if reference.kind == "book" else reference.key
        for form, write in FORMATS.items():
            assert cli.main(["cite", given_key, "--format", form]) == 0
            assert capsys.readouterr().out == write(reference)
    assert cli.main(["cite", "no.such.key"]) == 2
    assert "no.such.key" in capsys.readouterr().err


def test_a_draft_says_so_and_has_no_lasting_address(book):
    draft = dataclasses.replace(
        book, version="2026.1.dev0", date="", address="https://book.example.org"
    )
    reference = book_reference(draft)
    assert reference.stable == "book/intro.html" and reference.url == ""
    for form in FORMATS.values():
        assert "not released" in form(reference)


def test_a_release_carries_version_date_and_lasting_address(released):
    reference = nasty(released)
    address = "https://book.example.org/ce/v/2026.1/book/ledger.html#num-a-key"
    assert reference.url == address
    assert (
        parse_string(bibtex(reference), "bibtex").entries[reference.label].fields["url"] == address
    )
    assert read_ris(ris(reference))["UR"] == [address]
    assert read_ris(ris(reference))["DA"] == ["2026/12/01"]
    assert csl_item(reference)["issued"] == {"date-parts": [[2026, 12, 1]]}
    assert text(reference).endswith(address)
    assert "(Version 2026.1, 1 December 2026)" in text(reference)


def test_without_a_known_host_addresses_begin_at_the_folder_of_versions(released):
    reference = nasty(dataclasses.replace(released, address=""))
    assert reference.stable == "v/2026.1/book/ledger.html#num-a-key"
    assert reference.url == ""
    for form in (text, ris, csl):
        assert "v/2026.1/book/ledger.html#num-a-key" in form(reference)
    assert "URL" not in csl_item(reference)


def test_the_date_is_the_changelog_s():
    changelog = "# Changelog\n\n## 2026.2 (2027-01-31)\n\n## 2026.1.dev0 (not released)\n"
    assert release_date(changelog, "2026.2") == "2027-01-31"
    assert release_date(changelog, "2026.1.dev0") == ""
    with pytest.raises(DataError, match=r"doesn't date version 2026\.1, "):
        release_date(changelog, "2026.1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"address": "example.org"}, "is no address"),
        ({"doi": {"version": "https://doi.org/10.5072/x", "book": ""}}, "is no doi"),
        ({"authors": []}, "no title, author"),
        ({"authors": [{"name": "A", "family": "B"}]}, "not exactly one of name"),
        ({"authors": [{"family": "B", "orcid": "0000-0002-1825-0097"}]}, "is no orcid"),
        ({"authors": [{"name": "B", "ror": "https://ror.org/x"}]}, "is no ror"),
        ({"autors": []}, "unknown fields: autors"),
        ({"title": 3}, "'title' is no text"),
    ],
)
def test_faulty_metadata_is_refused(root, change, message):
    raw = yaml.safe_load((root / METADATA).read_text("utf-8")) | change
    with pytest.raises(DataError, match=message):
        book_from(raw, "2026.1", "2026-12-01")


def test_no_identifier_is_invented(book):
    assert all(author.orcid == author.ror == "" for author in book.authors)
    assert book.publisher_ror == book.doi == book.book_doi == book.address == ""
    for write in (citation_cff, zenodo_json, datacite_json, datacite_xml):
        assert not re.search(r"orcid|ror\.org|10\.\d{4}", write(book), flags=re.I)


def test_committed_records_are_what_the_one_source_gives(root, book):
    for name, write in DEPOSITS.items():
        assert (root / name).read_text("utf-8") == write(book), "run 'make metadata'"


def test_citation_cff_fits_its_schema(book, released, people, schemas):
    for one in (book, released, people):
        made = yaml.safe_load(citation_cff(one))
        check(json.loads(json.dumps(made)), schemas["cff"])
        assert made["preferred-citation"]["type"] == "book" and made["type"] == "software"
        assert made["version"] == made["preferred-citation"]["version"] == one.version
    assert made["authors"][0]["orcid"].endswith("0097") and made["doi"] == people.doi
    assert made["authors"][1]["website"] == "https://ror.org/05dxps055"
    ambiguous = dataclasses.replace(released, version="2026.10")
    assert yaml.safe_load(citation_cff(ambiguous))["version"] == "2026.10"


def test_datacite_json_fits_its_schema(book, released, people, schemas):
    for one in (book, released, people):
        made = json.loads(datacite_json(one))
        check(made, schemas["datacite"])
        assert made["publisher"]["name"] == (one.publisher or "(:tba)")
    assert made["doi"] == people.doi
    schemes = [c["nameIdentifiers"][0]["nameIdentifierScheme"] for c in made["creators"]]
    assert schemes == ["ORCID", "ROR"]
    assert made["relatedIdentifiers"][0]["relationType"] == "IsVersionOf"


def read_datacite(content):
    """Read DataCite XML back into the form of its JSON, by the names of the standard."""
    root = ElementTree.fromstring(content)
    n = f"{{{DATACITE}}}"
    assert root.tag == f"{n}resource"
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    identifier = root.find(f"{n}identifier")
    assert identifier.get("identifierType") == "DOI"

    def group(path, name, attributes):
        found = root.findall("/".join(n + part for part in path.split("/")))
        return [
            {name: e.text} | {json: e.get(xml) for xml, json in attributes.items() if e.get(xml)}
            for e in found
        ]

    creators = []
    for element in root.findall(f"{n}creators/{n}creator"):
        name = element.find(f"{n}creatorName")
        creator = {"name": name.text, "nameType": name.get("nameType")}
        creator |= {p: element.findtext(n + p) for p in ("familyName", "givenName")}
        creator["nameIdentifiers"] = [
            {
                "nameIdentifier": e.text, "nameIdentifierScheme": e.get("nameIdentifierScheme"),
                "schemeUri": e.get("schemeURI"),
            }
            for e in element.findall(f"{n}nameIdentifier")
        ]  # fmt: skip
        creator["affiliation"] = [{"name": e.text} for e in element.findall(f"{n}affiliation")]
        creators.append({k: v for k, v in creator.items() if v})
    kind = root.find(f"{n}resourceType")
    publisher = group(
        "publisher", "name",
        {
            "publisherIdentifier": "publisherIdentifier", "schemeURI": "schemeUri",
            "publisherIdentifierScheme": "publisherIdentifierScheme",
        },
    )  # fmt: skip
    made = {
        "doi": "" if identifier.text == "(:tba)" else identifier.text,
        "types": {"resourceType": kind.text, **kind.attrib},
        "creators": creators,
        "titles": group("titles/title", "title", {language: "lang"}),
        "publisher": publisher[0],
        "publicationYear": root.findtext(f"{n}publicationYear"),
        "subjects": group("subjects/subject", "subject", {}),
        "dates": group("dates/date", "date", {"dateType": "dateType"}),
        "language": root.findtext(f"{n}language"),
        "version": root.findtext(f"{n}version"),
        "rightsList": group(
            "rightsList/rights", "rights",
            {
                "rightsURI": "rightsUri", "rightsIdentifier": "rightsIdentifier",
                "rightsIdentifierScheme": "rightsIdentifierScheme", "schemeURI": "schemeUri",
            },
        ),
        "descriptions": group(
            "descriptions/description", "description", {"descriptionType": "descriptionType"}
        ),
        "relatedIdentifiers": group(
            "relatedIdentifiers/relatedIdentifier", "relatedIdentifier",
            {"relatedIdentifierType": "relatedIdentifierType", "relationType": "relationType"},
        ),
        "schemaVersion": DATACITE,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value}


def test_datacite_xml_says_what_the_json_says(book, released, people, schemas):
    for one in (book, released, people):
        read = read_datacite(datacite_xml(one))
        assert read == {k: v for k, v in json.loads(datacite_json(one)).items() if k != "url"}
        check(read, schemas["datacite"])


ZENODO_FIELDS = {
    "title", "upload_type", "publication_type", "publication_date", "version", "creators",
    "description", "access_right", "license", "keywords", "language", "imprint_publisher", "notes",
}  # fmt: skip


def test_zenodo_json_holds_what_zenodo_documents(book, people):
    """Its schema is under the GPL and older than its fields: these are the API's, by name."""
    for one in (book, people):
        made = json.loads(zenodo_json(one))
        assert set(made) <= ZENODO_FIELDS
        assert {"title", "upload_type", "creators", "description"} <= set(made)
        assert (made["upload_type"], made["publication_type"]) == ("publication", "book")
        assert made["license"] == "cc-by-4.0" and made["language"] == "eng"
    assert made["creators"][0]["orcid"] == "0000-0002-1825-0097"
    assert made["creators"][0]["name"] == "Ngũgĩ, Ada Mary"


def test_tables_get_a_name_each():
    assert list(table_names(["Gaps by city, 2020", "Gaps by city, 2020", "Ωmega"])) == [
        "gaps-by-city-2020", "gaps-by-city-2020-2", "mega",
    ]  # fmt: skip


def test_head_tags_escape_and_can_be_read_back(released):
    reference = dataclasses.replace(nasty(released), kind="chapter", title='</script><b>"&')
    tags = head_tags(reference, '"</script> & more')
    assert tags.count("</script>") == 1
    data = json.loads(re.search(r'ld\+json">(.*)</script>', tags, flags=re.S)[1])
    assert data == schema_org(reference, '"</script> & more')
    assert data["isPartOf"]["@type"] == "Book" and data["datePublished"] == "2026-12-01"
    assert dict(highwire(reference))["citation_publication_date"] == "2026/12/01"


def test_only_the_book_s_page_offers_the_pdf(people):
    assert dict(highwire(book_reference(people)))["citation_pdf_url"] == (
        "https://book.example.org/ce/v/2026.1/cities_of_equality.pdf"
    )
    assert "citation_pdf_url" not in dict(
        highwire(dataclasses.replace(nasty(people), kind="chapter"))
    )
    assert highwire(nasty(people)) == []
    orcids = [v for n, v in highwire(book_reference(people)) if n == "citation_author_orcid"]
    assert orcids == ["https://orcid.org/0000-0002-1825-0097"]


def test_a_site_map_needs_whole_addresses(book, released):
    assert sitemap(book, ["book/intro.html"]) == ""
    made = ElementTree.fromstring(sitemap(released, ["b.html", "a&c.html"]).encode())
    n = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert made.tag == f"{n}urlset"
    found = [(u.findtext(f"{n}loc"), u.findtext(f"{n}lastmod")) for u in made]
    assert found == [
        ("https://book.example.org/ce/v/2026.1/a&c.html", "2026-12-01"),
        ("https://book.example.org/ce/v/2026.1/b.html", "2026-12-01"),
    ]
