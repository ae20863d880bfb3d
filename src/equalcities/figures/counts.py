"""Counts and signs in rows and columns, and what is left after each step of a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equalcities.errors import UsageError
from equalcities.figures.style import COLOURS, GREY, INK


def stacked_counts(
    table: pd.DataFrame,
    label: str,
    parts: Mapping[str, str],
    xlabel: str,
    colours: Sequence[str] = ("#0072b2", "#9fd0ee", "#e69f00", "#009e73"),
    width: float = 8.2,
) -> Figure:
    """Draw horizontal stacked bars of counts, each part labelled with its count.

    Parameters
    ----------
    table : DataFrame
        One row per bar, from top to bottom, with ``label`` and one column per part.
    label : str
        Column with the bars' names.
    parts : mapping of str to str
        Column of a part and its name in the legend, from left to right.
    xlabel : str
        What is counted.
    colours : sequence of str
        One per part.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(width, 0.36 * len(table) + 1.1), layout="constrained")
    left = np.zeros(len(table))
    for (column, name), colour in zip(parts.items(), colours, strict=False):
        values = table[column].to_numpy(float)
        ax.barh(table[label], values, left=left, color=colour, label=name, height=0.72)
        ink = "white" if colour == COLOURS[0] else INK
        for place, (start, value) in enumerate(zip(left, values, strict=True)):
            if value:
                ax.text(
                    start + value / 2, place, f"{value:g}", ha="center", va="center",
                    color=ink, fontsize=9,
                )  # fmt: skip
        left += values
    ax.invert_yaxis()
    ax.set(xlabel=xlabel, xlim=(0, left.max()))
    fig.legend(loc="outside upper left", ncols=len(parts))
    return fig


def count_matrix(
    colour: pd.DataFrame,
    text: pd.DataFrame,
    colour_label: str,
    width: float = 8.2,
    cell_height: float = 0.5,
) -> Figure:
    """Draw a matrix of counts: the colour says how many, the text says it in figures.

    Parameters
    ----------
    colour : DataFrame
        Counts that set the colour; index and columns are the labels. Zero stays white.
    text : DataFrame
        Text of the cells, of the same shape; an empty string leaves a cell blank.
    colour_label : str
        What the colour counts.
    width, cell_height : float
        Width of the figure and height of a row in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height = cell_height * len(colour) + 2.3
    fig, ax = plt.subplots(figsize=(width, height), layout="constrained")
    values = colour.to_numpy(float)
    shades = mpl.colormaps["Blues"].copy()
    drawn = ax.imshow(np.where(values > 0, values, np.nan), cmap=shades, vmin=0, aspect="auto")
    dark = 0.55 * np.nanmax(values)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            ax.text(
                column, row, text.iloc[row, column], ha="center", va="center", fontsize=9,
                color="white" if values[row, column] > dark else INK,
            )  # fmt: skip
    ax.set_xticks(range(values.shape[1]), colour.columns, rotation=35, ha="left")
    ax.xaxis.tick_top()
    ax.set_yticks(range(values.shape[0]), colour.index)
    ax.set_xticks(np.arange(-0.5, values.shape[1]), minor=True)
    ax.set_yticks(np.arange(-0.5, values.shape[0]), minor=True)
    ax.grid(False)
    ax.grid(which="minor", color="#c8d0d6", linewidth=0.8)
    ax.tick_params(which="both", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = fig.colorbar(drawn, ax=ax, orientation="horizontal", shrink=0.5, pad=0.03, aspect=30)
    bar.set_label(colour_label)
    bar.outline.set_visible(False)
    bar.ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    return fig


def signed_matrix(
    values: pd.DataFrame,
    text: pd.DataFrame,
    marked: pd.DataFrame,
    colour_label: str,
    width: float = 8.2,
    cell_height: float = 0.62,
) -> Figure:
    """Draw a matrix of values from −1 to 1: colour for size and sign, a frame for some cells.

    Parameters
    ----------
    values : DataFrame
        Values; index and columns are the labels. Missing cells stay blank.
    text : DataFrame
        Text of the cells, of the same shape.
    marked : DataFrame
        Which cells get a frame.
    colour_label : str
        What the colour shows.
    width, cell_height : float
        Width of the figure and height of a row in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not values.shape == text.shape == marked.shape:
        raise UsageError("values, text and marked must have one shape; build them from one table.")
    fig, ax = plt.subplots(figsize=(width, cell_height * len(values) + 2.1), layout="constrained")
    numbers = values.to_numpy(float)
    drawn = ax.imshow(numbers, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
    for row, column in zip(*np.nonzero(np.isfinite(numbers)), strict=True):
        ax.text(
            column, row, text.iloc[row, column], ha="center", va="center", fontsize=8.5,
            color="white" if abs(numbers[row, column]) > 0.7 else INK,
        )  # fmt: skip
        if marked.iloc[row, column]:
            ax.add_patch(
                mpl.patches.Rectangle(
                    (column - 0.46, row - 0.44), 0.92, 0.88, fill=False, edgecolor=INK,
                    linewidth=2.2,
                )
            )  # fmt: skip
    ax.set_xticks(range(values.shape[1]), values.columns, fontsize=9)
    ax.xaxis.tick_top()
    ax.set_yticks(range(values.shape[0]), values.index)
    ax.grid(False)
    ax.tick_params(which="both", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = fig.colorbar(drawn, ax=ax, orientation="horizontal", shrink=0.5, pad=0.03, aspect=30)
    bar.set_label(colour_label)
    bar.outline.set_visible(False)
    bar.ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    return fig


def verdict_matrix(
    text: pd.DataFrame, verdicts: pd.DataFrame, names: Mapping[str, str], width: float = 8.2
) -> Figure:
    """Draw a matrix of short texts, each cell shaded by a verdict.

    Parameters
    ----------
    text, verdicts : DataFrame
        Text and verdict of each cell, of one shape; index and columns are the labels.
    names : mapping of str to str
        Up to three verdicts, best first, and what the legend calls them.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UsageError
        If the shapes differ or a verdict has no name.
    """
    found = set(verdicts.to_numpy().ravel())
    if text.shape != verdicts.shape or not found <= set(names):
        raise UsageError("text and verdicts must have one shape, and each verdict a name.")
    # light to dark as well as blue to orange, so that it survives a grey print
    looks = dict(
        zip(names, (("#cfe3ef", INK), ("#f4c78a", INK), ("#a34700", "white")), strict=False)
    )
    rows, columns = text.shape
    fig, ax = plt.subplots(figsize=(width, 0.6 * rows + 1.4), layout="constrained")
    for row in range(rows):
        for column in range(columns):
            fill, ink = looks[verdicts.iloc[row, column]]
            ax.add_patch(
                mpl.patches.Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, facecolor=fill)
            )
            ax.text(
                column, row, text.iloc[row, column], ha="center", va="center", color=ink, fontsize=9
            )
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    ax.set_xticks(range(columns), text.columns, fontsize=9)
    ax.xaxis.tick_top()
    ax.set_yticks(range(rows), text.index)
    ax.grid(False)
    ax.tick_params(which="both", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    fig.legend(
        handles=[
            mpl.patches.Patch(facecolor=looks[key][0], label=label) for key, label in names.items()
        ],
        loc="outside lower center", ncols=len(names),
    )  # fmt: skip
    return fig


def gap_bubbles(
    table: pd.DataFrame, rows: Mapping[str, str], columns: Mapping[str, str], width: float = 8.2
) -> Figure:
    """Draw an evidence gap map: a bubble for each pair with studies, a dash for each without.

    Parameters
    ----------
    table : DataFrame
        One row for every pair: ``outcome``, ``domain``, ``studies`` and ``stronger``, both counts.
    rows, columns : mapping of str to str
        Outcomes and domains with their names, in the order in which they are drawn.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UsageError
        If the table lacks a pair, or holds one twice.
    """
    cells = table.set_index(["outcome", "domain"])
    wanted = pd.MultiIndex.from_product([rows, columns])
    if len(cells) != len(wanted) or not cells.index.sort_values().equals(wanted.sort_values()):
        raise UsageError("Give each pair of outcome and domain one row.")
    fig, ax = plt.subplots(figsize=(width, 0.5 * len(rows) + 1.9), layout="constrained")
    scale = 620 / cells["studies"].max()
    for y, outcome in enumerate(rows):
        for x, domain in enumerate(columns):
            cell = cells.loc[(outcome, domain)]
            if not cell["studies"]:
                ax.text(x, y, "–", ha="center", va="center", color=GREY)
                continue
            ax.scatter(x, y, s=scale * cell["studies"], color="#a6cbe3", linewidth=0, zorder=2)
            if cell["stronger"]:
                ax.scatter(
                    x, y, s=scale * cell["stronger"], color=COLOURS[0], linewidth=0, zorder=3
                )
            ax.annotate(
                str(cell["studies"]), (x, y), xytext=(0, -20), textcoords="offset points",
                ha="center", va="center", fontsize=8, color=INK, zorder=4,
            )  # fmt: skip
    ax.set_yticks(range(len(rows)), list(rows.values()))
    ax.set_xticks(range(len(columns)), list(columns.values()), rotation=35, ha="left")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.grid(visible=False)
    ax.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(rows) - 0.35, -0.6))
    fig.legend(
        handles=[
            Line2D([], [], linestyle="", marker="o", markersize=11, color=colour, label=label)
            for colour, label in (
                ("#a6cbe3", "studies (number below)"), (COLOURS[0], "of these, stronger designs")
            )
        ] + [Line2D([], [], linestyle="", marker="_", color=GREY, label="no study")],
        loc="outside lower left", ncols=3,
    )  # fmt: skip
    return fig


def flow(steps: pd.DataFrame, width: float = 8.2) -> Figure:
    """Draw what is kept, step by step, and beside it what is left out and why.

    Parameters
    ----------
    steps : DataFrame
        One row per box from top to bottom: ``kept`` (its text) and ``left_out`` (text of the side
        box between it and the next one; empty for none).
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(width, 1.25 * len(steps)), layout="constrained")
    ax.set_axis_off()
    ax.set(xlim=(0, 10), ylim=(-len(steps) + 0.45, 0.45))
    box = {"boxstyle": "round,pad=0.5", "linewidth": 1.2}
    line = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.2}
    last = len(steps) - 1
    for place, row in enumerate(steps.to_dict("records")):
        if place < last:
            ax.annotate("", (2.6, -place - 0.7), (2.6, -place - 0.3), arrowprops=line)
        if row["left_out"]:
            ax.annotate("", (5.55, -place - 0.5), (2.6, -place - 0.5), arrowprops=line)
            ax.text(5.75, -place - 0.5, row["left_out"], va="center", fontsize=9,
                    bbox={**box, "facecolor": "white", "edgecolor": GREY})  # fmt: skip
        ax.text(2.6, -place, row["kept"], ha="center", va="center", fontsize=10,
                bbox={**box, "facecolor": "#e3f0f8", "edgecolor": COLOURS[0]})  # fmt: skip
    return fig
