"""The chart forms of the chapters on growth and on the living environment."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from equalcities import figures


def test_estimates_draws_a_row_per_label_and_a_marker_per_series():
    table = pd.DataFrame(
        {
            "what": ["a", "b", "a"],
            "method": ["one", "one", "two"],
            "value": [1.0, -2.0, 0.5],
            "ci_low": [0.0, -3.0, np.nan],
            "ci_high": [2.0, -1.0, np.nan],
        }
    )
    fig = figures.estimates(table, "what", "method", "slope")
    ax = fig.axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    drawn = {line.get_label(): list(line.get_xdata()) for line in ax.lines[1:]}
    assert drawn == {"one": [1.0, -2.0], "two": [0.5]}
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["one", "two"]
    plt.close(fig)


def test_strips_by_country_draws_only_what_is_observed_in_the_order_given():
    table = pd.DataFrame({"country": ["B", "A", "A", "C"], "x": [1.0, 2.0, 4.0, np.nan]})
    fig = figures.strips_by_country(table, {"x": "An indicator"}, ["A", "B"])
    ax = fig.axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A", "B"]
    assert sorted(zip(ax.lines[0].get_xdata(), ax.lines[0].get_ydata(), strict=True)) == [
        (1.0, 1),
        (2.0, 0),
        (4.0, 0),
    ]
    plt.close(fig)
