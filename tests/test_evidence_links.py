"""From a sentence about effectiveness to the studies behind it: two clicks, and no dead end."""

import re

import pytest

from equalcities import abi
from equalcities.catalog import load

CHAPTERS = ("abi_directions", "abi_gap_map")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_outcome_of_a_chapter_links_to_its_studies(root, chapter):
    text = (root / "notebooks" / f"{chapter}.md").read_text(encoding="utf-8")
    anchors = set(re.findall(r"^\((studies-[a-z-]+)\)=$", _directions(root), flags=re.M))
    linked = set(re.findall(r"<(studies-[a-z-]+)>", text))
    assert linked <= anchors
    if chapter == "abi_gap_map":
        assert linked == {_anchor(outcome) for outcome in abi.OUTCOMES}


def test_the_answer_in_brief_names_no_outcome_without_its_studies(root):
    brief = _directions(root).split(":::{admonition}")[1].split(":::")[0]
    told = {key for key in re.findall(r"directions\.([a-z_]+)\.", brief) if key in abi.OUTCOMES}
    assert len(told) >= 5
    assert {_anchor(key) for key in told} <= set(re.findall(r"<(studies-[a-z-]+)>", brief))


def test_every_listed_study_names_a_page(root):
    effects, studies, programmes = (
        load(f"abi_{name}", root).table for name in ("effects", "studies", "programmes")
    )
    rows = abi.synthesis_rows(effects, programmes)
    for outcome in abi.OUTCOMES:
        listed = abi.studies_behind(rows, studies, programmes, outcome)
        assert listed["source_url"].str.match(r"https?://\S+$").all(), outcome


def _directions(root):
    return (root / "notebooks" / "abi_directions.md").read_text(encoding="utf-8")


def _anchor(outcome):
    return "studies-" + outcome.replace("_", "-")
