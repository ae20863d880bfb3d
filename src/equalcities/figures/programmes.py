"""Programmes for areas: whom a label reaches, and what an evaluation could see."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from equalcities.errors import UsageError
from equalcities.figures.style import COLOURS, GREY, INK, MARKERS


def label_reach(
    table: pd.DataFrame,
    headings: Mapping[str, str],
    xlabel: str,
    width: float = 8.2,
) -> Figure:
    """Draw for each label what chance, the label itself and the best choice reach.

    Parameters
    ----------
    table : DataFrame
        From `equalcities.abi.reach`, one row per label: ``case`` and the shares ``random,
        labelled, optimal, gain_low, gain_high``. The interval of the gain is drawn on the way
        from chance to best, so that it holds for a label of this size.
    headings : mapping of str to str
        A case and what its row counts; rows follow this order, from top to bottom.
    xlabel : str
        What the axis shows, in per cent.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    missing = set(headings) - set(table["case"])
    if missing:
        raise UsageError(f"table holds no row for {sorted(missing)}.")
    rows = table.set_index("case").loc[list(headings)]
    shares = rows[["random", "labelled", "optimal"]].astype(float) * 100
    way = shares["optimal"] - shares["random"]
    limits = {end: shares["random"] + way * rows[f"gain_{end}"] for end in ("low", "high")}
    fig, ax = plt.subplots(figsize=(width, 0.92 * len(rows) + 1.2), layout="constrained")
    for place, (case, row) in enumerate(shares.iterrows()):
        ax.plot([row["random"], row["optimal"]], [place, place], color="#cfd6db", linewidth=5)
        ends = [limits["low"][case], limits["high"][case]]
        ax.plot(ends, [place, place], color=COLOURS[0], linewidth=1.8)
        ax.text(0, place - 0.5, headings[case], fontsize=9.5, fontweight="bold", va="center")
        ax.text(
            0, place - 0.24, f"chance {row['random']:.0f}, label {row['labelled']:.0f}, "
            f"best {row['optimal']:.0f} in 100", fontsize=9, color=GREY, va="center",
        )  # fmt: skip
    y = np.arange(len(rows))
    # The label last: where it all but equals the best choice, both must stay visible.
    for column, style in (
        ("random", {"marker": "|", "s": 170, "color": INK, "linewidth": 2.4}),
        ("optimal", {"marker": "D", "s": 95, "facecolor": "white", "edgecolor": COLOURS[1]}),
        ("labelled", {"marker": "o", "s": 40, "color": COLOURS[0]}),
    ):
        names = {"random": "random choice of the same size", "labelled": "the label"}
        ax.scatter(
            shares[column], y, zorder=3, clip_on=False,
            label=names.get(column, "best possible choice"), **style,
        )  # fmt: skip
    ax.set_yticks([])
    ax.set(ylim=(len(rows) - 0.6, -0.8), xlabel=xlabel)
    ax.set_xlim(0, min(100, 1.04 * shares.to_numpy().max()))
    fig.legend(loc="outside upper left", ncols=3)
    return fig


def widening(
    curves: Mapping[str, pd.DataFrame], xlabel: str, ylabel: str, width: float = 8.2
) -> Figure:
    """Draw coverage against the share of people inside as a label is widened, one chart each.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        Title of a chart and its table from `equalcities.abi.targeting_curve`.
    xlabel, ylabel : str
        What the axes show, in per cent.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(
        1, len(curves), figsize=(width, 4.3), layout="constrained", squeeze=False, sharey=True
    )
    for ax, (heading, curve) in zip(axes[0], curves.items(), strict=True):
        size = np.r_[0, 100 * curve["size"]]
        ax.plot(size, np.r_[0, 100 * curve["coverage"]], "o-", color=COLOURS[0], markersize=5)
        ax.plot([0, 100], [0, 100], color=GREY, linestyle="--", linewidth=1.2)
        ax.axhline(50, color=COLOURS[1], linewidth=1)
        ax.text(99, 46.5, "half of the target group", ha="right", color="#a34700", fontsize=9)
        ax.text(70, 64, "random choice", color=GREY, fontsize=9)
        ax.text(36, 69, "by the index", color=COLOURS[0], fontsize=9, ha="right")
        ax.set(xlim=(0, 101), ylim=(0, 101), xlabel=xlabel, title=heading)
        ax.grid(visible=True, axis="both")
    axes[0, 0].set_ylabel(ylabel)
    return fig


def power_curves(
    curves: Mapping[str, pd.DataFrame],
    sought: float,
    xlabel: str,
    ylabel: str,
    width: float = 8.2,
) -> Figure:
    """Draw the smallest effect that can be seen against the number of areas, one line per plan.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        Name of a plan and its table with ``areas`` and ``effect``.
    sought : float
        The effect that one wants to see, drawn as a line.
    xlabel, ylabel : str
        What the axes show.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(width, 0.55 * width), layout="constrained")
    for place, (name, curve) in enumerate(curves.items()):
        ax.plot(
            curve["areas"], curve["effect"], marker=MARKERS[place], markevery=3, markersize=5,
            color=COLOURS[place], label=name,
        )  # fmt: skip
    top = 1.05 * max(curve["effect"].max() for curve in curves.values())
    ax.axhline(sought, color=INK, linewidth=1, linestyle="--")
    ax.set(ylim=(0, top), xlabel=xlabel, ylabel=ylabel)
    ax.grid(visible=True, axis="both")
    fig.legend(loc="outside upper left", ncols=len(curves))
    return fig


def event_years(
    studies: Mapping[str, pd.DataFrame], xlabel: str, ylabel: str, width: float = 8.2
) -> Figure:
    """Draw effects by year since the start, one chart per study on one scale.

    Parameters
    ----------
    studies : mapping of str to DataFrame
        Title of a chart and its table from `equalcities.evaluation.event_study`.
    xlabel, ylabel : str
        What the axes show.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(
        1, len(studies), figsize=(width, 3.8), layout="constrained", squeeze=False, sharey=True
    )
    for ax, (heading, table) in zip(axes[0], studies.items(), strict=True):
        ax.axhline(0, color=GREY, linewidth=1)
        ax.axvspan(table["since"].min() - 0.6, -0.5, color="#eef1f3", zorder=0)
        ax.vlines(table["since"], table["ci_low"], table["ci_high"], color=COLOURS[0], linewidth=2)
        ax.plot(table["since"], table["effect"], "o", color=COLOURS[0], markersize=5)
        ax.plot(-1, 0, "o", color=COLOURS[0], markersize=5, markerfacecolor="white")
        ax.set(xlabel=xlabel, title=heading)
        ax.grid(visible=True, axis="y")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    axes[0, 0].set_ylabel(ylabel)
    return fig
