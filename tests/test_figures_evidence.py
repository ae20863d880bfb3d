"""Figures of the evidence: one mark per study, one box per step."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from equalcities import figures
from equalcities.errors import UsageError


@pytest.fixture(autouse=True)
def closed():
    figures.use_house_style()
    yield
    plt.close("all")


STUDIES = pd.DataFrame(
    {
        "domain": ["a", "a", "b"],
        "direction": ["adverse", "beneficial", "null"],
        "strong": [False, True, False],
    }
)


def test_one_mark_per_study_gains_first():
    ax = figures.effect_directions(STUDIES, {"b": "B", "a": "A", "c": "C"}, "strong").axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["B", "A"]
    marks = [(line.get_marker(), *line.get_xydata()[0]) for line in ax.lines]
    assert marks == [("o", 1, 0), ("^", 1, 1), ("v", 2, 1)]
    rims = {line.get_marker(): line.get_markeredgewidth() for line in ax.lines}
    assert rims["^"] > rims["v"]


def test_nothing_is_drawn_that_has_no_name():
    with pytest.raises(UsageError, match="'domain'"):
        figures.effect_directions(STUDIES, {"a": "A"}, "strong")
    with pytest.raises(UsageError, match="'direction'"):
        odd = STUDIES.assign(direction="up")
        figures.effect_directions(odd, {"a": "A", "b": "B"}, "strong")


def test_each_step_of_the_flow_has_its_box():
    steps = pd.DataFrame({"kept": ["all", "some"], "left_out": ["others", ""]})
    texts = [t.get_text() for t in figures.flow(steps).axes[0].texts if t.get_text()]
    assert texts == ["others", "all", "some"]
