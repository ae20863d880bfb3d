"""What is computed for a city: calls to `segregation` and `access`, and nothing of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import geopandas
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from equalcities import access, segregation
from equalcities.assess.intake import City
from equalcities.errors import DataError, UsageError

INDICES = (
    "dissimilarity",
    "isolation",
    "multigroup_dissimilarity",
    "multigroup_theil_h",
    "normalised_exposure",
)
ORDINAL = "ordinal_information"
PROFILED = "multigroup_theil_h"
SHUFFLES = 50
"""Draws behind the scale profile's comparison; each moves all units over the map."""
CATCHMENT_WEIGHTS = (1.0, 0.68, 0.22)
"""Weights of near, middling and far thirds of the catchment (Luo and Qi 2009)."""
RANKING_DRAWS = 100
"""Most draws behind the concentration index; each ranks everyone anew."""
MOST_PAIRS = 20_000_000
FIRST_LOOK = 1_000.0
"""Metres within which the nearest service is looked for first."""


@dataclass(frozen=True)
class Settings:
    """What a user may choose.

    Attributes
    ----------
    minutes : float
        How long a walk to a service may take.
    speed : float
        Kilometres per hour.
    detour : float
        Street distance over straight distance.
    scales : tuple of float
        Radii of the surroundings in metres.
    small : int
        Units with fewer persons are flagged, and their shares withheld.
    ordered : bool
        Whether groups are named from lowest to highest.
    reference : str or None
        The group that others are compared with; by default the last of ordered groups, or else
        the largest.
    replicates, seed : int
        Draws, and where they start.
    """

    minutes: float = 15.0
    speed: float = 4.8
    detour: float = 1.3
    scales: tuple[float, ...] = (500.0, 1000.0, 2000.0, 4000.0)
    small: int = 30
    ordered: bool = False
    reference: str | None = None
    replicates: int = 200
    seed: int = 1

    def check(self) -> None:
        """Raise `UsageError` for what can't be meant."""
        for name, low, high in (("minutes", 1, 240), ("speed", 0.5, 130), ("detour", 1, 5)):
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"--{name} must lie between {low} and {high}.")
        if not self.scales or not all(10 <= scale <= 1e6 for scale in self.scales):
            raise UsageError("--scales must be metres between 10 and 1000000, parted by commas.")
        if not 0 <= self.small <= 10_000:
            raise UsageError("--small must lie between 0 and 10000.")
        if not 20 <= self.replicates <= 10_000:
            raise UsageError("--replicates must lie between 20 and 10000.")
        if not 0 <= self.seed < 2**32:
            raise UsageError("--seed must lie between 0 and 4294967295.")


@dataclass(frozen=True)
class Results:
    """Everything computed.

    Attributes
    ----------
    groups : tuple of str
    reference : str
        The group that others are compared with.
    segregation : DataFrame
        ``index, group, value, ci_low, ci_high, chance, chance_high, p``.
    scale : DataFrame
        ``index, scale, value, shuffled, shuffled_low, shuffled_high``; scale in metres, 0 for
        units by themselves.
    subareas : DataFrame or None
        ``index, component, district, value, contribution, share, population``.
    units : DataFrame
        One row per unit; what small units hold of each group is missing.
    groups_access : DataFrame or None
        ``group, people, mean_minutes, share_beyond`` with its interval, ``mean_reached``,
        ``mean_supply``.
    gaps : DataFrame or None
        ``indicator, group, reference, measure, value, ci_low, ci_high``.
    distances : DataFrame or None
        ``group, minutes, share``: the share of each group whose nearest service is that near.
    concentration : DataFrame or None
        ``indicator, value, ci_low, ci_high`` for ordered groups.
    notes : tuple of str
    """

    groups: tuple[str, ...]
    reference: str
    segregation: pd.DataFrame
    scale: pd.DataFrame
    subareas: pd.DataFrame | None
    units: pd.DataFrame
    groups_access: pd.DataFrame | None
    gaps: pd.DataFrame | None
    distances: pd.DataFrame | None
    concentration: pd.DataFrame | None
    notes: tuple[str, ...] = field(default=())


def assess_city(
    city: City, settings: Settings, progress: Callable[[str], None] = lambda step: None
) -> Results:
    """Compute the indicators of a city.

    Parameters
    ----------
    city : City
        From `read_city`.
    settings : Settings
    progress : callable
        Is told each step before it begins.

    Returns
    -------
    Results

    Raises
    ------
    UsageError
        If a setting can't be meant.
    DataError
        If units and services are too many for the minutes asked for.
    """
    settings.check()
    groups = tuple(city.counts.columns)
    largest = str(city.counts.sum().idxmax())
    reference = settings.reference or (groups[-1] if settings.ordered else largest)
    if reference not in groups:
        raise UsageError(f"--reference {reference!r} is not one of the groups {list(groups)}.")
    notes: list[str] = []
    progress("segregation, with intervals and chance")
    segregated = _segregation(city, settings, notes)
    progress("segregation over distance")
    scale = _scale(city, settings, notes)
    units = _units(city, settings)
    by_group = gaps = distances = concentration = None
    if city.services is not None:
        progress("access to services")
        reached = _access(city, settings)
        units = pd.concat([units, reached], axis=1)
        progress("gaps between groups")
        long = _long(city, reached)
        by_group = _by_group(long, settings)
        gaps = _gaps(long, reference, settings, notes)
        distances = _distances(long)
        concentration = _concentration(long, settings, notes) if settings.ordered else None
    return Results(
        groups, reference, segregated, scale, _subareas(city), units,
        by_group, gaps, distances, concentration, tuple(notes),
    )  # fmt: skip


# --- segregation -------------------------------------------------------------------------


def _segregation(city: City, settings: Settings, notes: list[str]) -> pd.DataFrame:
    groups = list(city.counts.columns)
    indices = [*INDICES, *([ORDINAL] if settings.ordered else [])]
    draws = {"replicates": settings.replicates, "rng": settings.seed, "indices": indices}
    table = segregation.bootstrap_interval(city.counts, groups, **draws)
    null = {"chance": np.nan, "chance_high": np.nan, "p": np.nan}
    if city.whole:
        drawn = segregation.null_test(city.counts, groups, kind="person", **draws)
        null = {"chance": drawn["null_mean"], "chance_high": drawn["null_high"], "p": drawn["p"]}
    else:
        notes.append("Counts have fractions, so nothing was compared with chance.")
    kept = ["index", "group", "value", "ci_low", "ci_high"]
    return table[kept].assign(**null)


def _middles(city: City) -> np.ndarray:
    return shapely.get_coordinates(shapely.centroid(city.units.geometry.to_numpy()))


def _scale(city: City, settings: Settings, notes: list[str]) -> pd.DataFrame:
    points = _middles(city)
    tree, extent = KDTree(points), np.ptp(points, axis=0).max()
    next_unit = np.median(tree.query(points, k=2)[0][:, 1]) if len(points) > 1 else np.inf
    scales = []
    for scale in sorted(set(settings.scales)):
        if scale > extent / 2:
            notes.append(f"Surroundings of {scale:g} m would hold most of the city; left out.")
        elif scale < next_unit:
            notes.append(f"Surroundings of {scale:g} m hold one unit alone for most; left out.")
        elif tree.count_neighbors(tree, scale) > 3 * MOST_PAIRS:
            notes.append(f"Surroundings of {scale:g} m hold too many units to count; left out.")
        else:
            scales.append(scale)
    if not scales:
        return pd.DataFrame(columns=["scale", "value", "shuffled", "shuffled_low", "shuffled_high"])
    frame = geopandas.GeoDataFrame(
        city.counts, geometry=geopandas.points_from_xy(*points.T), crs=city.crs
    )
    table = segregation.null_test(
        frame, list(city.counts.columns), kind="geographic", scales=scales,
        replicates=SHUFFLES, rng=settings.seed, indices=[PROFILED],
    )  # fmt: skip
    names = {"null_mean": "shuffled", "null_low": "shuffled_low", "null_high": "shuffled_high"}
    return table[["index", "scale", "value", *names]].rename(columns=names)


def _subareas(city: City) -> pd.DataFrame | None:
    if "by" not in city.units or city.units["by"].nunique() < 2:
        return None
    frame = city.counts.assign(by=city.units["by"].to_numpy())
    table = segregation.decompose(frame, list(city.counts.columns), "by")
    return table[table["index"] == PROFILED].drop(columns="place").reset_index(drop=True)


def _units(city: City, settings: Settings) -> pd.DataFrame:
    groups = list(city.counts.columns)
    persons = city.counts.sum(axis=1)
    small = (persons > 0) & (persons < settings.small)
    table = pd.DataFrame(city.units.drop(columns="geometry"))
    table["population"], table["small_number"] = persons, small
    values = segregation.local(city.counts, groups)
    share = city.counts.div(persons.where((persons > 0) & ~small), axis=0)
    for group in groups:
        table[f"share_{group}"] = share[group]
    for name in groups:
        rows = values[(values["index"] == "location_quotient") & (values["group"] == name)]
        table[f"location_quotient_{name}"] = rows.set_index("unit")["value"].mask(small)
    rows = values[values["index"] == "local_divergence"]
    table["local_divergence"] = rows.set_index("unit")["value"].mask(small)
    return table


# --- access ------------------------------------------------------------------------------


def _access(city: City, settings: Settings) -> pd.DataFrame:
    points, spots = _middles(city), shapely.get_coordinates(city.services.geometry.to_numpy())
    # Row numbers, because identifiers of units and services may be anything.
    people = pd.DataFrame({"id": np.arange(len(points)), "x": points[:, 0], "y": points[:, 1]})
    places = pd.DataFrame({"id": np.arange(len(spots)), "x": spots[:, 0], "y": spots[:, 1]})
    pace = settings.speed * 1000 / 60
    reach = settings.minutes * pace
    pairs = KDTree(points).count_neighbors(KDTree(spots), reach / settings.detour)
    if pairs > MOST_PAIRS:
        raise DataError(
            f"within {settings.minutes:g} minutes there are {pairs:,} pairs of units and services, "
            f"more than {MOST_PAIRS:,}",
            cure="Give fewer --minutes, or group services",
        )
    costs = access.straight_line(people, places, cutoff=reach, detour=settings.detour)
    supply = pd.Series(city.services["capacity"].to_numpy(float), costs.places)
    demand = pd.Series(city.counts.sum(axis=1).to_numpy(float), costs.people)
    thirds = dict(zip((reach / 3, reach * 2 / 3, reach), CATCHMENT_WEIGHTS, strict=True))
    per_head = access.enhanced_two_step(costs, demand, supply, reach, access.steps(thirds))
    return pd.DataFrame(
        {
            "minutes_to_nearest": _nearest(people, places, settings.detour) / pace,
            "services_reached": access.cumulative_opportunities(costs, reach).to_numpy(),
            "supply_per_1000": 1000 * per_head.to_numpy(),
        },
        index=city.units.index,
    )


def _nearest(people: pd.DataFrame, places: pd.DataFrame, detour: float) -> np.ndarray:
    """Return metres to the nearest place, looking further only for those who found none."""
    metres = np.full(len(people), np.nan)
    cutoff, step = FIRST_LOOK, max(1, MOST_PAIRS // len(places))
    while np.isnan(metres).any():
        missing = people[np.isnan(metres)]
        for first in range(0, len(missing), step):
            part = missing.iloc[first : first + step]
            costs = access.straight_line(part, places, cutoff=cutoff, detour=detour)
            metres[part["id"]] = access.nearest_cost(costs).to_numpy()
        cutoff *= 2
    return metres


def _long(city: City, reached: pd.DataFrame) -> pd.DataFrame:
    """Return one row per unit and group with people: unit, group, how many, what they reach."""
    frames = [
        reached.assign(group=group, persons=city.counts[group], area=reached.index).set_index(
            reached.index.astype(str) + f"|{number}"
        )
        for number, group in enumerate(city.counts.columns)
    ]
    long = pd.concat(frames)
    return long[long["persons"] > 0]


def _draws(long: pd.DataFrame, settings: Settings) -> dict[str, object]:
    return {"weights": long["persons"], "rng": settings.seed, "replicates": settings.replicates}


def _by_group(long: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    short = access.share_short(
        long["minutes_to_nearest"], long["group"], maximum=settings.minutes,
        **_draws(long, settings),
    ).set_index("group")  # fmt: skip
    rows = []
    for group, part in long.groupby("group", sort=False):
        means = {
            name: np.average(part[column], weights=part["persons"])
            for name, column in (
                ("mean_minutes", "minutes_to_nearest"),
                ("mean_reached", "services_reached"),
                ("mean_supply", "supply_per_1000"),
            )
        }
        beyond = short.loc[group]
        rows.append(
            {
                "group": group,
                "people": part["persons"].sum(),
                "share_beyond": beyond["value"],
                "ci_low": beyond["ci_low"],
                "ci_high": beyond["ci_high"],
                **means,
            }
        )
    return pd.DataFrame(rows)


def _gaps(long: pd.DataFrame, reference: str, settings: Settings, notes: list[str]) -> pd.DataFrame:
    frames = []
    for column in ("minutes_to_nearest", "supply_per_1000"):
        own = long.loc[long["group"] == reference, column]
        if not own.any():
            notes.append(f"Group '{reference}' has none of {column}; no gaps in it.")
            continue
        # The groups of an area share its minutes, so areas are drawn for all groups at once.
        gaps = access.group_gaps(
            long[column], long["group"], reference=reference, clusters=long["area"],
            **_draws(long, settings),
        )  # fmt: skip
        frames.append(gaps.assign(indicator=column))
    kept = ["indicator", "group", "reference", "measure", "value", "ci_low", "ci_high"]
    return pd.concat(frames, ignore_index=True)[kept] if frames else pd.DataFrame(columns=kept)


def _distances(long: pd.DataFrame) -> pd.DataFrame:
    """Return at each whole minute the share of each group whose nearest service is that near."""
    last = int(min(np.ceil(long["minutes_to_nearest"].max()), 120))
    frames = []
    for group, part in long.groupby("group", sort=False):
        minutes = np.arange(last + 1)
        ordered = part.sort_values("minutes_to_nearest", kind="stable")
        below = np.searchsorted(ordered["minutes_to_nearest"], minutes, side="right")
        persons = np.concatenate([[0.0], ordered["persons"].cumsum()])
        frames.append(
            pd.DataFrame(
                {"group": group, "minutes": minutes, "share": persons[below] / persons[-1]}
            )
        )
    return pd.concat(frames, ignore_index=True)


def _concentration(long: pd.DataFrame, settings: Settings, notes: list[str]) -> pd.DataFrame:
    order = {group: rank for rank, group in enumerate(dict.fromkeys(long["group"]))}
    column, kept = "supply_per_1000", ["indicator", "value", "ci_low", "ci_high"]
    if not long[column].any():
        notes.append(f"Nobody has any of {column}; no concentration index of it.")
        return pd.DataFrame(columns=kept)
    draws = {**_draws(long, settings), "replicates": min(settings.replicates, RANKING_DRAWS)}
    index = access.concentration_index(
        long[column], long["group"].map(order), clusters=long["area"], **draws
    )
    return pd.DataFrame([{"indicator": column, **index}])[kept]
