"""Broken input: one clear report of everything that is wrong, and nothing written."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
from shapely import affinity
from shapely.geometry import LineString, Polygon

from equalcities.assess import example, reading
from equalcities.cli import main

Change = Callable[[Path, geopandas.GeoDataFrame, pd.DataFrame], list[str] | None]
CASES: dict[str, tuple[Change, tuple[str, ...]]] = {}


def case(*expected: str):
    """Register a way to break the files, with what the report must say (regular expressions)."""

    def register(change: Change) -> Change:
        name = change.__name__.strip("_")
        assert name not in CASES
        CASES[name] = (change, expected)
        return change

    return register


@pytest.fixture(scope="module")
def sound() -> tuple[geopandas.GeoDataFrame, pd.DataFrame]:
    """A small invented city: blocks, and a table of services with coordinates."""
    units, services = example.simulate_city(7, across=7, services=6)
    spots = services.to_crs("EPSG:4326").geometry
    table = pd.DataFrame(services.drop(columns="geometry")).assign(lon=spots.x, lat=spots.y)
    units["name"] = units["name"].astype(object)
    return units.drop(columns="district"), table


def run(folder: Path, extra: list[str] | None, capsys) -> tuple[int, str]:
    """Run the command on whatever of the files is there."""
    words = list(extra or [])
    defaults = {
        "--units": next(
            (str(p) for p in sorted(folder.glob("units.*")) if p.suffix in SUFFIXES), ""
        ),
        "--groups": "low,middle,high",
        "--services": str(folder / "services.csv"),
        "--capacity": "doctors",
        "--out": str(folder / "report"),
        "--replicates": "20",
    }
    for option, value in defaults.items():
        if option not in words:
            words += [option, value]
    words = [
        word
        for pair in zip(words[::2], words[1::2], strict=True)
        if pair[1] != "-"
        for word in pair
    ]
    try:
        status = main(["assess", "--quiet", *words])
    except SystemExit as stop:  # argparse's own refusals
        status = stop.code
    return status, capsys.readouterr().err


SUFFIXES = {".gpkg", ".csv", ".geojson", ".json", ".parquet", ".shp", ".xlsx", ".kml", ".txt"}


def write(folder: Path, units: geopandas.GeoDataFrame) -> None:
    units.to_file(folder / "units.gpkg", layer="units")


def write_csv(folder: Path, units: geopandas.GeoDataFrame, **options) -> None:
    flat = as_table(units)
    flat.to_csv(folder / "units.csv", index=False, **options)


def as_table(units: geopandas.GeoDataFrame) -> pd.DataFrame:
    middle = units.centroid.to_crs("EPSG:4326")
    return pd.DataFrame(units.drop(columns="geometry")).assign(lon=middle.x, lat=middle.y)


def with_cell(units, column: str, row: int, value):
    table = as_table(units).astype(object)
    table.loc[row, column] = value
    return table


# --- reference systems and positions -------------------------------------------------------


@case(r"units\.gpkg: the file has no coordinate reference system", r"--crs EPSG:3035")
def _missing_crs(folder, units, services):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(folder, units.set_crs(None, allow_override=True))


@case(r"units\.csv: it doesn't say what 'x' and 'y' are in", r"State the reference")
def _csv_without_crs(folder, units, services):
    table = pd.DataFrame(units.drop(columns="geometry"))
    table.assign(x=units.centroid.x, y=units.centroid.y).to_csv(folder / "units.csv", index=False)


@case(r"units\.gpkg: the reference system is wrong.*: in EPSG:3035", r"outside its area")
def _wrong_crs(folder, units, services):
    write(folder, units.set_crs("EPSG:3035", allow_override=True))


@case(r"'EPSG:999999' is no known reference system")
def _unknown_crs(folder, units, services):
    write(folder, units)
    return ["--crs", "EPSG:999999"]


@case(r"the file says EPSG:32626, the option says EPSG:3035")
def _two_crs(folder, units, services):
    write(folder, units)
    return ["--crs", "EPSG:3035"]


@case(r"units\.csv: longitude and latitude seem to be swapped.*far out at sea", r"--trust-coord")
def _swapped_at_sea(folder, units, services):
    table = as_table(units)
    # What becomes of somewhere in the middle of France when its axes are swapped.
    table["lon"], table["lat"] = 48.8 + np.arange(len(table)) / 1e3, 2.3
    table.to_csv(folder / "units.csv", index=False)
    return ["--services", "-", "--capacity", "-"]


@case(r"units\.csv, rows 1 .* longitude and latitude seem to be swapped", r"Longitude comes first")
def _swapped_out_of_range(folder, units, services):
    table = as_table(units)
    table["lat"], table["lon"] = table["lon"] - 110, table["lat"]
    table.to_csv(folder / "units.csv", index=False)


@case(r"wrong, or x and y are swapped: in EPSG:32626", r"easting goes first")
def _swapped_in_metres(folder, units, services):
    turned = [Polygon([(y, x) for x, y in shape.exterior.coords]) for shape in units.geometry]
    write(folder, units.set_geometry(turned, crs=units.crs))


@case(r"units\.geojson, row.* outside the range of degrees, but the file says EPSG:4326")
def _metres_in_geojson(folder, units, services):
    text = units.set_crs(None, allow_override=True).to_json()
    (folder / "units.geojson").write_text(text)


@case(r"units\.csv, row 4 \('F00004'\): the unit lies more than 300 km")
def _outlier(folder, units, services):
    table = as_table(units)
    table.loc[3, ["lon", "lat"]] = [0.0, 0.0]
    table.to_csv(folder / "units.csv", index=False)


@case(r"services\.csv, rows 1 .*more than 100 km from every unit.*reference systems of both")
def _services_elsewhere(folder, units, services):
    write(folder, units)
    services.assign(lon=services["lon"] + 30).to_csv(folder / "services.csv", index=False)


@case(r"services\.csv, row 2 \('H0002'\): the service lies more than 100 km.*drop the row")
def _one_service_elsewhere(folder, units, services):
    write(folder, units)
    services.loc[1, "lat"] = 20.0
    services.to_csv(folder / "services.csv", index=False)


# --- counts ------------------------------------------------------------------------------


@case(r"units\.gpkg, row 3 \('F00003'\), column 'low': the count is negative")
def _negative(folder, units, services):
    units.loc[2, "low"] = -4
    write(folder, units)


@case(r"row 2 \('F00002'\), column 'high': the count is missing")
def _nan(folder, units, services):
    units["high"] = units["high"].astype(float)
    units.loc[1, "high"] = np.nan
    write(folder, units)


@case(r"row 2 \('F00002'\), column 'high': the value is infinite")
def _infinite(folder, units, services):
    with_cell(units, "high", 1, "inf").to_csv(folder / "units.csv", index=False)


@case(r"row 5 \('F00005'\), column 'low': 'many' is text, not a number")
def _text(folder, units, services):
    with_cell(units, "low", 4, "many").to_csv(folder / "units.csv", index=False)


@case(r"row 5 \('F00005'\), column 'low': '1_000' is text")
def _underscore(folder, units, services):
    with_cell(units, "low", 4, "1_000").to_csv(folder / "units.csv", index=False)


@case(r"row 5 \('F00005'\), column 'low': '12,5' is written with a comma")
def _decimal_comma(folder, units, services):
    table = with_cell(units, "low", 4, "12,5")
    table.to_csv(folder / "units.csv", index=False, sep=";")


@case(r"column 'low': the count is not a whole number", r"--fractions")
def _fraction(folder, units, services):
    with_cell(units, "low", 0, "12.5").to_csv(folder / "units.csv", index=False)


@case(r"row 1 \('F00001'\), column 'low': the cell holds a formula")
def _formula(folder, units, services):
    with_cell(units, "low", 0, "=cmd|' /C calc'!A0").to_csv(folder / "units.csv", index=False)


@case(r"row 1 \('F00001'\), column 'low': the count is larger than 1,000,000,000")
def _huge(folder, units, services):
    with_cell(units, "low", 0, "9" * 30).to_csv(folder / "units.csv", index=False)


@case(r"row 1 \('F00001'\), column 'low': the value is infinite")
def _overflow(folder, units, services):
    with_cell(units, "low", 0, "1e999").to_csv(folder / "units.csv", index=False)


@case(r"row 1 \('F00001'\), column 'all_persons': the groups add up to more than the total")
def _groups_exceed_total(folder, units, services):
    units["all_persons"] = units[["low", "middle", "high"]].sum(axis=1)
    units.loc[0, "all_persons"] -= 1
    write(folder, units)
    return ["--total", "all_persons"]


@case(r"column 'midle': there is no such column\. Did you mean 'middle'\?")
def _group_missing(folder, units, services):
    write(folder, units)
    return ["--groups", "low,midle,high"]


@case(r"--groups: 'low' is named twice")
def _group_twice(folder, units, services):
    write(folder, units)
    return ["--groups", "low,high,low"]


@case(r"--groups: there are fewer than two groups")
def _one_group(folder, units, services):
    write(folder, units)
    return ["--groups", "low"]


@case(r"--groups: 'low' is also the column of another option")
def _group_is_id(folder, units, services):
    write(folder, units)
    return ["--by", "low"]


@case(r"there is a single unit")
def _single_unit(folder, units, services):
    write(folder, units.head(1))


@case(r"nobody lives in any unit")
def _nobody(folder, units, services):
    write(folder, units.assign(low=0, middle=0, high=0))


@case(r"people live in 1 unit only")
def _one_populated(folder, units, services):
    units.loc[1:, ["low", "middle", "high"]] = 0
    write(folder, units)


@case(r"only the group 'high' has people")
def _only_one_group_has_people(folder, units, services):
    write(folder, units.assign(low=0, middle=0))


@case(r"column 'low': nobody belongs to this group")
def _empty_group(folder, units, services):
    write(folder, units.assign(low=0))


# --- shapes ------------------------------------------------------------------------------


@case(r"row 3 \('F00003'\): the geometry is empty")
def _empty_geometry(folder, units, services):
    units.loc[2, "geometry"] = Polygon()
    write(folder, units)


@case(r"row 3 \('F00003'\): there is no geometry")
def _null_geometry(folder, units, services):
    units.loc[2, "geometry"] = None
    write(folder, units)


@case(r"row 3 \('F00003'\): the geometry is invalid \(Self-intersection\)")
def _bow_tie(folder, units, services):
    west, south, east, north = units.geometry.iloc[2].bounds
    corners = [(west, south), (east, north), (east, south), (west, north)]
    units.loc[2, "geometry"] = Polygon(corners)
    write(folder, units)


@case(r"row 3 \('F00003'\): some units are areas \(\d+\), others points \(1\)")
def _mixed_geometry(folder, units, services):
    units.loc[2, "geometry"] = units.geometry.iloc[2].centroid
    write(folder, units)


@case(r"row 3 \('F00003'\): the unit is neither an area nor a point")
def _line(folder, units, services):
    units.loc[2, "geometry"] = LineString(units.geometry.iloc[2].exterior.coords)
    write(folder, units)


@case(r"rows .*'F00003'.*: the area overlaps another")
def _overlap(folder, units, services):
    units.loc[2, "geometry"] = affinity.scale(units.geometry.iloc[2], 1.3, 1.3)
    write(folder, units)


@case(r"rows 3 \('F00003'\), 4 \('F00004'\): the area overlaps another")
def _same_area_twice(folder, units, services):
    units.loc[3, "geometry"] = units.geometry.iloc[2]
    write(folder, units)


@case(r"services\.gpkg, rows 1 \('H0001'\).*: the service is neither a point nor an area")
def _service_is_line(folder, units, services):
    write(folder, units)
    lines = geopandas.GeoDataFrame(
        services,
        geometry=[LineString([(x, y), (x, y + 0.01)]) for x, y in services[["lon", "lat"]].values],
        crs="EPSG:4326",
    )
    lines.to_file(folder / "services.gpkg")
    return ["--services", str(folder / "services.gpkg")]


# --- identifiers and rows ------------------------------------------------------------------


@case(r"rows 1 \('F00002'\), 2 \('F00002'\), column 'id': the identifier occurs more than once")
def _duplicate_id(folder, units, services):
    units.loc[0, "id"] = "F00002"
    write(folder, units)


@case(r"row \d+: the row repeats an earlier one in all columns")
def _duplicate_row(folder, units, services):
    table = as_table(units).drop(columns="id")
    pd.concat([table, table.head(1)]).to_csv(folder / "units.csv", index=False)


@case(r"row 2, column 'id': the identifier is blank")
def _blank_id(folder, units, services):
    units.loc[1, "id"] = "  "
    write(folder, units)


@case(r"column 'code': there is no such column")
def _id_missing(folder, units, services):
    write(folder, units)
    return ["--id", "code"]


@case(r"column 'id': the text holds control characters")
def _control_characters(folder, units, services):
    units.loc[1, "id"] = "F\x1b[31m2"
    write(folder, units)


@case(r"column 'name': the text holds control characters or marks that turn its direction")
def _direction_marks(folder, units, services):
    units.loc[1, "name"] = "abc\u202edcba"
    write(folder, units)
    return ["--name", "name"]


@case(r"column 'district': the sub-area is blank")
def _blank_subarea(folder, units, services):
    write(folder, units.assign(district=["", *["north"] * (len(units) - 1)]))
    return ["--by", "district"]


# --- files -------------------------------------------------------------------------------


@case(r"units\.csv: the file is empty")
def _empty_file(folder, units, services):
    (folder / "units.csv").write_text("")


@case(r"units\.csv: it has a header line and no rows")
def _header_only(folder, units, services):
    (folder / "units.csv").write_text("id,low,middle,high,lon,lat\n")


@case(r"services\.csv: it has a header line and no rows")
def _no_services(folder, units, services):
    write(folder, units)
    services.head(0).to_csv(folder / "services.csv", index=False)


@case(r"units\.csv: line 3 holds bytes that are not utf-8", r"--encoding latin-1")
def _latin1(folder, units, services):
    units.loc[1, "name"] = "Malmö"
    write_csv(folder, units, encoding="latin-1")


@case(r"units\.csv: line 3 holds bytes that are not utf-8")
def _mixed_encodings(folder, units, services):
    text = as_table(units.assign(name="Málaga")).to_csv(index=False)
    lines = text.splitlines()
    content = [line.encode("latin-1" if n == 2 else "utf-8") for n, line in enumerate(lines)]
    (folder / "units.csv").write_bytes(b"\n".join(content))


@case(r"units\.csv: it is in UTF-16", r"--encoding utf-16")
def _utf16(folder, units, services):
    write_csv(folder, units, encoding="utf-16")


@case(r"units\.csv, row 2: the row doesn't have \d fields|units\.csv, row 2.*fields, as the header")
def _ragged(folder, units, services):
    lines = as_table(units).to_csv(index=False).splitlines()
    lines[2] += ",surplus"
    (folder / "units.csv").write_text("\n".join(lines))


@case(r"units\.csv: it is no valid CSV")
def _open_quotation(folder, units, services):
    lines = as_table(units).to_csv(index=False).splitlines()
    lines[2] = '"' + lines[2]
    (folder / "units.csv").write_text("\n".join(lines))


@case(r"units\.csv: it holds null characters")
def _null_bytes(folder, units, services):
    (folder / "units.csv").write_bytes(b"id,low\0,high\n1,2,3\n")


@case(r"units\.csv, column 'low': several columns have this name")
def _column_clash(folder, units, services):
    text = as_table(units).to_csv(index=False).replace("middle", "low", 1)
    (folder / "units.csv").write_text(text)


@case(r"units\.csv: no columns are named as coordinates", r"--x and --y")
def _no_coordinates(folder, units, services):
    as_table(units).drop(columns=["lon", "lat"]).to_csv(folder / "units.csv", index=False)


@case(r"row 1 \('F00001'\), column 'lon': 'west' is text")
def _text_coordinate(folder, units, services):
    with_cell(units, "lon", 0, "west").to_csv(folder / "units.csv", index=False)


@case(r"units\.xlsx: this is a spreadsheet workbook", r"CSV UTF-8")
def _excel(folder, units, services):
    as_table(units).to_excel(folder / "units.xlsx", index=False)


@case(r"units\.kml: the ending '\.kml' is not one that can be read")
def _unknown_ending(folder, units, services):
    (folder / "units.kml").write_text("<kml/>")


@case(r"units\.shp: the shapefile lacks its part \.shx and \.dbf")
def _shapefile_parts(folder, units, services):
    units.to_file(folder / "units.shp")
    (folder / "units.shx").unlink()
    (folder / "units.dbf").unlink()


@case(r"units\.shp: the file has no coordinate reference system")
def _shapefile_without_prj(folder, units, services):
    units.to_file(folder / "units.shp")
    (folder / "units.prj").unlink()


@case(r"units\.gpkg: it has 2 layers: 'old', 'units'|units\.gpkg: it has 2 layers", r"Name one")
def _layers(folder, units, services):
    write(folder, units)
    units.to_file(folder / "units.gpkg", layer="old")


@case(r"units\.gpkg: it has no layer '\.\./\.\./etc/passwd'", r"Its layers are 'units'")
def _path_trick_in_layer(folder, units, services):
    write(folder, units)
    return ["--layer", "../../etc/passwd"]


@case(r"units\.gpkg: it can't be read as \.gpkg|units\.gpkg: it has no layer with geometry")
def _corrupted(folder, units, services):
    write(folder, units)
    content = (folder / "units.gpkg").read_bytes()
    (folder / "units.gpkg").write_bytes(content[:100] + b"\x7f" * 5000)


@case(r"units\.gpkg: the content is not that of a \.gpkg file")
def _wrong_ending(folder, units, services):
    (folder / "units.gpkg").write_text(as_table(units).to_csv(index=False))


@case(r"units\.geojson: it is no valid JSON")
def _cut_off_geojson(folder, units, services):
    (folder / "units.geojson").write_text(units.to_crs(4326).to_json()[:900])


@case(r"units\.geojson: it is no valid JSON")
def _virtual_file_in_disguise(folder, units, services):
    text = "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd"
    (folder / "units.geojson").write_text(text)


@case(r"units\.geojson: it is JSON, but no GeoJSON FeatureCollection")
def _other_json(folder, units, services):
    (folder / "units.geojson").write_text(json.dumps({"type": "Topology", "objects": {}}))


@case(r"units\.parquet: it is Parquet, but not GeoParquet")
def _plain_parquet(folder, units, services):
    as_table(units).to_parquet(folder / "units.parquet")


@case(r"units\.parquet: it can't be read as Parquet")
def _broken_parquet(folder, units, services):
    (folder / "units.parquet").write_bytes(b"PAR1 and nothing else")


@case(r"nowhere\.gpkg: there is no such file")
def _missing_file(folder, units, services):
    return ["--units", str(folder / "nowhere.gpkg")]


@case(r"this is a folder")
def _folder(folder, units, services):
    (folder / "units.dir").mkdir()
    return ["--units", str(folder / "units.dir")]


@case(r"units\.csv: it has 1,000,000 rows, more than the limit of 250,000")
def _million_rows(folder, units, services):
    line = "u,1,2,3,0.5,0.5\n"
    (folder / "units.csv").write_text("id,low,middle,high,lon,lat\n" + line * 1_000_000)


@case(r"column 'doctors': the capacity is negative")
def _negative_capacity(folder, units, services):
    write(folder, units)
    services.assign(doctors=-1).to_csv(folder / "services.csv", index=False)


@case(r"column 'doctors': all capacities are zero")
def _no_capacity(folder, units, services):
    write(folder, units)
    services.assign(doctors=0).to_csv(folder / "services.csv", index=False)


# --- options and the folder that is written ------------------------------------------------


@case(r"--out: '.*' is a file")
def _out_is_file(folder, units, services):
    write(folder, units)
    (folder / "sub").mkdir()
    (folder / "sub" / "report").write_text("mine")
    return ["--out", str(folder / "sub" / "report")]


@case(r"--out: '.*' is a link to somewhere else")
def _out_is_link(folder, units, services):
    write(folder, units)
    (folder / "sub").mkdir()
    (folder / "sub" / "report").symlink_to(folder, target_is_directory=True)
    return ["--out", str(folder / "sub" / "report")]


@case(r"--out: '.*' goes up with '\.\.'")
def _out_goes_up(folder, units, services):
    write(folder, units)
    return ["--out", str(folder / ".." / "report")]


@case(r"--out: there is no folder '.*sub' to put it in")
def _out_in_nowhere(folder, units, services):
    write(folder, units)
    return ["--out", str(folder / "sub" / "report")]


@case(r"--out: '.*' holds something other than a report")
def _out_holds_inputs(folder, units, services):
    write(folder, units)
    return ["--out", str(folder)]


@case(r"--labels: there are 2 labels for 3 groups")
def _labels_missing(folder, units, services):
    write(folder, units)
    return ["--labels", "poor,rich"]


@case(r"--minutes must lie between 1 and 240")
def _no_minutes(folder, units, services):
    write(folder, units)
    return ["--minutes", "nan"]


@case(r"argument --seed: invalid int value")
def _seed_is_text(folder, units, services):
    write(folder, units)
    return ["--seed", "tomorrow"]


@case(r"--reference 'rich' is not one of the groups")
def _unknown_reference(folder, units, services):
    write(folder, units)
    return ["--reference", "rich"]


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", CASES)
def test_broken_input_gives_one_report_and_nothing_else(name, sound, tmp_path, capsys):
    change, expected = CASES[name]
    units, services = sound[0].copy(), sound[1].copy()
    services.to_csv(tmp_path / "services.csv", index=False)
    extra = change(tmp_path, units, services)
    before = files_in(tmp_path)
    status, said = run(tmp_path, extra, capsys)
    assert status == 2, said
    assert said.count("error: ") == 1, said
    assert "Traceback" not in said
    for pattern in expected:
        assert re.search(pattern, said), said
    numbered = [line for line in said.splitlines() if re.match(r"  \d+\. ", line)]
    if numbered:
        count = len(numbered)
        assert said.startswith(f"error: {count} problem{'s' if count > 1 else ''} to mend")
        assert count == 1, said  # one thing was broken, so one thing is reported
    assert files_in(tmp_path) == before


def test_there_are_more_than_forty_kinds():
    assert len(CASES) > 40


def test_problems_of_all_files_are_reported_together(sound, tmp_path, capsys):
    units, services = sound[0].copy(), sound[1].copy()
    units.loc[0, "low"] = -1
    units.loc[1, "id"] = "F00003"
    units.loc[4, "geometry"] = Polygon()
    write(tmp_path, units)
    services = services.astype(object)
    services.loc[0, "doctors"] = -2
    services.loc[1, "lat"] = ""
    services.loc[2, "lat"] = 20.0
    services.to_csv(tmp_path / "services.csv", index=False)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    status, said = run(tmp_path, ["--out", str(tmp_path / "full")], capsys)
    assert status == 2
    assert said.startswith("error: 7 problems to mend; nothing was written.")
    for words in (
        "--out",
        "'low': the count is negative",
        "occurs more than once",
        "geometry is empty",
        "'doctors': the capacity is negative",
        "'lat': the coordinate is missing. Find it",
        "('H0003'): the service lies more",
    ):
        assert words in said


def test_many_bad_rows_are_counted_not_listed(sound, tmp_path, capsys):
    write(tmp_path, sound[0].assign(low=-1))
    _, said = run(tmp_path, [], capsys)
    assert re.search(r"rows 1 \('F00001'\), .* and \d+ more, column 'low'", said)
    assert len(said) < 600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_unreadable_file_is_refused(sound, tmp_path, capsys):
    write_csv(tmp_path, sound[0])
    (tmp_path / "units.csv").chmod(0)
    status, said = run(tmp_path, ["--services", "-", "--capacity", "-"], capsys)
    assert status == 2
    assert "reading it is not permitted" in said


# --- unusual, and yet accepted --------------------------------------------------------------


def test_markup_and_formulas_in_names_do_no_harm(sound, tmp_path, capsys):
    units, services = sound[0].copy(), sound[1]
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    formula = '=HYPERLINK("https://example.org","click")'
    units["name"] = [evil if n % 2 else formula for n in range(len(units))]
    units["quarter"] = np.where(np.arange(len(units)) % 3, evil, "-1+1|cmd")
    units = units.rename(columns={"low": "<b>low</b> $x_1$", "high": "=high"})
    write(tmp_path, units)
    far = services.assign(lon=services["lon"] + 0.3)
    far.to_csv(tmp_path / "services.csv", index=False)
    status, said = run(
        tmp_path,
        ["--groups", "<b>low</b> $x_1$,middle,=high", "--name", "name", "--by", "quarter",
         "--title", "<svg onload=alert(3)>"],
        capsys,
    )  # fmt: skip
    assert status == 0, said
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    for tag in ("<script", "<img src=x", "<svg", "<b>low"):
        assert tag not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;svg onload=alert(3)&gt;" in page
    for path in (tmp_path / "report" / "tables").glob("*.csv"):
        cells = pd.Series(pd.read_csv(path, dtype=str, header=None).to_numpy().ravel()).dropna()
        risky = cells[cells.str.match(r"[=+@\t\r-]")]
        assert pd.to_numeric(risky, errors="coerce").notna().all(), (path.name, list(risky))


def test_unusual_but_sound_files_are_accepted_and_noted(sound, tmp_path, capsys):
    units, services = sound[0].copy(), sound[1]
    units.loc[0, "name"] = "Åsa, “north”"
    write_csv(tmp_path, units, sep=";", encoding="utf-8-sig")
    services.to_csv(tmp_path / "services.csv", index=False, sep="\t")
    status, said = run(tmp_path, ["--name", "name"], capsys)
    assert status == 0, said
    notes = json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))["notes"]
    assert any("parted by semicolons" in note for note in notes)
    assert any("parted by tabs" in note for note in notes), notes
    assert any("aren't metres" in note for note in notes)


def test_other_encodings_and_fractions_are_taken_when_stated(sound, tmp_path, capsys):
    units = sound[0].assign(name="Málaga", low=sound[0]["low"] + 0.5)
    write_csv(tmp_path, units, encoding="latin-1")
    words = ["--services", "-", "--capacity", "-", "--encoding", "latin-1", "--name", "name"]
    assert run(tmp_path, words, capsys)[0] == 2
    status = main(
        ["assess", "--quiet", "--fractions", "--units", str(tmp_path / "units.csv"), "--groups",
         "low,middle,high", "--encoding", "latin-1", "--name", "name", "--replicates", "20",
         "--out", str(tmp_path / "report")]
    )  # fmt: skip
    assert status == 0
    table = pd.read_csv(tmp_path / "report" / "tables" / "segregation.csv")
    assert table["chance"].isna().all()
    assert pd.read_csv(tmp_path / "report" / "tables" / "units.csv")["name"].eq("Málaga").all()


def test_coordinates_far_out_at_sea_are_taken_when_trusted(sound, tmp_path):
    table = as_table(sound[0])
    table["lon"], table["lat"] = 48.8 + np.arange(len(table)) / 1e3, 2.3
    table.to_csv(tmp_path / "units.csv", index=False)
    words = ["--units", str(tmp_path / "units.csv"), "--groups", "low,high"]
    words += ["--out", str(tmp_path / "report"), "--replicates", "20", "--quiet"]
    assert main(["assess", *words]) == 2
    assert main(["assess", *words, "--trust-coordinates"]) == 0


def test_limit_of_rows_is_the_stated_one(monkeypatch, sound, tmp_path, capsys):
    write(tmp_path, sound[0])
    sound[1].to_csv(tmp_path / "services.csv", index=False)
    monkeypatch.setattr(reading, "MOST_ROWS", len(sound[0]) - 1)
    status, said = run(tmp_path, [], capsys)
    assert (status, "more than the limit" in said) == (2, True)
    monkeypatch.setattr(reading, "MOST_ROWS", len(sound[0]))
    status, said = run(tmp_path, [], capsys)
    assert status == 0, said


def test_failure_while_writing_leaves_the_earlier_report(monkeypatch, sound, tmp_path):
    write_csv(tmp_path, sound[0])
    words = ["assess", "--units", str(tmp_path / "units.csv"), "--groups", "low,high", "--quiet"]
    words += ["--out", str(tmp_path / "report"), "--replicates", "20"]
    assert main(words) == 0
    before = files_in(tmp_path)
    whole = Path.write_bytes

    def full_disk(self, content):
        if self.name == "units.parquet":
            raise OSError(28, "No space left on device")
        return whole(self, content)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        main([*words, "--force", "--seed", "9"])
    assert files_in(tmp_path) == before
    assert json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))["seed"] == 1
