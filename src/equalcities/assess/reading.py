"""Files as they come: whatever their format, a table of columns, shapes and a reference system."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow
import pyogrio
import shapely
from pyarrow import parquet
from pyproj import CRS
from pyproj.exceptions import CRSError

from equalcities.assess.problems import Findings, plain

MOST_ROWS = 250_000
"""Rows that one file may hold; more is refused before it is read."""
MOST_BYTES = 2**30
"""Size of a file, or of a shapefile's parts together, that is still read."""

COORDINATES = (
    ("lon", "lat"),
    ("longitude", "latitude"),
    ("lng", "lat"),
    ("x", "y"),
    ("easting", "northing"),
)
"""Names that coordinate columns of a CSV may have without being pointed out."""
DEGREES = COORDINATES[:3]
READABLE = "GeoPackage (.gpkg), GeoParquet (.parquet), GeoJSON (.geojson), Shapefile (.shp) or CSV"
SPREADSHEETS = {".xlsx", ".xls", ".xlsm", ".ods"}
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True)
class Source:
    """Which file to read, and what it doesn't say of itself."""

    path: Path
    layer: str | None = None
    crs: str | None = None
    x: str | None = None
    y: str | None = None
    encoding: str = "utf-8"


@dataclass
class Table:
    """A file's content.

    Attributes
    ----------
    columns : DataFrame
        Everything but the geometry; text if it came from a CSV.
    shapes : ndarray of shapely geometries, or None
        None while the coordinates are still columns of text.
    crs : pyproj.CRS or None
        What the file says its coordinates are in.
    axes : tuple of str, or None
        The coordinate columns of a CSV.
    layer : str
        The layer that was read, if the format has layers.
    sha256, size
        Of the file; for a shapefile of all its parts together.
    """

    columns: pd.DataFrame
    shapes: np.ndarray | None = None
    crs: CRS | None = None
    axes: tuple[str, str] | None = None
    layer: str = ""
    sha256: str = ""
    size: int = 0


def read_table(source: Source, found: Findings) -> Table | None:
    """Read a file, or note why that isn't possible.

    Parameters
    ----------
    source : Source
    found : Findings
        Gets the problems.

    Returns
    -------
    Table or None
        None if there is nothing to go on with.
    """
    content = _bytes(source.path, found)
    if content is None:
        return None
    suffix = source.path.suffix.lower()
    if suffix in SPREADSHEETS:
        found.add(
            "this is a spreadsheet workbook, which may hold several sheets and formulas",
            "Save the sheet as 'CSV UTF-8', with two coordinate columns, and give that file",
        )
        return None
    readers = {
        ".gpkg": _read_layered,
        ".geojson": _read_layered,
        ".json": _read_layered,
        ".shp": _read_layered,
        ".parquet": _read_parquet,
        ".geoparquet": _read_parquet,
        ".csv": _read_csv,
        ".tsv": _read_csv,
        ".txt": _read_csv,
    }
    if suffix not in readers:
        found.add(f"the ending '{plain(suffix)}' is not one that can be read", f"Give {READABLE}")
        return None
    if source.layer is not None and suffix != ".gpkg":
        found.add(
            f"only a GeoPackage has layers, so there is no '{plain(source.layer)}'",
            "Leave the option for the layer away",
        )
        return None
    table = readers[suffix](source, content, found)
    if table is None:
        return None
    table.sha256, table.size = hashlib.sha256(content).hexdigest(), len(content)
    if not _checked_columns(table, found):
        return None
    table.crs = _reference(table, source, found)
    return table


def _bytes(path: Path, found: Findings) -> bytes | None:
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "there is no such file"
        found.add(what, "Check the path and its spelling")
        return None
    parts = [path]
    if path.suffix.lower() == ".shp":
        siblings = {
            other.suffix.lower(): other
            for other in sorted(path.parent.iterdir())
            if other.stem == path.stem and other.is_file()
        }
        missing = [part for part in (".shx", ".dbf") if part not in siblings]
        if missing:
            found.add(
                f"the shapefile lacks its part {' and '.join(missing)}",
                "Copy all parts (.shp, .shx, .dbf, .prj) into one folder",
            )
            return None
        parts = [siblings[part] for part in SHAPEFILE_PARTS if part in siblings]
    size = sum(part.stat().st_size for part in parts)
    if size == 0 or path.stat().st_size == 0:
        found.add("the file is empty", "Export it again")
        return None
    if size > MOST_BYTES:
        found.add(
            f"the file is larger than {MOST_BYTES // 2**20:,} MB",
            "Simplify its shapes or cut it to the city",
        )
        return None
    try:
        return b"".join(part.read_bytes() for part in parts)
    except PermissionError:
        found.add("reading it is not permitted", "Ask for the right to read it, or copy it")
        return None


def _refused_for_length(rows: int, found: Findings) -> bool:
    if rows > MOST_ROWS:
        found.add(
            f"it has {rows:,} rows, more than the limit of {MOST_ROWS:,}",
            "Cut it to one city, or count in larger areas",
        )
    return rows > MOST_ROWS


# --- formats that the library behind geopandas reads -------------------------------------


def _read_layered(source: Source, content: bytes, found: Findings) -> Table | None:
    suffix = source.path.suffix.lower()
    if not _starts_as_it_should(suffix, content, found):
        return None
    # The absolute path, so that no name can be taken for a connection to a database.
    path = source.path.resolve()
    try:
        layer = _layer(source, path, found) if suffix == ".gpkg" else None
        if suffix == ".gpkg" and layer is None:
            return None
        info = pyogrio.read_info(path, layer=layer)
        if _refused_for_length(info["features"], found):
            return None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        found.add(
            f"it can't be read as {suffix}: {plain(str(error).replace(str(path), path.name))}",
            "Export it again; the file seems to be damaged",
        )
        return None
    for warning in caught:
        found.note(plain(str(warning.message).replace(str(path), path.name)))
    if not isinstance(frame, geopandas.GeoDataFrame):
        found.add("it holds no geometry", "Export it with shapes or points, or as CSV with x and y")
        return None
    return _from_geoframe(frame, layer or "", found)


def _from_geoframe(frame: geopandas.GeoDataFrame, layer: str, found: Findings) -> Table | None:
    names = list(frame.columns)
    if len(set(names)) < len(names):
        _clash(names, found)
        return None
    columns = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    return Table(columns, np.asarray(frame.geometry.array), frame.crs, layer=layer)


def _starts_as_it_should(suffix: str, content: bytes, found: Findings) -> bool:
    """Check the first bytes, so that a file is never read as another format than it claims."""
    if suffix in (".geojson", ".json"):
        return _is_geojson(content, found)
    magic = {".gpkg": b"SQLite format 3\0", ".shp": b"\x00\x00\x27\x0a"}[suffix]
    if not content.startswith(magic):
        found.add(
            f"the content is not that of a {suffix} file", "Export it again or correct its ending"
        )
        return False
    return True


def _is_geojson(content: bytes, found: Findings) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found.add(
            f"line {line} holds bytes that are not UTF-8", "Save it in UTF-8; GeoJSON must be"
        )
        return False
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        found.add(f"it is no valid JSON ({plain(error)})", "Export it again; it may be cut off")
        return False
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list) or data.get("type") != "FeatureCollection":
        found.add("it is JSON, but no GeoJSON FeatureCollection", "Export it as GeoJSON")
        return False
    if not features:
        found.add("it holds no feature", "Export it again with its rows")
        return False
    return not _refused_for_length(len(features), found)


def _layer(source: Source, path: Path, found: Findings) -> str | None:
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    named = ", ".join(f"'{plain(name)}'" for name in layers)
    if source.layer is not None and source.layer not in layers:
        found.add(f"it has no layer '{plain(source.layer)}'", f"Its layers are {named}")
        return None
    if not layers:
        found.add("it has no layer with geometry", "Export the layer with its shapes")
        return None
    if source.layer is None and len(layers) > 1:
        found.add(f"it has {len(layers)} layers: {named}", "Name one with the option for the layer")
        return None
    return source.layer or layers[0]


def _read_parquet(source: Source, content: bytes, found: Findings) -> Table | None:
    try:
        if _refused_for_length(parquet.ParquetFile(io.BytesIO(content)).metadata.num_rows, found):
            return None
        frame = geopandas.read_parquet(io.BytesIO(content))
    except pyarrow.ArrowException as error:
        found.add(f"it can't be read as Parquet: {plain(error)}", "Export it again")
        return None
    except (ValueError, shapely.errors.ShapelyError) as error:
        found.add(f"it is Parquet, but not GeoParquet: {plain(error)}", "Export it as GeoParquet")
        return None
    return _from_geoframe(frame, "", found)


# --- CSV ---------------------------------------------------------------------------------


def _read_csv(source: Source, content: bytes, found: Findings) -> Table | None:
    text = _decoded(source, content, found)
    if text is None or _refused_for_length(text.count("\n") - 1, found):
        return None
    separator = _separator(text)
    try:
        rows = list(
            csv.reader(
                io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=separator, strict=True
            )
        )
    except csv.Error as error:
        found.add(f"it is no valid CSV ({plain(error)})", "Export it again; check quotation marks")
        return None
    header, body = [name.strip() for name in rows[0]], rows[1:]
    while body and not any(cell.strip() for cell in body[-1]):
        body.pop()
    # Spreadsheets leave columns behind that have neither a name nor a value.
    while header and not header[-1] and all(not "".join(row[len(header) - 1 :]) for row in body):
        header = header[:-1]
        body = [row[: len(header)] for row in body]
    if not body:
        found.add("it has a header line and no rows", "Export it again with its rows")
        return None
    if len(set(header)) < len(header):
        _clash(header, found)
        return None
    lengths = np.array([len(row) for row in body])
    if (lengths != len(header)).any():
        found.add(
            f"the row doesn't have {len(header)} fields, as the header line does",
            "Check separators and quotation marks there",
            rows=lengths != len(header),
        )
        return None
    if separator != ",":
        found.note("fields are parted by " + ("tabs." if separator == "\t" else "semicolons."))
    columns = pd.DataFrame(body, columns=header, dtype=str)
    axes = _axes(source, header, found)
    return None if axes is None else Table(columns, axes=axes)


def _decoded(source: Source, content: bytes, found: Findings) -> str | None:
    if source.encoding == "utf-8" and content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        found.add("it is in UTF-16", "Save it as 'CSV UTF-8', or give --encoding utf-16")
        return None
    try:
        text = content.decode("utf-8-sig" if source.encoding == "utf-8" else source.encoding)
    except UnicodeError as error:
        line = content[: getattr(error, "start", 0)].count(b"\n") + 1
        found.add(
            f"line {line} holds bytes that are not {source.encoding}",
            "Save it as 'CSV UTF-8', or name its encoding, such as --encoding latin-1",
        )
        return None
    if "\0" in text:
        found.add("it holds null characters, so it is no text", "Export it again as CSV")
        return None
    if not text.strip():
        found.add("the file is empty", "Export it again")
        return None
    return text


def _separator(text: str) -> str:
    """Return the separator that parts the header line; a comma if none does."""
    header = text.lstrip().splitlines()[0]
    return max(",;\t", key=header.count)


def _axes(source: Source, header: list[str], found: Findings) -> tuple[str, str] | None:
    if (source.x is None) != (source.y is None):
        found.add("only one coordinate column is named", "Give both --x and --y")
        return None
    if source.x is not None and source.y is not None:
        absent = [name for name in (source.x, source.y) if name not in header]
        for name in absent:
            found.add("there is no such column", columns_advice(name, header), column=name)
        return None if absent else (source.x, source.y)
    lower = {name.lower(): name for name in header}
    for x, y in COORDINATES:
        if x in lower and y in lower:
            return lower[x], lower[y]
    found.add(
        "no columns are named as coordinates",
        f"Name them with --x and --y; {columns_advice('', header)}",
    )
    return None


def columns_advice(wanted: str, columns: list[str]) -> str:
    """Say which columns there are, the likeliest first."""
    near = difflib.get_close_matches(wanted, columns, n=1)
    known = ", ".join(f"'{plain(name)}'" for name in columns[:12])
    known += ", …" if len(columns) > 12 else ""
    return (f"Did you mean '{plain(near[0])}'? " if near else "") + f"The columns are {known}"


def _clash(names: list[str], found: Findings) -> None:
    for name in [name for name, count in Counter(names).items() if count > 1]:
        found.add(
            "several columns have this name" if name else "several columns have no name",
            "Give each column a name of its own",
            column=name,
        )


def _checked_columns(table: Table, found: Findings) -> bool:
    if len(table.columns) == 0:
        found.add("it has no rows", "Export it again with its rows")
        return False
    return True


# --- reference systems -------------------------------------------------------------------


def _reference(table: Table, source: Source, found: Findings) -> CRS | None:
    stated = None
    if source.crs is not None:
        try:
            stated = CRS.from_user_input(source.crs)
        except CRSError:
            found.add(
                f"'{plain(source.crs)}' is no known reference system",
                "Give its EPSG code, such as EPSG:3035",
            )
            return None
    own = table.crs
    if own is None and stated is None and table.axes is not None:
        if tuple(axis.lower() for axis in table.axes) in DEGREES:
            found.note("longitude and latitude are taken as WGS 84 (EPSG:4326).")
            own = CRS.from_epsg(4326)
        else:
            found.add(
                f"it doesn't say what '{plain(table.axes[0])}' and '{plain(table.axes[1])}' are in",
                "State the reference system, such as --crs EPSG:3035",
            )
            return None
    if own is None and stated is None:
        found.add(
            "the file has no coordinate reference system (CRS)",
            "Set it where you exported the file, or state it, such as --crs EPSG:3035",
        )
        return None
    if own is not None and stated is not None and not own.equals(stated, ignore_axis_order=True):
        found.add(
            f"the file says {own.to_string()[:60]}, the option says {stated.to_string()[:60]}",
            "Leave the option away, or correct the file",
        )
        return None
    return own if own is not None else stated
