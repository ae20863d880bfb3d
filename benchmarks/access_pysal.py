"""Time `equalcities.access` beside PySAL `access`, on the same made-up people and places.

Run as ``python benchmarks/access_pysal.py`` in an environment with ``access==1.1.10.post3``. It
checks that both give the same numbers, prints the table and writes it, with the machine and the
versions, to access_pysal.md beside this file.

Both start from a table of travel costs within the cutoff, which they make in different ways; that
is a row of its own. Everything is wall-clock time in one process.
"""

from __future__ import annotations

import logging
import os
import platform
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from access import Access
from access.weights import gaussian as pysal_gaussian
from access.weights import step_fn

from equalcities.access import (
    Costs,
    enhanced_two_step,
    gaussian,
    gravity,
    steps,
    straight_line,
    three_step,
    two_step,
)

N_PEOPLE, N_PLACES, SIDE, CUTOFF, BANDWIDTH = 50_000, 500, 30_000, 5_000, 2_000
ZONES = {1_500: 1.0, 3_000: 0.68, 5_000: 0.22}
OUT = Path(__file__).with_suffix(".md")


def made_up() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people and places in a square, with demand and supply."""
    rng = np.random.default_rng(50)

    def points(n: int, name: str, low: int, high: int) -> pd.DataFrame:
        x, y = rng.uniform(0, SIDE, size=(2, n))
        return pd.DataFrame(
            {"id": np.arange(n), "x": x, "y": y, name: rng.integers(low, high, size=n)}
        )

    return points(N_PEOPLE, "demand", 100, 2_000), points(N_PLACES, "supply", 1, 50)


def seconds(run: Callable[[], object], times: int) -> float:
    """Return the shortest of several wall-clock times."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def pysal(people: pd.DataFrame, places: pd.DataFrame, costs: Costs) -> Access:
    """Return PySAL's object, with the same table of costs."""
    table = pd.DataFrame({"origin": costs.person, "dest": costs.place, "cost": costs.cost})
    return Access(
        demand_df=people, demand_index="id", demand_value="demand",
        supply_df=places, supply_index="id", supply_value="supply",
        cost_df=table, cost_origin="origin", cost_dest="dest", cost_name="cost",
    )  # fmt: skip


def pysal_pairs(people: pd.DataFrame, places: pd.DataFrame) -> None:
    """Find distances within the cutoff as PySAL does."""
    demand, supply = (
        gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["x"], frame["y"]), crs=3035)
        for frame in (people, places)
    )
    Access(
        demand_df=demand, demand_index="id", demand_value="demand",
        supply_df=supply, supply_index="id", supply_value="supply",
    ).create_euclidean_distance(threshold=CUTOFF, centroid_o=True, centroid_d=True)  # fmt: skip


def rows(
    people: pd.DataFrame, places: pd.DataFrame, costs: Costs
) -> list[tuple[str, float, float]]:
    """Return what was timed, our seconds and PySAL's, after checking that both agree."""
    demand, supply = people.set_index("id")["demand"], places.set_index("id")["supply"]
    theirs = pysal(people, places, costs)
    near, zones = gaussian(BANDWIDTH), steps(ZONES)
    their_near, their_zones = pysal_gaussian(BANDWIDTH), step_fn(ZONES)
    cases = {
        "gravity (Gaussian decay)": (
            lambda: gravity(costs, near, supply, within=CUTOFF),
            lambda: theirs.weighted_catchment(name="g", weight_fn=their_near, max_cost=CUTOFF),
        ),
        "two-step floating catchment": (
            lambda: two_step(costs, demand, supply, CUTOFF),
            lambda: theirs.two_stage_fca(name="two", max_cost=CUTOFF),
        ),
        "enhanced, three zones": (
            lambda: enhanced_two_step(costs, demand, supply, CUTOFF, zones),
            lambda: theirs.enhanced_two_stage_fca(
                name="enhanced", weight_fn=their_zones, max_cost=CUTOFF
            ),
        ),
        "enhanced, Gaussian decay": (
            lambda: enhanced_two_step(costs, demand, supply, CUTOFF, near),
            lambda: theirs.enhanced_two_stage_fca(
                name="enhanced_g", weight_fn=their_near, max_cost=CUTOFF
            ),
        ),
        "three-step floating catchment, three zones": (
            lambda: three_step(costs, demand, supply, CUTOFF, zones),
            lambda: theirs.three_stage_fca(name="three", weight_fn=their_zones, max_cost=CUTOFF),
        ),
    }
    table = []
    for what, (mine, other) in cases.items():
        found = other()
        found = (found.iloc[:, 0] if isinstance(found, pd.DataFrame) else found).dropna()
        own = mine()
        # PySAL leaves out or leaves missing those who reach nothing; here they have zero.
        np.testing.assert_allclose(own.reindex(found.index), found, rtol=1e-9, err_msg=what)
        assert (own.drop(found.index) == 0).all(), what
        # Before and after, so that a busy moment of the machine does not hit one side only.
        before, slow, after = seconds(mine, 5), seconds(other, 3), seconds(mine, 5)
        table.append((what, min(before, after), slow))
        print(table[-1], flush=True)
    ours = seconds(lambda: straight_line(people, places, cutoff=CUTOFF), 5)
    table.append(("finding the pairs", ours, seconds(lambda: pysal_pairs(people, places), 2)))
    return table


def report(table: list[tuple[str, float, float]], n_pairs: int) -> str:
    """Return the table as Markdown."""
    packages = ("access", "numpy", "scipy", "pandas", "geopandas")
    lines = [
        "# Access: time beside PySAL",
        "",
        f"Written by benchmarks/{Path(__file__).name}. Made-up data: {N_PEOPLE:,} rows of people, "
        f"{N_PLACES} places, {n_pairs:,} pairs within {CUTOFF:,} m. Both give the same numbers. "
        "Wall-clock seconds, the best of ten for equalcities, the best of three for PySAL (pairs: "
        "of five and of two).",
        "",
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores (load "
        f"{os.getloadavg()[1]:.1f}), "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + ".",
        "",
        "| what | equalcities, s | PySAL, s | ratio |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {what} | {mine:.3f} | {theirs:,.2f} | {theirs / mine:,.0f} |"
            for what, mine, theirs in table
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    # PySAL tells of each result that it overwrites, and warns of costs that it takes as default.
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    who, where = made_up()
    pairs = straight_line(who, where, cutoff=CUTOFF)
    text = report(rows(who, where, pairs), len(pairs))
    print(text)
    OUT.write_text(text)
