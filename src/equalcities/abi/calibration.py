"""Do the intervals cover? Simulated meta-analyses with a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from equalcities.abi.inputs import check_effects, check_level, cluster_codes
from equalcities.abi.pooling import pool
from equalcities.errors import UsageError


def interval_coverage(
    vi: ArrayLike,
    *,
    mu: float,
    tau2: float,
    cluster: ArrayLike | None = None,
    sigma2_within: float = 0.0,
    method: str = "REML",
    test: str = "knapp-hartung",
    level: float = 0.95,
    n_simulations: int = 1000,
    rng: np.random.Generator | int,
) -> pd.DataFrame:
    """Simulate meta-analyses and count how often each interval holds the truth.

    Parameters
    ----------
    vi : array_like, shape (k,)
        Sampling variances of the effects in every simulated meta-analysis.
    mu, tau2 : float
        True mean effect and variance of true effects between studies (clusters).
    cluster : array_like, shape (k,), optional
        Study of each effect; then `pool` is called with clusters.
    sigma2_within : float
        Further variance of true effects within clusters.
    method, test, level
        As in `pool`.
    n_simulations : int
    rng : Generator or int

    Returns
    -------
    DataFrame
        Rows "mean" (confidence interval holds ``mu``), "prediction" (prediction interval holds the
        true effect of a new study) and, without clusters, "tau2" (Q-profile interval).
        Columns ``interval``, ``nominal``, ``coverage`` with its Wilson interval ``ci_low``,
        ``ci_high``, ``width`` (mean) and ``n`` (simulations). Under "FE" only "mean".
        True effects and sampling errors are normal.

    Raises
    ------
    UsageError
        As `pool`; also if a variance is negative or there are no simulations.
    """
    check_level(level)
    _, v = check_effects(np.zeros(np.size(vi)), vi)
    for name, value in (("tau2", tau2), ("sigma2_within", sigma2_within)):
        if not value >= 0:
            raise UsageError(f"{name} is {value}: a variance is zero or more.")
    if n_simulations < 1:
        raise UsageError(f"n_simulations is {n_simulations}: give at least 1.")
    rng = np.random.default_rng(rng)
    codes = np.arange(v.size) if cluster is None else cluster_codes(cluster, v, 1)
    limits, new = [], []
    for _ in range(n_simulations):
        between = rng.normal(0, np.sqrt(tau2), codes.max() + 1)[codes]
        y = mu + between + rng.normal(0, np.sqrt(sigma2_within + v))
        fit = pool(y, v, cluster=cluster, method=method, test=test, level=level)
        limits.append(
            (fit.ci_low, fit.ci_high, fit.pi_low, fit.pi_high, fit.tau2_low, fit.tau2_high)
        )
        new.append(rng.normal(mu, np.sqrt(tau2 + sigma2_within)))
    limits = np.array(limits)
    truths = {"mean": np.full(n_simulations, mu), "prediction": np.array(new)}
    if cluster is None:
        truths["tau2"] = np.full(n_simulations, tau2)
    rows = []
    for i, (name, truth) in enumerate(truths.items()):
        low, high = limits[:, 2 * i], limits[:, 2 * i + 1]
        if np.isnan(low).all():
            continue
        held = int(((low <= truth) & (truth <= high)).sum())
        ci_low, ci_high = proportion_confint(held, n_simulations, method="wilson")
        rows.append(
            {
                "interval": name,
                "nominal": level,
                "coverage": held / n_simulations,
                "ci_low": ci_low,
                "ci_high": ci_high,
                "width": float(np.mean(high - low)),
                "n": n_simulations,
            }
        )
    return pd.DataFrame(rows)
