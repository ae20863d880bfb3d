"""The first use of a glossary term on each page leads to its entry, and nothing else does."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes
from sphinx.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "book" / "_ext"))

import glossary_links as glossary  # noqa: E402

TERMS = {
    "dissimilarity": "dissimilarity index",
    "index of dissimilarity": "dissimilarity index",
    "two-step floating catchment": "two-step",
    "enhanced two-step floating catchment": "E2SFCA",
    "GRADE": "GRADE",
    "Cohen's kappa": "kappa",
}


def page(*parts):
    document = new_document("page")
    document += nodes.section("", nodes.title("", "Dissimilarity in the heading"), *parts)
    return document


def linked(document):
    glossary.link_first_uses(document, "page", glossary.Finder(TERMS))
    return [(link.astext(), link["reftarget"]) for link in document.findall(addnodes.pending_xref)]


def paragraph(*texts):
    return nodes.paragraph("", "", *(nodes.Text(text) for text in texts))


def test_only_the_first_use_is_linked_and_the_text_stays():
    first = paragraph("Dissimilarity is high; ", "the index of dissimilarity is not.")
    second = paragraph("And dissimilarity again.")
    document = page(first, second)
    before = document.astext()
    assert linked(document) == [("Dissimilarity", "dissimilarity index")]
    assert document.astext() == before


def test_the_longest_form_wins_and_takes_its_words_with_it():
    document = page(
        paragraph("the enhanced two-step floating catchment, and the index of dissimilarity")
    )
    assert linked(document) == [
        ("enhanced two-step floating catchment", "E2SFCA"),
        ("index of dissimilarity", "dissimilarity index"),
    ]


def test_a_form_is_found_across_lines_and_with_a_curly_apostrophe():
    document = page(paragraph("the index of", "\n", "dissimilarity and Cohen’s", "\n", "kappa"))
    assert linked(document) == [
        ("index of\ndissimilarity", "dissimilarity index"),
        ("Cohen’s\nkappa", "kappa"),
    ]


def test_equal_pieces_of_text_are_told_apart():
    words = [nodes.Text(" of "), nodes.emphasis("", "one"), nodes.Text(" of ")]
    words += [nodes.Text("dissimilarity"), nodes.emphasis("", "two"), nodes.Text("dissimilarity")]
    document = page(nodes.paragraph("", "", *words))
    assert linked(document) == [("dissimilarity", "dissimilarity index")]
    assert document.astext().endswith(" of one of dissimilaritytwodissimilarity")


@pytest.mark.parametrize(
    "text", ["upgrade", "a dissimilarity-like thing", "grade", "cohen's kappa", "non-dissimilarity"]
)
def test_whole_words_and_capitals_are_kept(text):
    assert linked(page(paragraph(text))) == []


@pytest.mark.parametrize(
    "silent",
    [
        nodes.literal("", "dissimilarity"),
        nodes.literal_block("", "dissimilarity"),
        nodes.reference("", "dissimilarity", refuri="x"),
        nodes.figure("", nodes.caption("", "dissimilarity")),
        nodes.figure("", nodes.legend("", paragraph("dissimilarity"))),
        nodes.table("", nodes.title("", "dissimilarity")),
        nodes.container("", paragraph("dissimilarity"), nb_element="mime_bundle"),
    ],
    ids=lambda node: type(node).__name__,
)
def test_captions_code_tables_links_and_outputs_are_left_alone(silent):
    document = page(nodes.container("", silent), paragraph("then dissimilarity"))
    assert linked(document) == [("dissimilarity", "dissimilarity index")]
    assert not list(silent.findall(addnodes.pending_xref))


def test_on_the_single_page_a_link_stays_on_it():
    def link(classes):
        shown = nodes.inline("", "dissimilarity", classes=classes)
        return nodes.reference("", "", shown, refuri="#document-book/glossary#term-x")

    for builder, uri in (("singlehtml", "#term-x"), ("html", "#document-book/glossary#term-x")):
        ours, other = link(["glossary-term"]), link([])
        app = SimpleNamespace(builder=SimpleNamespace(name=builder))
        glossary.stay_on_the_page(app, page(nodes.paragraph("", "", ours, other)), "page")
        assert ours["refuri"] == uri
        assert other["refuri"] == "#document-book/glossary#term-x"


def test_a_form_leads_to_one_term_only(tmp_path):
    path = tmp_path / "forms.yml"
    path.write_text("one: [word]\ntwo: [word]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'word' leads to 'one' and to 'two'"):
        glossary.read_forms(path)


def test_forms_and_glossary_name_the_same_terms(root):
    text = (root / "book" / "glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"^```\{glossary\}\n(.*?)^```", text, flags=re.M | re.S)
    terms = [line for entry in entries for line in entry.splitlines() if re.match(r"\S", line)]
    forms = yaml.safe_load((root / glossary.FORMS).read_text(encoding="utf-8"))
    assert len(terms) == len(set(terms)) > 40
    assert sorted(terms) == sorted(forms)
    assert set(glossary.read_forms(root / glossary.FORMS).values()) == set(terms)


def articles(site):
    for path in sorted([*site.glob("notebooks/*.html"), *site.glob("book/guidance/*.html")]):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
        yield path.relative_to(site).as_posix(), soup.select_one("article")


def test_built_pages_link_each_term_once_and_to_an_entry_that_is_there(site):
    entries = BeautifulSoup((site / "book" / "glossary.html").read_text(encoding="utf-8"), "lxml")
    seen = 0
    for name, article in articles(site):
        links = [mark.find_parent("a")["href"] for mark in article.select(".glossary-term")]
        assert len(links) == len(set(links)), name
        for link in links:
            target = entries.find(id=link.partition("#")[2])
            assert target is not None and target.name == "dt", f"{name}: {link}"
        seen += len(links)
    assert seen > 40


def test_no_heading_caption_table_or_code_of_a_built_page_is_linked(site):
    for name, article in articles(site):
        for kind in ("h1", "h2", "h3", "figcaption", "table", "pre", "code", ".cell_output"):
            assert not article.select(f"{kind} .glossary-term"), (name, kind)


def test_one_chapter_links_what_its_text_uses_first(site):
    page = dict(articles(site))["notebooks/how_segregated.html"]
    words = [mark.get_text() for mark in page.select(".glossary-term")]
    assert {"evenness", "isolation", "dissimilarity", "rank correlation"} <= set(words)
