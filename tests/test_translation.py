"""The French edition stands for the English text as it is, with the ledger's numbers in French."""

import json
import re

import pytest
from babel.messages.catalog import Catalog
from bs4 import BeautifulSoup
from conftest import copy_checkout

from equalcities.build import translation
from equalcities.build.__main__ import run_strictly
from equalcities.errors import LedgerError
from equalcities.ledger import Number, read_results
from equalcities.site import french

OLD = "The share of {num}`a.b` areas rose in 2021."
NEW = "The share of {num}`a.b` areas fell in 2021."
FRENCH = "La part de {num}`a.b` quartiers a augmenté en 2021."


def catalogue(**messages):
    made = Catalog(locale="fr")
    for text, (translated, *flags) in messages.get("of", {}).items():
        made.add(text, translated, flags=flags)
    return made


# --- held against the English text -------------------------------------------------------------


@pytest.fixture(scope="module")
def messages(root):
    return translation.extract(root, run_strictly)


def test_every_message_of_the_translated_pages_is_translated_as_it_stands(root, messages):
    assert set(messages) == set(translation.pages(root)) >= {"book/intro", "book/how_to_read"}
    for page, texts in messages.items():
        assert texts
        assert translation.faults(texts, translation.read_catalogue(root, page)) == [], page


def test_the_catalogues_are_as_refreshing_would_write_them(root, messages):
    """So that refreshing shows real changes alone."""
    for page, texts in messages.items():
        merged = translation.merged(texts, translation.read_catalogue(root, page))
        text = (root / translation.CATALOGUES / f"{page}.po").read_text(encoding="utf-8")
        assert text == translation.written(merged), page


def test_a_changed_sentence_is_named_with_what_it_was():
    found = translation.faults([NEW], catalogue(of={OLD: (FRENCH,)}))
    assert found == [f"changed: “{NEW}”, which was “{OLD}”"]


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({}, "new, not translated: “The share"),
        ({OLD: ("",)}, "not translated: “The share"),
        ({OLD: (FRENCH, "fuzzy")}, "marked fuzzy, look again: “The share"),
        ({OLD: (FRENCH.replace("a.b", "a.c"),)}, "roles, code or links differ"),
        ({OLD: (FRENCH.replace("{num}", "{numci}"),)}, "roles, code or links differ"),
        ({OLD: (FRENCH.replace("{num}`a.b`", "72"),)}, "roles, code or links differ"),
        ({OLD: (FRENCH.replace("2021", "2022"),)}, "digits differ (2021, 2022)"),
    ],
)
def test_each_fault_of_a_translation_is_found(entry, fault):
    found = translation.faults([OLD], catalogue(of=entry))
    assert found and found[0].startswith(fault)


def test_a_sentence_taken_away_is_named():
    other = "Nothing like it stands here."
    found = translation.faults([OLD], catalogue(of={OLD: (FRENCH,), other: ("Rien.",)}))
    assert found == [f"no longer on the page: “{other}”"]


def test_links_may_change_their_text_and_not_their_target():
    text = "See {doc}`the ledger <ledger>`, [here](https://a.org) and `make`, {{ version }}."
    good = "Voir {doc}`le registre <ledger>`, [ici](https://a.org) et `make`, {{ version }}."
    assert translation.differences(text, good) == []
    for part in ("<ledger>", "a.org", "make", "{{ version }}"):
        assert translation.differences(text, good.replace(part, "x")), part


def test_a_row_of_links_needs_no_translation():
    assert not translation.has_words("{doc}`/notebooks/abi_map`, {num}`a.b` ({{ version }})")
    assert translation.has_words("{doc}`/notebooks/abi_map` and more")


def test_refreshing_keeps_marks_and_drops():
    kept, gone = "It stays.", "It is gone for good."
    old = catalogue(of={OLD: (FRENCH,), kept: ("Cela reste.",), gone: ("Parti.",)})
    new = translation.merged([NEW, kept, "Unheard of"], old)
    assert new.get(NEW).string == FRENCH and new.get(NEW).fuzzy
    assert list(new.get(NEW).previous_id) == [OLD]
    assert new.get(kept).string == "Cela reste." and not new.get(kept).fuzzy
    assert new.get("Unheard of").string == "" and new.get(gone) is None
    text = translation.written(new)
    assert text.startswith('msgid ""') and "Date" not in text
    assert "#, fuzzy" in text and f'#| msgid "{OLD}"' in text
    assert translation.faults([NEW, kept, "Unheard of"], new) == [
        f"marked fuzzy, look again: “{NEW}”", "not translated: “Unheard of”",
    ]  # fmt: skip


def test_the_build_fails_on_a_changed_sentence_and_names_it(tmp_path):
    clone = copy_checkout(tmp_path)
    page = clone / "book" / "how_to_read.md"
    text = page.read_text(encoding="utf-8")
    assert "is not zero. Missing" in text
    page.write_text(text.replace("is not zero. Missing", "is never zero. Missing"))
    with pytest.raises(
        translation.TranslationError,
        match=r"(?s)book/how_to_read: changed: “\*\*Not observed\*\* is never zero.*which was "
        r"“\*\*Not observed\*\* is not zero.*make translate",
    ):
        translation.check(clone, run_strictly)


# --- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("1,234.5", "1\u202f234,5"),
        ("12,345,678", "12\u202f345\u202f678"),
        ("−0.24", "−0,24"),
        ("+3.5%", "+3,5\u202f%"),
        ("2021", "2021"),
    ],
)
def test_numbers_in_french_form(english, expected):
    assert french.french_figures(english) == expected


def number(**changes):
    fields = {
        "key": "a.b", "value": 1234.5, "interval": (1000.25, 2000.5),
        "interval_label": "95% interval", "unit": "people", "fmt": ",.1f", "tol": 1e-6,
        "evidence_class": "observed", "data": ("d",), "simulation": "", "notebook": "n",
        "about": "people",
    }  # fmt: skip
    return Number(**fields | changes)


def test_intervals_and_words_in_french():
    words = french.Words({"95% interval": "intervalle à 95 %"}, {"a.c": {"en": "low", "fr": "bas"}})
    assert french.french_value(number(), words) == "1\u202f234,5"
    assert french.french_interval(number(), words) == (
        "intervalle à 95 % de 1\u202f000,2 à 2\u202f000,5"
    )
    assert french.french_interval(number(interval=None), words) == ""
    text = {"key": "a.c", "fmt": "", "interval": None}
    assert french.french_value(number(value="low", **text), words) == "bas"
    with pytest.raises(LedgerError, match=r"'high' of a\.c .* which was 'low'"):
        french.french_value(number(value="high", **text), words)
    with pytest.raises(LedgerError, match=r"'range', the label .* locale/fr/values\.yml"):
        french.french_interval(number(interval_label="range"), words)


def test_no_french_word_of_the_ledger_is_idle_or_stale(root):
    ledger, words = read_results(root), french.read_words(root)
    labels = {entry.interval_label for entry in ledger.numbers.values()}
    assert set(words.labels) <= labels
    for key, pair in words.texts.items():
        assert ledger.numbers[key].text == pair["en"], key


# --- the built pages ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def editions(root, site):
    def page(path):
        return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")

    return {
        name: (page(site / f"{name}.html"), page(site / "fr" / f"{name}.html"))
        for name in translation.pages(root)
    }


def test_each_edition_leads_to_the_other(site, editions):
    for name, (english, ours) in editions.items():
        assert ours.html["lang"] == "fr" and english.html["lang"] == "en"
        there = english.select_one(".other-language a[hreflang=fr]")
        back = ours.select_one(".other-language a[hreflang=en]")
        here = site / f"{name}.html"
        assert (here.parent / there["href"]).resolve() == site / "fr" / f"{name}.html"
        assert ((site / "fr" / f"{name}.html").parent / back["href"]).resolve() == here
        assert "qui fait foi" in back.parent.get_text()
    assert '<html lang="fr">' in (site / "fr" / "index.html").read_text(encoding="utf-8")


def test_every_number_is_the_ledger_s_in_french_and_leads_there(root, site, editions):
    ledger, words = read_results(root), french.read_words(root)
    ids = {f"num-{re.sub('[._]', '-', key)}": entry for key, entry in ledger.numbers.items()}
    seen = 0
    for name, (english, ours) in editions.items():
        pairs = [page.select("article a.ledger-link") for page in (english, ours)]
        keys = [sorted(link["href"].partition("#")[2] for link in links) for links in pairs]
        assert keys[0] == keys[1], name
        for link in pairs[1]:
            path, _, key = link["href"].partition("#")
            entry = ids[key]
            shown = french.french_value(entry, words)
            interval = french.french_interval(entry, words)
            assert link.get_text() in (shown, f"{shown} ({interval})"), key
            assert (site / "fr" / name).parent.joinpath(path).resolve() == site / "book/ledger.html"
            assert "Classe de preuve" in link["title"]
            seen += 1
    assert seen


def test_links_out_of_the_french_pages_lead_somewhere(site, editions):
    for name, (_, ours) in editions.items():
        for link in ours.select("article a[href]"):
            path, _, fragment = link["href"].partition("#")
            if not path or "://" in path:
                continue
            target = (site / "fr" / f"{name}.html").parent.joinpath(path).resolve()
            assert target.is_file(), f"{name}: {link['href']}"
            if fragment:
                assert f'id="{fragment}"' in target.read_text(encoding="utf-8"), link["href"]


def test_french_spaces_do_not_break(editions):
    for name, (_, ours) in editions.items():
        for part in ours.select("article code, article pre, article script"):
            part.extract()
        text = ours.select_one("article").get_text()
        assert not re.search(r" [;:!?»]|« ", text), name
    assert "\u202f?" in editions["book/intro"][1].get_text()


def test_search_knows_the_french_pages(root, site):
    index = (site / "fr" / "searchindex.js").read_text(encoding="utf-8")
    content = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    assert set(content["docnames"]) == set(translation.pages(root))
