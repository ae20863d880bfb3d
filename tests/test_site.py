"""The built pages, read as files: links, figures, numbers, ids, sources."""

import re
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from bs4 import BeautifulSoup

from equalcities import __version__
from equalcities.catalog import datasets, read_record
from equalcities.ledger import SHORTEST_ALT, anchor, read_results

ENGINE_PAGES = ("genindex.html", "search.html", "index.html")
FRENCH = "fr/"


@pytest.fixture(scope="module")
def pages(site):
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in sorted(site.rglob("*.html"))
        if not {"_static", "cite"} & set(path.relative_to(site).parts)
    }


@pytest.fixture(scope="module")
def ids(pages):
    return {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in pages.items()}


@pytest.fixture(scope="module")
def ledger(root):
    return read_results(root)


def plain(text):
    """Fold white space and the engine's typographic quotes."""
    return re.sub("[’‘]", "'", re.sub("[“”]", '"', " ".join(text.split())))


def test_every_link_and_fragment_leads_somewhere(site, pages, ids):
    broken = []
    for name, page in pages.items():
        for tag in page.find_all(["a", "link", "script", "img"]):
            address = tag.get("href") or tag.get("src") or ""
            if not address or re.match(r"(https?|mailto|data|javascript):", address):
                continue
            path, fragment = urldefrag(urljoin(f"/{name}", address))
            path = unquote(path.partition("?")[0]).lstrip("/") or "index.html"
            if not (site / path).is_file():
                broken.append((name, address))
            elif fragment and path in ids and unquote(fragment) not in ids[path]:
                broken.append((name, address))
    assert broken == []


def test_no_page_loads_anything_from_elsewhere(pages):
    for name, page in pages.items():
        for tag in page.find_all(["script", "img", "iframe", "source"]):
            assert not re.match(r"(https?:)?//", tag.get("src", "")), (name, tag)
        for tag in page.find_all("link"):
            if set(tag.get("rel", ())) & {"stylesheet", "preload", "icon", "preconnect"}:
                assert not re.match(r"(https?:)?//", tag["href"]), (name, tag)


def test_every_image_has_a_text_alternative(pages):
    for name, page in pages.items():
        for image in page.select("article img"):
            assert len(image.get("alt", "")) >= SHORTEST_ALT, (name, image)


def test_ids_are_unique_and_pages_have_language_and_title(pages):
    for name, page in pages.items():
        found = [tag["id"] for tag in page.select("article [id]")]
        assert len(found) == len(set(found)), name
        language = "fr" if name.startswith(FRENCH) else "en"
        assert page.html["lang"] == language and page.title.text.strip()


def test_every_page_names_an_icon_that_exists(site, pages):
    """Else a browser asks the server for /favicon.ico, which isn't there."""
    for name, page in pages.items():
        icon = page.find("link", rel="icon") or page.find("link", rel="shortcut icon")
        assert (site / name).parent.joinpath(icon["href"].partition("?")[0]).is_file(), name


def test_every_figure_of_the_ledger_stands_on_its_page(site, pages, ledger):
    assert len(ledger.figures) >= 8
    for key, figure in ledger.figures.items():
        shown = pages[f"notebooks/{figure.notebook}.html"].find(id=anchor(key, "fig"))
        assert shown.name == "figure"
        assert shown.img["alt"] == figure.alt
        assert shown.img.parent.name == "a"
        assert shown.img.parent["href"] == f"../figures/{key}.svg"
        assert plain(figure.caption) in plain(shown.text)
        assert shown.select_one(".badge-class").text == figure.evidence_class
        for ending in ("svg", "png", "csv"):
            assert (site / "figures" / f"{key}.{ending}").stat().st_size > 100
        assert (site / "figures" / f"{key}.csv").read_text("utf-8") == figure.table


def test_the_figures_files_are_what_the_page_shows(site, ledger):
    for key in ledger.figures:
        shown = (site / "_images" / f"{key}.svg").read_bytes()
        assert shown == (site / "figures" / f"{key}.svg").read_bytes()


def test_every_number_has_its_row_in_the_ledger(pages, ledger):
    rows = {row.get("id"): row for row in pages["book/ledger.html"].find_all("tr")}
    for key, number in ledger.numbers.items():
        row = rows[anchor(key, "num")]
        for text in (number.text, number.unit, number.evidence_class, key, number.interval_text):
            assert plain(text) in plain(row.text)


def test_quoted_numbers_carry_value_class_and_source(pages, ledger):
    by_anchor = {anchor(key, "num"): number for key, number in ledger.numbers.items()}
    seen = 0
    english = (page for name, page in pages.items() if not name.startswith(FRENCH))
    for page in english:
        for link in page.select("article a.ledger-link"):
            number = by_anchor[link["href"].partition("#")[2]]
            assert plain(link.text).startswith(plain(number.text))
            assert f"evidence class: {number.evidence_class}" in link["title"]
            assert plain(number.about) in plain(link["title"])
            if number.evidence_class == "compiled":
                assert link.find_next_sibling("sup").text == "c"
            seen += 1
    assert seen > 60


def test_every_dataset_has_its_page(root, pages):
    for name in datasets(root):
        record, page = read_record(name, root), pages[f"book/data/{name}.html"]
        text = " ".join(page.text.split())
        assert record.sha256 in text and record.licence["name"] in text
        assert " ".join(record.attribution.split()) in text
        for column in record.columns:
            assert column.name in text
        for fault in record.known_faults:
            assert plain(fault)[:60] in plain(text)


def test_the_version_is_printed_on_every_page(pages):
    for name, page in pages.items():
        if name.removeprefix(FRENCH) != "index.html":
            assert f"Version {__version__}" in page.select_one("footer.bd-footer-content").text, (
                name
            )


def test_how_to_cite_prints_the_citation_file(pages):
    text = pages["book/how_to_cite.html"].text
    assert f"version = {{{__version__}}}" in text and "@book{" in text


def test_no_share_of_the_72_city_survey_is_printed(pages):
    """No percentage of the OECD's survey is public: none may stand near its name."""
    for name, page in pages.items():
        text = " ".join(page.text.split())
        for match in re.finditer(r"OECD/EC survey|survey of 72 cities", text):
            near = text[match.start() - 150 : match.end() + 150]
            assert not re.search(r"\d\s?(?:%|per cent)", near), (name, near)
