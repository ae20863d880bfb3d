"""The chart form of the chapter on paying for results."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from equalcities import figures


@pytest.fixture(autouse=True)
def closed():
    figures.use_house_style()
    yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "situation": ["one"] * 4 + ["two"] * 4,
        "rule": ["a", "a", "b", "b"] * 2,
        "group": ["near", "far"] * 4,
        "value": [1.0, 2, 3, 4, 5, 6, 7, 8],
    }
)


def test_each_dot_lies_on_its_line_in_its_panel():
    fig = figures.dots_by_panel(
        TABLE, "rule", "group", "in 100", panel="situation", reference=5, reference_label="level"
    )
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["one", "two"]
    second = fig.axes[1].lines
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in second[:2]] == [
        ([5, 7], [0, 1]), ([6, 8], [0, 1]),
    ]  # fmt: skip
    assert list(second[2].get_xdata()) == [5, 5]
    words = [text.get_text() for text in fig.legends[0].get_texts()]
    assert words == ["near", "far", "level"]
    joined = fig.axes[0].collections[0].get_segments()
    assert [segment[:, 0].tolist() for segment in joined] == [[1, 2], [3, 4]]


def test_intervals_and_names_are_drawn_where_given():
    wide = TABLE.assign(ci_low=TABLE["value"] - 0.5, ci_high=TABLE["value"] + 0.5)
    fig = figures.dots_by_panel(wide[:4], "rule", "group", "in 100", names={"a": "Rule A"})
    (ax,) = fig.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Rule A", "b"]
    near = ax.collections[1].get_segments()
    assert [segment[:, 0].tolist() for segment in near] == [[0.5, 1.5], [2.5, 3.5]]
    assert ax.get_xlim()[0] == 0


def test_panels_without_content_are_hidden():
    three = pd.concat([TABLE, TABLE[:4].assign(situation="three")])
    fig = figures.dots_by_panel(three, "rule", "group", "in 100", panel="situation")
    assert [ax.get_visible() for ax in fig.axes] == [True, True, True, False]
