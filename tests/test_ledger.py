"""The ledger: what can be published, what counts as moved, and that keys are for ever."""

import json
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equalcities import ledger
from equalcities.errors import LedgerError

NUMBER = dict(about="a number", unit="cities", fmt=".2f", data=["panel72"])
FIGURE = dict(
    caption="A caption.",
    alt="A line that rises from one to two and says so in words.",
    table=pd.DataFrame({"x": [1.0, 2.0], "name": ["a", "b"]}),
    data=["panel72"],
)


@pytest.fixture
def sent(monkeypatch):
    """Collect what would be displayed."""
    bundles = []
    monkeypatch.setattr(ledger, "_display", lambda bundle, kind: bundles.append(bundle))
    return bundles


@pytest.fixture
def book(root, tmp_path, monkeypatch, sent):
    """A checkout with the book's data and an empty ledger, publishing in accepting mode."""
    (tmp_path / "data").symlink_to(root / "data")
    (tmp_path / "_toc.yml").touch()
    (tmp_path / "results").mkdir()
    monkeypatch.setenv(ledger.ACCEPT_VARIABLE, "accept")
    return tmp_path


def line():
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    return fig


def test_a_published_number_survives_the_way_to_the_file_and_back(book, sent, monkeypatch):
    publish, publish_figure = ledger.open_ledger("chapter", book)
    publish("a.key", np.float64(0.123456789), interval=(np.float32(0.0), 0.5), **NUMBER)
    publish("a.name", "Wien", **NUMBER | {"fmt": ""})
    publish_figure("a-figure", line(), **FIGURE)
    fresh = ledger.from_outputs(json.loads(json.dumps(sent)))
    lines = ledger.accept(book, "chapter", fresh, "1", "")
    assert len(lines) == 3 and all("new" in text for text in lines)
    accepted = ledger.read_results(book)
    assert accepted.numbers["a.key"].value == 0.123456789
    assert type(accepted.numbers["a.key"].value) is float
    assert accepted.numbers["a.key"].text == "0.12"
    assert accepted.numbers["a.key"].interval_text == "95% interval 0.00 to 0.50"
    assert ledger.compare(accepted, fresh) == []
    monkeypatch.delenv(ledger.ACCEPT_VARIABLE)
    publish, publish_figure = ledger.open_ledger("chapter", book)
    publish("a.key", 0.123456789, interval=(0.0, 0.5), **NUMBER)
    publish_figure("a-figure", line(), **FIGURE)
    with pytest.raises(LedgerError, match=r"a.name.*moved from 'Wien' to 'Graz'.*make results"):
        publish("a.name", "Graz", **NUMBER | {"fmt": ""})


def test_what_moves_within_its_tolerance_stays_as_it_was_written(book, sent):
    publish, publish_figure = ledger.open_ledger("chapter", book)
    for close, far in ((1 / 3, 0.5), (1 / 3 + 1e-12, 0.6)):
        sent.clear()
        publish, publish_figure = ledger.open_ledger("chapter", book)
        publish("a.close", close, **NUMBER)
        publish("a.far", far, **NUMBER)
        table = pd.DataFrame({"x": [close]})
        publish_figure("a-figure", line(), **FIGURE | {"table": table})
        publish_figure("b-figure", line(), **FIGURE | {"table": table.assign(x=far)})
        lines = ledger.accept(book, "chapter", ledger.from_outputs(sent), "1", "")
    assert len(lines) == 2 and all("far" in text or "b-figure" in text for text in lines)
    accepted = ledger.read_results(book)
    assert accepted.numbers["a.close"].value == 1 / 3
    assert accepted.numbers["a.far"].value == 0.6
    assert "0.6" in accepted.figures["b-figure"].table


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": 2.0}, "value moved from 1.0 to 2.0"),
        ({"value": 1.0 + 3e-6}, "value moved"),
        ({"interval": (0.0, 3.0)}, "interval moved"),
        ({"interval": None}, "interval moved"),
        ({"unit": "persons"}, "unit changed from 'cities' to 'persons'"),
        ({"evidence_class": "simulated"}, "evidence_class changed"),
        ({"fmt": ".3f"}, "fmt changed"),
        ({"data": ()}, "data changed"),
    ],
)
def test_every_change_is_said(change, words):
    old = ledger.Number(
        "k", 1.0, (0.0, 2.0), "95% interval", "cities", ".2f", 1e-6, "observed", ("panel72",), "",
        "chapter", "a number",
    )  # fmt: skip
    assert ledger.number_changes(old, old) == []
    assert ledger.number_changes(old, replace(old, value=1.0 + 5e-7)) == []
    assert words in ledger.number_changes(old, replace(old, **change))[0]


@given(
    st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(1e-12, 1e-2),
)  # fmt: skip
def test_moved_is_what_the_ledger_page_says(old, new, tol):
    assert ledger.moved(old, new, tol) == (abs(new - old) > tol * max(1.0, abs(old)))
    assert not ledger.moved(old, old, tol)
    assert ledger.moved(old, float("nan"), tol)


def test_tables_are_compared_cell_by_cell():
    old = "x,name\n1,a\n2,b\n"
    assert ledger.table_changes(old, "x,name\n1.0000001,a\n2,b\n", 1e-6) == []
    assert "row 1 'x': 1 to 1.1" in ledger.table_changes(old, "x,name\n1.1,a\n2,b\n", 1e-6)[0]
    assert "2 cells" in ledger.table_changes(old, "x,name\n1.1,a\n2,c\n", 1e-6)[0]
    assert "3 rows" in ledger.table_changes(old, old + "3,c\n", 1e-6)[0]
    assert ledger.table_changes(old, "x,nom\n1,a\n2,b\n", 1e-6)


@pytest.mark.parametrize(
    ("key", "value", "change", "words"),
    [
        ("Bad Key", 1, {}, "can't be a key"),
        ("ok", float("nan"), {}, "finite"),
        ("ok", True, {}, "finite"),
        ("ok", [1], {}, "finite"),
        ("ok", 1, {"data": []}, "names no source"),
        ("ok", 1, {"data": "panel72"}, r"data=\['panel72'\]"),
        ("ok", 1, {"about": ""}, "about="),
        ("ok", 1, {"unit": ""}, "unit="),
        ("ok", 1, {"fmt": "nonsense"}, "format"),
        ("ok", 1, {"interval": (2, 1)}, "lower limit first"),
        ("ok", 1, {"interval": (2, float("inf"))}, "finite"),
    ],
)
def test_unfit_numbers_are_refused(book, key, value, change, words):
    publish, _ = ledger.open_ledger("chapter", book)
    with pytest.raises(LedgerError, match=words):
        publish(key, value, **NUMBER | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alt": ""}, "alt text"),
        ({"alt": "Figure 1"}, "alt text"),
        ({"caption": " "}, "caption"),
        ({"table": pd.DataFrame()}, "table"),
        ({"data": []}, "names no source"),
    ],
)
def test_unfit_figures_are_refused(book, change, words):
    _, publish_figure = ledger.open_ledger("chapter", book)
    with pytest.raises(LedgerError, match=words):
        publish_figure("ok", line(), **FIGURE | change)
    plt.close("all")


def test_keys_are_published_once_and_addresses_never_shared(book):
    publish, _ = ledger.open_ledger("chapter", book)
    publish("a.b", 1, **NUMBER)
    for other in ("a.b", "a-b", "a_b"):
        with pytest.raises(LedgerError, match="published twice"):
            publish(other, 1, **NUMBER)


def test_two_notebooks_cannot_share_an_address(book, sent):
    for notebook, key in (("one", "a.b"), ("two", "a-b")):
        publish, _ = ledger.open_ledger(notebook, book)
        publish(key, 1, **NUMBER)
        ledger.accept(book, notebook, ledger.from_outputs(sent[-1:]), "1", "")
    with pytest.raises(LedgerError, match="both one and two"):
        ledger.read_results(book)


def test_withdrawn_keys_stay_listed_and_never_return(book, sent):
    publish, publish_figure = ledger.open_ledger("chapter", book)
    publish("gone", 1.5, **NUMBER)
    publish_figure("gone-figure", line(), **FIGURE)
    ledger.accept(book, "chapter", ledger.from_outputs(sent), "1", "")
    empty = ledger.Published({}, {}, {})
    assert len(ledger.compare(ledger.read_results(book), empty)) == 2
    ledger.accept(book, "chapter", empty, "2", "was ambiguous")
    kept = ledger.read_results(book).withdrawn
    assert kept["gone"].last == "1.50 cities" and kept["gone"].since == "2"
    assert kept["gone-figure"].reason == "was ambiguous"
    assert not list((book / "results" / "figures").iterdir())
    ledger.accept(book, "chapter", empty, "3", "other")
    assert ledger.read_results(book).withdrawn == kept
    with pytest.raises(LedgerError, match="was withdrawn"):
        ledger.accept(book, "chapter", ledger.from_outputs(sent[:1]), "3", "")
    publish, _ = ledger.open_ledger("chapter", book)
    with pytest.raises(LedgerError, match="was withdrawn"):
        publish("gone", 1.5, **NUMBER)


def test_the_weakest_class_of_the_inputs_is_published(book, sent):
    publish, _ = ledger.open_ledger("chapter", book)
    publish("a", 1, **NUMBER)
    publish("b", 1, **NUMBER | {"data": ["panel72", "abi_programmes"]})
    publish("c", 1, simulation="a coin, seed 1", **NUMBER)
    classes = [bundle[ledger.NUMBER_MIME]["evidence_class"] for bundle in sent]
    assert classes == ["observed", "compiled", "simulated"]


def test_a_damaged_ledger_is_named(book):
    (book / "results" / "chapter.json").write_text("{", encoding="utf-8")
    with pytest.raises(LedgerError, match=r"results/chapter\.json can't be read"):
        ledger.read_results(book)


def test_drawing_gives_the_same_bytes():
    assert ledger.draw(line(), "k") == ledger.draw(line(), "k")


@pytest.mark.parametrize(
    ("value", "fmt", "text"),
    [(-1.25, ".1f", "−1.2"), (12345.6, ",.0f", "12,346"), (3, "d", "3"), ("a-b", "", "a-b")],
)
def test_formats(value, fmt, text):
    assert ledger.format_value(value, fmt) == text


def test_no_two_numbers_of_a_chapter_go_by_the_same_words():
    """Words are cited without their chapter: two numbers that share them can't be told apart."""
    files = sorted((Path(__file__).parents[1] / "results").glob("*.json"))
    assert files
    for path in files:
        numbers = json.loads(path.read_text(encoding="utf-8"))["numbers"]
        words = pd.Series([(n["about"], n["unit"]) for n in numbers.values()], dtype=object)
        assert not words.duplicated().any(), (path.stem, words[words.duplicated()].tolist())
