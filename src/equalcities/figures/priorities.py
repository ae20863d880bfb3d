"""Orders from ballots: by rule of counting, and as one group weighs more."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from equalcities.figures.style import COLOURS, INK


def ranks_by_rule(ranks: pd.DataFrame, xlabel: str, width: float = 8.2) -> Figure:
    """Draw ranks as a matrix: the better the rank, the darker the cell.

    Parameters
    ----------
    ranks : DataFrame of int
        What is ranked by rule; rows from top to bottom.
    xlabel : str
        What the columns are.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
        A rank that several share in a column is marked by "=".
    """
    fig, ax = plt.subplots(figsize=(width, 0.42 * len(ranks) + 1.4), layout="constrained")
    values = ranks.to_numpy()
    ax.imshow(-values, cmap="Blues", vmin=-values.max() - 1, vmax=0.5, aspect="auto")
    for row, column in np.ndindex(values.shape):
        place = values[row, column]
        shared = (values[:, column] == place).sum() > 1
        ax.text(
            column, row, f"{place}{'=' if shared else ''}", ha="center", va="center",
            color="white" if place <= 2 else INK,
        )  # fmt: skip
    ax.set_xticks(range(values.shape[1]), [name.replace(" ", "\n", 1) for name in ranks.columns])
    ax.set_yticks(range(len(ranks)), ranks.index)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set_xlabel(xlabel)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


def first_place_bands(sweep: pd.DataFrame, xlabel: str, width: float = 8.2) -> Figure:
    """Draw who is first as one group's weight changes, a panel per rule and a band per group.

    Parameters
    ----------
    sweep : DataFrame
        With ``rule, group, factor, first``; factors the same for all. Shared first places
        ("a = b") are drawn as a tie, without names.
    xlabel : str
        What the factor is.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = sweep["first"].where(~sweep["first"].str.contains(" = ", regex=False), "shared")
    names = [name for name in dict.fromkeys(shown) if name != "shared"]
    colours = dict(zip(names, COLOURS, strict=False)) | {"shared": "#d5dbe0"}
    rules, groups = (list(dict.fromkeys(sweep[column])) for column in ("rule", "group"))
    fig, axes = plt.subplots(
        len(rules), 1, figsize=(width, len(rules) * (0.26 * len(groups) + 0.45) + 0.8),
        layout="constrained", sharex=True, squeeze=False,
    )  # fmt: skip
    factors = np.sort(sweep["factor"].unique())
    middles = (factors[1:] + factors[:-1]) / 2
    starts, ends = np.r_[factors[0], middles], np.r_[middles, factors[-1]]
    for ax, rule in zip(axes[:, 0], rules, strict=True):
        for place, group in enumerate(groups):
            own = (sweep["rule"] == rule) & (sweep["group"] == group)
            first = shown[own].to_numpy()[np.argsort(sweep.loc[own, "factor"])]
            # One bar for each stretch: bars side by side show hairlines between them.
            begins = np.flatnonzero(np.r_[True, first[1:] != first[:-1]])
            stops = np.r_[begins[1:], len(first)] - 1
            ax.barh(
                place, ends[stops] - starts[begins], left=starts[begins], height=0.8, linewidth=0,
                color=[colours[name] for name in first[begins]],
            )  # fmt: skip
        ax.axvline(1, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.set_yticks(range(len(groups)), groups)
        ax.set(ylim=(len(groups) - 0.5, -0.5), xlim=(factors[0], factors[-1]))
        ax.set_title(rule, fontsize=10)
        ax.grid(visible=False)
    axes[-1, 0].set_xlabel(xlabel)
    labels = [*names, *(["shared"] if (shown == "shared").any() else [])]
    handles = [mpl.patches.Patch(color=colours[name], label=name) for name in labels]
    fig.legend(
        handles=handles, loc="outside upper left", ncols=3, title="First place", alignment="left"
    )
    return fig
