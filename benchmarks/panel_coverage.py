"""Coverage and false alarms of the country-robust methods on the panel's own grouping.

Simulated pairs of indicators for 72 cities in 33 countries (5 with one city, 17 with two, 11 with
three), normal, with a given intraclass correlation and true correlation. Run as
``python benchmarks/panel_coverage.py [simulations]``; 200 take some two minutes.
"""

import sys

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from equalcities.panel import rank_correlations
from equalcities.stats import cluster_robust, wild_cluster_bootstrap

COUNTRY = np.repeat(np.arange(33), np.repeat([1, 2, 3], [5, 17, 11]))


def draw(rng, icc, correlation):
    """One panel of two standard normal indicators."""
    root = np.linalg.cholesky([[1, correlation], [correlation, 1]]).T
    shared = (rng.normal(size=(33, 2)) @ root)[COUNTRY]
    values = np.sqrt(icc) * shared + np.sqrt(1 - icc) * rng.normal(size=(72, 2)) @ root
    return pd.DataFrame(values, columns=["x", "y"]).assign(iso=COUNTRY)


def run(icc, correlation, simulations, rng):
    """Shares of simulations: coverage of three intervals and rejections by two tests."""
    spearman = 6 / np.pi * np.arcsin(correlation / 2)
    rows = []
    for seed in range(simulations):
        frame = draw(rng, icc, correlation)
        rank = rank_correlations(frame, ["x"], ["y"], group="iso", rng=seed, n_resamples=299).iloc[
            0
        ]
        data = (frame["y"], frame[["x"]], frame["iso"])
        cr2 = cluster_robust(*data).loc["x"]
        wild = wild_cluster_bootstrap(*data, "x", rng=seed, n_resamples=399)
        rows.append(
            {
                "icc": icc,
                "correlation": correlation,
                "rank interval covers": rank["ci_low"] <= spearman <= rank["ci_high"],
                "CR2 interval covers": cr2["ci_low"] <= correlation <= cr2["ci_high"],
                "wild interval covers": wild.ci_low <= correlation <= wild.ci_high,
                "wild rank test rejects": rank["p_value"] < 0.05,
                "plain Spearman test rejects": spearmanr(frame["x"], frame["y"]).pvalue < 0.05,
            }
        )
    return pd.DataFrame(rows).mean()


if __name__ == "__main__":
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = np.random.default_rng(1)
    cases = [run(icc, rho, simulations, rng) for icc in (0.3, 0.8) for rho in (0.0, 0.5)]
    print(pd.DataFrame(cases).round(3).to_string(index=False))
