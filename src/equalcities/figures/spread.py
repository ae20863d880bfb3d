"""How values spread over places, and how estimates and ranks differ between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equalcities.figures.style import COLOURS, GREY, INK, MARKERS, thousands


def distributions(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    name: str = "fua_name",
    width: float = 8.2,
) -> Figure:
    """Draw one strip per indicator: each place a point, the middle half a band, ends named.

    Parameters
    ----------
    table : DataFrame
        One row per place.
    columns : mapping of str to str
        Column and the title of its strip, with the unit.
    name : str
        Column with the places' names.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(
        len(columns), 1, figsize=(width, 1.55 * len(columns)), layout="constrained", squeeze=False
    )
    for ax, (column, heading) in zip(axes[:, 0], columns.items(), strict=True):
        rows = table.dropna(subset=[column]).sort_values(column)
        values = rows[column].astype(float)
        low, middle, high = values.quantile([0.25, 0.5, 0.75])
        ax.axvspan(low, high, color="#cfe3ef", zorder=0)
        ax.axvline(middle, color=COLOURS[0], linewidth=2, zorder=1)
        sns.swarmplot(x=values, ax=ax, size=3.6, color=INK, alpha=0.8, zorder=2)
        ax.set(title=f"{heading}  (n = {len(rows)})", xlabel="", ylabel="", ylim=(0.62, -0.62))
        span = values.iloc[-1] - values.iloc[0]
        ax.set_xlim(values.iloc[0] - 0.03 * span, values.iloc[-1] + 0.03 * span)
        for row, side in ((rows.iloc[0], "left"), (rows.iloc[-1], "right")):
            ax.annotate(
                row[name], (row[column], 0.36), ha=side, va="center", fontsize=8.5, color=GREY,
                annotation_clip=False,
            )  # fmt: skip
        ax.annotate(
            f"median {thousands(middle)}", (middle, -0.47), xytext=(3, 0),
            textcoords="offset points", fontsize=8.5, color=COLOURS[0], va="center",
        )  # fmt: skip
        ax.xaxis.set_major_formatter(lambda value, _: thousands(value))
    return fig


def medians_by_rule(rules: pd.DataFrame, columns: Mapping[str, str], width: float = 8.2) -> Figure:
    """Draw median and middle half of several indicators under several rules, one chart each.

    Parameters
    ----------
    rules : DataFrame
        With ``rule, areas, column, q25, median, q75``.
    columns : mapping of str to str
        Indicator and title of its chart.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(
        len(columns), 1, figsize=(width, 1.5 * len(columns)), layout="constrained", squeeze=False
    )
    for ax, (column, heading) in zip(axes[:, 0], columns.items(), strict=True):
        rows = rules[rules["column"] == column].reset_index(drop=True)
        names = [
            f"{rule} ({areas})" for rule, areas in zip(rows["rule"], rows["areas"], strict=True)
        ]
        ax.hlines(rows.index, rows["q25"], rows["q75"], color="#9cc3dc", linewidth=6)
        ax.plot(rows["median"], rows.index, "o", color=COLOURS[0], markersize=7)
        ax.set_yticks(rows.index, names, fontsize=8.5)
        ax.set(ylim=(len(rows) - 0.4, -0.6))
        ax.set_title(heading, fontsize=10)
        ax.xaxis.set_major_formatter(lambda value, _: thousands(value))
    return fig


def strips_by_country(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    order: Sequence[str],
    country: str = "country",
    width: float = 8.2,
) -> Figure:
    """Draw one row per country and one panel per indicator, each city a point.

    Parameters
    ----------
    table : DataFrame
        One row per city.
    columns : mapping of str to str
        Indicator and title of its panel.
    order : sequence of str
        Countries from top to bottom; those left out are not drawn.
    country : str
        Column with the country.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(
        1, len(columns), figsize=(width, 0.23 * len(order) + 1.1), sharey=True,
        layout="constrained", squeeze=False,
    )  # fmt: skip
    places = {name: place for place, name in enumerate(order)}
    for ax, (column, heading) in zip(axes[0], columns.items(), strict=True):
        rows = table[table[country].isin(order)].dropna(subset=[column])
        heights = rows[country].map(places)
        ends = rows.groupby(heights)[column].agg(["min", "max"]).astype(float)
        ax.hlines(ends.index, ends["min"], ends["max"], color="#9cc3dc", linewidth=3, zorder=1)
        ax.plot(rows[column], heights, "o", color=COLOURS[0], markersize=4.5, zorder=2)
        ax.axvline(rows[column].astype(float).median(), color=COLOURS[1], linewidth=1.2, zorder=0)
        ax.set_title(heading, fontsize=9)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4 if len(columns) > 1 else 8))
        ax.xaxis.set_major_formatter(lambda value, _: thousands(value))
        ax.tick_params(labelsize=8.5)
    axes[0, 0].set_yticks(range(len(order)), order)
    axes[0, 0].set_ylim(len(order) - 0.4, -0.6)
    return fig


def estimates(
    table: pd.DataFrame,
    label: str,
    series: str,
    xlabel: str,
    reference: float | None = 0.0,
    width: float = 8.2,
) -> Figure:
    """Draw estimates with their intervals, one row per label and one marker per series.

    Parameters
    ----------
    table : DataFrame
        With ``label``, ``series``, ``value``, ``ci_low`` and ``ci_high``; a missing interval
        leaves the marker alone. Labels and series keep their order of appearance.
    label, series : str
        Columns with the rows' names and with what is told apart by colour and marker.
    xlabel : str
        What is estimated, with its unit.
    reference : float or None
        Where a thin line is drawn, such as no association.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    labels, kinds = list(dict.fromkeys(table[label])), list(dict.fromkeys(table[series]))
    step = 0.62 / max(len(kinds), 2)
    height = len(labels) * (0.22 + 0.17 * len(kinds)) + 1.2
    fig, ax = plt.subplots(figsize=(width, height), layout="constrained")
    if reference is not None:
        ax.axvline(reference, color=GREY, linewidth=1, zorder=1)
    for place, kind in enumerate(kinds):
        rows = table[table[series] == kind]
        shift = (place - (len(kinds) - 1) / 2) * step
        heights = [labels.index(name) + shift for name in rows[label]]
        colour = COLOURS[place]
        ax.hlines(heights, rows["ci_low"], rows["ci_high"], color=colour, linewidth=2, zorder=2)
        ax.plot(
            rows["value"], heights, MARKERS[place], color=colour, markersize=6, label=kind, zorder=3
        )
    ax.set_yticks(range(len(labels)), labels)
    ax.set(ylim=(len(labels) - 0.45, -0.55), xlabel=xlabel)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    if len(kinds) > 1:
        fig.legend(loc="outside upper left", ncols=len(kinds))
    return fig


def rank_ranges(
    table: pd.DataFrame, label: str, section: str, xlabel: str, width: float = 8.2
) -> Figure:
    """Draw the range of each place's rank: most draws as a bar, all draws as a thin line.

    Parameters
    ----------
    table : DataFrame
        One row per place, from top to bottom, with ``label``, ``section``, ``ci_low``,
        ``ci_high``, ``best`` and ``worst`` (ranks, 1 is best). Sections are drawn one after the
        other, in the order of their first row.
    label, section : str
        Columns with the places' names and the headings above them.
    xlabel : str
        What the ranks are of.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    sections = list(dict.fromkeys(table[section]))
    fig, ax = plt.subplots(
        figsize=(width, 0.175 * len(table) + 0.36 * len(sections) + 1.1), layout="constrained"
    )
    place, ticks = 0.0, {}
    for number, heading in enumerate(sections):
        rows = table[table[section] == heading]
        ax.text(
            1, place, f"{heading} ({len(rows)})", fontsize=9.5, fontweight="bold", va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}, zorder=4,
        )  # fmt: skip
        heights = place + 1.1 + np.arange(len(rows))
        colour = COLOURS[number % len(COLOURS)]
        ax.hlines(heights, rows["best"], rows["worst"], color=GREY, linewidth=0.8, zorder=1)
        ax.hlines(heights, rows["ci_low"], rows["ci_high"], color=colour, linewidth=5, zorder=2)
        ticks |= dict(zip(heights, rows[label], strict=True))
        place = heights[-1] + 1.6
    ax.set_yticks(list(ticks), list(ticks.values()), fontsize=8)
    ax.set(ylim=(place - 0.6, -0.9), xlabel=xlabel)
    ax.secondary_xaxis("top").spines["top"].set_visible(False)
    return fig


def cloud(
    table: pd.DataFrame,
    x: str,
    y: str,
    name: str,
    named: Sequence[str],
    xlabel: str,
    ylabel: str,
    width: float = 8.2,
) -> Figure:
    """Draw places as one cloud of points and name a few of them.

    Parameters
    ----------
    table : DataFrame
        One row per place.
    x, y, name : str
        Columns with the coordinates and the places' names.
    named : sequence of str
        Names to write beside their points.
    xlabel, ylabel : str
        What the axes show.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(width, 0.68 * width), layout="constrained")
    far = table[name].isin(named)
    ax.plot(table.loc[~far, x], table.loc[~far, y], "o", color=COLOURS[0], alpha=0.7)
    ax.plot(table.loc[far, x], table.loc[far, y], "D", color=COLOURS[1])
    middle = table[x].mean()
    for row in table[far].to_dict("records"):
        side = 1 if row[x] < middle else -1
        ax.annotate(
            row[name], (row[x], row[y]), xytext=(8 * side, 0), textcoords="offset points",
            ha="left" if side > 0 else "right", va="center", fontsize=9,
        )  # fmt: skip
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(visible=True, axis="both")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    return fig


def dots_by_panel(
    table: pd.DataFrame,
    label: str,
    series: str,
    xlabel: str,
    panel: str | None = None,
    reference: float | None = None,
    reference_label: str = "",
    names: Mapping[str, str] | None = None,
    lowest: float | None = 0.0,
    columns: int = 2,
    width: float = 8.2,
) -> Figure:
    """Draw dots on shared lines, joined where a line has several, one panel per situation.

    Parameters
    ----------
    table : DataFrame
        One row per dot: ``label``, ``series``, ``value`` and, optionally, ``ci_low`` and
        ``ci_high``. Lines, series and panels keep the order of their first row.
    label, series : str
        Columns that name the line and what tells its dots apart, by colour and marker.
    xlabel : str
        What the values are.
    panel : str, optional
        Column whose values become titles of panels.
    reference : float, optional
        Value of a dashed line through all panels; ``reference_label`` names it in the legend.
    names : mapping of str to str, optional
        How to write labels on the axis.
    lowest : float or None
        Left end of the axis; None leaves it to the data.
    columns : int
        Panels side by side.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = list(dict.fromkeys(table[panel])) if panel else [""]
    lines, kinds = (list(dict.fromkeys(table[column])) for column in (label, series))
    sizes = {kind: 7 + 3 * (len(kinds) - 1 - place) for place, kind in enumerate(kinds)}
    across = min(columns, len(panels))
    down = -(-len(panels) // across)
    fig, axes = plt.subplots(
        down, across, figsize=(width, down * (0.36 * len(lines) + 0.75) + 0.75), sharex=True,
        sharey=True, layout="constrained", squeeze=False,
    )  # fmt: skip
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax, heading in zip(axes.flat, panels, strict=False):
        rows = table[table[panel] == heading] if panel else table
        ends = rows.groupby(label)["value"].agg(["min", "max"])
        heights = ends.index.map(lines.index)
        ax.hlines(heights, ends["min"], ends["max"], color="#c3ccd2", linewidth=2.5, zorder=1)
        for kind, colour, marker in zip(kinds, COLOURS, MARKERS, strict=False):
            own = rows[rows[series] == kind]
            at = own[label].map(lines.index)
            if "ci_low" in own:
                ax.hlines(at, own["ci_low"], own["ci_high"], color=colour, linewidth=2, zorder=2)
            # Earlier dots are larger, so that later ones at the same place don't hide them.
            ax.plot(own["value"], at, marker, color=colour, markersize=sizes[kind], zorder=3)
        if reference is not None:
            ax.axvline(reference, color=INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=0.9)
        ax.set_title(heading, fontsize=10)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(5))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,g}".replace("-", "−"))
    shown = [(names or {}).get(line, line) for line in lines]
    axes[0, 0].set_yticks(range(len(lines)), shown)
    axes[0, 0].set_ylim(len(lines) - 0.45, -0.55)
    if lowest is not None:
        axes[0, 0].set_xlim(left=lowest)
    fig.supxlabel(xlabel, fontsize=10)
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=8, label=kind)
        for kind, colour, marker in zip(kinds, COLOURS, MARKERS, strict=False)
    ]
    if reference is not None:
        handles.append(
            Line2D([], [], color=INK, linewidth=1.2, linestyle=(0, (4, 3)), label=reference_label)
        )
    fig.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return fig


def lines_by_size(table: pd.DataFrame, xlabel: str, ylabel: str, width: float = 8.2) -> Figure:
    """Draw how a value falls as areas grow, a panel per case and a line per series.

    Parameters
    ----------
    table : DataFrame
        With ``panel``, ``series``, ``people`` (per area) and ``value``, a row per size of area.
    xlabel, ylabel : str
        Names of the axes.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
        In panels with many series only the highest and the lowest are named.
    """
    panels = list(table["panel"].unique())
    rows_of_panels = -(-len(panels) // 2)
    fig, grid = plt.subplots(
        rows_of_panels, 2, figsize=(width, 2.6 * rows_of_panels + 0.4),
        sharex=True, sharey=True, layout="constrained", squeeze=False,
    )  # fmt: skip
    top = 1.08 * table["value"].max()
    for ax, panel in zip(grid.flat, panels, strict=False):
        rows = table[table["panel"] == panel]
        first = rows.sort_values("people").groupby("series")["value"].first().sort_values()
        named = list(first.index) if len(first) <= 4 else [first.index[0], first.index[-1]]
        for series, line in rows.sort_values("people").groupby("series"):
            colour = COLOURS[0] if series in named else "#9fb3c2"
            ax.plot(line["people"], line["value"], "o-", color=colour, markersize=4)
        at = -np.inf
        for series in named:
            start = rows[rows["series"] == series].sort_values("people").iloc[0]
            at = max(at + top / 12, start["value"])  # names never closer than they are high
            ax.annotate(
                series, (start["people"], at), (-6, 0),
                textcoords="offset points", ha="right", va="center", fontsize=9,
            )  # fmt: skip
        ax.set_title(panel, fontsize=10)
        ax.set(xscale="log", ylim=(0, top))
        ax.xaxis.set_major_formatter(lambda value, _: thousands(value))
        ax.tick_params(labelbottom=True)
        ax.grid(axis="both")
    for ax in grid.flat[len(panels) :]:
        ax.remove()
    grid.flat[0].set_xlim(table["people"].min() / 8, None)
    fig.get_layout_engine().set(h_pad=0.12)  # titles belong to what is below them
    fig.supxlabel(xlabel, fontsize=10)
    fig.supylabel(ylabel, fontsize=10)
    return fig


def distance_profiles(table: pd.DataFrame, xlabel: str, ylabel: str, width: float = 8.2) -> Figure:
    """Draw a value at growing distances, a panel per case, above the band that chance gives.

    Parameters
    ----------
    table : DataFrame
        One row per case and distance: ``panel``, ``distance``, ``value``, its range ``ci_low`` and
        ``ci_high``, and ``chance_low`` and ``chance_high``.
    xlabel, ylabel : str
        Names of the axes.
    width : float
        Width of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = list(dict.fromkeys(table["panel"]))
    down = -(-len(panels) // 2)
    fig, grid = plt.subplots(
        down, 2, figsize=(width, 2.5 * down + 0.7), sharex=True, sharey=True,
        layout="constrained", squeeze=False,
    )  # fmt: skip
    for ax, panel in zip(grid.flat, panels, strict=False):
        rows = table[table["panel"] == panel].sort_values("distance")
        band = ax.fill_between(
            rows["distance"], rows["chance_low"], rows["chance_high"], color="#d5dde2", linewidth=0
        )
        ax.vlines(rows["distance"], rows["ci_low"], rows["ci_high"], color=COLOURS[0], linewidth=2)
        (line,) = ax.plot(rows["distance"], rows["value"], "o-", color=COLOURS[0], markersize=5)
        ax.set_title(panel, fontsize=10)
        ax.set_ylim(0, None)
        ax.tick_params(labelbottom=True)
        ax.grid(axis="both")
    for ax in grid.flat[len(panels) :]:
        ax.remove()
    fig.get_layout_engine().set(h_pad=0.12)  # titles belong to what is below them
    fig.supxlabel(xlabel, fontsize=10)
    fig.supylabel(ylabel, fontsize=10)
    fig.legend(
        [line, band], ["as the areas lie, with range", "areas at random, 95 in 100 draws"],
        loc="outside upper left", ncols=2,
    )  # fmt: skip
    return fig
