"""Charts of the survey's chapters."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from equalcities import figures


@pytest.fixture(autouse=True)
def house_style():
    figures.use_house_style()
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.fixture
def shares():
    return pd.DataFrame(
        {
            "text": ["one", "two", "three"],
            "value": [20.0, np.nan, 70.0],
            "ci_low": [10.0, np.nan, np.nan],
            "ci_high": [35.0, np.nan, np.nan],
            "prefix": ["", "", "about "],
            "note": ["(2 of 10)", "", "or more"],
        }
    )


def test_shares_carry_values_and_hidden_ones_say_so(shares):
    ax = figures.share_intervals(shares, "share").axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two", "three"]
    assert "20% (2 of 10)" in texts(ax)
    assert "about 70% or more" in texts(ax)
    assert texts(ax).count("not shown: too few answers") == 1
    spans = [line.get_xdata().tolist() for line in ax.lines if len(line.get_xdata()) == 2]
    assert spans == [[10.0, 35.0]]  # no interval is drawn where there is none
    assert ax.get_xlim() == (0, 100)


def test_sections_are_headings_and_keep_equal_labels_apart(shares):
    table = pd.concat([shares, shares]).assign(section=["a"] * 3 + ["b"] * 3)
    ax = figures.share_intervals(table, "share", section="section").axes[0]
    assert len(ax.get_yticks()) == 6 and {"a", "b"} <= set(texts(ax))


def test_series_share_a_line_and_truth_is_marked(shares):
    kept = shares.dropna(subset=["ci_low"])
    table = pd.concat([kept.assign(series=s, truth=25.0) for s in ("plain", "raked")])
    fig = figures.share_intervals(table, "share", series="series", truth="truth")
    ax = fig.axes[0]
    assert len(ax.get_yticks()) == 1
    assert [t.get_text() for t in fig.legends[0].get_texts()] == ["plain", "raked", "truth"]
    assert [25.0, 25.0] in [list(line.get_xdata()) for line in ax.lines]


def test_coverage_shows_the_band_and_names_methods():
    table = pd.DataFrame(
        {
            "situation": ["A random draw", "A random draw", "Whole countries are drawn"],
            "kind": ["shortcut", "recommended", "limit"],
            "label": ["textbook interval (Wald)", "Wilson, universe known", "weighted"],
            "mean": [90.0, 95.0, 80.0],
            "lowest": [80.0, 94.0, 60.0],
            "highest": [95.0, 96.0, 95.0],
        }
    )
    fig = figures.coverage_ranges(table)
    labels = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert labels == ["textbook interval (Wald)", "Wilson, universe known", "weighted"]
    assert {"A random draw", "Whole countries are drawn"} <= set(texts(fig.axes[0]))
    assert len(fig.legends[0].get_texts()) == 3  # only the kinds that are there
