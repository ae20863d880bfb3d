"""Two editions of some pages: links between them, and what French needs on its own.

In the French run, numbers come from the same ledger through the same keys in French form, links to
pages that aren't translated lead to the English ones, and spaces before punctuation don't break.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from ledger_pages import NumberRole, published

from equalcities.build import translation
from equalcities.errors import LedgerError
from equalcities.site import french
from equalcities.site.render import SITE_SCHEME

UP = "../"  # from the French site to the English one around it
SPACES = (
    (re.compile(r" (?=[;!?»%])"), french.NARROW),
    (re.compile(r" (?=:)"), "\u00a0"),
    (re.compile(r"(?<=«) "), french.NARROW),
)
NOTICE = (
    '<p class="other-language">Ceci est la traduction de la '
    '<a href="{page}" hreflang="en">page anglaise</a>, qui fait foi.</p>'
)
LINK = (
    '<p class="other-language">'
    '<a href="{page}" lang="fr" hreflang="fr">Cette page en français</a></p>'
)


class FrenchNumberRole(NumberRole):
    """`` {num}`key` `` with the value, and its interval, in French form."""

    def run(self):
        made, messages = super().run()
        entry = published(self.env).numbers.get(self.text.strip())
        if entry is None:
            return made, messages
        words = french.read_words(Path(self.env.app.srcdir))
        self.env.note_dependency(str(Path(self.env.app.srcdir) / french.VALUES))
        try:
            value = french.french_value(entry, words)
            interval = french.french_interval(entry, words) if self.name == "numci" else ""
        except LedgerError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        for node in made:
            translate_number(node, f"{value} ({interval})" if interval else value, entry)
        return made, messages


def translate_number(node, text, entry):
    """Put the French text and explanation into a number that was made in English."""
    for shown in node.findall(nodes.inline):
        if "num" in shown["classes"]:
            shown.children[:] = []
            shown += nodes.Text(text)
            node["reftitle"] = (
                f"Valeur publiée\u00a0: {text}. Classe de preuve\u00a0: "
                f"{french.CLASSES[entry.evidence_class]}. L'entrée du registre est en anglais."
            )


def english_title(root, page):
    """Return the first heading of an English page, or of the file that it shows."""
    path = root / f"{page}.md"
    text = path.read_text(encoding="utf-8")
    shown = re.match(r"```\{include\} (\S+)", text)
    if shown:
        text = (path.parent / shown.group(1)).read_text(encoding="utf-8")
    return re.search(r"^# (.+)$", text, flags=re.M).group(1).strip()


def link_to_english(app, env, node, contnode):
    """Lead a link to a page that isn't translated to the English one."""
    if node.get("reftype") != "doc" or not app.config.translated_pages_only:
        return None
    if app.builder.name == "gettext":  # a clean clone has no generated pages yet
        return contnode
    page = node["reftarget"].lstrip("/")
    if not node["reftarget"].startswith("/"):
        page = (Path(node["refdoc"]).parent / page).as_posix()
    if not (Path(app.srcdir) / f"{page}.md").is_file():
        return None
    uri = up_from(node["refdoc"]) + UP + page + ".html"
    link = nodes.reference("", "", refuri=uri, internal=True, reftitle="en anglais")
    if node["refexplicit"]:
        link += contnode
    else:
        link += nodes.Text(english_title(Path(app.srcdir), page))
    return link


def up_from(docname):
    """Return the way from a page to the root of its site."""
    return UP * docname.count("/")


def set_spaces(app, doctree):
    """Keep French punctuation with its word. Before titles are collected."""
    if app.config.language != translation.LANGUAGE:
        return
    for text in list(doctree.findall(nodes.Text)):
        if isinstance(text.parent, nodes.literal | nodes.literal_block | nodes.raw):
            continue
        kept = text.astext()
        for pattern, space in SPACES:
            kept = pattern.sub(space, kept)
        if kept != text.astext():
            place = next(i for i, child in enumerate(text.parent.children) if child is text)
            text.parent[place] = nodes.Text(kept)


def join_editions(app, doctree, docname):
    """Link a page with its other edition, and the French site with the English one around it."""
    if app.builder.name != "html" or docname not in translation.pages(Path(app.srcdir)):
        return
    if app.config.language == translation.LANGUAGE:
        for link in doctree.findall(nodes.reference):
            uri = link.get("refuri", "")
            if uri.startswith(SITE_SCHEME):
                link["refuri"] = up_from(docname) + UP + uri.removeprefix(SITE_SCHEME)
        page, form = f"{up_from(docname)}{UP}{docname}.html", NOTICE
    else:
        page, form = f"{up_from(docname)}{translation.LANGUAGE}/{docname}.html", LINK
    title = next(doctree.findall(nodes.title))
    place = title.parent.index(title) + 1
    title.parent.insert(place, nodes.raw("", form.format(page=page), format="html"))


def name_language(app, exception):
    """Give the French front door its language."""
    if exception is None and app.config.language == translation.LANGUAGE:
        path = Path(app.outdir) / "index.html"
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace('<html lang="en">', '<html lang="fr">')
            path.write_text(text, encoding="utf-8")


def use_french_numbers(app, config):
    """Take the French roles in the place of the English ones."""
    if config.language == translation.LANGUAGE:
        app.add_role("num", FrenchNumberRole(), override=True)
        app.add_role("numci", FrenchNumberRole(), override=True)


def leave_out_substitutions(app, config):
    """Keep what is put into a page out of its messages: it changes by itself, as a version does."""
    if config.translated_pages_only and config.language != translation.LANGUAGE:
        config.myst_substitutions = dict.fromkeys(config.myst_substitutions, "0")


def setup(app):
    app.setup_extension("ledger_pages")
    app.add_config_value("translated_pages_only", False, "env")
    app.connect("config-inited", use_french_numbers)
    # After bookmeta has set them, before the Markdown parser reads them.
    app.connect("config-inited", leave_out_substitutions, priority=200)
    app.connect("doctree-read", set_spaces, priority=100)
    # Before finish_links of ledger_pages, which would make them links within one site.
    app.connect("doctree-resolved", join_editions, priority=400)
    app.connect("missing-reference", link_to_english)
    app.connect("build-finished", name_language, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
