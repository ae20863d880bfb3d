"""Maps and charts of a report, as SVG that is the same in every run."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence

import geopandas
import matplotlib as mpl
import numpy as np
import pandas as pd
import shapely
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path

from equalcities.figures import COLOURS, GREY, INK, RC

QUOTIENT_EDGES = (0.5, 0.8, 1.25, 2.0)
QUOTIENT_COLOURS = ("#5e3c99", "#b2abd2", "#f3f1ee", "#fdb863", "#d95f02")
QUOTIENT_LABELS = (
    "less than half the city's share",
    "half to 0.8 times",
    "about the same",
    "1.25 to 2 times",
    "more than twice",
)
MINUTE_COLOURS = ("#eff5fb", "#a6cee3", "#3b87bd", "#fdae6b", "#c44601")
NO_VALUE = "#c4cacf"
BORDER = "#8b959c"
SHAPES_IN_PATH = 100
MANY_SHAPES = 2_500
"""With more shapes a map is drawn as pixels, or the report would be too large to open."""
WIDTH = 4.8
STYLE = {**RC, "svg.hashsalt": "equalcities", "svg.fonttype": "path", "font.size": 9.5}


def _figure(height: float, width: float = WIDTH) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    # Room at the foot for the line that says where the data are from.
    foot = 0.14 / height
    figure.get_layout_engine().set(rect=(0, foot, 1, 1 - foot))
    FigureCanvasSVG(figure)
    return figure


def _svg(figure: Figure, stamp: str) -> bytes:
    figure.text(
        0.995, 0.004, safe(stamp), ha="right", va="bottom", fontsize=6.5, color=GREY
    ).set_in_layout(False)
    out = io.BytesIO()
    with warnings.catch_warnings():
        # Names may be in scripts that the font of the drawings lacks; tables show them whole.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support .*")
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, dpi=160)
    return out.getvalue()


def safe(text: str) -> str:
    """Return text that the drawing library takes as it is, not as a formula."""
    return text.replace("\\", "\\\\").replace("$", r"\$") if "$" in text else text


def classes_of(values: pd.Series, edges: Sequence[float]) -> np.ndarray:
    """Return the class of each value, and -1 where there is none."""
    codes = np.searchsorted(np.asarray(edges, float), values.to_numpy(float), side="right")
    return np.where(values.isna(), -1, codes)


def class_map(
    units: geopandas.GeoDataFrame,
    codes: np.ndarray,
    colours: Sequence[str],
    stamp: str,
    services: geopandas.GeoDataFrame | None = None,
) -> bytes:
    """Draw units in the colours of their classes, and services as points."""
    west, south, east, north = units.total_bounds
    ratio = (north - south) / max(east - west, 1.0)
    with mpl.rc_context(STYLE):
        figure = _figure(float(np.clip(3.6 * ratio, 1.8, 6.0)) + 0.3, 3.7)
        axes = figure.add_subplot()
        for code, colour in ((-1, NO_VALUE), *enumerate(colours)):
            rows = units[codes == code]
            if rows.empty:
                continue
            many = len(units) > MANY_SHAPES
            look = {"facecolor": colour, "edgecolor": BORDER, "linewidth": 0 if many else 0.25}
            if units.geom_type.iloc[0] in ("Point", "MultiPoint"):
                middle = rows.geometry.centroid
                axes.scatter(middle.x, middle.y, s=4 if many else 14, rasterized=many, **look)
            else:
                paths = _outlines(rows.geometry.to_numpy())
                axes.add_collection(PathCollection(paths, rasterized=many, **look))
        if services is not None:
            axes.scatter(
                services.geometry.x, services.geometry.y, s=max(2.0, 16 - len(services) / 50),
                color=INK, edgecolor="white", linewidth=0.5, zorder=5,
                rasterized=len(services) > MANY_SHAPES,
            )  # fmt: skip
        axes.set_aspect("equal")
        pad = 0.02 * max(east - west, north - south, 1.0)
        axes.set(xlim=(west - pad, east + pad), ylim=(south - pad, north + pad))
        axes.set_axis_off()
        _scale_bar(axes, west, south - pad, max(east - west, 1.0))
        return _svg(figure, stamp)


def _outlines(shapes: np.ndarray) -> list[Path]:
    """Return areas as few long paths, which draw far faster than one path for each."""
    paths = []
    # Rings wound by the rule keep holes open.
    shapes = shapely.orient_polygons(shapes)
    for first in range(0, len(shapes), SHAPES_IN_PATH):
        rings = shapely.get_rings(shapely.get_parts(shapes[first : first + SHAPES_IN_PATH]))
        points, ring = shapely.get_coordinates(rings, return_index=True)
        starts = np.diff(ring, prepend=-1) != 0
        codes = np.where(starts, Path.MOVETO, Path.LINETO)
        codes[np.append(starts[1:], True)] = Path.CLOSEPOLY
        paths.append(Path(points, codes))
    return paths


def _scale_bar(axes: mpl.axes.Axes, west: float, south: float, width: float) -> None:
    power = 10 ** np.floor(np.log10(width / 4))
    length = max(step * power for step in (1, 2, 5) if step * power <= width / 4)
    axes.plot(
        [west, west + length], [south, south], color=INK, linewidth=2, clip_on=False,
        solid_capstyle="butt",
    )  # fmt: skip
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.annotate(
        label, (west, south), xytext=(0, -3), textcoords="offset points", va="top", fontsize=7.5,
        annotation_clip=False,
    )  # fmt: skip


def intervals(rows: pd.DataFrame, xlabel: str, stamp: str, zero: bool = False) -> bytes:
    """Draw one value with its interval per row, and a mark for chance where there is one.

    Parameters
    ----------
    rows : DataFrame
        ``label, value, ci_low, ci_high`` and optionally ``chance``.
    xlabel, stamp : str
        What is measured; where the data are from.
    zero : bool
        Draw a line at zero, for differences.
    """
    with mpl.rc_context(STYLE):
        figure = _figure(0.42 * len(rows) + 1.1)
        axes = figure.add_subplot()
        y = np.arange(len(rows))
        axes.hlines(y, rows["ci_low"], rows["ci_high"], color=COLOURS[0], linewidth=2.4)
        axes.plot(rows["value"], y, "o", color=COLOURS[0], markersize=6)
        if "chance" in rows and rows["chance"].notna().any():
            axes.plot(rows["chance"], y, "|", color=COLOURS[1], markersize=13, markeredgewidth=2.4)
        if zero:
            axes.axvline(0, color=INK, linewidth=1)
        else:
            axes.set_xlim(left=0)
        axes.set_yticks(y, [safe(_short(label)) for label in rows["label"]])
        axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel=safe(xlabel))
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(6))
        return _svg(figure, stamp)


def over_distance(scale: pd.DataFrame, stamp: str) -> bytes:
    """Draw segregation against the radius of surroundings, beside units shuffled over the map."""
    with mpl.rc_context({**STYLE, "axes.grid.axis": "y"}):
        figure = _figure(2.9)
        axes = figure.add_subplot()
        x = np.arange(len(scale))
        axes.fill_between(
            x, scale["shuffled_low"], scale["shuffled_high"], color=COLOURS[1], alpha=0.3,
            linewidth=0,
        )  # fmt: skip
        axes.plot(x, scale["shuffled"], color=COLOURS[1], linestyle="--", linewidth=1.6)
        axes.plot(x, scale["value"], color=COLOURS[0], marker="o", linewidth=2)
        at = min(1, len(scale) - 1)
        for column, text, colour in (
            ("value", "this city", COLOURS[0]),
            ("shuffled", "units shuffled", COLOURS[1]),
        ):
            axes.annotate(
                text, (at, scale[column].iloc[at]), xytext=(6, 6), textcoords="offset points",
                color=colour, fontsize=9,
            )  # fmt: skip
        labels = ["own unit", *(f"{metres / 1000:g} km" for metres in scale["scale"].iloc[1:])]
        axes.set_xticks(x, labels)
        axes.set(xlabel="surroundings counted in", ylim=(0, None))
        axes.set_title("information index H", fontsize=9.5, fontweight="normal")
        return _svg(figure, stamp)


def cumulative(
    distances: pd.DataFrame, labels: Mapping[str, str], minutes: float, stamp: str
) -> bytes:
    """Draw the share of each group whose nearest service is within so many minutes."""
    dashes = ("-", "--", "-.", ":")
    with mpl.rc_context({**STYLE, "axes.grid.axis": "y"}):
        figure = _figure(3.3)
        axes = figure.add_subplot()
        for number, (group, label) in enumerate(labels.items()):
            rows = distances[distances["group"] == group]
            axes.plot(
                rows["minutes"], 100 * rows["share"], color=COLOURS[number % len(COLOURS)],
                linestyle=dashes[number // len(COLOURS) % 4 if number >= 6 else number % 4],
                linewidth=2, label=safe(_short(label)),
            )  # fmt: skip
        axes.axvline(minutes, color=INK, linewidth=1)
        axes.set(ylim=(0, 101), xlim=(0, None), xlabel="minutes on foot to the nearest")
        axes.set_title("per cent of the group", fontsize=9.5, fontweight="normal")
        axes.legend(loc="lower right", fontsize=8.5)
        return _svg(figure, stamp)


def _short(label: str) -> str:
    return label if len(label) <= 26 else label[:25] + "…"
