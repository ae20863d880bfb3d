"""Figures on evaluation designs."""

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


def test_each_cell_has_its_text_and_the_shade_of_its_verdict():
    text = pd.DataFrame({"a": ["1", "2"], "b": ["3", "4"]}, index=["x", "y"])
    verdicts = pd.DataFrame({"a": ["good", "bad"], "b": ["bad", "good"]}, index=["x", "y"])
    fig = figures.verdict_matrix(text, verdicts, {"good": "holds", "bad": "fails"})
    ax = fig.axes[0]
    assert [t.get_text() for t in ax.texts] == ["1", "3", "2", "4"]
    shades = [patch.get_facecolor() for patch in ax.patches]
    assert shades[0] == shades[3] != shades[1] == shades[2]
    assert [t.get_text() for t in fig.legends[0].get_texts()] == ["holds", "fails"]
    with pytest.raises(UsageError, match="a name"):
        figures.verdict_matrix(text, verdicts, {"good": "holds"})
    with pytest.raises(UsageError, match="one shape"):
        figures.verdict_matrix(text[["a"]], verdicts, {"good": "holds", "bad": "fails"})


def test_power_curves_show_every_plan_and_the_effect_sought():
    curves = {
        "two years": pd.DataFrame({"areas": [5, 10], "effect": [4.0, 3.0]}),
        "six years": pd.DataFrame({"areas": [5, 10], "effect": [3.0, 2.0]}),
    }
    fig = figures.power_curves(curves, 2, "areas", "points")
    lines = fig.axes[0].lines
    assert [line.get_ydata()[0] for line in lines] == [4, 3, 2]
    assert fig.axes[0].get_ylim()[0] == 0
    assert [t.get_text() for t in fig.legends[0].get_texts()] == list(curves)


def test_event_years_share_a_scale_and_show_the_reference_year():
    table = pd.DataFrame(
        {"since": [-2, 0], "effect": [0.1, 2], "ci_low": [-1, 1], "ci_high": [1, 3]}
    )
    fig = figures.event_years({"Calm": table, "Drift": table}, "years", "points")
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["Calm", "Drift"]
    assert fig.axes[0].get_ylim() == fig.axes[1].get_ylim()
    points = fig.axes[1].lines
    assert points[1].get_ydata().tolist() == [0.1, 2]
    assert (points[2].get_xdata().tolist(), points[2].get_ydata().tolist()) == ([-1], [0])
