"""Recommendations rest on evidence, and on no more certainty than it bears."""

import copy
import re

import pytest
import yaml
from bs4 import BeautifulSoup

from equalcities import guidance
from equalcities.catalog import datasets, load, read_record
from equalcities.citation.titles import page_title
from equalcities.errors import DataError
from equalcities.ledger import read_results
from equalcities.site.guidance import graph, recommendation_pages

MESSAGE = re.compile(r"^\d+\. \*\*.*?(?=^\d+\. \*\*|^## )", re.M | re.S)


@pytest.fixture(scope="module")
def ledger(root):
    return read_results(root)


@pytest.fixture(scope="module")
def practices(root):
    return load("participation_practices", root).table


@pytest.fixture(scope="module")
def records(root):
    return {name: read_record(name, root) for name in datasets(root)}


@pytest.fixture(scope="module")
def entries(root):
    return yaml.safe_load((root / guidance.FILE).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def titles(root, ledger):
    notebooks = {number.notebook for number in ledger.numbers.values()}
    return {name: page_title(root, f"notebooks/{name}") for name in notebooks}


@pytest.fixture(scope="module")
def recommendations(root, ledger, practices):
    return guidance.read_recommendations(
        root / guidance.FILE, ledger, set(practices["practice_id"])
    )


def test_every_recommendation_walks_to_its_sources(root, recommendations, ledger, records):
    for one in recommendations:
        steps = guidance.walk(one, ledger, records)
        assert {step.number.key for step in steps} == set(one.numbers)
        for step in steps:
            assert (root / "notebooks" / f"{step.notebook}.md").is_file()
            assert step.source
            if step.dataset:
                assert records[step.dataset].path.is_file()


def test_each_action_addressee_and_lever_has_a_recommendation(recommendations):
    assert {one.action for one in recommendations} == set(guidance.ACTIONS)
    assert {a for one in recommendations for a in one.addressees} == set(guidance.ADDRESSEES)
    assert {one.lever for one in recommendations} == set(guidance.LEVERS)


def test_simulations_alone_make_a_method_recommendation(recommendations, ledger):
    kinds = {one.id: guidance.kind(one, ledger) for one in recommendations}
    assert kinds["try_payment"] == kinds["power_first"] == guidance.METHOD
    assert kinds["same_unit"] == kinds["pay_for_time"] == guidance.EVIDENCE


def test_the_class_is_the_weakest(recommendations, ledger):
    found = {one.id: guidance.evidence_class(one, ledger) for one in recommendations}
    assert found["same_unit"] == "observed"
    assert found["place_splits"] == "compiled"  # an observed number beside compiled ones
    assert found["name_the_missing"] == "simulated"


FAULTS = {
    "no evidence": ({"numbers": [], "practices": []}, "rests on nothing"),
    "unknown number": ({"numbers": ["no.such.key"]}, "the ledger has no number 'no.such.key'"),
    "unknown practice": ({"practices": ["xx_none"]}, "there is no practice 'xx_none'"),
    "unknown addressee": ({"addressees": ["everybody"]}, "addressee 'everybody' is unknown"),
    "no addressee": ({"addressees": []}, "'addressees' is empty"),
    "unknown lever": ({"lever": "luck"}, "lever 'luck' is unknown"),
    "unknown action": ({"action": 4}, "action 4 is not one of"),
    "unknown certainty": ({"certainty": "quite"}, "certainty 'quite' is unknown"),
    "empty text": ({"limits": " "}, "'limits' holds no text"),
    "unknown field": ({"budget": "x"}, "'budget' is no field"),
    "number twice": ({"numbers": ["scale.lowest", "scale.lowest"]}, "names something twice"),
    "typed number": ({"cost": "About 40 euro."}, "hand-typed number"),
    "quotes another": ({"cost": "See {num}`panel72.areas`."}, "quotes 'panel72.areas'"),
    "too certain": ({"numbers": ["indicators.n"]}, "higher than compiled evidence allows"),
    "method too certain": (
        {"numbers": ["paying.people"], "certainty": "low"},
        "rests on simulated results only",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_recommendation_is_refused(tmp_path, entries, ledger, practices, fault):
    change, said = FAULTS[fault]
    broken = copy.deepcopy(entries[0]) | {"text": "No number here.", "certainty": "high"} | change
    path = tmp_path / "recommendations.yml"
    path.write_text(yaml.safe_dump([broken]), encoding="utf-8")
    with pytest.raises(DataError, match="1 faults") as caught:
        guidance.read_recommendations(path, ledger, set(practices["practice_id"]))
    assert said in str(caught.value) and "same_unit" in str(caught.value)


def test_a_withdrawn_number_and_several_faults_are_named_together(tmp_path, entries, ledger):
    key = "scale.lowest"
    numbers = {k: v for k, v in ledger.numbers.items() if k != key}
    changed = ledger._replace(numbers=numbers, withdrawn={key: object()})
    broken = copy.deepcopy(entries[0]) | {"text": "None.", "numbers": [key], "lever": "luck"}
    missing = {k: v for k, v in broken.items() if k != "limits"} | {"id": "other"}
    path = tmp_path / "recommendations.yml"
    path.write_text(yaml.safe_dump([broken, missing, broken, "text"]), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        guidance.read_recommendations(path, changed, set())
    for words in ("was withdrawn", "lever 'luck'", "other: 'limits' is missing", "there twice",
                  "recommendation 4: it is no mapping"):  # fmt: skip
        assert words in str(caught.value)


def test_the_drawing_links_all_it_names(recommendations, ledger, records, practices, titles):
    names = practices.set_index("practice_id")["name"]
    for one in recommendations:
        steps = guidance.walk(one, ledger, records)
        drawn = graph(one, steps, records, names, titles)
        assert drawn == graph(one, steps, records, names, titles)
        for drawing in BeautifulSoup(drawn, "html.parser").find_all("svg"):
            links = {a["href"] for a in drawing.find_all("a")}
            for step in steps:
                assert f"../../notebooks/{step.notebook}.html" in links
                assert not step.dataset or f"../data/{step.dataset}.html" in links
                assert not step.source.startswith("http") or step.source in links
            for practice in one.practices:
                assert f"../practices/{practice}.html" in links
            assert sum("../ledger.html#num-" in link for link in links) == len(one.numbers)
            words = drawing.get_text(" ", strip=True)
            for word in one.title.split():
                assert word in words


def test_pages_lead_to_the_guide_and_say_a_unit_once(
    recommendations, ledger, records, practices, titles
):
    pages = recommendation_pages(recommendations, ledger, records, practices, titles)
    guides = {1: "guide_measure", 2: "guide_funding", 3: "guide_participation"}
    for one in recommendations:
        assert f"  - {{doc}}`/book/guidance/{guides[one.action]}`\n" in pages[one.id]
        for key in one.numbers:
            number = ledger.numbers[key]
            line = next(row for row in pages[one.id].splitlines() if f"- {{numci}}`{key}`" in row)
            words = line.partition(f"`{key}`")[2].partition(f" ({number.evidence_class})")[0]
            said = re.findall(rf"\b{re.escape(number.unit)}\b", words)
            assert said == [number.unit], line


def test_links_of_the_drawings_lead_somewhere(site, recommendations):
    for one in recommendations:
        page = site / "book" / "recommendations" / f"{one.id}.html"
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        links = [a["href"] for a in soup.select(".evidence-graph a")]
        assert links
        for link in links:
            if link.startswith("http"):
                continue
            path, _, fragment = link.partition("#")
            target = (page.parent / path).resolve()
            assert target.is_file(), link
            assert not fragment or f'id="{fragment}"' in target.read_text(encoding="utf-8"), link


def test_key_messages_say_their_class_and_certainty(root, ledger):
    text = (root / "book" / "guidance" / "key_messages.md").read_text(encoding="utf-8")
    messages = MESSAGE.findall(text)
    assert 1 <= len(messages) <= 10
    order = ("observed", "compiled", "simulated")
    for message in messages:
        keys = re.findall(r"\{num(?:ci)?\}`([^`]+)`", message)
        weakest = max((ledger.numbers[key].evidence_class for key in keys), key=order.index)
        said, certainty = re.search(r"\*(\w+)[^*]*Certainty: ([\w ]+)\.\*", message).groups()
        assert said.lower() == weakest
        allowed = guidance.HIGHEST[weakest]
        assert guidance.CERTAINTIES.index(certainty) <= guidance.CERTAINTIES.index(allowed)
        assert "{doc}`/notebooks/" in message
        assert message.split("**")[1].count(".") == 1, "one sentence in bold"
