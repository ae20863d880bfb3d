"""The simulation study of evaluation designs, one row per made-up city and design.

Run: python benchmarks/evaluation_study.py [cities] [seed]
Then: python data/evaluation_study/compile.py

Takes about three seconds of one core per city and threat together. A city depends on seed, threat
and number alone, so that a longer study keeps the cities of a shorter one.
"""

import sys
import time
from pathlib import Path

import pandas as pd

from equalcities import evaluation

CITIES, SEED = 200, 2026
FOLDER = Path(__file__).resolve().parent.parent / "data" / "evaluation_study"


def save_draws(draws: pd.DataFrame, path: Path) -> None:
    """Write the draws compressed, with the same bytes every time."""
    ordered = draws.sort_values(["threat", "replicate", "design"])
    ordered.to_csv(
        path, index=False, float_format="%.4f", lineterminator="\n",
        compression={"method": "gzip", "mtime": 0},
    )  # fmt: skip


if __name__ == "__main__":
    cities = int(sys.argv[1]) if len(sys.argv) > 1 else CITIES
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    start = time.perf_counter()
    draws = evaluation.study(cities, seed=seed)
    save_draws(draws, FOLDER / "draws.csv.gz")
    print(evaluation.summarise(draws).round(2).to_string())
    print(f"seed {seed}, {cities} cities per threat, {time.perf_counter() - start:.0f} s")
