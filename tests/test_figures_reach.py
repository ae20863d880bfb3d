"""Figures on the reach of area labels."""

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


TABLE = pd.DataFrame(
    {
        "case": ["a", "b"],
        "random": [0.1, 0.2],
        "labelled": [0.3, 0.25],
        "optimal": [0.4, 0.26],
        "gain_low": [0.5, 0.75],
        "gain_high": [0.9, 1.0],
    }
)


def test_each_label_has_its_three_values_in_the_order_asked_for():
    fig = figures.label_reach(TABLE, {"b": "Second", "a": "First"}, "per cent")
    words = [text.get_text() for text in fig.axes[0].texts]
    assert words == [
        "Second", "chance 20, label 25, best 26 in 100",
        "First", "chance 10, label 30, best 40 in 100",
    ]  # fmt: skip
    drawn = {c.get_label(): c.get_offsets()[:, 0].tolist() for c in fig.axes[0].collections}
    assert drawn["the label"] == pytest.approx([25, 30])
    assert drawn["best possible choice"] == pytest.approx([26, 40])
    intervals = [line.get_xdata() for line in fig.axes[0].lines][1::2]
    assert intervals[0] == pytest.approx([24.5, 26])
    assert intervals[1] == pytest.approx([25, 37])
    with pytest.raises(UsageError, match="'c'"):
        figures.label_reach(TABLE, {"c": "Third"}, "per cent")


def test_a_widened_label_starts_at_nothing():
    curve = pd.DataFrame({"size": [0.2, 1.0], "coverage": [0.5, 1.0]})
    fig = figures.widening({"A": curve, "B": curve}, "inside", "reached")
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["A", "B"]
    line = fig.axes[1].lines[0]
    assert line.get_xdata().tolist() == [0, 20, 100]
    assert line.get_ydata().tolist() == [0, 50, 100]
