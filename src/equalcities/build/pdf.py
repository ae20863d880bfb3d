"""The whole book as one PDF, printed by Chromium from the engine's single page.

The engine's own page carries the site's navigation and scripts. This room takes its text alone,
puts a title page and contents before it, and prints it in one go: prints that are joined later
lose their tags.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import matplotlib
import yaml
from lxml import html as lhtml
from lxml.html import HtmlElement, builder

from equalcities import __version__
from equalcities.catalog import CLASS_MEANING, write_whole
from equalcities.errors import EqualCitiesError

PDF = Path("_build") / "pdf" / "cities_of_equality.pdf"
SINGLE = Path("_build") / "singlehtml"
PAGE = "print.html"
"""Written beside the images: the engine puts its page a folder too deep for its own links."""
LEFT_OUT = {
    "book/cities/": ("book/cities.html", "a profile of each city"),
    "book/practices/": ("book/practices.html", "a page for each participation practice"),
}
"""Series of pages that only the website has, with where they begin and what they are."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # the page is our own file; in a container a sandbox can't be had
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing is fetched from anywhere
    "--allow-file-access-from-files",
    "--virtual-time-budget=60000",  # formulas are set before the print
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
FONTS = {
    "DejaVuSans.ttf": "normal normal",
    "DejaVuSans-Bold.ttf": "bold normal",
    "DejaVuSans-Oblique.ttf": "normal italic",
    "DejaVuSans-BoldOblique.ttf": "bold italic",
    "DejaVuSansMono.ttf": "mono",
}
"""The figures' own typeface, which matplotlib brings: the same pages on every machine."""
FORMULAS = """
window.MathJax = {options: {processHtmlClass: "tex2jax_process|mathjax_process|math"}};
"""
TIMEOUT = 600
OFFERED_ON = ("book/intro.html", "book/how_to_cite.html")
"""Pages of the site that keep a place for a link to the PDF."""
WIDE, WIDEST = 6, 9
"""Tables with more columns than these take smaller print."""


class PdfError(EqualCitiesError):
    """The PDF can't be made."""


class Chapter(NamedTuple):
    """A document of the book in the order of the contents."""

    name: str
    title: str
    part: str
    anchor: str


def print_book(root: Path, target: Path) -> Path:
    """Print the book from the engine's single page, which must be there.

    Parameters
    ----------
    root : Path
        The checkout, with the single page in ``_build/singlehtml``.
    target : Path
        Where the PDF goes.

    Returns
    -------
    Path
        ``target``.

    Raises
    ------
    PdfError
        If there is no Chromium, or its print is not what was asked for.
    """
    browser = find_browser()
    tree, chapters = arrange(root)
    page = root / SINGLE / PAGE
    put_fonts(root)
    numbers: dict[str, str] = {}
    # The contents need page numbers, which only a first print knows; the second must agree.
    for _ in range(3):
        number_contents(tree, numbers)
        page.write_bytes(b"<!DOCTYPE html>\n" + lhtml.tostring(tree, encoding="utf-8"))
        content = without_dates(print_page(browser, page))
        found = page_numbers(content, chapters)
        if found == numbers:
            break
        numbers = found
    else:
        raise PdfError("the page numbers of the contents didn't settle in three prints.")
    write_whole(target, content)
    return target


def find_browser(environment: Mapping[str, str] = os.environ) -> str:
    """Return the Chromium to print with: ``CHROMIUM`` if set, else the first on the path.

    Raises
    ------
    PdfError
        If there is none, with the cure.
    """
    named = environment.get("CHROMIUM", "")
    names = (named,) if named else BROWSERS
    for name in names:
        path = shutil.which(name, path=environment.get("PATH"))
        if path:
            return path
    missing = f"CHROMIUM={named} is no program" if named else f"no {' or '.join(BROWSERS)} on PATH"
    raise PdfError(
        f"The PDF is printed by Chromium, and there is {missing}. Install it (Debian: apt-get "
        "install chromium), or set CHROMIUM to the path of a Chromium or Chrome, 131 or newer."
    )


def arrange(root: Path) -> tuple[HtmlElement, list[Chapter]]:
    """Turn the engine's page into the one to print.

    Returns
    -------
    tree : HtmlElement
        The page.
    chapters : list of Chapter
        The documents of the contents, in order.
    """
    settings = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    source = lhtml.parse(str(root / SINGLE / f"{settings['root']}.html")).getroot()
    article = source.xpath("//article[contains(@class, 'bd-article')]")[0]
    documents = separate(article, settings["root"])
    parts = {
        str(chapter["file"]).removesuffix(".md"): part["caption"]
        for part in settings["parts"]
        for chapter in part["chapters"]
    }
    kept = {
        name: section for name, section in documents.items() if not name.startswith(tuple(LEFT_OUT))
    }
    homes = {
        tag.get("id"): name
        for name, section in documents.items()
        for tag in section.iter()
        if isinstance(tag.tag, str) and tag.get("id")
    }
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    # Its heading stands alone at the top; what is below takes the place of every other section.
    for tag in kept[settings["root"]].iter("h2", "h3", "h4"):
        tag.tag = f"h{int(tag.tag[1]) + 1}"
    for name, section in kept.items():
        clean(section)
        own_ids(section, name)
    point_links(kept, documents, homes, str(citation.get("url") or "").rstrip("/"))
    chapters, body = [], builder.BODY()
    part = ""
    for number, (name, section) in enumerate(kept.items()):
        heading = next(section.iter("h1", "h2", "h3"))
        title = " ".join(heading.text_content().split())
        if name == settings["root"] or name in parts:
            anchor = f"chapter-{number}"
            heading.set("id", anchor)
            chapters.append(Chapter(name, title, parts.get(name, ""), anchor))
            holder = builder.DIV(builder.CLASS("chapter"), style=f"page: chapter-{number}")
            body.append(holder)
            if parts.get(name, "") != part:
                part = parts[name]
                holder.append(builder.H1(part, builder.CLASS("part")))
        holder.append(builder.DIV(section, id=f"document-{name}"))
    unnamed = [name for name in kept if name not in parts and name != settings["root"]]
    if len(kept) - len(unnamed) != len(parts) + 1:
        raise PdfError("the engine's single page lacks a chapter of _toc.yml.")
    body.insert(0, contents(chapters))
    body.insert(0, title_page(citation))
    head = builder.HEAD(
        builder.META(charset="utf-8"),
        builder.TITLE(f"{citation['title']}, version {__version__}"),
        builder.STYLE(styles(chapters, citation["title"])),
    )
    if body.xpath(".//*[contains(concat(' ', @class, ' '), ' math ')]"):
        head.extend([builder.SCRIPT(FORMULAS), builder.SCRIPT(src="_static/mathjax/tex-svg.js")])
    return builder.HTML(head, body, lang="en"), chapters


def separate(article: HtmlElement, front: str) -> dict[str, HtmlElement]:
    """Take the engine's page apart into its documents, in reading order."""
    marks = article.xpath(".//span[starts-with(@id, 'document-')]")
    found = []
    for mark in marks:
        section = mark.getnext()
        if section is None or section.tag != "section":
            raise PdfError(f"the engine's single page has no section after {mark.get('id')}.")
        found.append((mark.get("id").removeprefix("document-"), section))
    # Inner documents first, so that an outer one is what remains of it.
    for mark, (_, section) in reversed(list(zip(marks, found, strict=True))):
        section.drop_tree()
        mark.drop_tree()
    return {front: next(article.iter("section")), **dict(found)}


def clean(section: HtmlElement) -> None:
    """Take out what makes no sense on paper: folded code, filters, links of the site itself."""
    for path in (
        ".//details[contains(@class, 'hide')]",
        ".//a[contains(@class, 'headerlink')]",
        ".//*[contains(@class, 'fig-downloads')]",
        ".//*[contains(@class, 'toctree-wrapper')]",
        ".//*[contains(@class, 'pdf-offer')]",
        ".//form | .//fieldset | .//script | .//style | .//button",
    ):
        for tag in section.xpath(path):
            if tag.getparent() is not None:
                tag.drop_tree()
    for link in section.xpath(".//a[contains(@class, 'enlarge')]"):
        link.drop_tag()
    # A figure holds its picture and caption; only the picture is a figure to a screen reader.
    for tag in section.iter("figure", "figcaption"):
        tag.set("class", f"{tag.get('class', '')} {tag.tag}".strip())
        tag.tag = "div"
    for image in section.iter("img"):
        image.set("src", re.sub(r"^(?:\.\./)+", "", image.get("src")))
        for name in ("width", "height", "style"):
            image.attrib.pop(name, None)
    for table in section.iter("table"):
        columns = max((len(row) for row in table.iter("tr")), default=0)
        if columns > WIDE:
            size = "widest" if columns > WIDEST else "wide"
            table.set("class", f"{table.get('class', '')} {size}")
    # An empty cell's frame would leave a gap.
    for cell in section.xpath(".//div[contains(concat(' ', @class, ' '), ' cell ')]"):
        if not cell.text_content().strip() and not cell.xpath(".//img"):
            cell.drop_tree()


def own_ids(section: HtmlElement, name: str) -> None:
    """Make a document's addresses its own: every chapter has a section ``limits``.

    Addresses of numbers, figures and references are the same in the whole book and stay.
    """
    renamed = {}
    for tag in section.iter():
        old = tag.get("id") if isinstance(tag.tag, str) else None
        if old and not old.startswith(("num-", "fig-", "ledger-")):
            renamed[f"#{old}"] = f"#{name}:{old}"
            tag.set("id", f"{name}:{old}")
    for link in section.iter("a"):
        if link.get("href") in renamed:
            link.set("href", renamed[link.get("href")])


def point_links(
    kept: Mapping[str, HtmlElement],
    documents: Mapping[str, HtmlElement],
    homes: Mapping[str, str],
    site: str,
) -> None:
    """Lead each link to a place in the print, to the website, or nowhere.

    A link to a file of the site needs the site's address, which CITATION.cff names as ``url``;
    without one its text stays and says what it is.
    """
    here = {
        tag.get("id")
        for section in kept.values()
        for tag in section.iter()
        if isinstance(tag.tag, str) and tag.get("id")
    } | {f"document-{name}" for name in kept}
    for name, section in kept.items():
        for link in list(section.iter("a")):
            address = link.get("href", "")
            if re.match(r"https?:|mailto:", address):
                continue
            target = address.removeprefix("#")
            home = homes.get(target, "")
            if address.startswith("#") and target in here:
                continue
            if address.startswith("#") and f"{home}:{target}" in here:
                link.set("href", f"#{home}:{target}")
                continue
            path = ""
            if target.startswith("document-"):
                path = f"{target.removeprefix('document-')}.html"
            elif home:
                path = f"{home}.html#{target}"
            elif not address.startswith(("#", "data:")):
                path = re.sub(r"^(?:\.\./)+", "", address)
            elif address.startswith("#"):
                raise PdfError(f"in {name}, a link leads to {address}, which isn't there.")
            if site and path:
                link.set("href", f"{site}/{path}")
            else:
                link.drop_tag()


def title_page(citation: Mapping[str, object]) -> HtmlElement:
    """Return the first page: title, version, licence, marks, and what is left to the website."""
    b = builder
    title, _, subtitle = str(citation["title"]).partition(": ")
    authors = ", ".join(author["name"] for author in citation["authors"])
    site = str(citation.get("url") or "").rstrip("/")
    dated = f", {citation['date-released']}" if "date-released" in citation else ""
    left = b.UL()
    for start, what in LEFT_OUT.values():
        address = f"{site}/{start}" if site else start
        left.append(b.LI(f"{what}: ", b.A(address, href=address) if site else b.CODE(address)))
    marks = b.UL(
        *(
            b.LI(b.SPAN(name, b.CLASS(f"badge-class class-{name}")), f" {meaning}")
            for name, meaning in CLASS_MEANING.items()
        )
    )
    return b.DIV(
        b.CLASS("title-page"),
        b.P(title, b.CLASS("book-title")),
        b.P(subtitle[:1].upper() + subtitle[1:], b.CLASS("book-subtitle")),
        b.P(authors, b.CLASS("book-authors")),
        b.P(f"Version {__version__}{dated}", b.CLASS("book-version")),
        b.P("Every number carries one of three marks, the weakest of what it stands on:"),
        marks,
        b.P(
            "Everything is in this document but what reads better on the website"
            + (":" if site else ", at these addresses below its root:")
        ),
        left,
        b.P(
            "The website also has the code of every chapter, and the data behind every figure. "
            "A number in the text leads to its entry in the ledger at the end."
        ),
        b.P(
            "Text and figures: CC BY 4.0. Code: MIT. Data: see each dataset's page. Not an OECD or "
            "European Union publication.",
            b.CLASS("book-licence"),
        ),
    )


def contents(chapters: list[Chapter]) -> HtmlElement:
    """Return the list of parts and chapters; page numbers follow after a first print."""
    b = builder
    made = b.E.nav(b.H1("Contents"), b.CLASS("contents"))
    part, lines = None, None
    for chapter in chapters:
        if chapter.part != part or lines is None:
            part, lines = chapter.part, b.UL()
            heading = [b.P(part, b.CLASS("contents-part"))] if part else []
            made.append(b.DIV(*heading, lines))
        line = b.A(
            b.SPAN(chapter.title, b.CLASS("contents-title")),
            b.SPAN("000", b.CLASS("contents-page")),
            href=f"#{chapter.anchor}",
        )
        lines.append(b.LI(line))
    return made


def number_contents(tree: HtmlElement, numbers: Mapping[str, str]) -> None:
    """Write the page numbers that are known into the contents."""
    for link in tree.xpath("//nav[@class='contents']//a"):
        link[-1].text = numbers.get(link.get("href").removeprefix("#"), "000")


def styles(chapters: list[Chapter], title: str) -> str:
    """Return the print style sheet, with the running head of every chapter."""
    faces = []
    for file, look in FONTS.items():
        family = "Book Mono" if look == "mono" else "Book"
        weight, style = ("normal", "normal") if look == "mono" else look.split()
        faces.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; '
            f'src: url("_static/fonts/{file}"); }}'
        )
    head = f"{_quoted(title.partition(':')[0])} · version {__version__}"
    running = f'@page {{ @top-left {{ content: "{head}"; }} }}'
    heads = [
        f"@page chapter-{chapter.anchor.rpartition('-')[2]} "
        f'{{ @top-right {{ content: "{_quoted(chapter.title)}"; }} }}'
        for chapter in chapters
    ]
    sheet = (Path(__file__).parent / "print.css").read_text(encoding="utf-8")
    return "\n".join([*faces, running, *heads, sheet])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def put_fonts(root: Path) -> None:
    """Copy the typeface beside the page to print."""
    source = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    folder = root / SINGLE / "_static" / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FONTS:
        shutil.copyfile(source / name, folder / name)


def print_page(browser: str, page: Path) -> bytes:
    """Return the print of a page.

    Raises
    ------
    PdfError
        With the end of what the browser said.
    """
    with tempfile.TemporaryDirectory(prefix="equalcities-pdf-") as folder:
        target = Path(folder) / "print.pdf"
        command = [
            browser, *FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        environment = {**os.environ, "HOME": folder, "TZ": "UTC"}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT, check=False,
                env=environment,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise PdfError(f"{browser} didn't print the book within {TIMEOUT} s.") from error
        if done.returncode or not target.is_file():
            raise PdfError(f"{browser} printed nothing:\n{done.stderr[-2000:]}")
        return target.read_bytes()


def without_dates(content: bytes) -> bytes:
    """Set the PDF's dates to ``SOURCE_DATE_EPOCH``, or blank them, so that prints agree.

    The length stays, because a PDF finds its parts by their place in the file.

    Raises
    ------
    PdfError
        If the dates aren't where Chromium writes them.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    date = time.strftime("%Y%m%d%H%M%S", time.gmtime(int(epoch))) if epoch else ""

    def fixed(match: re.Match[bytes]) -> bytes:
        entry = match.group(1) + b" (D:" + date.encode() + match.group(3) + b")" if date else b""
        return entry.ljust(len(match.group()))

    pattern = rb"(/(?:CreationDate|ModDate)) \(D:(\d{14})([^)]*)\)"
    content, changed = re.subn(pattern, fixed, content)
    if changed != 2:
        raise PdfError("the print names its date otherwise than expected; look at its Info.")
    return content


def page_numbers(content: bytes, chapters: list[Chapter]) -> dict[str, str]:
    """Return the page on which each chapter begins."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content))
    places = {name.lstrip("/"): place for name, place in reader.named_destinations.items()}
    missing = [chapter.title for chapter in chapters if chapter.anchor not in places]
    if missing:
        raise PdfError(f"the print has no page for: {', '.join(missing)}.")
    return {
        chapter.anchor: str(reader.get_destination_page_number(places[chapter.anchor]) + 1)
        for chapter in chapters
    }


def offer(site: Path, path: Path) -> None:
    """Put the PDF on a built site, with a link where its front pages keep a place for one.

    A site that is built without a PDF shows no link to one.

    Parameters
    ----------
    site : Path
        Folder of the built site.
    path : Path
        The PDF.

    Raises
    ------
    PdfError
        If a front page keeps no place for the link.
    """
    size = f"{path.stat().st_size / 1e6:.0f} MB"
    link = f'<a href="../{path.name}" type="application/pdf">The whole book as a PDF</a> ({size}).'
    made = {}
    for name in OFFERED_ON:
        text = (site / name).read_text(encoding="utf-8")
        made[name], found = re.subn(
            r'<p class="pdf-offer"[^>]*>.*?</p>', f'<p class="pdf-offer">{link}</p>', text
        )
        if found != 1:
            raise PdfError(f'{name} keeps no place for the PDF: <p class="pdf-offer" hidden></p>.')
    shutil.copyfile(path, site / path.name)
    for name, text in made.items():
        (site / name).write_text(text, encoding="utf-8")
