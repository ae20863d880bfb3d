"""An invented city, so that there is something to try the assessment on.

Nothing here describes a real place. The city is drawn by a seeded function, lies in the open
ocean so that it can't be mistaken for one, and whatever is computed from it is evidence about
no place.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely

NAME = "Fictionville"
SEED = 2026
GROUPS = ("low", "middle", "high")
SIMULATION = f"invented city of {NAME}, drawn by equalcities.assess.example with seed {SEED}"
UNITS, SERVICES = "units.geojson", "services.csv"

CRS = "EPSG:32626"
CENTRE = (723_000.0, 5_320_000.0)
"""Metres, some hundred kilometres from any coast."""
BLOCK = 420.0
"""Metres between the corners of neighbouring blocks, before they are shifted."""
DISTRICTS = ("Inkwell", "Papermoor", "Quillside", "Margin Hill")


def paths() -> tuple[Path, Path]:
    """Return the files of units and services that come with the package."""
    folder = Path(str(files("equalcities.assess.example")))
    return folder / UNITS, folder / SERVICES


def checksums() -> frozenset[str]:
    """Return the checksums of the example's files, by which copies of them are known."""
    return frozenset(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths())


def simulate_city(
    rng: np.random.Generator | int = SEED, *, across: int = 18, services: int = 36
) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """Draw an invented city.

    Parameters
    ----------
    rng : Generator or int
        Source of randomness, or a seed.
    across : int
        Blocks from one side of the city to the other.
    services : int
        Number of health centres.

    Returns
    -------
    units : GeoDataFrame
        ``id, name, district``, persons of ``low``, ``middle`` and ``high`` income, and blocks as
        polygons in EPSG:32626.
    services : GeoDataFrame
        ``id, name, doctors`` and points.

    Notes
    -----
    Income falls from west to east and in a few pockets. Health centres gather where incomes are
    high. Both are choices of ours, so that the report has something to find.
    """
    rng = np.random.default_rng(rng)
    corners = _corners(across, rng)
    row, column = (axis.ravel() for axis in np.indices((across, across)))
    rings = [corners[row + dy, column + dx] for dy, dx in ((0, 0), (0, 1), (1, 1), (1, 0))]
    shapes = shapely.polygons(np.stack(rings, axis=1))
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    place = (middle - CENTRE) / (BLOCK * across / 2)
    inside = np.hypot(*place.T) < 1
    shapes, middle, place = shapes[inside], middle[inside], place[inside]
    low = _share_low(place, rng)
    persons = rng.poisson(1100 * np.exp(-3.6 * (place**2).sum(axis=1))) + 3
    high = (1 - low) * np.clip(0.25 + 0.5 * (0.5 - low) + rng.normal(0, 0.04, len(low)), 0.02, 0.9)
    shares = np.column_stack([low, 1 - low - high, high])
    counts = rng.multinomial(persons, shares)
    district = (place[:, 0] > 0) + 2 * (place[:, 1] > 0)
    number = np.arange(1, len(shapes) + 1)
    units = geopandas.GeoDataFrame(
        {
            "id": [f"F{n:05d}" for n in number],
            "name": [f"{DISTRICTS[d]} {n}" for d, n in zip(district, number, strict=True)],
            "district": np.array(DISTRICTS)[district],
            **dict(zip(GROUPS, counts.T, strict=True)),
        },
        geometry=shapes,
        crs=CRS,
    )
    odds = (persons * (0.12 + shares[:, 2]) ** 2).astype(float)
    chosen = rng.choice(len(shapes), services, p=odds / odds.sum())
    spots = middle[chosen] + rng.uniform(-0.35 * BLOCK, 0.35 * BLOCK, (services, 2))
    centres = geopandas.GeoDataFrame(
        {
            "id": [f"H{n:04d}" for n in range(1, services + 1)],
            "name": [f"Health centre {n}" for n in range(1, services + 1)],
            "doctors": rng.integers(2, 9, services),
        },
        geometry=geopandas.points_from_xy(*spots.T),
        crs=CRS,
    )
    return units, centres


def _corners(across: int, rng: np.random.Generator) -> np.ndarray:
    steps = (np.arange(across + 1) - across / 2) * BLOCK
    grid = np.stack(np.meshgrid(steps, steps), axis=-1)
    return grid + rng.uniform(-0.28 * BLOCK, 0.28 * BLOCK, grid.shape) + CENTRE


def _share_low(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    pockets = np.array([[0.55, 0.3], [0.3, -0.6], [-0.45, 0.6]])
    away = np.hypot(*(place[:, None, :] - pockets).transpose(2, 0, 1)).min(axis=1)
    logit = -1.1 + 0.9 * place[:, 0] + 1.9 * np.exp(-((away / 0.22) ** 2))
    return 1 / (1 + np.exp(-logit - rng.normal(0, 0.3, len(place))))


def write_city(
    units: geopandas.GeoDataFrame, services: geopandas.GeoDataFrame, folder: Path
) -> None:
    """Write a drawn city as GeoJSON and CSV, as a city might keep them.

    Parameters
    ----------
    units, services : GeoDataFrame
        As `simulate_city` returns them.
    folder : Path
        Where to; it must exist.
    """
    text = units.to_crs("EPSG:4326").to_json(drop_id=True, to_wgs84=True)
    (folder / UNITS).write_text(_rounded(text), encoding="utf-8")
    spots = services.to_crs("EPSG:4326").geometry
    table = pd.DataFrame(services.drop(columns="geometry"))
    table = table.assign(lon=spots.x.round(6), lat=spots.y.round(6))
    table.to_csv(folder / SERVICES, index=False, lineterminator="\n")


def _rounded(geojson: str) -> str:
    """Give coordinates a tenth of a metre, and each feature a line of its own."""
    import json

    data = json.loads(geojson)
    for feature in data["features"]:
        rings = feature["geometry"]["coordinates"]
        feature["geometry"]["coordinates"] = [
            [[round(x, 6), round(y, 6)] for x, y in ring] for ring in rings
        ]
    lines = ",\n".join(json.dumps(feature) for feature in data["features"])
    return '{"type": "FeatureCollection", "features": [\n' + lines + "\n]}\n"
