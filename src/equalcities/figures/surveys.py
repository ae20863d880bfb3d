"""Shares of answers with their intervals, and how often intervals cover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equalcities.figures.style import COLOURS, GREY, INK, MARKERS


def share_intervals(
    table: pd.DataFrame,
    xlabel: str,
    label: str = "text",
    series: str | None = None,
    truth: str | None = None,
    section: str | None = None,
    width: float = 8.2,
) -> Figure:
    """Draw shares as dots with their intervals, one line each, with the value beside it.

    Parameters
    ----------
    table : DataFrame
        In the order from top to bottom: ``label``, ``value``, ``ci_low``, ``ci_high`` (percent; a
        missing value is said to be not shown, a missing interval is left out) and, optionally,
        ``prefix`` and ``note``, written before and after the value.
    xlabel : str
        What the shares are of.
    label : str
        Column with the lines' names.
    series : str, optional
        Column that tells several estimates of a line apart, by colour and marker.
    truth : str, optional
        Column with the true share, drawn as a black bar.
    section : str, optional
        Column whose values become headings above their lines.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = list(dict.fromkeys(table[series])) if series else [""]
    step = 0.5 if series is None else 0.23 * len(names) + 0.35
    places, headings, place, last = {}, [], 0.0, None
    for row in table.to_dict("records"):
        heading = row[section] if section else None
        if heading != last:
            headings.append((place, heading))
            place += 0.62
            last = heading
        if (heading, row[label]) not in places:
            places[heading, row[label]] = place
            place += step
    fig, ax = plt.subplots(figsize=(width, 0.62 * place + 0.9), layout="constrained")
    for number, name in enumerate(names):
        rows = table if series is None else table[table[series] == name]
        shift = 0.23 * (number - (len(names) - 1) / 2)
        for row in rows.to_dict("records"):
            at = places[row[section] if section else None, row[label]] + shift
            _share(ax, row, at, COLOURS[number], MARKERS[number], plain=series is not None)
        if truth:
            for row in rows.to_dict("records"):
                at = places[row[section] if section else None, row[label]]
                half = 0.23 * len(names) / 2 + 0.05
                ax.plot([row[truth]] * 2, [at - half, at + half], color=INK, linewidth=2.4)
    ax.set_yticks(list(places.values()), [name for _, name in places])
    for at, heading in headings:
        if heading is not None:
            across = mpl.transforms.blended_transform_factory(fig.transFigure, ax.transData)
            ax.text(
                0.01, at + 0.12, heading, transform=across, va="center", fontsize=9,
                fontweight="bold", color=INK,
            ).set_in_layout(False)  # fmt: skip
    ax.set(xlabel=xlabel, xlim=(0, 100), ylim=(place - 0.2, -0.45))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}%")
    if series or truth:
        handles = [
            Line2D([], [], marker=MARKERS[i], color=COLOURS[i], label=name, linewidth=2)
            for i, name in enumerate(names) if name
        ]  # fmt: skip
        if truth:
            handles.append(
                Line2D([], [], linestyle="", marker="|", markersize=13, markeredgewidth=2.4,
                       color=INK, label="truth")
            )  # fmt: skip
        fig.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return fig


def _share(
    ax: Axes, row: Mapping[str, Any], at: float, colour: str, marker: str, plain: bool
) -> None:
    if pd.isna(row["value"]):
        ax.text(1, at, "not shown: too few answers", va="center", fontsize=9, color=GREY)
        return
    if pd.notna(row["ci_low"]):
        ax.plot([row["ci_low"], row["ci_high"]], [at, at], color=colour, linewidth=2.4, alpha=0.55)
    ax.plot(row["value"], at, marker, color=colour, markersize=7)
    if not plain:
        text = f"{row.get('prefix', '')}{row['value']:.0f}% {row.get('note', '')}".strip()
        ax.annotate(
            text, (1.01, at), xycoords=("axes fraction", "data"), va="center", fontsize=9,
            color=INK, annotation_clip=False,
        )  # fmt: skip


def coverage_ranges(table: pd.DataFrame, width: float = 8.2) -> Figure:
    """Draw how often intervals hold the truth: the mean over items, and the range of items.

    Parameters
    ----------
    table : DataFrame
        From `equalcities.survey.reporting.coverage_by_estimator`.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    looks = {
        "recommended": (COLOURS[0], "o", "recommended"),
        "conservative": (COLOURS[2], "s", "too cautious"),
        "shortcut": (COLOURS[1], "^", "popular shortcut"),
        "limit": (COLOURS[3], "D", "best available, not enough"),
    }
    fig, ax = plt.subplots(
        figsize=(width, 0.27 * len(table) + 0.3 * table["situation"].nunique() + 1.3),
        layout="constrained",
    )
    place, ticks = 0.0, {}
    for situation, rows in table.groupby("situation", sort=False):
        ax.annotate(
            situation, (0, place), xycoords=("axes fraction", "data"),
            fontsize=10, fontweight="bold", color=INK, va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
        place += 1
        for row in rows.itertuples():
            colour, marker, _ = looks[row.kind]
            ax.plot([row.lowest, row.highest], [place] * 2, color=colour, linewidth=3, alpha=0.45)
            ax.plot(row.mean, place, marker, color=colour, markersize=7)
            ticks[place] = row.label
            place += 1
        place += 0.2
    ax.axvspan(93, 97, color="#cfe3ef", zorder=0)
    ax.axvline(95, color=INK, linewidth=1, zorder=0)
    ax.set_yticks(list(ticks), list(ticks.values()), fontsize=9)
    ax.set(xlim=(0, 101), ylim=(place, -0.8), xlabel="surveys whose 95% interval holds the truth")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}%")
    fig.legend(
        handles=[
            Line2D([], [], marker=looks[kind][1], color=looks[kind][0], label=looks[kind][2],
                   linewidth=2)
            for kind in looks if kind in set(table["kind"])
        ],
        loc="outside upper left", ncols=4,
    )  # fmt: skip
    return fig
