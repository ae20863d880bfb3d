"""Maps of places inside one city, without outlines.

Apart from the other figures, because only chapters that map neighbourhoods need them.
"""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equalcities.figures import COLOURS, INK

# Grey for the plain kind; colour and form both tell the others apart.
LOOKS = (("#b9c4cc", "o"), (COLOURS[0], "o"), (COLOURS[1], "s"), (COLOURS[2], "^"))


def cluster_maps(
    table: pd.DataFrame, kinds: Mapping[str, str], bar: float, width: float = 8.2
) -> Figure:
    """Draw places as points on plain maps, one map per indicator, coloured by cluster.

    Parameters
    ----------
    table : DataFrame
        One row per place and map: ``panel``, ``x``, ``y`` (metres), ``people`` (sets the size of
        the point) and ``cluster``, a key of ``kinds``. Panels keep their order of appearance.
    kinds : mapping of str to str
        Clusters in the order of drawing, the plain ones first, with their names in the legend.
        At most four; the first is grey.
    bar : float
        Length of the scale bar in metres.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = list(dict.fromkeys(table["panel"]))
    down = -(-len(panels) // 2)
    across = np.ptp(table["x"]) * 1.12
    high = np.ptp(table["y"]) * 1.12
    fig, axes = plt.subplots(
        down, 2, figsize=(width, down * (width / 2 * high / across + 0.35) + 0.6),
        layout="constrained", squeeze=False,
    )  # fmt: skip
    styles = dict(zip(kinds, LOOKS, strict=False))
    scale = 130 / table["people"].max()
    for ax, panel in zip(axes.flat, panels, strict=False):
        rows = table[table["panel"] == panel]
        for kind, (colour, marker) in styles.items():
            own = rows[rows["cluster"] == kind]
            ax.scatter(
                own["x"], own["y"], s=14 + scale * own["people"], color=colour, marker=marker,
                edgecolor="white", linewidth=0.6,
            )  # fmt: skip
        ax.set_title(panel, fontsize=10, loc="left")
        ax.set_aspect("equal")
        ax.margins(0.06)
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    first = axes.flat[0]
    right, low = table["x"].max(), table["y"].min()
    first.plot([right - bar, right], [low, low], color=INK, linewidth=2)
    first.annotate(
        f"{bar / 1000:g} km", (right - bar / 2, low), (0, 4), textcoords="offset points",
        ha="center", va="bottom", fontsize=9, color=INK,
    )  # fmt: skip
    fig.legend(
        handles=[
            Line2D([], [], linestyle="", marker=marker, color=colour, markersize=8, label=name)
            for name, (colour, marker) in zip(kinds.values(), styles.values(), strict=True)
        ],
        loc="outside upper left", ncols=len(styles),
    )  # fmt: skip
    return fig
