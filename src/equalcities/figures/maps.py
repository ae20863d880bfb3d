"""Maps of places: on the world outline, and inside one city without any outline."""

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
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equalcities.errors import UsageError
from equalcities.figures.style import COLOURS, GREY, INK, LAND, MARKERS

EQUAL_EARTH = "+proj=eqearth"
EUROPE_LAEA = "EPSG:3035"
# Grey for the plain kind; colour and form both tell the others apart.
LOOKS = (("#b9c4cc", "o"), (COLOURS[0], "o"), (COLOURS[1], "s"), (COLOURS[2], "^"))


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
