"""The maps of local clusters."""

import matplotlib.pyplot as plt
import pandas as pd

from equalcities import figures


def test_each_place_is_drawn_once_per_map_in_the_colour_of_its_cluster():
    table = pd.DataFrame(
        {
            "panel": ["one"] * 3 + ["two"] * 3,
            "x": [0.0, 1000, 2000] * 2,
            "y": [0.0, 500, 900] * 2,
            "people": [10, 20, 30] * 2,
            "cluster": ["none", "cold", "hot", "none", "none", "hot"],
        }
    )
    kinds = {"none": "chance", "cold": "low", "hot": "high"}
    fig = figures.cluster_maps(table, kinds, bar=1000)
    assert [ax.get_title("left") for ax in fig.axes] == ["one", "two"]
    drawn = [[len(points.get_offsets()) for points in ax.collections] for ax in fig.axes]
    assert drawn == [[1, 1, 1], [2, 0, 1]]
    assert tuple(fig.axes[0].collections[2].get_offsets()[0]) == (2000, 900)
    assert [text.get_text() for text in fig.legends[0].get_texts()] == list(kinds.values())
    assert fig.axes[0].texts[0].get_text() == "1 km"
    (line,) = fig.axes[0].lines
    assert list(line.get_xdata()) == [1000, 2000]
    assert all(ax.get_aspect() == 1 for ax in fig.axes)
    plt.close(fig)
