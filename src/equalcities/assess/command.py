"""``equalcities assess``: from a city's files to a folder with a report, tables and metrics."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from equalcities.assess import example
from equalcities.assess.indicators import Results, Settings, assess_city
from equalcities.assess.intake import City, Layout, read_city
from equalcities.assess.output import (
    MADE_BY,
    METRICS,
    REPORT,
    TABLES,
    csv_bytes,
    metrics_bytes,
    out_problems,
    parquet_bytes,
    tables_of,
    versions,
    write_folder,
)
from equalcities.assess.problems import InputProblems, Problem, is_hidden, plain
from equalcities.assess.reading import Source
from equalcities.assess.report import Wording, report_html

HELP = "Measure segregation and access to services in one city from its own files."
EXAMPLE = (
    "equalcities assess --units units.gpkg --groups low,middle,high "
    "--services services.gpkg --out report/"
)
USER_DATA = "your data, not checked by us"
SIMULATED = "simulated"


@dataclass(frozen=True)
class Request:
    """Everything a run depends on.

    Attributes
    ----------
    units, services : Source
    layout : Layout
    settings : Settings
    wording : Wording
    """

    units: Source
    services: Source | None
    layout: Layout
    settings: Settings
    wording: Wording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    defaults = Settings()
    files = parser.add_argument_group("files")
    files.add_argument("--units", type=Path, help="areas or points with counts of people")
    files.add_argument("--groups", help="columns with the count of each group, parted by commas")
    files.add_argument("--services", type=Path, help="where services are; leave away for none")
    files.add_argument("--out", type=Path, required=True, help="folder to write; must be new")
    files.add_argument("--force", action="store_true", help="replace an earlier report")
    files.add_argument("--example", action="store_true", help="use the bundled invented city")
    columns = parser.add_argument_group("columns")
    columns.add_argument("--id", help="column of identifiers (default: id, or row numbers)")
    columns.add_argument("--name", help="column of names to show")
    columns.add_argument("--total", help="column of all persons, which groups must not exceed")
    columns.add_argument("--by", help="column of sub-areas, such as districts")
    columns.add_argument("--capacity", help="column of the services' size, such as doctors")
    columns.add_argument("--services-id", help="column of the services' identifiers")
    columns.add_argument("--fractions", action="store_true", help="counts are estimates")
    places = parser.add_argument_group("positions")
    for side in ("", "services-"):
        places.add_argument(f"--{side}layer", help="layer of a GeoPackage that has several")
        places.add_argument(f"--{side}crs", help="reference system, if the file has none")
        places.add_argument(f"--{side}x", help="coordinate column of a CSV: easting or longitude")
        places.add_argument(f"--{side}y", help="coordinate column of a CSV: northing or latitude")
    places.add_argument("--encoding", default="utf-8", help="of CSV files (default: utf-8)")
    places.add_argument(
        "--trust-coordinates", action="store_true", help="accept where on Earth the data lie"
    )
    choices = parser.add_argument_group("choices")
    choices.add_argument("--minutes", type=float, default=defaults.minutes, help="acceptable walk")
    choices.add_argument("--speed", type=float, default=defaults.speed, help="km per hour")
    choices.add_argument("--detour", type=float, default=defaults.detour, help="street/straight")
    choices.add_argument("--scales", default="500,1000,2000,4000", help="radii in metres")
    choices.add_argument("--small", type=int, default=defaults.small, help="flag units below this")
    choices.add_argument("--ordered", action="store_true", help="groups run from low to high")
    choices.add_argument(
        "--reference", help="group to compare with (default: the last if ordered, or the largest)"
    )
    choices.add_argument("--replicates", type=int, default=defaults.replicates, help="draws")
    choices.add_argument("--seed", type=int, default=defaults.seed, help="where draws start")
    words = parser.add_argument_group("words in the report")
    words.add_argument("--title", help="of the report, such as the city's name")
    words.add_argument("--labels", help="names of the groups, parted by commas, in their order")
    words.add_argument("--service-label", help="what the services are, such as 'health centres'")
    parser.add_argument("--quiet", action="store_true", help="don't show progress")


def run(options: argparse.Namespace) -> int:
    """Assess a city as the options say.

    Raises
    ------
    EqualCitiesError
        With everything that must be mended; nothing was written then.
    """
    progress = (lambda step: None) if options.quiet else _say
    problems = out_problems(options.out, force=options.force)
    request = _request(options, problems)
    assess(request, options.out, progress, problems)
    print(f"Open {options.out / REPORT} in a browser.")
    return 0


def assess(
    request: Request,
    out: Path,
    progress: Callable[[str], None] = lambda step: None,
    problems: list[Problem] | None = None,
) -> Results:
    """Read, check, compute and write.

    Parameters
    ----------
    request : Request
    out : Path
        The folder to write.
    progress : callable
        Is told each step before it begins.
    problems : list of Problem, optional
        What was found before, to be reported with the rest.

    Returns
    -------
    Results

    Raises
    ------
    InputProblems
        With everything that must be mended, in all files.
    """
    request.settings.check()
    found = list(problems or [])
    progress("reading and checking files")
    try:
        city = read_city(request.units, request.services, request.layout)
    except InputProblems as error:
        raise InputProblems([*found, *error.problems]) from None
    if found:
        raise InputProblems(found)
    results = assess_city(city, request.settings, progress)
    progress("drawing and writing the report")
    write_folder(out, files_of(city, results, request))
    return results


def files_of(city: City, results: Results, request: Request) -> dict[str, bytes]:
    """Return everything that is written, by relative path."""
    files: dict[str, bytes] = {}
    tables = tables_of(results)
    for name, table in tables.items():
        files[f"{TABLES}/{name}.csv"] = csv_bytes(table)
        files[f"{TABLES}/{name}.parquet"] = parquet_bytes(table)
    provenance = _provenance(city, results, request)
    files[REPORT] = report_html(city, results, request.settings, request.wording, provenance)
    shown = {name: table for name, table in tables.items() if name != "units"}
    content = {**provenance, "files": sorted(files), "results": shown}
    return {**files, METRICS: metrics_bytes(content)}


def _provenance(city: City, results: Results, request: Request) -> dict[str, object]:
    simulated = any(file["sha256"] in example.checksums() for file in city.files)
    layout = {name: value for name, value in asdict(request.layout).items() if value}
    return {
        "made_by": MADE_BY,
        "title": request.wording.title,
        "evidence_class": SIMULATED if simulated else USER_DATA,
        "simulation": example.SIMULATION if simulated else "",
        "versions": versions(),
        "inputs": city.files,
        "projection": city.crs.to_string(),
        "parameters": {
            **layout,
            **asdict(request.settings),
            "reference": results.reference,
            "service_label": request.wording.service,
        },
        "seed": request.settings.seed,
        "notes": [*city.notes, *results.notes],
    }


def _request(options: argparse.Namespace, problems: list[Problem]) -> Request:
    settings = Settings(
        minutes=options.minutes,
        speed=options.speed,
        detour=options.detour,
        scales=_scales(options.scales, problems),
        small=options.small,
        ordered=options.ordered or options.example,
        reference=options.reference,
        replicates=options.replicates,
        seed=options.seed,
    )
    if options.example:
        return _example_request(options, settings, problems)
    groups = _list(options.groups)
    if options.units is None or not groups:
        missing = "--units" if options.units is None else "--groups"
        problems.append(Problem(missing, "it is needed", "Give it, or try --example"))
        raise InputProblems(problems)
    labels = tuple(_list(options.labels)) or groups
    if len(labels) != len(groups):
        what = f"there are {len(labels)} labels for {len(groups)} groups"
        problems.append(Problem("--labels", what, "Give one label for each group, in their order"))
        labels = groups
    for name in ("title", "service_label", "labels"):
        if any(map(is_hidden, getattr(options, name) or "")):
            option = f"--{name.replace('_', '-')}"
            problems.append(Problem(option, "it holds control characters", "Remove them"))
    services = None
    if options.services is not None:
        services = Source(
            options.services, options.services_layer, options.services_crs,
            options.services_x, options.services_y, options.encoding,
        )  # fmt: skip
    return Request(
        Source(options.units, options.layer, options.crs, options.x, options.y, options.encoding),
        services,
        Layout(
            groups=groups,
            id=options.id,
            name=options.name,
            total=options.total,
            by=options.by,
            services_id=options.services_id,
            capacity=options.capacity,
            fractions=options.fractions,
            trust_coordinates=options.trust_coordinates,
        ),
        settings,
        Wording(
            title=options.title or "Your city",
            labels=labels,
            service=options.service_label or "services",
            capacity=options.capacity or "services",
        ),
    )


def _example_request(
    options: argparse.Namespace, settings: Settings, problems: list[Problem]
) -> Request:
    for name in ("units", "groups", "services", "title"):
        if getattr(options, name) is not None:
            what = f"--{name} can't go with it: the invented city has its own"
            problems.append(Problem("--example", what, "Give one or the other"))
    if problems:
        raise InputProblems(problems)
    units, services = example.paths()
    return Request(
        Source(units),
        Source(services),
        Layout(groups=example.GROUPS, name="name", by="district", capacity="doctors"),
        settings,
        Wording(
            title=example.NAME,
            labels=("low income", "middle income", "high income"),
            service="health centres",
            capacity="doctors",
        ),
    )


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _scales(text: str, problems: list[Problem]) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _list(text))
    except ValueError:
        what = f"'{plain(text)}' is no list of numbers"
        problems.append(Problem("--scales", what, "Give metres, such as 500,1000"))
        return Settings().scales


def _say(step: str) -> None:
    print(f"  · {step} …", file=sys.stderr, flush=True)
