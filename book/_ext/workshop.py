"""The workshop kit inside pages: agenda, sheets, and links to the files made from the same data."""

from __future__ import annotations

import html
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from ledger_pages import NumberRole, published, table
from sphinx.util.docutils import SphinxDirective, SphinxRole

from equalcities import __version__
from equalcities.build import translation
from equalcities.ledger import anchor, read_results
from equalcities.site import workshop
from equalcities.site.render import class_badge, site_link


def kit(env):
    """Read the kit once a build, and remember when it changes."""
    root = Path(env.app.srcdir)
    env.note_dependency(str(root / workshop.KIT))
    if not hasattr(env.app, "equalcities_kit"):
        env.app.equalcities_kit = workshop.read_kit(root, published(env))
    return env.app.equalcities_kit


class ClassNumberRole(NumberRole):
    """`` {numclass}`key` `` prints a number with its evidence class in words."""

    def run(self):
        made, messages = super().run()
        entry = published(self.env).numbers.get(self.text.strip())
        if entry is not None:
            made = [*made, nodes.Text(" "), class_badge(entry.evidence_class)]
        return made, messages


class ClassIntervalRole(ClassNumberRole):
    """`` {numciclass}`key` `` adds the interval."""

    def run(self):
        self.name = "numci"
        return super().run()


class SiteFileRole(SphinxRole):
    """`` {sitefile}`words <path>` `` links a file below the site's root that the build makes."""

    def run(self):
        words, _, path = self.text.rpartition(" <")
        return [site_link(words, path.rstrip(">"))], []


class Agenda(SphinxDirective):
    """The agenda as a table with clock times."""

    def run(self):
        rows = []
        for item in kit(self.env).agenda:
            cells = [f"{item.begins}–{item.ends}", item.what, item.how]
            row = nodes.row()
            row += [nodes.entry("", nodes.paragraph(text, text)) for text in cells]
            rows.append(row)
        return [table(("Time", "What", "How"), rows, classes=["agenda"])]


class WorkshopSheet(SphinxDirective):
    """One part of the book on one page."""

    required_arguments = 1

    def run(self):
        ledger = published(self.env)
        chosen = [s for s in kit(self.env).sheets if s.id == self.arguments[0]]
        if not chosen:
            raise self.error(f"The kit has no sheet '{self.arguments[0]}'.")
        sheet = chosen[0]
        figure = ledger.figures[sheet.figure]
        up = "../" * self.env.docname.count("/")
        picture = (
            f'<img class="workshop-figure" src="{up}figures/{figure.key}.svg" '
            f'alt="{html.escape(figure.alt)}">'
        )
        made = nodes.container(classes=["workshop-sheet"])
        lines = [f"**{sheet.question}**", ""]
        for text in sheet.messages:
            lines.append("- " + workshop.QUOTE.sub(r"{\1class}`\2`", text))
        self.parse(lines, made)
        made += nodes.raw("", picture, format="html")
        caption = nodes.paragraph(classes=["fig-provenance"])
        page = f"notebooks/{figure.notebook}.html#{anchor(figure.key, 'fig')}"
        caption += [site_link(figure.caption, page), nodes.Text(" ")]
        caption += class_badge(figure.evidence_class)
        made += caption
        chapters = ", ".join(f"{{doc}}`/notebooks/{name}`" for name in sheet.chapters)
        note = [f"*{workshop.SIMULATED_NOTE}*", ""] if workshop.has_simulated(sheet, ledger) else []
        lines = [*note, f"**Not known:** {sheet.unknown}", "", "**To talk about**", ""]
        lines += [f"- {question}" for question in sheet.discuss]
        self.parse([*lines, "", f"Read on: {chapters}."], made)
        origin = f"Cities of Equality, version {__version__}, CC BY 4.0."
        made += nodes.paragraph("", origin, classes=["fig-provenance"])
        return [made]

    def parse(self, lines, node):
        self.state.nested_parse(StringList(lines, source=str(workshop.KIT)), 0, node)


class CaseStudy(SphinxDirective):
    """The fields of the case-study template."""

    def run(self):
        rows = []
        for name, ask in kit(self.env).case_fields:
            row = nodes.row()
            row += [nodes.entry("", nodes.paragraph(text, text)) for text in (name, ask)]
            rows.append(row)
        return [table(("Field", "What to write"), rows, classes=["case-study"])]


def write_kit(app, exception):
    """Write the kit's files beside its pages."""
    english = app.config.language != translation.LANGUAGE  # so are the files
    if exception is None and app.builder.name == "html" and english:
        folder = Path(app.outdir) / workshop.FOLDER
        root = Path(app.srcdir)
        workshop.write_files(root, folder, read_results(root))


def setup(app):
    app.add_role("numclass", ClassNumberRole())
    app.add_role("numciclass", ClassIntervalRole())
    app.add_role("sitefile", SiteFileRole())
    app.add_directive("workshop-agenda", Agenda)
    app.add_directive("workshop-sheet", WorkshopSheet)
    app.add_directive("workshop-case-study", CaseStudy)
    app.connect("build-finished", write_kit)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
