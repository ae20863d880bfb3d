"""The coverage study as a benchmark: its seed, its time, and coverage by estimator.

Run: python benchmarks/coverage_study.py [seed]
"""

import sys
import time

from equalcities.survey import coverage_study

SEED = 72

if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    start = time.perf_counter()
    study = coverage_study(rng=seed)
    seconds = time.perf_counter() - start
    by_estimator = study.groupby(["scenario", "kind", "estimator"], sort=False)["coverage"]
    print(by_estimator.agg(["min", "mean", "max"]).round(3).to_string())
    print(f"seed {seed}, {study['simulations'].iloc[0]} surveys per scenario, {seconds:.1f} s")
