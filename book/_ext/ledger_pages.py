"""What the ledger needs inside pages: number roles, the ledger's tables, links to site files."""

from __future__ import annotations

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from equalcities.ledger import anchor, read_results
from equalcities.site.render import SITE_SCHEME, cite_link, class_badge, site_link

MARKS = {"observed": "", "compiled": "c", "simulated": "sim"}


def published(env):
    """Read the accepted results once a build, and remember when they change."""
    root = Path(env.app.srcdir)
    if not hasattr(env.app, "equalcities_ledger"):
        env.app.equalcities_ledger = read_results(root)
    for path in sorted((root / "results").glob("*.json")):
        env.note_dependency(str(path))
    return env.app.equalcities_ledger


class NumberRole(SphinxRole):
    """`` {num}`key` `` prints a published value, linked to its entry in the ledger.

    `` {numci}`key` `` adds the interval in brackets.
    """

    def run(self):
        key = self.text.strip()
        entry = published(self.env).numbers.get(key)
        if entry is None:
            message = self.inliner.reporter.error(
                f"The ledger has no number '{key}'. Publish it in a notebook and run "
                "'make results', or correct the key.",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        text = entry.text
        if self.name == "numci" and entry.interval:
            text = f"{text} ({entry.interval_text})"
        link = site_link("", f"book/ledger.html#{anchor(key, 'num')}", classes=("ledger-link",))
        link["reftitle"] = explanation(entry)
        link += nodes.inline(text, text, classes=["num", f"class-{entry.evidence_class}"])
        mark = MARKS[entry.evidence_class]
        return [link] + (
            [nodes.superscript(mark, mark, classes=["class-mark"])] if mark else []
        ), []


def explanation(entry):
    """Say in one line what stands behind a number."""
    parts = [f"{entry.about}: {entry.text} {entry.unit}", entry.interval_text]
    parts += [f"evidence class: {entry.evidence_class}", "data: " + ", ".join(entry.data)]
    parts += [f"simulated by {entry.simulation}"] if entry.simulation else []
    return "; ".join(part for part in parts if part and part != "data: ")


class LedgerTable(SphinxDirective):
    """List the numbers, figures or withdrawn keys of one notebook as a table with addresses."""

    required_arguments = 2
    has_content = False

    def run(self):
        kind, notebook = self.arguments
        entries = getattr(published(self.env), kind)
        rows = [entry for entry in entries.values() if entry.notebook == notebook]
        maker = {"numbers": self.number_row, "figures": self.figure_row}[kind]
        heads = {
            "numbers": ("Number and key", "Value", "Class and data"),
            "figures": ("Figure and key", "Files", "Class and data"),
        }[kind]
        return [table(heads, [maker(entry) for entry in rows], classes=["ledger"])]

    def number_row(self, entry):
        target = anchor(entry.key, "num")
        value = [
            nodes.paragraph("", "", nodes.strong("", entry.text), nodes.Text(f" {entry.unit}"))
        ]
        if entry.interval:
            value.append(nodes.paragraph("", entry.interval_text))
        about = nodes.paragraph("", entry.about)
        return row([[about, key_line(entry, "num")], value, source_lines(entry)], target)

    def figure_row(self, entry):
        page = f"notebooks/{entry.notebook}.html#{anchor(entry.key, 'fig')}"
        caption = nodes.paragraph("", "", site_link(entry.caption, page))
        files = nodes.paragraph()
        for ending in ("csv", "svg", "png"):
            files += [site_link(ending.upper(), f"figures/{entry.key}.{ending}"), nodes.Text(" ")]
        cells = [[caption, key_line(entry, "fig")], [files], source_lines(entry)]
        return row(cells, anchor(entry.key, "ledger-fig"))


def key_line(entry, kind):
    """Return an entry's key and the way to its references as a line of its own."""
    line = nodes.paragraph("", "", nodes.literal(entry.key, entry.key), classes=["key"])
    line += cite_link(kind, entry.key)
    return line


def source_lines(entry):
    """Return an entry's evidence class and its datasets, a line each."""
    badge = nodes.paragraph("", "", class_badge(entry.evidence_class))
    return [badge, nodes.paragraph("", "", *data_links(entry))]


class ChapterSources(SphinxDirective):
    """Close a chapter: which data it stands on, and where all its numbers are."""

    required_arguments = 1
    has_content = False

    def run(self):
        notebook = self.arguments[0]
        ledger = published(self.env)
        mine = [e for e in [*ledger.numbers.values(), *ledger.figures.values()]]
        mine = [entry for entry in mine if entry.notebook == notebook]
        if not mine:
            raise self.error(
                f"The ledger has nothing of '{notebook}'. Run 'make results', or correct the name."
            )
        line = nodes.paragraph(classes=["chapter-sources"])
        line += nodes.Text("Every number and figure of this chapter, with its key, stands in the ")
        line += site_link("ledger", f"book/ledger.html#ledger-{notebook.replace('_', '-')}")
        for place, dataset in enumerate(sorted({d for entry in mine for d in entry.data})):
            line += nodes.Text(", " if place else ". Data: ")
            line += site_link(dataset, f"book/data/{dataset}.html")
        line += nodes.Text(".")
        return [line]


def data_links(entry):
    """Link an entry's datasets, or say what simulated its inputs."""
    made = []
    for dataset in entry.data:
        made += [nodes.Text(", ")] if made else []
        made.append(site_link(dataset, f"book/data/{dataset}.html"))
    if entry.simulation:
        made.append(nodes.Text(("; " if made else "") + entry.simulation))
    return made


def row(cells, target):
    """Return a table row with an address of its own."""
    made = nodes.row("", ids=[target])
    for content in cells:
        made += nodes.entry("", *content)
    return made


def table(heads, rows, classes):
    """Return a plain table with a head row."""
    made = nodes.table(classes=classes)
    group = nodes.tgroup(cols=len(heads))
    made += group
    group += [nodes.colspec(colwidth=1) for _ in heads]
    head = nodes.row()
    head += [nodes.entry("", nodes.paragraph(text, text)) for text in heads]
    group += nodes.thead("", head)
    group += nodes.tbody("", *rows)
    return made


def finish_links(app, doctree, docname):
    """Make links to files of the site relative to the page, or to the one page there is."""
    single = app.builder.name == "singlehtml"
    up = "../" * (app.config.root_doc if single else docname).count("/")
    for reference in doctree.findall(nodes.reference):
        uri = reference.get("refuri", "")
        if not uri.startswith(SITE_SCHEME):
            continue
        path, _, fragment = uri.removeprefix(SITE_SCHEME).partition("#")
        page = path.removesuffix(".html")
        if single and page != path:
            reference["refuri"] = f"#{fragment or f'document-{page}'}"
        else:
            reference["refuri"] = up + path + (f"#{fragment}" if fragment else "")


def copy_figures(app, exception):
    """Put the figures' files where their stable addresses say."""
    source = Path(app.srcdir) / "_build" / "figures"
    if exception or app.builder.format != "html" or not source.is_dir():
        return
    shutil.copytree(source, Path(app.outdir) / "figures", dirs_exist_ok=True)


def setup(app):
    app.add_role("num", NumberRole())
    app.add_role("numci", NumberRole())
    app.add_directive("ledger-table", LedgerTable)
    app.add_directive("chapter-sources", ChapterSources)
    app.connect("doctree-resolved", finish_links)
    app.connect("build-finished", copy_figures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
