"""Charts of ranks by rule, and of first places as weights change."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from equalcities import figures


def test_each_rank_is_written_and_shared_ranks_are_marked():
    ranks = pd.DataFrame({"first places": [1, 1, 3], "Borda": [2, 1, 3]}, index=list("abc"))
    fig = figures.ranks_by_rule(ranks, "rule")
    assert [text.get_text() for text in fig.axes[0].texts] == ["1=", "2", "1=", "1", "3", "3"]
    plt.close(fig)


def test_bands_change_colour_where_first_place_does():
    factors = np.linspace(0, 2, 5)
    sweep = pd.DataFrame(
        {"rule": "Borda", "group": "x", "factor": factors, "first": ["a", "a", "a = b", "b", "b"]}
    )
    fig = figures.first_place_bands(sweep, "weight")
    bars = fig.axes[0].patches
    colours = [bar.get_facecolor() for bar in bars]
    assert len(set(colours)) == len(bars) == 3
    assert [bar.get_x() for bar in bars] == [0, 0.75, 1.25]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a", "b", "shared"]
    assert (bars[0].get_x(), bars[-1].get_x() + bars[-1].get_width()) == (0, 2)
    plt.close(fig)
