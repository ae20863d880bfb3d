"""What studies found: directions, forest and funnel, and how many more are needed."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equalcities.errors import UsageError
from equalcities.figures.style import COLOURS, GREY, INK, LAND, MARKERS

DIRECTION_MARKS = {
    "beneficial": ("^", COLOURS[0], "gain"),
    "mixed": ("D", "#9aa5ad", "mixed"),
    "null": ("o", "white", "no detectable effect"),
    "adverse": ("v", COLOURS[1], "loss"),
}


def effect_directions(
    table: pd.DataFrame, names: Mapping[str, str], strong: str, width: float = 8.2
) -> Figure:
    """Draw one mark per study and outcome: gain, no detectable effect, mixed or loss.

    Parameters
    ----------
    table : DataFrame
        One row per study and outcome: ``domain``, ``direction`` (a key of `DIRECTION_MARKS`) and a
        column of truth values, ``strong``, whose marks get a dark rim.
    names : mapping of str to str
        Domains and their names, from top to bottom; those without a study are left out.
    strong : str
        The column of truth values.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UsageError
        If a domain or direction has no name.
    """
    for column, known in (("domain", names), ("direction", DIRECTION_MARKS)):
        unknown = set(table[column]) - set(known)
        if unknown:
            raise UsageError(f"'{column}' holds {sorted(unknown)}, which has no name.")
    domains = [domain for domain in names if (table["domain"] == domain).any()]
    fig, ax = plt.subplots(figsize=(width, 0.43 * len(domains) + 1.5), layout="constrained")
    order = list(DIRECTION_MARKS)
    for place, domain in enumerate(domains):
        rows = table[table["domain"] == domain]
        rows = rows.assign(order=rows["direction"].map(order.index)).sort_values(
            ["order", strong], ascending=[True, False], kind="stable"
        )
        for step, row in enumerate(rows.to_dict("records"), start=1):
            marker, colour, _ = DIRECTION_MARKS[row["direction"]]
            ax.plot(
                step, place, marker, color=colour, markersize=11 if marker in "^v" else 9,
                markeredgecolor=INK if row[strong] else GREY if colour == "white" else colour,
                markeredgewidth=2.2 if row[strong] else 1.0,
            )  # fmt: skip
    ax.set_yticks(range(len(domains)), [names[domain] for domain in domains])
    longest = table["domain"].value_counts().max()
    ax.set(ylim=(len(domains) - 0.5, -0.5), xlim=(0.3, longest + 0.7), xlabel="studies")
    ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    ax.grid(visible=False)
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=9, label=label,
               markeredgecolor=GREY if colour == "white" else colour)
        for marker, colour, label in DIRECTION_MARKS.values()
    ]  # fmt: skip
    handles.append(
        Line2D([], [], linestyle="", marker="s", color="white", markeredgecolor=INK,
               markeredgewidth=2.2, markersize=9, label="dark rim: stronger design")
    )  # fmt: skip
    fig.legend(handles=handles, loc="outside upper left", ncols=len(handles), columnspacing=1.1,
               handletextpad=0.3, fontsize=9)  # fmt: skip
    return fig


def forest(
    table: pd.DataFrame,
    pooled: Mapping[str, float],
    xlabel: str,
    pooled_label: str,
    ratio: bool = True,
    width: float = 8.2,
) -> Figure:
    """Draw effects with weights and design, their mean, and where a new study would lie.

    Parameters
    ----------
    table : DataFrame
        One row per effect with ``label``, ``estimate``, ``ci_low``, ``ci_high``, ``weight`` (per
        cent) and ``design`` (told apart by marker and colour, in order of appearance).
    pooled : mapping
        ``estimate, ci_low, ci_high, pi_low, pi_high`` of the mean.
    xlabel : str
        What is estimated.
    pooled_label : str
        Name of the last row.
    ratio : bool
        Values are logs and the axis shows ratios.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(width, 0.42 * len(table) + 2.3), layout="constrained")
    ax.axvline(0, color=GREY, linewidth=1, zorder=1)
    designs = list(dict.fromkeys(table["design"]))
    widest = float(table["weight"].max())
    for place, row in enumerate(table.to_dict("records")):
        kind = designs.index(row["design"])
        ax.hlines(place, row["ci_low"], row["ci_high"], color=COLOURS[kind], linewidth=1.6)
        ax.plot(
            row["estimate"], place, MARKERS[kind], color=COLOURS[kind],
            markersize=3.5 + 7 * np.sqrt(row["weight"] / widest),
        )  # fmt: skip
    last = len(table) + 0.4
    ax.axhline(len(table) - 0.3, color=GREY, linewidth=0.6)
    ax.hlines(last, pooled["pi_low"], pooled["pi_high"], color=INK, linewidth=1.2, linestyle=":")
    middle, low, high = pooled["estimate"], pooled["ci_low"], pooled["ci_high"]
    ax.fill([low, middle, high, middle], [last, last - 0.28, last, last + 0.28], color=INK)
    labels = [f"{row['label']}  ({row['weight']:.0f}%)" for row in table.to_dict("records")]
    ax.set_yticks([*range(len(table)), last], [*labels, pooled_label])
    ax.set(ylim=(last + 0.8, -0.8), xlabel=xlabel)
    _ratio_axis(ax.xaxis, ratio)
    handles = [
        Line2D([], [], color=COLOURS[i], marker=MARKERS[i], linewidth=1.6, label=name)
        for i, name in enumerate(designs)
    ]
    handles += [
        Line2D([], [], color=INK, marker="D", linewidth=0, label="mean with interval"),
        Line2D([], [], color=INK, linestyle=":", label="range for a new study"),
    ]
    fig.legend(handles=handles, loc="outside upper left", ncols=2)
    return fig


def contour_funnel(
    table: pd.DataFrame, centre: float, xlabel: str, ratio: bool = True, width: float = 8.2
) -> Figure:
    """Draw effects against their standard errors, with zones of significance around no effect.

    Parameters
    ----------
    table : DataFrame
        With ``estimate`` and ``se``.
    centre : float
        The pooled mean, drawn as a dashed line.
    xlabel : str
        What is estimated.
    ratio : bool
        Values are logs and the axis shows ratios.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(width, 0.6 * width), layout="constrained")
    top = 1.1 * float(table["se"].max())
    reach = 1.1 * max(float(table["estimate"].abs().max()), 2.6 * top)
    ends = np.array([0.0, top])
    zones = (
        (1.645, "#ffffff", "p above 0.10"),
        (1.960, "#e3e7ea", "p from 0.05 to 0.10"),
        (2.576, "#c3ccd3", "p from 0.01 to 0.05"),
    )
    ax.set_facecolor("#eef4f8")
    for quantile, shade, name in reversed(zones):
        ax.fill_betweenx(ends, -quantile * ends, quantile * ends, color=shade, label=name, lw=0)
    ax.axvline(0, color=GREY, linewidth=1)
    ax.axvline(centre, color=INK, linewidth=1.2, linestyle="--", label="pooled mean")
    ax.plot(table["estimate"], table["se"], "o", color=COLOURS[0], markersize=7)
    ax.set(xlim=(-reach, reach), ylim=(top, 0), xlabel=xlabel, ylabel="standard error")
    ax.grid(visible=False)
    _ratio_axis(ax.xaxis, ratio)
    fig.legend(loc="outside upper left", ncols=4, fontsize=9)
    return fig


def _ratio_axis(axis: mpl.axis.Axis, ratio: bool) -> None:
    if ratio:
        steps = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20]
        axis.set_major_locator(mpl.ticker.FixedLocator(list(np.log(steps))))
        axis.set_major_formatter(lambda value, _: f"{np.exp(value):.2g}")
    else:
        axis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))


def studies_needed(table: pd.DataFrame, needed: int, xlabel: str, width: float = 8.2) -> Figure:
    """Draw, per cell, how many studies report a number and how many with an interval.

    Parameters
    ----------
    table : DataFrame
        With ``cell``, ``reported`` and ``usable`` (counts of studies), in the order to show.
    needed : int
        Number of studies that a cell needs.
    xlabel : str
        What is counted.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(width, 0.34 * len(table) + 1.5), layout="constrained")
    places = np.arange(len(table))
    ax.hlines(places, table["usable"], table["reported"], color=LAND, linewidth=5, zorder=1)
    ax.plot(
        table["reported"], places, "o", color=GREY, markerfacecolor="white", markersize=9,
        label="studies with a number", zorder=2,
    )  # fmt: skip
    ax.plot(
        table["usable"], places, "o", color=COLOURS[0], markersize=6,
        label="with an interval too", zorder=3,
    )  # fmt: skip
    ax.axvline(needed, color=COLOURS[1], linestyle="--", linewidth=1.4, label="studies needed")
    ax.set_yticks(places, table["cell"])
    ax.set(ylim=(len(table) - 0.4, -0.6), xlim=(-0.3, None), xlabel=xlabel)
    ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    fig.legend(loc="outside upper left", ncols=3)
    return fig
