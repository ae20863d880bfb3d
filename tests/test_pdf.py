"""The PDF of the whole book, printed once a run, and what prepares it for print."""

import os
import re
import shutil
from collections import Counter
from types import SimpleNamespace

import pytest
import yaml
from bs4 import BeautifulSoup
from lxml import html as lhtml

from equalcities import __version__
from equalcities.build import pdf
from equalcities.ledger import read_results
from equalcities.site.workshop import read_kit

pytestmark = pytest.mark.xdist_group("pdf")


# --- the print ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def printed(root, site, tmp_path_factory):
    """The book's PDF, read: pages with their text, structure, bookmarks, links, pictures."""
    try:
        pdf.find_browser()
    except pdf.PdfError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    from pypdf import PdfReader

    from equalcities.build.__main__ import make_pdf

    path = make_pdf(root, tmp_path_factory.mktemp("pdf") / pdf.PDF.name)
    reader = PdfReader(path)
    return SimpleNamespace(
        path=path,
        reader=reader,
        catalog=reader.trailer["/Root"],
        pages=[page_text(page) for page in reader.pages],
        tags=list(structure(reader.trailer["/Root"]["/StructTreeRoot"])),
        bookmarks=list(bookmarks(reader, reader.outline)),
    )


def page_text(page):
    """Read the text that Chromium wrote; pypdf would also follow every curve of the figures."""
    alphabets = {
        name.encode(): alphabet(font.get_object()["/ToUnicode"].get_data())
        for name, font in page["/Resources"].get("/Font", {}).items()
    }
    pieces, current = [], {}
    pattern = rb"(/F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)> Tj"
    for font, glyphs in re.findall(pattern, page["/Contents"].get_data()):
        if font:
            current = alphabets[font]
        codes = (glyphs[i : i + 4].upper() for i in range(0, len(glyphs), 4))
        pieces.append("".join(current[code] for code in codes))
    return "".join(pieces)


def alphabet(table):
    """Read a font's table from glyphs to letters."""
    letters = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.S):
        for glyph, letter in re.findall(rb"<(\w+)> <(\w+)>", block):
            letters[glyph.upper()] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.S):
        for first, last, letter in re.findall(rb"<(\w+)> <(\w+)> <(\w+)>", block):
            start = int(letter, 16)
            for place, glyph in enumerate(range(int(first, 16), int(last, 16) + 1)):
                letters[b"%04X" % glyph] = chr(start + place)
    return letters


def structure(node):
    """Yield kind and alternative text of every tag of the structure tree."""
    waiting = [node]
    while waiting:
        node = waiting.pop().get_object()
        if "/S" in node:
            yield node["/S"], node.get("/Alt")
        children = node.get("/K", [])
        children = children.get_object() if hasattr(children, "get_object") else children
        for child in children if isinstance(children, list) else [children]:
            child = child.get_object() if hasattr(child, "get_object") else child
            if isinstance(child, dict):
                waiting.append(child)


def bookmarks(reader, outline, level=0):
    """Yield level, title and page of every bookmark."""
    for entry in outline:
        if isinstance(entry, list):
            yield from bookmarks(reader, entry, level + 1)
        else:
            yield level, " ".join(entry.title.split()), reader.get_destination_page_number(entry)


@pytest.fixture(scope="module")
def chapters(root, site):
    """Title of every chapter of the contents, as its page on the site has it."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    names = [toc["root"]] + [
        str(chapter["file"]).removesuffix(".md")
        for part in toc["parts"]
        for chapter in part["chapters"]
    ]
    titles = {}
    for name in names:
        page = BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")
        heading = page.select_one("article h1")
        for link in heading.select("a.headerlink"):
            link.decompose()
        titles[name] = " ".join(heading.text.split())
    return titles


def squeezed(text):
    return re.sub(r"[\s\u00ad]+", "", text).translate(str.maketrans("‘’“”", "''\"\""))


def test_the_print_is_tagged_and_says_its_language_and_title(printed):
    assert printed.catalog["/MarkInfo"]["/Marked"].value is True
    assert printed.catalog["/Lang"] == "en"
    title = printed.reader.metadata.title
    assert title.startswith("Cities of Equality") and title.endswith(f"version {__version__}")
    kinds = Counter(kind for kind, _ in printed.tags)
    assert all(kinds[kind] > 20 for kind in ("/H2", "/H3", "/P", "/Table", "/TH", "/Link", "/LI"))


def test_bookmarks_and_contents_are_the_chapters_with_their_pages(printed, root, chapters):
    """The first bookmark is the contents; parts stand at level 0 and chapters in them."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    wanted = [(0, "Contents"), (0, chapters[toc["root"]])]
    for part in toc["parts"]:
        wanted.append((0, part["caption"]))
        wanted += [(1, chapters[str(c["file"]).removesuffix(".md")]) for c in part["chapters"]]
    inside = {"What is here", "Four rules that the book keeps", "Accessibility"}
    found = [(level, title) for level, title, _ in printed.bookmarks if level < 2]
    assert [entry for entry in found if entry[1] not in inside] == wanted
    listed = squeezed("".join(printed.pages[1 : printed.bookmarks[1][2]]))
    for level, title, page in printed.bookmarks:
        if (level, title) in wanted[1:] and title in chapters.values():
            assert squeezed(title) in squeezed(printed.pages[page])
            assert f"{squeezed(title)}{page + 1}" in listed, (title, page + 1)


def test_every_page_has_title_version_and_number_and_none_is_blank(printed):
    head = f"Cities of Equality · version {__version__}"
    total = len(printed.pages)
    assert total > 100
    for number, text in enumerate(printed.pages, start=1):
        assert text.startswith(head), number
        foot = f"{number} / {total}"
        assert number == 1 or foot in text, number
        body = text.replace(head, "").replace(foot, "")
        pictures = "/XObject" in printed.reader.pages[number - 1]["/Resources"]
        assert len(body) > 40 or pictures, (number, text)


def test_every_figure_is_there_with_its_text_alternative(printed, root):
    """Once in its chapter, and again where a data sheet shows it; nothing else is a figure."""
    ledger = read_results(root)
    sheets = Counter(ledger.figures[s.figure].alt for s in read_kit(root, ledger).sheets)
    found = Counter(alt for kind, alt in printed.tags if kind == "/Figure")
    assert found == Counter(figure.alt for figure in ledger.figures.values()) + sheets


def test_figures_are_vectors(printed, root):
    """Only heat maps hold pixels: the matrices that their own SVG files embed."""
    ledger = read_results(root)
    shown = [*ledger.figures, *(sheet.figure for sheet in read_kit(root, ledger).sheets)]
    embedded = sum(
        (root / "_build" / "figures" / f"{key}.svg").read_text("utf-8").count("<image ")
        for key in shown
    )

    def pixels(resources, seen):
        for part in (resources.get("/XObject") or {}).values():
            content = part.get_object()
            if content["/Subtype"] == "/Image":
                yield part.idnum
            elif part.idnum not in seen:
                seen.add(part.idnum)
                yield from pixels(content.get("/Resources") or {}, seen)

    found, seen = set(), set()
    for page in printed.reader.pages:
        found |= set(pixels(page["/Resources"], seen))
    assert 0 < len(found) <= embedded


def test_links_lead_somewhere(printed):
    places = set(printed.catalog["/Dests"])
    kinds = Counter()
    for number, page in enumerate(printed.reader.pages, start=1):
        for note in page.get("/Annots") or []:
            link = note.get_object()
            if "/Dest" in link:
                assert link["/Dest"] in places, number
                kinds["inside"] += 1
            else:
                address = str(link["/A"]["/URI"])
                assert re.match(r"(https?://|mailto:)", address), (number, address)
                kinds["outside"] += 1
    assert kinds["inside"] > 500 and kinds["outside"] > 100


def test_references_are_complete_and_numbers_lead_to_the_ledger(printed, site, root):
    text = squeezed("".join(printed.pages))
    page = BeautifulSoup((site / "book" / "references.html").read_text("utf-8"), "html.parser")
    entries = page.select("div.citation")
    assert len(entries) > 5
    for entry in entries:
        assert squeezed(entry.select_one(".label").text) in text, entry.text
        title = entry.find("p").text
        assert squeezed(title[:60]) in text, title
    places = {name.lstrip("/") for name in printed.catalog["/Dests"]}
    quoted = set()
    for source in [*(root / "notebooks").glob("*.md"), *(root / "book").rglob("*.md")]:
        quoted |= set(re.findall(r"\{num(?:ci)?\}`([^`\n]+)`", source.read_text("utf-8")))
    keys = quoted & set(read_results(root).numbers)
    assert len(keys) > 100
    missing = [key for key in keys if "num-" + re.sub(r"[._]", "-", key) not in places]
    assert missing == []


def test_nothing_of_the_site_s_machinery_is_printed(printed):
    text = "".join(printed.pages)
    for phrase in ("Hide code cell", "Download: ", "Tap the figure", "Skip to main", "\\mathrm"):
        assert phrase not in text
    assert "book/cities.html" in printed.pages[0] and "book/practices.html" in printed.pages[0]


# --- its parts ----------------------------------------------------------------------------


def test_a_missing_browser_is_said_with_its_cure(tmp_path):
    with pytest.raises(pdf.PdfError, match="apt-get install chromium"):
        pdf.find_browser({"PATH": str(tmp_path)})
    with pytest.raises(pdf.PdfError, match="CHROMIUM=/no/such"):
        pdf.find_browser({"PATH": os.environ["PATH"], "CHROMIUM": "/no/such"})


def test_the_browser_that_is_named_is_taken_before_any_other(tmp_path):
    for name in ("chromium", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    place = {"PATH": str(tmp_path)}
    assert pdf.find_browser(place) == str(tmp_path / "chromium")
    named = {**place, "CHROMIUM": str(tmp_path / "mine")}
    assert pdf.find_browser(named) == str(tmp_path / "mine")


def test_a_browser_that_fails_is_quoted(tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho out of cheese >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(pdf.PdfError, match="out of cheese"):
        pdf.print_page(str(broken), tmp_path / "x.html")


INFO = (
    b"%PDF-1.4 /Info <</Title (x)\n/CreationDate (D:20261123070513+00'00')\n"
    b"/ModDate (D:20261123070513+00'00')>> xref 99"
)


def test_dates_become_fixed_and_nothing_moves(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    blank = pdf.without_dates(INFO)
    assert len(blank) == len(INFO) and b"D:" not in blank and blank.endswith(b">> xref 99")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    dated = pdf.without_dates(INFO)
    assert len(dated) == len(INFO) and dated.count(b"(D:19700102000000+00'00')") == 2
    with pytest.raises(pdf.PdfError, match="names its date otherwise"):
        pdf.without_dates(b"%PDF-1.4 without")


def chapter(text):
    return lhtml.fromstring(f"<section><h2>A chapter</h2>{text}</section>")


def test_what_makes_no_sense_on_paper_goes():
    section = chapter(
        '<details class="admonition hide above-input"><summary>Show</summary>x = 1</details>'
        '<form class="table-filter"><input></form><fieldset>filter</fieldset>'
        '<figure><a class="enlarge" href="../figures/k.svg"><img src="../_images/k.svg" '
        'width="9" alt="a finding"></a><figcaption><p>What</p>'
        '<p class="fig-downloads">Download</p></figcaption></figure>'
        "<table><tr>" + "<td>x</td>" * 8 + "</tr></table>"
    )
    pdf.clean(section)
    assert section.text_content().replace("x", "") == "A chapterWhat"
    image = section.find(".//img")
    assert dict(image.attrib) == {"src": "_images/k.svg", "alt": "a finding"}
    assert not section.findall(".//a") and "wide" in section.find(".//table").get("class")


def test_sections_of_the_same_name_keep_their_own_links():
    first = chapter('<section id="limits"><a href="#limits">a</a></section>')
    second = chapter('<section id="limits"><a href="#limits">b</a><b id="num-x"></b></section>')
    kept = {"one": first, "two": second}
    homes = {"limits": "two", "num-x": "two"}
    for name, section in kept.items():
        pdf.own_ids(section, name)
    pdf.point_links(kept, kept, homes, "")
    for name, section in kept.items():
        link = section.find(".//a").get("href")
        assert link == f"#{name}:limits" and section.xpath(f"//*[@id='{link[1:]}']")
    assert second.xpath("//*[@id='num-x']")


@pytest.mark.parametrize(
    ("address", "without", "online"),
    [
        ("https://example.org/", "https://example.org/", "https://example.org/"),
        ("#document-two", "#document-two", "#document-two"),
        ("#document-book/cities/x", None, "https://b.eu/v/book/cities/x.html"),
        ("../figures/k.csv", None, "https://b.eu/v/figures/k.csv"),
        ("data:text/csv,x", None, None),
    ],
)
def test_links_out_of_the_print_need_the_sites_address(address, without, online):
    for site, wanted in (("", without), ("https://b.eu/v", online)):
        section = chapter(f'<a href="{address}">words</a>')
        kept = {"one": section, "two": chapter("")}
        pdf.point_links(kept, kept, {}, site)
        link = section.find(".//a")
        assert (None if link is None else link.get("href")) == wanted
        assert "words" in section.text_content()


def test_a_link_to_nowhere_fails():
    kept = {"one": chapter('<a href="#gone">x</a>')}
    with pytest.raises(pdf.PdfError, match="in one, a link leads to #gone"):
        pdf.point_links(kept, kept, {}, "")


def test_the_site_offers_the_pdf_only_once_there_is_one(site, tmp_path):
    for name in pdf.OFFERED_ON:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(site / name, tmp_path / name)
    file = tmp_path / "elsewhere" / "cities_of_equality.pdf"
    file.parent.mkdir()
    file.write_bytes(b"%PDF" + b" " * 1_600_000)
    for _ in range(2):
        pdf.offer(tmp_path, file)
        for name in pdf.OFFERED_ON:
            page = BeautifulSoup((tmp_path / name).read_text("utf-8"), "html.parser")
            links = page.select("p.pdf-offer:not([hidden]) a")
            assert [link["href"] for link in links] == ["../cities_of_equality.pdf"]
            assert "(2 MB)" in page.select_one("p.pdf-offer").text
    assert (tmp_path / "cities_of_equality.pdf").read_bytes() == file.read_bytes()
    (tmp_path / pdf.OFFERED_ON[0]).write_text("<p>no place</p>")
    with pytest.raises(pdf.PdfError, match="keeps no place"):
        pdf.offer(tmp_path, file)
