"""Time `equalcities.segregation` beside PySAL `segregation`, on the same made-up cities.

Run as ``python benchmarks/segregation_pysal.py`` in an environment with ``segregation==2.5.4``.
It prints the table and writes it, with the machine and the versions, to segregation_pysal.md beside
this file.

Every row is wall-clock time. `equalcities` runs in a process of its own: PySAL's compiled Gini
leaves memory in a state in which whatever runs after it in the same process takes longer. Where
PySAL would take minutes or hours it does a part of the work, and the time for the whole is that
time multiplied; the table says which part. PySAL simulations use both cores (its ``n_jobs=2``); so
do ours, which start threads by themselves.
"""

from __future__ import annotations

import os
import platform
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from segregation.dynamics import compute_multiscalar_profile
from segregation.inference import (
    simulate_bootstrap_resample,
    simulate_evenness,
    simulate_geo_permutation,
    simulate_null,
    simulate_person_permutation,
    simulate_systematic_randomization,
)
from segregation.multigroup import (
    MultiDissim,
    MultiDivergence,
    MultiGini,
    MultiInfoTheory,
    MultiNormExposure,
)
from segregation.singlegroup import Atkinson, Dissim, Entropy, Gini, Interaction, Isolation

from equalcities.segregation import bootstrap_interval, measure, null_test, profile

N_CITIES, N_UNITS = 72, 2000
GROUPS = ["a", "b", "c", "d"]
SIX = ["dissimilarity", "gini", "isolation", "interaction", "theil_h", "atkinson"]
FIVE = [
    "multigroup_dissimilarity",
    "multigroup_theil_h",
    "normalised_exposure",
    "divergence",
    "dissimilarity",
]
TEN_BANDS = list(range(200, 2001, 200))
OUT = Path(__file__).with_suffix(".md")


def made_up_cities() -> gpd.GeoDataFrame:
    """Return 72 cities of 20 km by 20 km with 2,000 units of 600 to 1,800 persons."""
    rng = np.random.default_rng(72)
    n_units = N_CITIES * N_UNITS
    shares = rng.gamma(0.8, size=(n_units, len(GROUPS)))
    shares /= shares.sum(axis=1, keepdims=True)
    counts = rng.multinomial(rng.integers(600, 1801, size=n_units), shares)
    frame = pd.DataFrame(counts, columns=GROUPS)
    frame["total"] = frame[GROUPS].sum(axis=1)
    frame["city"] = np.repeat([f"city {number:02}" for number in range(N_CITIES)], N_UNITS)
    x, y = rng.uniform(0, 20_000, size=(2, n_units))
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(x, y), crs=3035)


def seconds(run: Callable[[], object], times: int = 1) -> float:
    """Return the shortest of several wall-clock times."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def pysal_points(cities: list[pd.DataFrame], one_group: list, all_groups: list) -> None:
    """Compute indices as PySAL does, city by city and group by group."""
    for city in cities:
        for of in one_group:
            for group in GROUPS:
                _ = of(city, group, "total").statistic
        for of in all_groups:
            _ = of(city, GROUPS).statistic


def pysal_null(city: gpd.GeoDataFrame, draw: Callable, draws: int, of=MultiInfoTheory, **kwargs):
    """Simulate as PySAL does, on two cores."""
    index = of(city, GROUPS, **kwargs)
    return simulate_null(draws, draw, index, n_jobs=2, index_kwargs=kwargs)


CALLS = {"measure": measure, "bootstrap": bootstrap_interval, "null": null_test, "profile": profile}


def time_ours(call: str, data: str, times: int, options: dict) -> float:
    """Time one of `CALLS` on "all cities", "all cities with places" or "one city"."""
    units = made_up_cities()
    if data == "one city":
        units = units[units["city"] == "city 00"].reset_index(drop=True)
    if data == "all cities":
        units = pd.DataFrame(units.drop(columns="geometry"))
    return seconds(lambda: CALLS[call](units, GROUPS, "city", **options), times)


def rows(frame: gpd.GeoDataFrame, apart: Executor) -> list[tuple[str, float, float, str]]:
    """Return what was timed, our seconds, PySAL's seconds for the same, and a remark."""
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    cities = [city.reset_index(drop=True) for _, city in plain.groupby("city")]
    one = frame[frame["city"] == "city 00"].reset_index(drop=True)
    # Compiles its Gini and starts its workers outside the clock.
    pysal_points(cities[:1], [Gini], [])
    pysal_null(one, simulate_bootstrap_resample, 4)

    table = []

    def row(
        what: str, mine: tuple[str, str, dict], theirs: Callable, factor: float, remark: str
    ) -> None:
        call, data, options = mine

        def ours() -> float:
            return apart.submit(time_ours, call, data, 5, options).result()

        # Before and after, so that a busy moment of the machine does not hit one side only.
        before, other, after = ours(), seconds(theirs, 3), ours()
        table.append((what, min(before, after), factor * other, remark))
        print(table[-1], flush=True)

    row(
        "six one-group indices, 4 groups, 72 cities",
        ("measure", "all cities", {"indices": SIX}),
        lambda: pysal_points(cities, [Dissim, Gini, Isolation, Interaction, Entropy, Atkinson], []),
        1,
        "",
    )
    row(
        "the same without Gini",
        ("measure", "all cities", {"indices": [name for name in SIX if name != "gini"]}),
        lambda: pysal_points(cities, [Dissim, Isolation, Interaction, Entropy, Atkinson], []),
        1,
        "",
    )
    row(
        "four multigroup indices, 72 cities",
        ("measure", "all cities", {"indices": FIVE[:4]}),
        lambda: pysal_points(
            cities, [], [MultiDissim, MultiInfoTheory, MultiNormExposure, MultiDivergence]
        ),
        1,
        "",
    )
    row(
        "multigroup Gini, 72 cities",
        ("measure", "all cities", {"indices": ["multigroup_gini"]}),
        lambda: pysal_points(cities[:8], [], [MultiGini]),
        N_CITIES / 8,
        "PySAL: 8 cities",
    )
    row(
        "bootstrap, 1,000 samples, five indices, 72 cities",
        ("bootstrap", "all cities", {"replicates": 1000, "rng": 1, "indices": FIVE}),
        lambda: pysal_null(one, simulate_bootstrap_resample, 500),
        N_CITIES * 2 * len(FIVE),
        "PySAL: 1 city, 500 samples, 1 index",
    )
    row(
        "multigroup H at ten distances (200 m to 2 km), 72 cities",
        (
            "measure",
            "all cities with places",
            {"scales": TEN_BANDS, "indices": ["multigroup_theil_h"]},
        ),
        lambda: compute_multiscalar_profile(
            one, MultiInfoTheory, groups=GROUPS, distances=TEN_BANDS, function="boxcar"
        ),
        N_CITIES,
        "PySAL: 1 city",
    )
    nulls = {
        "person": (simulate_person_permutation, {}, {}, 10),
        "geographic": (
            simulate_geo_permutation,
            {"scales": [1000]},
            {"distance": 1000, "function": "uniform"},
            20,
        ),
        "systematic": (simulate_systematic_randomization, {}, {}, 100),
        "evenness": (simulate_evenness, {}, {}, 100),
    }
    for kind, (draw, options, pysal_options, draws) in nulls.items():
        row(
            f"null by {kind}, 500 draws, multigroup H, 1 city",
            (
                "null",
                "one city",
                {
                    "kind": kind,
                    "replicates": 500,
                    "rng": 1,
                    "indices": ["multigroup_theil_h"],
                    **options,
                },
            ),
            partial(pysal_null, one, draw, draws, **pysal_options),
            500 / draws,
            f"PySAL: {draws} draws",
        )
    return table


def alone(apart: Executor) -> list[tuple[str, float]]:
    """Return what has no counterpart, and our seconds."""
    draws = {"replicates": 1000, "rng": 1}
    asked = {
        "`profile`, all indices, 72 cities": ("profile", "all cities", 3, {}),
        "`profile`, all indices at ten distances, 72 cities": (
            "profile",
            "all cities with places",
            1,
            {"scales": TEN_BANDS},
        ),
        "bootstrap of all indices, Gini among them, 1,000 samples, 72 cities": (
            "bootstrap",
            "all cities",
            1,
            draws,
        ),
        "null by person of all indices, 1,000 draws, 72 cities": ("null", "all cities", 1, draws),
    }
    return [(what, apart.submit(time_ours, *ask).result()) for what, ask in asked.items()]


def report(table: list[tuple[str, float, float, str]], solo: list[tuple[str, float]]) -> str:
    """Return the tables as Markdown."""
    packages = ("segregation", "numpy", "scipy", "pandas", "geopandas")
    lines = [
        "# Segregation: time beside PySAL",
        "",
        f"Written by benchmarks/{Path(__file__).name}. Made-up data: 72 cities, 2,000 units and 4 "
        "groups each, 600 to 1,800 persons per unit. Wall-clock seconds, the best of ten for "
        "equalcities, in a process of its own, the best of three for PySAL.",
        "",
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores (load "
        f"{os.getloadavg()[1]:.1f}), "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + ".",
        "",
        "| what | equalcities, s | PySAL, s | ratio | remark |",
        "| --- | ---: | ---: | ---: | --- |",
        *(
            f"| {what} | {mine:.3f} | {theirs:,.1f} | {theirs / mine:,.0f} | {remark} |"
            for what, mine, theirs, remark in table
        ),
        "",
        "Without a counterpart:",
        "",
        "| what | equalcities, s |",
        "| --- | ---: |",
        *(f"| {what} | {mine:.2f} |" for what, mine in solo),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    # PySAL warns about its own use of libpysal at each draw.
    warnings.simplefilter("ignore")
    made_up = made_up_cities()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own_process:
        text = report(rows(made_up, own_process), alone(own_process))
    print(text)
    OUT.write_text(text)
