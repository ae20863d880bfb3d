"""One city's own files: read, checked as a whole, and brought to one map projection in metres."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from dataclasses import dataclass, field

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely.geometry import Point, box

from equalcities.assess.problems import Findings, InputProblems, is_hidden, plain
from equalcities.assess.reading import Source, Table, columns_advice, read_table

MOST_PERSONS = 1e9
"""A count above this is a mistake: no unit and no service is that large."""
FEW_UNITS = 30
"""With fewer populated units than this, intervals and comparisons with chance are shaky."""
FAR_UNIT = 300_000.0
"""Metres from the middle of the city beyond which a unit can't belong to it."""
FAR_SERVICE = 100_000.0
"""Metres from the nearest unit beyond which a service can't be meant."""
OVERLAP_SHARE = 0.01
"""Share of the smaller area that two areas may share, as slivers of imprecise borders do."""
FAR_FROM_LAND = 1.0
"""Degrees from any land of the coarse world outline, beyond which swapped axes are suspected."""
ISLANDS = (
    (1.1, 38.6, 4.4, 40.2),  # Balearic Islands
    (-18.3, 27.5, -13.3, 29.5),  # Canary Islands
    (-17.4, 32.3, -16.2, 33.2),  # Madeira
    (-31.4, 36.8, -25.0, 39.8),  # Azores
    (18.0, 56.8, 19.4, 58.1),  # Gotland
    (-25.5, 14.7, -22.6, 17.3),  # Cape Verde
    (6.3, -0.1, 7.6, 1.8),  # Sao Tome and Principe
    (53.0, 12.2, 54.7, 12.8),  # Socotra
    (55.1, -4.9, 56.0, -4.1),  # Seychelles, the inner islands
)
"""West, south, east, north of inhabited islands that the coarse outline leaves out."""
EUROPE = (-32.0, 27.0, 45.0, 72.0)
"""West, south, east, north of Europe with its islands, to look for cities with swapped axes."""
ALSO_EUROPE = ("Cyprus", "N. Cyprus")
"""Countries that the outline gives to another continent."""
WEB_MERCATOR = CRS.from_epsg(3857)
DEGREES_CRS = CRS.from_epsg(4326)
AREAS, POINTS = ("Polygon", "MultiPolygon"), ("Point", "MultiPoint")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
SHORT_NAMES = ("geometry", "x", "y", "all", "by")
"""Names that groups may not have, because tables give them a meaning."""


@dataclass(frozen=True)
class Layout:
    """Which columns mean what."""

    groups: tuple[str, ...]
    id: str | None = None
    name: str | None = None
    total: str | None = None
    by: str | None = None
    services_id: str | None = None
    capacity: str | None = None
    fractions: bool = False
    trust_coordinates: bool = False


@dataclass(frozen=True)
class City:
    """Checked files.

    Attributes
    ----------
    units : GeoDataFrame
        One row per unit: ``id``, ``name``, ``by`` (if given), and shapes in `crs`.
    counts : DataFrame of float
        One column per group, rows as in `units`.
    services : GeoDataFrame or None
        ``id``, ``capacity`` and points in the same projection.
    areas : bool
        Whether units are areas, or points.
    whole : bool
        Whether all counts are whole, so that persons can be drawn.
    crs : CRS
        A projection in metres.
    files : tuple of dict
        For each file its role, name, checksum, size, layer, rows and reference system.
    notes : tuple of str
        What was decided or noticed.
    """

    units: geopandas.GeoDataFrame
    counts: pd.DataFrame
    services: geopandas.GeoDataFrame | None
    areas: bool
    whole: bool
    crs: CRS
    files: tuple[dict[str, object], ...]
    notes: tuple[str, ...]


@dataclass
class _Part:
    """One input on its way: what was found, and what could be made of it so far."""

    found: Findings
    table: Table | None = None
    ids: pd.Series | None = None
    shapes: np.ndarray | None = None
    crs: CRS | None = None
    columns: dict[str, pd.Series] = field(default_factory=dict)


def read_city(units: Source, services: Source | None, layout: Layout) -> City:
    """Read and check the files of a city.

    Parameters
    ----------
    units : Source
        Areas or points with counts of people per group.
    services : Source or None
        Where services are; None to leave access out.
    layout : Layout
        Which columns mean what.

    Returns
    -------
    City

    Raises
    ------
    InputProblems
        With everything that must be mended, in all files.
    """
    whole, counts = True, pd.DataFrame()
    home = _Part(Findings(units.path.name))
    _check_groups(layout, home.found)
    home.table = read_table(units, home.found)
    if home.table is not None:
        _identify(home, layout.id)
        counts, whole = _counts(home, layout)
        _labels(home, {"name": layout.name, "by": layout.by})
        _shapes(home, layout.trust_coordinates)
        _one_kind(home)
    places = None
    if services is not None:
        places = _Part(Findings(services.path.name))
        places.table = read_table(services, places.found)
        if places.table is not None:
            _identify(places, layout.services_id)
            _capacity(places, layout.capacity)
            _shapes(places, layout.trust_coordinates)
            _as_points(places)
    parts = [part for part in (home, places) if part is not None]
    crs = _project(home, places)
    if crs is not None:
        _check_extent(home, places)
        _check_overlaps(home)
    problems = [problem for part in parts for problem in part.found.problems]
    if problems:
        raise InputProblems(problems)
    return City(
        units=_units_frame(home, crs),
        counts=counts,
        services=None if places is None else _services_frame(places, crs),
        areas=shapely.get_type_id(home.shapes[0]) in (3, 6),
        whole=whole,
        crs=crs,
        files=tuple(
            _file(part, role) for part, role in zip(parts, ("units", "services"), strict=False)
        ),
        notes=tuple(note for part in parts for note in part.found.notes),
    )


# --- columns -----------------------------------------------------------------------------


def _check_groups(layout: Layout, found: Findings) -> None:
    option = Findings("--groups")
    for name, count in Counter(layout.groups).items():
        if count > 1:
            option.add(f"'{plain(name)}' is named twice", "Name each group once")
        if name in SHORT_NAMES:
            option.add(f"a group can't be called '{plain(name)}'", "Rename the column")
        if name in (layout.id, layout.by, layout.total):
            option.add(
                f"'{plain(name)}' is also the column of another option", "Give each its own column"
            )
    if len(set(layout.groups)) < 2:
        option.add(
            "there are fewer than two groups",
            "Name two columns or more, parted by commas; add one for everyone else",
        )
    found.problems.extend(option.problems)


def _column(part: _Part, name: str) -> pd.Series | None:
    columns = part.table.columns
    if name not in columns:
        part.found.add(
            "there is no such column",
            columns_advice(name, [str(column) for column in columns]),
            column=name,
        )
        return None
    return columns[name]


def _text(column: pd.Series) -> pd.Series:
    text = column.map(lambda value: "" if _is_missing(value) else _as_text(value))
    return text.astype(object)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _as_text(value: object) -> str:
    # A missing value elsewhere in a column of whole numbers turns 12 into 12.0.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _identify(part: _Part, name: str | None) -> None:
    """Find identifiers, and note rows that repeat others."""
    columns, found = part.table.columns, part.found
    rows = pd.Series(range(1, len(columns) + 1)).astype(str)
    if name is None and "id" in columns:
        name = "id"
    if name is None:
        part.ids = rows
        content = columns.assign(**{"": _positions_text(part.table)}).astype(str)
        found.add(
            "the row repeats an earlier one in all columns",
            "Drop the repetition, or give identifiers that tell the rows apart",
            rows=content.duplicated().to_numpy(),
        )
        return
    column = _column(part, name)
    if column is None:
        return
    part.ids = _text(column)
    found.ids = part.ids
    blank = (part.ids == "").to_numpy()
    found.add("the identifier is blank", "Give each row one of its own", rows=blank, column=name)
    found.add(
        "the identifier occurs more than once",
        "Give each row one of its own, or drop repeated rows",
        rows=part.ids.duplicated(keep=False).to_numpy() & ~blank,
        column=name,
    )
    _no_hidden(part.ids, found, name)


def _positions_text(table: Table) -> object:
    return "" if table.shapes is None else shapely.to_wkb(table.shapes, hex=True)


def _no_hidden(text: pd.Series, found: Findings, name: str) -> None:
    found.add(
        "the text holds control characters or marks that turn its direction",
        "Remove them; they show where a name was pasted from",
        rows=text.map(lambda value: any(map(is_hidden, value))).to_numpy(bool),
        column=name,
    )


def _labels(part: _Part, names: dict[str, str | None]) -> None:
    for role, name in names.items():
        column = None if name is None else _column(part, name)
        if column is None:
            continue
        text = _text(column)
        _no_hidden(text, part.found, name)
        if role == "by":
            part.found.add(
                "the sub-area is blank",
                "Name the sub-area of each unit",
                rows=(text == "").to_numpy(),
                column=name,
            )
        part.columns[role] = text


def _numbers(
    column: pd.Series, found: Findings, name: str, what: str, if_missing: str
) -> np.ndarray:
    """Return a column as numbers, and note each kind of value that is none."""
    raw = column.map(lambda value: "" if _is_missing(value) else value)
    if pd.api.types.is_bool_dtype(column):
        raw = raw.astype(str)
    text = raw.astype(str).str.strip()
    values = np.array([_number(value) for value in text])
    blank = text.isin(["", "nan", "NaN", "NA", "N/A", "None", "null", "<NA>"]).to_numpy()
    formula = text.str.startswith(("=", "@")).to_numpy(bool)
    comma = text.map(lambda value: bool(DECIMAL_COMMA.fullmatch(value))).to_numpy(bool)
    other = np.isnan(values) & ~blank & ~formula & ~comma
    sample = plain(text[other].iloc[0]) if other.any() else ""
    first = plain(text[comma].iloc[0]) if comma.any() else ""
    for rows, problem, cure in (
        (blank, f"{what} is missing", if_missing),
        (formula, "the cell holds a formula", "Save values instead of formulas"),
        (
            comma,
            f"'{first}' is written with a comma",
            "Write decimals with a point and thousands without a mark",
        ),
        (other, f"'{sample}' is text, not a number", "Write digits only"),
        (np.isinf(values), "the value is infinite", "Find the right number"),
    ):
        found.add(problem, cure, rows=rows, column=name)
    return values


def _number(text: str) -> float:
    try:
        return float(text.replace("_", "?"))  # Python would read 1_000 as a number
    except ValueError:
        return np.nan


def _amounts(column: pd.Series, found: Findings, name: str, what: str) -> np.ndarray:
    cure = "Write 0 if it is none; find it or drop the row otherwise"
    values = _numbers(column, found, name, what, cure)
    found.add(f"{what} is negative", "Find the right number", rows=values < 0, column=name)
    found.add(
        f"{what} is larger than {MOST_PERSONS:,.0f}",
        "Find the right number",
        rows=(values > MOST_PERSONS) & np.isfinite(values),
        column=name,
    )
    return values


def _counts(part: _Part, layout: Layout) -> tuple[pd.DataFrame, bool]:
    found, counts = part.found, {}
    for name in dict.fromkeys(layout.groups):
        column = _column(part, name)
        if column is not None:
            counts[name] = _amounts(column, found, name, "the count")
    table = pd.DataFrame(counts, index=part.table.columns.index)
    if len(table.columns) < 2:
        return table, True
    good = table.apply(lambda column: np.isfinite(column) & (column >= 0))
    broken = {
        name: good[name].to_numpy() & (np.abs(table[name] - table[name].round()) > 1e-9).to_numpy()
        for name in table
    }
    whole = not any(rows.any() for rows in broken.values())
    for name, rows in broken.items():
        if layout.fractions:
            continue
        found.add(
            "the count is not a whole number of persons",
            "Give counts; if these are estimates, allow them with --fractions",
            rows=rows,
            column=name,
        )
    if good.to_numpy().all():
        _check_people(table, found)
    if layout.total is not None:
        _check_total(part, table, good, layout.total)
    return table, whole


def _check_people(table: pd.DataFrame, found: Findings) -> None:
    persons, populated = table.sum(), int((table.sum(axis=1) > 0).sum())
    if persons.sum() == 0:
        found.add("nobody lives in any unit: all counts are zero", "Give the counts of persons")
        return
    if (persons > 0).sum() == 1:
        found.add(
            f"only the group '{plain(persons.idxmax())}' has people",
            "Segregation is between groups: add one for everyone else",
        )
    for name in persons[persons == 0].index if (persons > 0).sum() > 1 else []:
        found.add("nobody belongs to this group", "Leave the group away", column=name)
    if populated < 2:
        found.add(
            f"people live in {populated} unit only" if len(table) > 1 else "there is a single unit",
            "Give the units of a whole city",
        )
    elif populated < FEW_UNITS:
        found.note(f"there are only {populated} units with people; intervals are rough.")


def _check_total(part: _Part, table: pd.DataFrame, good: pd.DataFrame, name: str) -> None:
    column = _column(part, name)
    if column is None:
        return
    totals = _amounts(column, part.found, name, "the total")
    known = good.all(axis=1).to_numpy() & np.isfinite(totals)
    sums = table.sum(axis=1).to_numpy()
    part.found.add(
        "the groups add up to more than the total",
        "Check whether groups overlap or the total is of another year",
        rows=known & (sums > totals + 1e-6),
        column=name,
    )
    left = float((totals - sums)[known].sum())
    if left > 0.5:
        part.found.note(f"{left:,.0f} persons of '{plain(name)}' are in no group; left out.")


def _capacity(part: _Part, name: str | None) -> None:
    part.columns["capacity"] = pd.Series(np.ones(len(part.table.columns)))
    column = None if name is None else _column(part, name)
    if column is None:
        return
    values = _amounts(column, part.found, name, "the capacity")
    if np.isfinite(values).all() and (values == 0).all():
        part.found.add("all capacities are zero", "Give capacities or leave them away", column=name)
    part.columns["capacity"] = pd.Series(values)


# --- shapes and positions ----------------------------------------------------------------


def _shapes(part: _Part, trusted: bool) -> None:
    """Check shapes one by one, then where on Earth they lie."""
    table, found = part.table, part.found
    shapes = table.shapes
    if shapes is None:
        x, y = (
            _numbers(table.columns[name], found, name, "the coordinate", "Find it or drop the row")
            for name in table.axes
        )
        known = np.isfinite(x) & np.isfinite(y)
        shapes = np.full(len(x), None, dtype=object)
        shapes[known] = shapely.points(x[known], y[known])
    else:
        shapes = shapely.force_2d(shapes)
        missing = shapely.is_missing(shapes)
        empty = ~missing & shapely.is_empty(shapes)
        _, owner = shapely.get_coordinates(shapes, return_index=True)
        finite = np.isfinite(shapely.get_coordinates(shapes)).all(axis=1)
        unlimited = np.zeros(len(shapes), bool)
        unlimited[owner[~finite]] = True
        known = ~missing & ~empty & ~unlimited
        invalid = known & ~shapely.is_valid(shapes)
        reason = shapely.is_valid_reason(shapes[invalid][0]) if invalid.any() else ""
        cure = "Give the shape or drop the row"
        found.add("there is no geometry", cure, rows=missing)
        found.add("the geometry is empty", cure, rows=empty)
        found.add("a coordinate is not a finite number", "Export it again", rows=unlimited)
        found.add(
            f"the geometry is invalid ({plain(reason.split('[')[0].strip())})",
            "Repair it, with 'Fix geometries' in QGIS for example",
            rows=invalid,
        )
    if not known.any() or table.crs is None:
        return
    if not _is_on_earth(part, shapes, known, trusted):
        return
    # Rows without a sound shape are left out of what follows, so that the rest is still checked.
    part.shapes, part.crs = np.where(known, shapes, None), CRS.from_user_input(table.crs)


def _is_on_earth(part: _Part, shapes: np.ndarray, known: np.ndarray, trusted: bool) -> bool:
    found, crs = part.found, CRS.from_user_input(part.table.crs)
    bounds = shapely.bounds(shapes)
    if crs.is_geographic:
        wide = known & (np.abs(bounds[:, [0, 2]]).max(axis=1) > 180)
        high = known & (np.abs(bounds[:, [1, 3]]).max(axis=1) > 90)
        if wide.any() or high.any():
            swappable = not (np.abs(bounds[known][:, [0, 2]]).max() > 90)
            what, cure = (
                ("longitude and latitude seem to be swapped", "Longitude comes first, as x")
                if swappable
                else (
                    f"coordinates lie outside the range of degrees, but the file says {_name(crs)}",
                    "State the reference system that they are in",
                )
            )
            found.add(f"{what}", cure, rows=wide | high)
            return False
    lon, lat = _degrees(crs, bounds[known])
    if not np.isfinite([lon, lat]).all():
        found.add(
            f"the coordinates are no place on Earth in {_name(crs)}",
            "State the reference system that they are in",
        )
        return False
    if trusted:
        return True
    area = crs.area_of_use
    if area is not None and not _within(area.bounds, lon, lat):
        flipped = _degrees(crs, bounds[known][:, [1, 0, 3, 2]])
        swapped = np.isfinite(flipped).all() and _within(area.bounds, *flipped)
        what = "the reference system is wrong" + (", or x and y are swapped" if swapped else "")
        found.add(
            f"{what}: in {_name(crs)} the data lie near {_place(lon, lat)}, outside its area",
            "State the one that they are in" + ("; easting goes first, as x" if swapped else ""),
        )
        return False
    where = _where_swapped(lon, lat) if crs.is_geographic else ""
    if where:
        found.add(
            f"longitude and latitude seem to be swapped: the data lie near {_place(lon, lat)}, "
            f"{where}",
            "Longitude comes first, as x; if they are right, say so with --trust-coordinates",
        )
        return False
    return True


def _name(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else plain(crs.name)


def _place(lon: float, lat: float) -> str:
    return f"longitude {lon:.1f}, latitude {lat:.1f}"


def _degrees(crs: CRS, bounds: np.ndarray) -> tuple[float, float]:
    """Return longitude and latitude of the middle of boxes; infinite if there is none."""
    x = float(np.median((bounds[:, 0] + bounds[:, 2]) / 2))
    y = float(np.median((bounds[:, 1] + bounds[:, 3]) / 2))
    try:
        lon, lat = Transformer.from_crs(crs, DEGREES_CRS, always_xy=True).transform(x, y)
    except ProjError:
        return np.inf, np.inf
    return lon, lat


def _within(bounds: tuple[float, float, float, float], lon: float, lat: float) -> bool:
    west, south, east, north = bounds
    # An area of use may run over the date line.
    inside = west - 1 <= lon <= east + 1 if west <= east else lon >= west - 1 or lon <= east + 1
    return bool(inside and south - 1 <= lat <= north + 1)


def _where_swapped(lon: float, lat: float) -> str:
    """Say where a place lies if its axes seem to be swapped, and nothing if they don't.

    They seem so if it lies far out at sea and would lie on land, or lies outside Europe and would
    lie in Europe. Cities between Nairobi and Tehran are asked in vain; three in five of Europe's
    cities would be missed without.
    """
    if abs(lon) > 90:
        return ""
    countries = pyogrio.read_dataframe(_outline())
    here, there = Point(lon, lat), Point(lat, lon)
    far = shapely.distance(countries.geometry.to_numpy(), here)
    at_sea = far.min() > FAR_FROM_LAND and not _on_an_island(here)
    if at_sea and shapely.intersects(countries.geometry.to_numpy(), there).any():
        return "far out at sea"
    europe = countries[(countries["continent"] == "Europe") | countries["name"].isin(ALSO_EUROPE)]
    shapes = shapely.intersection(europe.geometry.to_numpy(), box(*EUROPE))

    def in_europe(place: Point) -> bool:
        near = shapely.distance(shapes, place).min() <= FAR_FROM_LAND
        return near or (_on_an_island(place) and shapely.covers(box(*EUROPE), place))

    if in_europe(here) or not in_europe(there):
        return ""
    return "outside Europe; the other way round they would lie in Europe"


def _on_an_island(place: Point) -> bool:
    return any(shapely.covers(box(*island), place) for island in ISLANDS)


def _outline() -> str:
    from importlib.resources import files

    folder = files("pyogrio") / "tests" / "fixtures" / "naturalearth_lowres"
    return str(folder / "naturalearth_lowres.shp")


def _one_kind(part: _Part) -> None:
    """Units are areas, or points; anything else can't be counted in."""
    shapes = part.table.shapes if part.table.shapes is not None else part.shapes
    if shapes is None:
        return
    kinds = np.array([getattr(shape, "geom_type", "") for shape in shapes])
    areas, points = np.isin(kinds, AREAS), np.isin(kinds, POINTS)
    part.found.add(
        "the unit is neither an area nor a point",
        "Give polygons, or points at their middles",
        rows=(kinds != "") & ~areas & ~points,
    )
    if areas.any() and points.any():
        fewer = points if points.sum() <= areas.sum() else areas
        part.found.add(
            f"some units are areas ({areas.sum()}), others points ({points.sum()})",
            "Give one kind for all",
            rows=fewer,
        )


def _as_points(part: _Part) -> None:
    shapes = part.table.shapes if part.table.shapes is not None else part.shapes
    if shapes is None:
        return
    kinds = np.array([getattr(shape, "geom_type", "") for shape in shapes])
    part.found.add(
        "the service is neither a point nor an area",
        "Give a point for each service, such as its entrance",
        rows=~np.isin(kinds, ("", *AREAS, *POINTS)),
    )


def _project(home: _Part, places: _Part | None) -> CRS | None:
    """Bring both files to one projection in metres; None if one of them can't be placed."""
    if home.shapes is None:
        return None
    crs, found = home.crs, home.found
    metric = crs.is_projected and crs.axis_info[0].unit_conversion_factor == 1
    if crs.is_projected and not crs.is_geographic and crs.equals(WEB_MERCATOR):
        metric = False
    if not metric:
        series = geopandas.GeoSeries(home.shapes, crs=crs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            target = series.estimate_utm_crs()
        found.note(
            f"coordinates in {_name(crs)} aren't metres on the ground; brought to {_name(target)}."
        )
        home.shapes, crs = series.to_crs(target).to_numpy(), target
    if places is not None and places.shapes is not None:
        if not places.crs.equals(crs, ignore_axis_order=True):
            series = geopandas.GeoSeries(places.shapes, crs=places.crs).to_crs(crs)
            places.found.note(f"brought from {_name(places.crs)} to {_name(crs)}.")
            places.shapes = series.to_numpy()
        areas = np.isin(shapely.get_type_id(places.shapes), (3, 6))
        if areas.any():
            places.found.note(f"{areas.sum()} services are areas; their middles count.")
        places.shapes = shapely.centroid(places.shapes)
    return crs


def _check_extent(home: _Part, places: _Part | None) -> None:
    middle = shapely.centroid(home.shapes)
    points = np.column_stack([shapely.get_x(middle), shapely.get_y(middle)])
    away = np.hypot(*(points - np.nanmedian(points, axis=0)).T)
    home.found.add(
        f"the unit lies more than {FAR_UNIT / 1000:.0f} km from the middle of the others",
        "Correct its coordinates or drop it",
        rows=~(away <= FAR_UNIT) & ~shapely.is_missing(home.shapes),
    )
    if places is None or places.shapes is None:
        return
    near = shapely.STRtree(home.shapes[away <= FAR_UNIT])
    known = ~shapely.is_missing(places.shapes)
    far, good = known.copy(), np.isfinite(shapely.get_x(places.shapes))
    hits, _ = near.query_nearest(places.shapes[good], max_distance=FAR_SERVICE, all_matches=False)
    far[np.flatnonzero(good)[hits]] = False
    cure = "Correct the coordinates or drop the row"
    if far[known].all():
        cure = "Check the reference systems of both files, and longitude and latitude"
    places.found.add(
        f"the service lies more than {FAR_SERVICE / 1000:.0f} km from every unit", cure, rows=far
    )


def _check_overlaps(part: _Part) -> None:
    numbers = np.flatnonzero(shapely.is_valid(part.shapes))
    shapes = part.shapes[numbers]
    if not np.isin(shapely.get_type_id(shapes), (3, 6)).all():
        return
    tree = shapely.STRtree(shapes)
    pairs = np.concatenate(
        [tree.query(shapes, predicate=name) for name in ("overlaps", "covers")], axis=1
    )
    # 'covers' finds each containment once, but equal shapes and overlaps twice.
    one, other = np.unique(np.sort(pairs[:, pairs[0] != pairs[1]], axis=0), axis=1)
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    smaller = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    much = shared > OVERLAP_SHARE * smaller
    rows = np.zeros(len(part.shapes), bool)
    rows[numbers[np.concatenate([one[much], other[much]])]] = True
    part.found.add(
        "the area overlaps another, so people may count twice",
        "Use areas of one level only, and correct borders",
        rows=rows,
    )
    if (~much & (shared > 0)).any():
        part.found.note(f"{(~much & (shared > 0)).sum()} pairs of areas overlap by slivers; kept.")


# --- what comes out ----------------------------------------------------------------------


def _units_frame(part: _Part, crs: CRS) -> geopandas.GeoDataFrame:
    name = part.columns.get("name", part.ids)
    data = {"id": part.ids, "name": name.where(name != "", part.ids)}
    if "by" in part.columns:
        data["by"] = part.columns["by"]
    return geopandas.GeoDataFrame(data, geometry=part.shapes, crs=crs)


def _services_frame(part: _Part, crs: CRS) -> geopandas.GeoDataFrame:
    data = {"id": part.ids, "capacity": part.columns["capacity"]}
    return geopandas.GeoDataFrame(data, geometry=part.shapes, crs=crs)


def _file(part: _Part, role: str) -> dict[str, object]:
    return {
        "role": role,
        "name": part.found.file,
        "sha256": part.table.sha256,
        "bytes": part.table.size,
        "layer": part.table.layer,
        "rows": len(part.table.columns),
        "crs": _name(CRS.from_user_input(part.table.crs)),
    }
