"""House style, the chart forms that chapters share, and the world outline.

Charts are drawn to be read alone: direct labels where they fit, colours that readers with
colour-blindness can tell apart (Okabe and Ito 2008), no colour that carries a meaning alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equalcities.errors import UsageError

INK = "#22303a"
GREY = "#6b7780"
LAND = "#e3e7ea"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
EQUAL_EARTH = "+proj=eqearth"
EUROPE_LAEA = "EPSG:3035"

RC = {
    "axes.edgecolor": GREY,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so that drawings agree anywhere
    "font.size": 10,
    "grid.color": "#dfe4e8",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "ytick.left": False,
}


def use_house_style() -> None:
    """Set the house style for every figure of a notebook."""
    mpl.rcParams.update(mpl.rcParamsDefault | RC)


def world_land(crs: str = EQUAL_EARTH) -> geopandas.GeoSeries:
    """Return the world's land as one outline, without state borders and without Antarctica.

    Parameters
    ----------
    crs : str
        The projection to return it in.

    Returns
    -------
    geopandas.GeoSeries
        Land areas. Source: Natural Earth 1:110m, public domain, as shipped with pyogrio.
    """
    folder = files("pyogrio") / "tests" / "fixtures" / "naturalearth_lowres"
    path = Path(str(folder)) / "naturalearth_lowres.shp"
    countries = geopandas.read_file(path)
    land = countries[countries["continent"] != "Antarctica"].geometry
    return geopandas.GeoSeries([land.union_all()], crs=countries.crs).explode().to_crs(crs)


def points(table: pd.DataFrame, crs: str = EQUAL_EARTH) -> geopandas.GeoDataFrame:
    """Turn ``lat`` and ``lon`` (degrees, WGS 84) into points in a projection."""
    geometry = geopandas.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326")
    return geopandas.GeoDataFrame(table, geometry=geometry).to_crs(crs)


def world_and_europe(
    table: pd.DataFrame,
    category: str,
    labels: Sequence[str],
    size: str = "population",
    name: str = "fua_name",
) -> Figure:
    """Draw places on a world map and, larger and named, on a map of Europe.

    Parameters
    ----------
    table : DataFrame
        One row per place with ``lat``, ``lon`` (degrees), ``category``, ``size``, ``name``.
    category : str
        Column whose values are ``labels``; shown by colour and by marker.
    labels : sequence of str
        The categories in the order of the legend.
    size, name : str
        Columns for the area of the marker and its name.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, (world, europe) = plt.subplots(
        2, 1, figsize=(8.2, 11.4), height_ratios=(1, 1.62), layout="constrained"
    )
    world_land().plot(ax=world, color=LAND)
    world_land(EUROPE_LAEA).plot(ax=europe, color=LAND)
    everywhere, placed = points(table), points(table, EUROPE_LAEA)
    west, east, south, north = 2.45e6, 6.75e6, 1.35e6, 5.05e6
    inside = placed.geometry.x.between(west, east) & placed.geometry.y.between(south, north)
    _markers(world, everywhere, category, labels, size, scale=60)
    _markers(europe, placed[inside], category, labels, size, scale=150)
    world.set(title="World", ylim=(-6.0e6, 8.6e6))
    europe.set(xlim=(west, east), ylim=(south, north), title="Europe, enlarged")
    for ax in (world, europe):
        ax.set_axis_off()
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=8, label=label)
        for label, colour, marker in zip(labels, COLOURS, MARKERS, strict=False)
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=1)
    # Names last: where they collide depends on the final limits and layout.
    label_points(world, everywhere[~inside], name, fontsize=7)
    label_points(europe, placed[inside], name, fontsize=8)
    return fig


def _markers(
    ax: Axes,
    placed: geopandas.GeoDataFrame,
    category: str,
    labels: Sequence[str],
    size: str,
    scale: float,
) -> None:
    unknown = set(placed[category]) - set(labels)
    if unknown:
        raise UsageError(f"'{category}' holds {sorted(unknown)}, which labels= does not name.")
    largest = placed[size].max()
    for label, colour, marker in zip(labels, COLOURS, MARKERS, strict=False):
        rows = placed[placed[category] == label].sort_values(size, ascending=False)
        area = 12 + scale * np.sqrt((rows[size] / largest).astype(float))
        ax.scatter(
            rows.geometry.x, rows.geometry.y, s=area, marker=marker, color=colour,
            alpha=0.85, edgecolor="white", linewidth=0.7, zorder=3,
        )  # fmt: skip


def label_points(ax: Axes, placed: geopandas.GeoDataFrame, name: str, fontsize: float = 8) -> None:
    """Write names beside points, moving those that would collide.

    A plain greedy placement: each name takes the first of several places around its point that
    collides with no other name or point, or else the one with the fewest collisions. Names in
    crowded places come first, while there is still room.
    """
    ax.figure.canvas.draw()
    pixels = ax.transData.transform(np.c_[placed.geometry.x, placed.geometry.y])
    gaps = np.hypot(*(pixels[:, None, :] - pixels[None, :, :]).transpose(2, 0, 1))
    crowding = (gaps < 60).sum(axis=1)
    boxes = [mpl.transforms.Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in pixels]
    offsets = [
        (side * (6 + step), rise)
        for step in (0, 6, 14, 24)
        for rise in (0, 7 + step, -7 - step)
        for side in (1, -1)
    ] + [(0, 9), (0, -9), (0, 18), (0, -18)]
    taken: list[Any] = []
    for place in sorted(range(len(placed)), key=lambda i: (-crowding[i], i)):
        row = placed.iloc[place]
        others = taken + boxes[:place] + boxes[place + 1 :]
        best: tuple[int, Any, Any] | None = None
        for dx, dy in offsets:
            far = abs(dx) > 8 or abs(dy) > 9
            text = ax.annotate(
                row[name], (row.geometry.x, row.geometry.y), xytext=(dx, dy),
                textcoords="offset points", fontsize=fontsize, color=INK, zorder=4,
                ha="left" if dx > 0 else "right" if dx < 0 else "center", va="center",
                arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6} if far else None,
                annotation_clip=False,
            )  # fmt: skip
            text.update_positions(ax.figure.canvas.get_renderer())
            box = mpl.text.Text.get_window_extent(text)  # without the leader line
            clashes = sum(box.overlaps(other) for other in others)
            if best is not None and clashes >= best[0]:
                text.remove()
                continue
            if best is not None:
                best[1].remove()
            best = (clashes, text, box)
            if clashes == 0:
                break
        taken.append(best[2])


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


def thousands(value: float) -> str:
    """Format a value for an axis: thousands parted by commas, a true minus, few digits."""
    text = f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.1f}"
    return text.replace("-", "−")


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


# --- reach of area labels -----------------------------------------------------------------


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


# --- profile, residents' views and types of city ------------------------------------------


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


# --- evaluation designs -------------------------------------------------------------------


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


# --- paying for results -------------------------------------------------------------------


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


def _ratio_axis(axis: mpl.axis.Axis, ratio: bool) -> None:
    if ratio:
        steps = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20]
        axis.set_major_locator(mpl.ticker.FixedLocator(list(np.log(steps))))
        axis.set_major_formatter(lambda value, _: f"{np.exp(value):.2g}")
    else:
        axis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))


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
    fig.supxlabel(xlabel, fontsize=10)
    fig.supylabel(ylabel, fontsize=10)
    return fig


# --- priorities ---------------------------------------------------------------------------


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
