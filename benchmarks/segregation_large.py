"""Measure time and memory of `equalcities.segregation.profile` on very many cities.

Run as ``python benchmarks/segregation_large.py``. For each size a process of its own makes up the
cities, profiles them, and reports its seconds and the largest memory it ever held. The largest size
is then done by a Dask cluster of two workers on this machine, and both results must be the same to
the last digit. It prints the tables and writes them to segregation_large.md beside this file.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

GROUPS = ["a", "b", "c", "d"]
SIZES = [(1250, 2_500_000), (2500, 5_000_000), (5000, 10_000_000), (10_000, 20_000_000)]
PARTS = 16
"""Cities come in so many parts, which a cluster can make and measure apart."""
WORKERS = 2
OUT = Path(__file__).with_suffix(".md")


def made_up_part(part: int, n_cities: int, n_units: int) -> pd.DataFrame:
    """Return one part of the cities: unequal sizes, units mixed up, counts of 16 bits."""
    rng = np.random.default_rng([n_cities, part])
    cities = np.array_split(np.arange(n_cities, dtype=np.int32), PARTS)[part]
    n_own = n_units // PARTS
    sizes = rng.multinomial(n_own, rng.dirichlet(np.full(len(cities), 5.0)))
    columns = {name: rng.poisson(300, size=n_own).astype(np.int16) for name in GROUPS}
    columns["city"] = rng.permutation(np.repeat(cities, sizes))
    return pd.DataFrame(columns)


def made_up_cities(n_cities: int, n_units: int) -> pd.DataFrame:
    """Return all parts as one table."""
    parts = (made_up_part(part, n_cities, n_units) for part in range(PARTS))
    return pd.concat(parts, ignore_index=True)


def megabytes() -> float:
    """Return the largest memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_size(n_cities: int, n_units: int, result: str) -> None:
    """Profile cities in this process and print seconds, and megabytes before and at most."""
    from equalcities.segregation import profile

    frame = made_up_cities(n_cities, n_units)
    before = megabytes()
    start = time.perf_counter()
    rows = profile(frame, GROUPS, by="city")
    taken = time.perf_counter() - start
    print(taken, before, megabytes(), len(rows))
    rows.to_pickle(result)


def by_cluster(n_cities: int, n_units: int, result: str) -> None:
    """Profile the same cities by a cluster, hold them against the result, and print the same."""
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    from equalcities.segregation import profile

    frame = dd.from_map(
        made_up_part,
        range(PARTS),
        n_cities=n_cities,
        n_units=n_units,
        meta=made_up_part(0, n_cities, PARTS).iloc[:0],
    )
    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        before = sum(client.run(megabytes).values()) + megabytes()
        start = time.perf_counter()
        rows = profile(frame, GROUPS, by="city")
        taken = time.perf_counter() - start
        most = sum(client.run(megabytes).values()) + megabytes()
    pd.testing.assert_frame_equal(rows, pd.read_pickle(result), check_exact=True)
    print(taken, before, most, len(rows))


def measured(*arguments: object) -> list[float]:
    """Run this file in a process of its own and return the numbers that it prints."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [float(number) for number in done.stdout.split()]


def main() -> None:
    """Run each size in a process of its own, and the largest by a cluster."""
    lines = [
        "# Segregation: very many cities in one process",
        "",
        f"Written by benchmarks/{Path(__file__).name}. Made-up data: 4 groups, units of a city in "
        "no order. All indices, no replicates. "
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores (load "
        f"{os.getloadavg()[1]:.1f}), numpy {version('numpy')}, pandas {version('pandas')}.",
        "",
        "| cities | units | seconds | data made, MB | most memory, MB | rows |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "rows.pickle"
        for n_cities, n_units in SIZES:
            taken, before, most, n_rows = measured("process", n_cities, n_units, result)
            lines.append(
                f"| {n_cities:,} | {n_units:,} | {taken:.1f} | {before:,.0f} | {most:,.0f} | "
                f"{n_rows:,.0f} |"
            )
            print(lines[-1], flush=True)
        taken, before, most, n_rows = measured("cluster", *SIZES[-1], result)
    lines += [
        "",
        f"The same {SIZES[-1][0]:,} cities by a Dask cluster (dask {version('dask')}) of {WORKERS} "
        f"workers with one thread each, in {PARTS} parts which the workers make up themselves: "
        f"{taken:.1f} s with the making, {before:,.0f} MB in all processes before and {most:,.0f} "
        "MB at most. The result is the same to the last digit.",
    ]
    print(lines[-1])
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 5:
        run = {"process": one_size, "cluster": by_cluster}[sys.argv[1]]
        run(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        main()
