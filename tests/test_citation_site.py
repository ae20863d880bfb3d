"""The built site as a reader, a crawler and a reference manager's importer find it."""

import html
import json
import re
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

import pytest
from bs4 import BeautifulSoup
from pybtex.database import parse_string

from equalcities import __version__
from equalcities.catalog import CLASS_MEANING, datasets, read_record
from equalcities.citation import FORMATS, bibtex, read_book, text
from equalcities.citation.command import book_references
from equalcities.citation.formats import ENDINGS
from equalcities.citation.pages import reference_page
from equalcities.ledger import read_results


@pytest.fixture(scope="module")
def known(root, site):
    return book_references(root)


@pytest.fixture(scope="module")
def ledger(root):
    return read_results(root)


@pytest.fixture(scope="module")
def book(root):
    return read_book(root, __version__)


class Page(HTMLParser):
    """What an importer looks at: meta tags, JSON-LD, links with their text, ids."""

    def __init__(self, path):
        super().__init__()
        self.meta, self.data, self.links, self.ids = [], [], [], set()
        self._inside = None
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag == "meta":
            self.meta.append((given.get("name") or given.get("property"), given.get("content")))
        elif tag == "script" and given.get("type") == "application/ld+json":
            self._inside = self.data
            self.data.append("")
        elif tag == "a":
            self._inside = self.links
            self.links.append([given.get("href", ""), ""])

    def handle_endtag(self, tag):
        if tag in ("a", "script"):
            self._inside = None

    def handle_data(self, data):
        if self._inside is self.data:
            self.data[-1] += data
        elif self._inside is self.links:
            self.links[-1][1] += data

    def values(self, name):
        return [value for key, value in self.meta if key == name]


def imported(page):
    """Read a page's tags as reference managers' importers of embedded metadata do.

    Highwire tags come first, and citation_inbook_title makes a section of a book; OpenGraph
    fills what they leave, and says that a page is a book.
    """

    def first(*names):
        return next((v for name in names for v in page.values(name)), "")

    kind = "webpage"
    if page.values("citation_inbook_title"):
        kind = "bookSection"
    elif first("og:type") == "book":
        kind = "book"
    people = [
        dict(zip(("lastName", "firstName"), (p.strip() for p in name.split(",", 1)), strict=False))
        for name in page.values("citation_author")
    ]
    return {
        "itemType": kind,
        "title": first("citation_title", "og:title"),
        "bookTitle": first("citation_inbook_title"),
        "creators": people,
        "date": first("citation_publication_date").replace("/", "-"),
        "language": first("citation_language", "og:locale"),
        "abstract": first("og:description", "description"),
    }


def chapters(root):
    return sorted(path.stem for path in (root / "notebooks").glob("*.md"))


def test_the_first_page_is_imported_as_the_book(site, book):
    found = imported(Page(site / "book" / "intro.html"))
    assert found == {
        "itemType": "book",
        "title": book.title,
        "bookTitle": "",
        "creators": [{"lastName": author.name} for author in book.authors],
        "date": book.date or book.year,
        "language": "en",
        "abstract": book.description,
    }


def test_chapters_are_imported_as_sections_of_the_book(root, site, book, known):
    titles = set()
    for name in chapters(root):
        found = imported(Page(site / "notebooks" / f"{name}.html"))
        assert found["itemType"] == "bookSection" and found["bookTitle"] == book.title
        assert found["title"] == known[f"cite/page/notebooks/{name}"].title != book.title
        assert found["creators"] == [{"lastName": author.name} for author in book.authors]
        assert len(found["abstract"]) > 40
        titles.add(found["title"])
    assert len(titles) == len(chapters(root))


def test_no_page_but_the_first_claims_to_be_the_book(root, site, book):
    """Two pages with the book's title would become two records in an index of scholarship."""
    for path in sorted(site.glob("book/**/*.html")):
        page = Page(path)
        if path.name != "intro.html":
            assert not page.values("citation_title"), path
            assert page.values("og:type") in (["article"], []), path


def test_json_ld_says_book_chapter_or_dataset(root, site, book, known):
    kinds = {"book": "Book", "chapter": "Chapter", "data": "Dataset", "page": "WebPage"}
    seen = set()
    for reference in known.values():
        if reference.kind not in kinds:
            continue
        page = Page(site / reference.path)
        (data,) = map(json.loads, page.data)
        assert data["@context"] == "https://schema.org"
        assert data["@type"] == kinds[reference.kind] and data["version"] == __version__
        assert data["name"] == reference.title and len(data["description"]) > 5
        assert data["license"].startswith("http")
        if reference.kind == "chapter":
            assert data["isPartOf"]["@type"] == "Book" and data["isPartOf"]["name"] == book.title
        seen.add(reference.kind)
    assert seen == set(kinds)


def test_datasets_name_producer_licence_and_class(root, site):
    for name in datasets(root):
        record = read_record(name, root)
        (data,) = map(json.loads, Page(site / "book" / "data" / f"{name}.html").data)
        assert data["creator"]["name"] == record.producer
        assert data["license"] == record.licence["url"]
        assert CLASS_MEANING[record.evidence_class] in data["description"]


def test_titles_are_the_headings_that_readers_see(site, known):
    for reference in known.values():
        if reference.kind in ("chapter", "data", "page"):
            source = (site / reference.path).read_text("utf-8")
            heading = re.search(r"<h1>((?:(?!<h1>).)*?)<a class=\"headerlink", source, flags=re.S)[
                1
            ]
            seen = html.unescape(re.sub(r"<[^>]+>", "", heading))
            assert straight(seen) == straight(reference.title)


def straight(text):
    """Fold the engine's typographic quotes."""
    return re.sub("[’‘]", "'", re.sub("[“”]", '"', text)).strip()


def test_previews_have_title_and_description(site, known):
    for reference in known.values():
        if reference.kind in ("book", "chapter", "data", "page"):
            page = Page(site / reference.path)
            assert page.values("og:title") == [reference.title]
            (description,) = page.values("og:description")
            assert page.values("description") == [description]
            assert 0 < len(description) <= 500


def leads_to(site, here, page, text):
    return {
        urldefrag(urljoin(f"/{here}", href))[0].lstrip("/")
        for href, words in page.links
        if words.strip().startswith(text)
    }


def test_every_number_and_figure_has_a_working_cite_link(site, ledger, root):
    found = leads_to(site, "book/ledger.html", Page(site / "book" / "ledger.html"), "Cite")
    for key in ledger.numbers:
        assert f"cite/num/{key}.html" in found
    for key in ledger.figures:
        assert f"cite/fig/{key}.html" in found
    for name in chapters(root):
        here = f"notebooks/{name}.html"
        found = leads_to(site, here, Page(site / here), "Cite")
        mine = {k for k, figure in ledger.figures.items() if figure.notebook == name}
        assert {f"cite/fig/{key}.html" for key in mine} <= found
        assert f"cite/page/notebooks/{name}.html" in found
        assert all((site / place).is_file() for place in found if place.startswith("cite/"))


def test_every_captioned_table_has_an_address_and_a_cite_link(site, root):
    seen = 0
    for name in chapters(root):
        here = f"notebooks/{name}.html"
        source = (site / here).read_text("utf-8")
        tables = re.findall(
            r'<table [^>]*chapter-table[^>]*?(?: id="table-([^"]+)")?><caption>', source
        )
        page = Page(site / here)
        found = leads_to(site, here, page, "Cite this table")
        assert found == {f"cite/table/{name}/{table}.html" for table in tables}
        assert {f"table-{table}" for table in tables} <= page.ids
        seen += len(tables)
    assert seen >= 20


def test_every_page_offers_its_reference(site, known):
    for reference in known.values():
        if reference.kind in ("book", "chapter", "data", "page"):
            found = leads_to(site, reference.path, Page(site / reference.path), "Cite th")
            assert f"{reference.place}.html" in found


def test_pages_of_references_hold_what_the_command_prints(site, known):
    for place, reference in known.items():
        assert (site / f"{place}.html").read_text("utf-8") == reference_page(reference)
        for form, ending in ENDINGS.items():
            content = (site / f"{place}.{ending}").read_text("utf-8")
            assert content == FORMATS[form](reference)
    made = {p.relative_to(site).with_suffix("").as_posix() for p in site.glob("cite/*/**/*.html")}
    assert made | {"cite/book"} == set(known)


def test_pages_of_references_are_plain_and_lead_back(site, known):
    for place, reference in known.items():
        source = (site / f"{place}.html").read_text("utf-8")
        assert "<script" not in source and not re.search(r'(?:href|src)="(?:https?:)?//', source)
        page = Page(site / f"{place}.html")
        back = urljoin(f"/{place}.html", page.links[0][0]).lstrip("/")
        assert back == reference.path and (site / urldefrag(back)[0]).is_file()
        for href, _ in page.links:
            address = urldefrag(urljoin(f"/{place}.html", href))[0].lstrip("/")
            assert (site / address).is_file(), (place, href)


def test_what_is_cited_stands_at_its_address(site, known):
    pages = {}
    for reference in known.values():
        path, fragment = urldefrag(reference.path)
        if path not in pages:
            pages[path] = Page(site / path).ids
        assert not fragment or fragment in pages[path], reference.path


def test_how_to_cite_prints_the_same_reference(site, known):
    page = BeautifulSoup((site / "book" / "how_to_cite.html").read_text("utf-8"), "html.parser")
    reference = known["cite/book"]
    assert page.select_one("blockquote").text.strip() == text(reference)
    assert page.select_one(".highlight-bibtex pre").text == bibtex(reference)


def test_records_for_archives_lie_in_the_site(site):
    assert (
        json.loads((site / "cite" / "datacite.json").read_text("utf-8"))["version"] == __version__
    )
    assert f"<version>{__version__}</version>" in (site / "cite/datacite.xml").read_text("utf-8")


def test_one_download_is_one_entry(site, ledger):
    for key in list(ledger.numbers)[::200]:
        entries = parse_string((site / f"cite/num/{key}.bib").read_text("utf-8"), "bibtex").entries
        assert len(entries) == 1
