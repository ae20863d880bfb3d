"""Makes everything citable: "Cite" on pages, tags in their heads, the pages of references.

What is said stands in book/metadata.yml and the ledger; equalcities.citation writes it.
"""

import hashlib
import html
import json
import re
from pathlib import Path

from docutils import nodes

from equalcities import __version__, catalog
from equalcities.citation import deposits, pages, webmeta
from equalcities.citation.reference import HOME, cite_place, references, table_names
from equalcities.citation.source import read_book
from equalcities.citation.titles import all_titles
from equalcities.ledger import read_results

TABLE = re.compile(r'<table (class="[^"]*")><caption>(.*?)</caption>')
END = "</table>"
TABLE_CITE = '<p class="table-cite cite-link"><a href="{}">Cite this table</a></p>'
CITE_NAMES = {"book": "Cite the book", "chapter": "Cite this chapter", "data": "Cite this data set"}


def read_sources(app, config):
    """Read what is known about the book, and have all pages written anew if it changed."""
    root = Path(app.srcdir)
    app.equalcities_book = read_book(root, __version__)
    config.equalcities_cited = hashlib.sha256(repr(app.equalcities_book).encode()).hexdigest()


def collect(app):
    """List what can be cited, once the pages made from data are there."""
    root = Path(app.srcdir)
    records = {name: catalog.read_record(name, root) for name in catalog.datasets(root)}
    titles = {page: title for page, title in all_titles(root).items() if page in app.env.found_docs}
    app.equalcities_records = records
    app.equalcities_references = references(
        app.equalcities_book,
        read_results(root),
        records.values(),
        titles,
        tables_of(app.env),
    )


def tables_of(env):
    """Return which pages hold which tables, by name, with their captions."""
    if not hasattr(env, "equalcities_tables"):
        env.equalcities_tables = {}
    return env.equalcities_tables


def name_tables(app, doctree):
    """Give a page's tables with captions an address each, and "Cite" below them."""
    page = app.env.docname
    raw = [node for node in doctree.findall(nodes.raw) if TABLE.search(node.astext())]
    captions = [html.unescape(found[1]) for n in raw for found in TABLE.findall(n.astext())]
    if not captions:
        return
    named = table_names(captions)
    tables_of(app.env)[page] = named
    waiting = iter(named)
    up = "../" * page.count("/")
    for node in raw:
        before, *rest = re.split(r"(?=<table )", node.astext())
        text = before
        for part in rest:
            if TABLE.match(part):
                name = next(waiting)
                place = cite_place("table", f"{page.removeprefix('notebooks/')}/{name}")
                part = TABLE.sub(
                    rf'<table \1 id="table-{name}"><caption>\2</caption>', part, count=1
                )
                part = part.replace(END, END + TABLE_CITE.format(f"{up}{place}.html"), 1)
            text += part
        node[:] = [nodes.Text(text)]


def forget_tables(app, env, page):
    tables_of(env).pop(page, None)


def merge_tables(app, env, pages, other):
    tables_of(env).update({p: t for p, t in tables_of(other).items() if p in pages})


def is_cited_edition(app):
    """Say whether this run makes the pages that are cited: not the one page, no translation."""
    return app.builder.name == "html" and app.config.language == app.equalcities_book.languages[0]


def place_of(app, page):
    """Return where the references to a page are, or an empty text."""
    data = f"cite/data/{page.removeprefix('book/data/')}"
    for place in ("cite/book" if page == HOME else data, f"cite/page/{page}"):
        if place in app.equalcities_references:
            return place
    return ""


def describe(app, page, templatename, context, doctree):
    """Put the tags into a page's head, and "Cite" below its text."""
    if not is_cited_edition(app) or doctree is None:
        return
    if not hasattr(app, "equalcities_references"):
        collect(app)
    place = place_of(app, page)
    if not place:
        return
    reference = app.equalcities_references[place]
    record = app.equalcities_records.get(reference.key) if reference.kind == "data" else None
    book = app.equalcities_book
    description = book.description if reference.kind == "book" else first_words(doctree)
    tags = webmeta.head_tags(reference, description or reference.title, record)
    context["metatags"] = f"{context.get('metatags', '')}\n{tags}"
    up = "../" * page.count("/")
    name = CITE_NAMES.get(reference.kind, "Cite this page")
    context["body"] += (
        f'<p class="page-cite"><a href="{up}{place}.html">{name}</a> · {book.edition}</p>'
    )


def first_words(doctree):
    """Return a page's first whole sentences, up to a length that previews show."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            text = " ".join(paragraph.astext().split())
            if len(text) > webmeta.LONGEST_DESCRIPTION:
                text = text[: webmeta.LONGEST_DESCRIPTION]
                whole = re.match(r".*[.!?](?=\s)", text)
                text = whole[0] if whole else text.rpartition(" ")[0] + " …"
            return text
    return ""


def leave_out_of_print(app, doctree, docname):
    """Take "Cite" out of the single page: it leads to files that a printed book hasn't."""
    if app.builder.name == "singlehtml":
        for node in list(doctree.findall(nodes.inline)):
            if "cite-link" in node["classes"]:
                node.parent.remove(node)
        for node in doctree.findall(nodes.raw):
            if TABLE_CITE[:20] in node.astext():
                node[:] = [nodes.Text(re.sub(TABLE_CITE.format(".*?"), "", node.astext()))]


def write_files(app, exception):
    """Write the pages of references, the records for archives and the site map."""
    if exception or not is_cited_edition(app):
        return
    site = Path(app.outdir)
    book = app.equalcities_book
    collect(app)
    pages.write_reference_pages(app.equalcities_references, site)
    tables = json.dumps(tables_of(app.env), ensure_ascii=False, indent=1, sort_keys=True)
    catalog.write_whole(site / pages.TABLE_LIST, f"{tables}\n".encode())
    for name, write in deposits.SITE_RECORDS.items():
        catalog.write_whole(site / name, write(book).encode())
    found = webmeta.sitemap(book, [app.builder.get_target_uri(page) for page in app.env.found_docs])
    path = site / "sitemap.xml"
    if found:
        catalog.write_whole(path, found.encode())
    else:
        path.unlink(missing_ok=True)


def setup(app):
    app.add_config_value("equalcities_cited", "", "html")
    app.connect("config-inited", read_sources)
    app.connect("doctree-read", name_tables)
    app.connect("env-purge-doc", forget_tables)
    app.connect("env-merge-info", merge_tables)
    app.connect("html-page-context", describe)
    # Before the links of the site are made relative.
    app.connect("doctree-resolved", leave_out_of_print, priority=400)
    app.connect("build-finished", write_files)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
