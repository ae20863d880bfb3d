"""The chart forms of the chapters on the profile, residents' views and types of city."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from equalcities import figures
from equalcities.errors import UsageError


def test_rank_ranges_draws_each_place_once_below_its_heading():
    table = pd.DataFrame(
        {
            "name": ["a", "b", "c"],
            "half": ["up", "up", "down"],
            "ci_low": [1, 1, 2],
            "ci_high": [2, 2, 3],
            "best": [1, 1, 1],
            "worst": [2, 3, 3],
        }
    )
    fig = figures.rank_ranges(table, "name", "half", "rank")
    ax = fig.axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b", "c"]
    assert [text.get_text() for text in ax.texts] == ["up (2)", "down (1)"]
    bars = [
        list(path.vertices[:, 0]) for lines in ax.collections[1::2] for path in lines.get_paths()
    ]
    assert bars == [[1, 2], [1, 2], [2, 3]]
    plt.close(fig)


def test_signed_matrix_leaves_gaps_blank_and_frames_what_is_marked():
    values = pd.DataFrame([[0.5, np.nan], [-0.8, 0.1]], index=["a", "b"], columns=["c", "d"])
    text = values.map(lambda v: f"{v:.1f}")
    fig = figures.signed_matrix(values, text, values.abs() > 0.4, "correlation")
    ax = fig.axes[0]
    assert [t.get_text() for t in ax.texts] == ["0.5", "-0.8", "0.1"]
    assert len(ax.patches) == 2
    plt.close(fig)
    with pytest.raises(UsageError, match="one shape"):
        figures.signed_matrix(values, text, values.iloc[:1] > 0, "correlation")


def test_cloud_names_only_what_it_is_told_to():
    table = pd.DataFrame({"x": [0, 1, 9], "y": [0, 1, 9], "name": ["a", "b", "far"]})
    fig = figures.cloud(table, "x", "y", "name", ["far"], "first", "second")
    ax = fig.axes[0]
    assert [text.get_text() for text in ax.texts] == ["far"]
    assert [len(line.get_xdata()) for line in ax.lines] == [2, 1]
    plt.close(fig)
