"""Measure time and memory of ``equalcities assess`` on an invented metropolitan area.

Run as ``python benchmarks/assess_large.py``. It draws a city of some 20,000 areas and 5,000
services, writes both as GeoPackages, runs the command in a process of its own, and writes seconds
and the largest memory it held to assess_large.md beside this file.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from equalcities.assess import Settings, example

ACROSS, SERVICES = 160, 5_000
MOST_SECONDS, MOST_MEGABYTES = 30, 2_048
OUT = Path(__file__).with_suffix(".md")


def main() -> int:
    """Run the command once and write what it took; 1 if that is more than promised."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        units, services = example.simulate_city(across=ACROSS, services=SERVICES)
        units.to_file(folder / "units.gpkg")
        services.to_file(folder / "services.gpkg")
        command = [
            sys.executable, "-m", "equalcities", "assess",
            "--units", str(folder / "units.gpkg"), "--groups", ",".join(example.GROUPS),
            "--services", str(folder / "services.gpkg"), "--capacity", "doctors", "--ordered",
            "--by", "district", "--name", "name", "--out", str(folder / "report"),
        ]  # fmt: skip
        start = time.perf_counter()
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        page = (folder / "report" / "report.html").stat().st_size / 2**20
    text = "\n".join(
        [
            "# Assess: a metropolitan area",
            "",
            f"Written by benchmarks/{Path(__file__).name}. An invented city; the whole "
            f"command, from files to report, with {Settings().replicates} replicates. Python "
            f"{platform.python_version()}, {os.cpu_count()} cores.",
            "",
            "| units | services | seconds | processor seconds | most memory, MB | report, MB |",
            "| ---: | ---: | ---: | ---: | ---: | ---: |",
            f"| {len(units):,} | {len(services):,} | {seconds:.1f} | {busy:.1f} | {megabytes:,.0f} "
            f"| {page:.1f} |",
            "",
            f"Promised: at most {MOST_SECONDS} seconds and {MOST_MEGABYTES:,} MB.",
            "",
        ]
    )
    OUT.write_text(text, encoding="utf-8")
    print(text)
    return int(seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
