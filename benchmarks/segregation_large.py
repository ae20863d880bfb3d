"""Measure time and memory of `equalcities.segregation.profile` on very many cities.

Run as ``python benchmarks/segregation_large.py``. For each size a process of its own makes up the
cities, profiles them, and reports its seconds and the largest memory it ever held. It prints the
table and writes it to segregation_large.md beside this file.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

GROUPS = ["a", "b", "c", "d"]
SIZES = [(1250, 2_500_000), (2500, 5_000_000), (5000, 10_000_000), (10_000, 20_000_000)]
OUT = Path(__file__).with_suffix(".md")


def made_up_cities(n_cities: int, n_units: int) -> pd.DataFrame:
    """Return cities of unequal size, units in no order, counts as 16-bit numbers."""
    rng = np.random.default_rng(n_cities)
    sizes = rng.multinomial(n_units, rng.dirichlet(np.full(n_cities, 5.0)))
    columns = {name: rng.poisson(300, size=n_units).astype(np.int16) for name in GROUPS}
    columns["city"] = rng.permutation(np.repeat(np.arange(n_cities, dtype=np.int32), sizes))
    return pd.DataFrame(columns)


def megabytes() -> float:
    """Return the largest memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_size(n_cities: int, n_units: int) -> None:
    """Profile cities and print seconds, and megabytes before and at most."""
    from equalcities.segregation import profile

    frame = made_up_cities(n_cities, n_units)
    before = megabytes()
    start = time.perf_counter()
    rows = profile(frame, GROUPS, by="city")
    taken = time.perf_counter() - start
    print(taken, before, megabytes(), len(rows))


def main() -> None:
    """Run each size in a process of its own."""
    lines = [
        "# Segregation: very many cities in one process",
        "",
        f"Written by benchmarks/{Path(__file__).name}. Made-up data: 4 groups, units in no order. "
        f"All indices, no replicates. Python {platform.python_version()}, {os.cpu_count()} cores.",
        "",
        "| cities | units | seconds | data made, MB | most memory, MB | rows |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for n_cities, n_units in SIZES:
        command = [sys.executable, __file__, str(n_cities), str(n_units)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        taken, before, most, n_rows = (float(number) for number in done.stdout.split())
        lines.append(
            f"| {n_cities:,} | {n_units:,} | {taken:.1f} | {before:,.0f} | {most:,.0f} | "
            f"{n_rows:,.0f} |"
        )
        print(lines[-1], flush=True)
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        one_size(int(sys.argv[1]), int(sys.argv[2]))
    else:
        main()
