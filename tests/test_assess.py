"""From files to a report: what is read, computed and written for a sound city."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from equalcities import access, catalog, segregation
from equalcities.assess import (
    InputProblems,
    Layout,
    Settings,
    Source,
    assess_city,
    example,
    read_city,
)
from equalcities.assess.intake import _where_swapped
from equalcities.assess.report import Wording, _Report
from equalcities.cli import main

GROUPS = list(example.GROUPS)
FAST = ["--replicates", "20", "--quiet"]


@pytest.fixture(scope="module")
def city():
    units, services = example.paths()
    layout = Layout(tuple(GROUPS), name="name", by="district", capacity="doctors")
    return read_city(Source(units), Source(services), layout)


@pytest.fixture(scope="module")
def results(city):
    return assess_city(city, Settings(ordered=True, replicates=60))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("assess") / "report"
    assert main(["assess", "--example", "--out", str(out), *FAST]) == 0
    return out


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_bundled_city_is_what_its_function_draws():
    units, services = example.simulate_city()
    kept = geopandas.read_file(example.paths()[0]).to_crs(units.crs)
    assert kept[["id", "name", "district", *GROUPS]].equals(
        units[["id", "name", "district", *GROUPS]].astype(kept[["id", *GROUPS]].dtypes.to_dict())
    )
    assert kept.geometry.geom_equals_exact(units.geometry, tolerance=0.2).all()
    table = pd.read_csv(example.paths()[1])
    assert list(table["doctors"]) == list(services["doctors"])


def test_numbers_are_those_of_the_measures(city, results):
    direct = segregation.measure(city.counts, GROUPS).set_index(["index", "group"])["value"]
    ours = results.segregation.set_index(["index", "group"])["value"]
    assert ours.to_numpy() == pytest.approx(direct[ours.index].to_numpy())
    points = city.units.set_geometry(city.units.centroid)
    people = pd.DataFrame({"id": city.units["id"], "x": points.geometry.x, "y": points.geometry.y})
    spots = city.services.geometry
    places = pd.DataFrame({"id": city.services["id"], "x": spots.x, "y": spots.y})
    costs = access.straight_line(people, places, cutoff=20_000, detour=1.3)
    minutes = access.nearest_cost(costs) / 80
    assert results.units["minutes_to_nearest"].to_numpy() == pytest.approx(minutes.to_numpy())
    reached = access.cumulative_opportunities(costs, 1200)
    assert results.units["services_reached"].to_numpy() == pytest.approx(reached.to_numpy())


def test_supply_adds_up_to_the_doctors_that_somebody_reaches(city, results):
    persons = results.units["population"]
    handed_out = (results.units["supply_per_1000"] / 1000 * persons).sum()
    assert handed_out == pytest.approx(city.services["capacity"].sum())


def test_gap_is_the_difference_of_the_means_shown(results):
    means = results.groups_access.set_index("group")["mean_minutes"]
    gaps = results.gaps.query("indicator == 'minutes_to_nearest' and measure == 'difference'")
    for row in gaps.itertuples():
        assert row.value == pytest.approx(means[row.group] - means[row.reference])
        assert row.ci_low <= row.value <= row.ci_high


def test_share_beyond_agrees_with_the_curve_over_minutes(results):
    at = results.distances[results.distances["minutes"] == 15].set_index("group")["share"]
    beyond = results.groups_access.set_index("group")["share_beyond"]
    assert (1 - at).to_dict() == pytest.approx(beyond.to_dict())


# --- what the report says in words ---------------------------------------------------------


def said(city, results, **changed):
    """Return the sentences in brief of a report on results of which some tables are changed."""
    results = replace(results, **changed)
    provenance = {"simulation": "a test", "notes": [], "versions": {}, "inputs": {}, "seed": 1}
    wording = Wording("Testville", tuple(results.groups), "surgeries")
    report = _Report(city, results, Settings(), wording, provenance)
    return unescape(report.brief()), report


def edited(table, index, **values):
    table = table.copy()
    for name, value in values.items():
        table.loc[index, name] = value
    return table


def test_the_group_named_is_the_one_farthest_beyond_chance(city, results):
    rows = results.segregation
    of = (rows["index"] == "dissimilarity") & (rows["group"] == "low")
    few = edited(rows, of, value=0.99, ci_low=0.97, ci_high=1.0, chance=0.985, chance_high=0.995)
    brief, _ = said(city, results, segregation=few)
    assert "“high”: about" in brief and "Chance alone would give" in brief
    none = edited(rows, of, value=0.99, ci_low=np.nan, ci_high=np.nan)
    assert "“high”: about" in said(city, results, segregation=none)[0]
    by_chance = edited(rows, rows["index"] == "dissimilarity", chance=0.9, chance_high=0.999)
    assert (
        "No group lives apart by more than chance" in said(city, results, segregation=by_chance)[0]
    )


def test_two_groups_have_one_index_and_neither_is_named():
    units, _ = example.paths()
    frame = geopandas.read_file(units)
    frame["rest"] = frame["middle"] + frame["high"]
    two = {}
    for order in (("low", "rest"), ("rest", "low")):
        city = read_city(Source(units), None, Layout(tuple(GROUPS)))
        city = replace(city, counts=frame[list(order)].set_axis(city.counts.index))
        found = assess_city(city, Settings(replicates=20))
        two[order], _ = said(city, found)
        assert "of either group would have to move" in two[order]
        assert "living most apart" not in two[order]


def test_a_scale_that_holds_one_unit_is_left_out_and_said(city):
    found = assess_city(city, Settings(replicates=20, scales=(50.0, 100.0)))
    assert sum("hold one unit alone" in note for note in found.notes) == 2
    assert found.scale.empty


def test_what_is_left_over_distance_is_said_as_it_is(city, results):
    scale = results.scale
    last = scale.index[-1]
    first = scale["value"].iloc[0]
    much = edited(scale, last, value=0.8 * first, shuffled_high=0.9 * first)
    brief, _ = said(city, results, scale=much)
    assert "80% of that is left" in brief and "little of that is left" not in brief
    little = edited(scale, last, value=0.1 * first, shuffled_high=0.2 * first)
    assert "little of that is left (10%)" in said(city, results, scale=little)[0]


def test_a_clear_gap_is_not_hidden_by_a_wider_unclear_one(city, results):
    gaps = results.gaps
    ours = (gaps["indicator"] == "minutes_to_nearest") & (gaps["measure"] == "difference")
    wide = edited(gaps, ours & (gaps["group"] == "low"), value=-1.8, ci_low=-4.3, ci_high=0.8)
    mixed = edited(wide, ours & (gaps["group"] == "middle"), value=0.7, ci_low=0.2, ci_high=1.2)
    brief, _ = said(city, results, gaps=mixed)
    assert "people of “middle” walk 0.7" in brief and "don't differ" not in brief
    unclear = edited(mixed, ours, ci_low=-5.0, ci_high=5.0)
    assert "don't differ by more than these data can tell" in said(city, results, gaps=unclear)[0]


def test_far_areas_of_few_people_are_counted_and_not_listed(city, results):
    units = results.units.copy()
    far = units["minutes_to_nearest"] > 15
    units.loc[units.index[far][0], "small_number"] = True
    _, report = said(city, results, units=units)
    shown = report.far_away(units["minutes_to_nearest"])
    people = units.loc[far & (units["population"] > 0), "population"].sum()
    assert f"{people:,.0f} people live in {(far & (units['population'] > 0)).sum()} such" in shown
    hidden = units.loc[far, "small_number"].sum()
    assert f"{hidden} of them have fewer than 30 people and are not listed" in shown


def test_small_units_keep_their_shares_to_themselves(city):
    units = assess_city(city, Settings(replicates=20, small=60)).units
    small = units["population"] < 60
    assert 0 < small.sum() < len(units)
    assert (units["small_number"] == small).all()
    hidden = [name for name in units if name.startswith(("share_", "location_quotient_", "local_"))]
    assert len(hidden) == 7
    assert units.loc[small, hidden].isna().all(axis=None)
    assert units.loc[~small, hidden].notna().all(axis=None)


def test_order_of_rows_changes_nothing_but_draws(city, tmp_path):
    units = geopandas.read_file(example.paths()[0])
    path = tmp_path / "units.geojson"
    units.iloc[::-1].to_file(path)
    layout = Layout(tuple(GROUPS), name="name", by="district", capacity="doctors")
    turned = assess_city(read_city(Source(path), Source(example.paths()[1]), layout), Settings())
    straight = assess_city(city, Settings())
    for name in ("segregation", "groups_access"):
        ours, theirs = getattr(straight, name), getattr(turned, name)
        column = "value" if name == "segregation" else "mean_minutes"
        assert ours[column].to_numpy() == pytest.approx(theirs[column].to_numpy())


@pytest.mark.parametrize("kind", ["gpkg", "parquet", "shp", "geojson", "csv"])
def test_every_format_gives_the_same_numbers(kind, tmp_path):
    units = geopandas.read_file(example.paths()[0]).to_crs("EPSG:32626")
    layout = Layout(tuple(GROUPS))
    path = tmp_path / f"units.{kind}"
    expected = units
    if kind == "parquet":
        units.to_parquet(path)
    elif kind == "csv":
        middle = units.centroid
        table = pd.DataFrame(units.drop(columns="geometry"))
        table.assign(x=middle.x, y=middle.y).to_csv(path, index=False)
    else:
        expected = units.to_crs("EPSG:4326") if kind == "geojson" else units
        expected.to_file(path)
    read = read_city(Source(path, crs="EPSG:32626" if kind == "csv" else None), None, layout)
    assert read.counts.to_numpy().tolist() == units[GROUPS].to_numpy().tolist()
    assert read.units["id"].tolist() == units["id"].tolist()
    ours, theirs = read.units.geometry.centroid, units.geometry.centroid
    assert ours.distance(theirs.set_crs(ours.crs)).max() < 0.2
    assert read.areas == (kind != "csv")


def points_around(lon, lat):
    near = np.arange(40) / 1e3
    table = pd.DataFrame({"id": range(40), "lon": lon + near, "lat": lat + near})
    return table.assign(low=30, middle=40, high=20 + np.arange(40))


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(2.65, 39.57), (-15.43, 28.12), (-16.92, 32.65), (-25.67, 37.74), (18.29, 57.63)],
    ids=["Palma", "Las Palmas", "Funchal", "Ponta Delgada", "Visby"],
)
def test_a_city_on_an_island_lies_where_it_says(lon, lat, tmp_path):
    """The coarse outline leaves these islands out, and their axes swapped may be land."""
    points_around(lon, lat).to_csv(tmp_path / "units.csv", index=False)
    read = read_city(Source(tmp_path / "units.csv"), None, Layout(tuple(GROUPS)))
    assert len(read.units) == 40


@pytest.mark.parametrize(
    ("lat", "lon", "where"),
    [
        (52.52, 13.41, "far out at sea"),
        (41.9, 12.5, "outside Europe; the other way round they would lie in Europe"),
        (35.9, 14.51, "outside Europe"),
        (35.17, 33.36, "outside Europe"),
        (28.47, -16.25, "outside Europe"),
        (55.86, -4.26, "outside Europe"),
    ],
    ids=["Berlin", "Rome", "Valletta", "Nicosia", "Santa Cruz de Tenerife", "Glasgow"],
)
def test_a_city_of_europe_with_swapped_axes_does_not(lat, lon, where, tmp_path):
    points_around(lon=lat, lat=lon).to_csv(tmp_path / "units.csv", index=False)
    with pytest.raises(InputProblems, match=where):
        read_city(Source(tmp_path / "units.csv"), None, Layout(tuple(GROUPS)))


def test_all_cities_of_the_panel_lie_where_they_say_and_are_noticed_in_europe_if_swapped():
    cities = catalog.load("panel72").table.dropna(subset=["lat", "lon"])
    for name, lat, lon in cities[["fua_name", "lat", "lon"]].itertuples(index=False):
        assert not _where_swapped(lon, lat), name
        if 34 < lat < 72 and -25 < lon < 25:
            assert _where_swapped(lat, lon), name


@pytest.mark.parametrize(("lat", "lon"), [(30.04, 31.24), (-33.92, 18.42), (41.01, 28.98)])
def test_cities_that_would_not_be_in_europe_the_other_way_round_pass(lat, lon):
    assert not _where_swapped(lon, lat)


def test_a_city_that_would_be_in_europe_the_other_way_round_can_be_trusted(tmp_path):
    points_around(lon=36.82, lat=-1.28).to_csv(tmp_path / "units.csv", index=False)
    source = Source(tmp_path / "units.csv")
    with pytest.raises(InputProblems, match="--trust-coordinates"):
        read_city(source, None, Layout(tuple(GROUPS)))
    trusted = read_city(source, None, Layout(tuple(GROUPS), trust_coordinates=True))
    assert len(trusted.units) == 40


def test_same_input_and_seed_give_the_same_bytes(folder, tmp_path):
    again = tmp_path / "elsewhere"
    assert main(["assess", "--example", "--out", str(again), *FAST]) == 0
    assert digest(again) == digest(folder)
    other = tmp_path / "other"
    assert main(["assess", "--example", "--out", str(other), "--seed", "2", *FAST]) == 0
    assert digest(other)["tables/segregation.csv"] != digest(folder)["tables/segregation.csv"]
    assert digest(other)["tables/units.csv"] == digest(folder)["tables/units.csv"]


def test_metrics_hold_provenance_and_no_place_or_time(folder):
    text = (folder / "metrics.json").read_text("utf-8")
    metrics = json.loads(text)
    units, _ = example.paths()
    assert metrics["inputs"][0]["sha256"] == hashlib.sha256(units.read_bytes()).hexdigest()
    assert metrics["inputs"][0]["name"] == units.name
    assert metrics["seed"] == 1
    assert metrics["parameters"]["detour"] == 1.3
    assert {"equalcities", "python", "numpy", "geopandas", "proj"} <= set(metrics["versions"])
    assert str(units.parent) not in text
    assert not re.search(r"20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d", text)
    on_disk = {name for name in digest(folder) if name != "metrics.json"}
    assert set(metrics["files"]) == on_disk


def test_simulated_city_is_marked_in_every_output(folder):
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["evidence_class"] == "simulated"
    assert "invented" in metrics["simulation"]
    page = (folder / "report.html").read_text("utf-8")
    assert "Simulated, evidence about no place" in page
    assert "not checked by us" not in page


def test_copy_of_the_example_is_known_for_what_it_is(tmp_path, capsys):
    assert main(["example-city", "--out", str(tmp_path / "copy")]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    words = line.replace("--out report/", f"--out {tmp_path / 'out'}").split()[1:]
    assert main([*words, *FAST]) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    assert metrics["evidence_class"] == "simulated"


def test_tables_agree_as_csv_and_parquet(folder):
    names = {path.stem for path in (folder / "tables").glob("*.csv")}
    assert {"segregation", "units", "gaps", "access_by_group"} <= names
    for name in names:
        csv = pd.read_csv(folder / "tables" / f"{name}.csv")
        parquet = pd.read_parquet(folder / "tables" / f"{name}.parquet")
        assert list(csv) == list(parquet)
        for column in csv.select_dtypes("number"):
            assert np.allclose(csv[column], parquet[column].astype(float), equal_nan=True)


def test_report_is_one_page_that_needs_nothing_else(folder):
    page = BeautifulSoup((folder / "report.html").read_text("utf-8"), "html.parser")
    assert not page.find_all(["script", "link", "iframe", "object"])
    assert all(image["src"].startswith("data:image/svg+xml") for image in page.find_all("img"))
    assert len(page.find_all("img")) == 8
    assert all(len(image["alt"]) > 40 for image in page.find_all("img"))
    for element in page.find_all(True):
        assert not any(name.startswith("on") for name in element.attrs)
        assert not str(element.get("href", "")).startswith(("http", "//"))


def test_units_alone_give_a_report_without_access(tmp_path):
    units, _ = example.paths()
    out = tmp_path / "report"
    words = ["--units", str(units), "--groups", "low,high", "--out", str(out), *FAST]
    assert main(["assess", *words]) == 0
    page = (out / "report.html").read_text("utf-8")
    assert "Who reaches services" not in page
    assert not (out / "tables" / "gaps.csv").exists()


def test_earlier_report_is_replaced_only_when_told_to(folder, tmp_path, capsys):
    out = tmp_path / "report"
    words = ["assess", "--example", "--out", str(out), *FAST]
    assert main(words) == 0
    assert main(words) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0
    assert digest(out) == digest(folder)
    (out / "mine.txt").write_text("keep")
    assert main([*words, "--force"]) == 2
    assert (out / "mine.txt").read_text() == "keep"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
