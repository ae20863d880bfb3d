"""Link the first use of a glossary term on each page to its entry.

Which words lead to which term stands in ``book/glossary_forms.yml``. Links are set while a page is
read, so that they are resolved, checked and cached like any other. Headings, captions, tables,
code and text that is a link already are left alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ConfigError

FORMS = "book/glossary_forms.yml"
GLOSSARY = "book/glossary"
PAGES = re.compile(
    r"notebooks/\w+|book/guidance/\w+|book/(?:intro|how_to_\w+|limits|contribute_\w+)"
)
LEFT_ALONE = (
    nodes.title, nodes.subtitle, nodes.rubric, nodes.caption, nodes.legend, nodes.figure,
    nodes.table, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block,
    nodes.footnote, nodes.citation, nodes.raw, nodes.comment, nodes.topic, nodes.problematic,
    nodes.term, addnodes.pending_xref, addnodes.download_reference, addnodes.glossary,
)  # fmt: skip
# An output of a notebook: what it shows is chosen later, and isn't running text.
OUTPUT = {"mime_bundle", "output"}


def read_forms(path):
    """Return term by form, as ``book/glossary_forms.yml`` has them.

    Raises
    ------
    ConfigError
        If a form leads to two terms.
    """
    terms = {}
    for term, forms in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        for form in forms:
            if terms.setdefault(form, term) != term:
                raise ConfigError(f"{FORMS}: '{form}' leads to '{terms[form]}' and to '{term}'.")
    return terms


class Finder:
    """Finds forms in text: whole words, the longest first, across line breaks."""

    def __init__(self, terms):
        self.terms = {self.key(form): term for form, term in terms.items()}
        longest = sorted(terms, key=lambda form: (-len(form), form))
        self.pattern = re.compile(
            rf"(?<![\w-])(?:{'|'.join(self.expression(form) for form in longest)})(?![\w-])"
        )

    @staticmethod
    def expression(form):
        """Match a form with any space, either apostrophe, and its capitals if it has any."""
        words = [re.escape(word).replace("'", "['’]") for word in form.split()]
        text = r"\s+".join(words)
        return text if form != form.lower() else f"(?i:{text})"

    @staticmethod
    def key(text):
        """Return what a form and its appearances on a page have in common."""
        return " ".join(text.split()).replace("’", "'").lower()

    def term(self, found):
        """Return the term that a piece of text leads to."""
        return self.terms[self.key(found)]


def finder(app):
    """Read the forms once a build."""
    if not hasattr(app, "equalcities_glossary"):
        app.equalcities_glossary = Finder(read_forms(Path(app.srcdir) / FORMS))
    return app.equalcities_glossary


def running_text(doctree):
    """Return the pieces of running text of a page, in their order."""
    join_lines(doctree)
    return [
        text
        for text in doctree.findall(nodes.Text)
        if not any(is_left_alone(parent) for parent in ancestors(text))
    ]


def join_lines(doctree):
    """Make one piece of the lines of a paragraph: the Markdown parser keeps each by itself."""
    for parent in list(doctree.findall(nodes.TextElement)):
        joined = []
        for child in parent.children:
            if joined and isinstance(child, nodes.Text) and isinstance(joined[-1], nodes.Text):
                joined[-1] = nodes.Text(joined[-1] + child)
            else:
                joined.append(child)
        if len(joined) < len(parent.children):
            parent.clear()
            parent.extend(joined)


def ancestors(node):
    """Yield the elements around a node, from the inside out."""
    while node.parent is not None:
        node = node.parent
        yield node


def is_left_alone(node):
    """Say whether nothing is linked inside an element."""
    return isinstance(node, LEFT_ALONE) or node.get("nb_element") in OUTPUT


def link_first_uses(doctree, docname, find):
    """Replace the first use of each term by a cross-reference to it."""
    seen = set()
    for text in running_text(doctree):
        pieces, done = [], 0
        for match in find.pattern.finditer(text.astext()):
            term = find.term(match.group())
            if term in seen:
                continue
            seen.add(term)
            pieces += [nodes.Text(text[done : match.start()]), reference(match, term, docname)]
            done = match.end()
        if pieces:
            # Not parent.replace(): equal pieces of text count as the same there.
            place = next(i for i, child in enumerate(text.parent.children) if child is text)
            text.parent[place : place + 1] = [*pieces, nodes.Text(text[done:])]


def reference(match, term, docname):
    """Return a cross-reference to a glossary entry, resolved with all others."""
    shown = nodes.inline(match.group(), match.group(), classes=["glossary-term"])
    return addnodes.pending_xref(
        "", shown, refdomain="std", reftype="term", reftarget=term, refexplicit=True,
        refwarn=True, refdoc=docname,
    )  # fmt: skip


def add_links(app, doctree):
    """Set the links of a page that has just been read."""
    docname = app.env.docname
    if GLOSSARY in app.env.found_docs and PAGES.fullmatch(docname):
        app.env.note_dependency(str(Path(app.srcdir) / FORMS))
        link_first_uses(doctree, docname, finder(app))


def stay_on_the_page(app, doctree, docname):
    """Lead to an entry on the one page there is: the builder would name a file beside it."""
    if app.builder.name != "singlehtml":
        return
    for link in doctree.findall(nodes.reference):
        if any("glossary-term" in shown["classes"] for shown in link.findall(nodes.inline)):
            link["refuri"] = "#" + link["refuri"].rpartition("#")[2]


def setup(app):
    app.connect("doctree-read", add_links)
    app.connect("doctree-resolved", stay_on_the_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
