"""Three-level meta-analysis: several effects per study, with variance within and between studies.

Own code: no kept Python library fits a mixed model with known sampling variances and two
further variance components (statsmodels' MixedLM estimates the residual variance).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from equalcities.abi.heterogeneity import generalized_q, trace_p
from equalcities.abi.inputs import (
    check_choice,
    check_effects,
    check_level,
    cluster_codes,
    design_matrix,
)
from equalcities.abi.pooling import coefficient_table, orthonormal, prediction_interval
from equalcities.abi.robust import cr2
from equalcities.errors import UsageError

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class ThreeLevel:
    """A three-level model; names as in `Pooled` where they mean the same.

    Attributes
    ----------
    k, n_clusters : int
        Number of effects and of clusters.
    sigma2_between, sigma2_between_low, sigma2_between_high : float
        Variance of true effects between clusters, with its profile-likelihood interval.
    sigma2_within, sigma2_within_low, sigma2_within_high : float
        Variance of true effects within clusters, with its profile-likelihood interval.
    i2_between, i2_within : float
        Shares of the total variance, in percent.
    pi_low, pi_high : float
        Prediction interval for a new effect in a new cluster.
    log_likelihood : float
        (Restricted) log-likelihood at the maximum.
    """

    k: int
    n_clusters: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    sigma2_between: float
    sigma2_between_low: float
    sigma2_between_high: float
    sigma2_within: float
    sigma2_within_low: float
    sigma2_within_high: float
    i2_between: float
    i2_within: float
    q: float
    q_p: float
    pi_low: float
    pi_high: float
    log_likelihood: float
    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    method: str
    test: str
    level: float


def pool_three_level(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    cluster: ArrayLike,
    moderators: ArrayLike | None = None,
    method: str = "REML",
    test: str = "cr2",
    level: float = 0.95,
) -> ThreeLevel:
    """Fit a three-level model: effects within clusters (studies, programmes, districts).

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances. Sampling errors are taken as independent; effects that
        share people or controls are not, which ``test="cr2"`` guards against.
    cluster : array_like, shape (k,)
        Cluster of each effect.
    moderators : DataFrame or array_like, shape (k, m), optional
        Numeric moderators; an intercept is added.
    method : {"REML", "ML"}
    test : {"cr2", "t", "normal"}
        "cr2": cluster-robust with Satterthwaite df; "t": model-based with k - p df;
        "normal": model-based.
    level : float

    Returns
    -------
    ThreeLevel

    Raises
    ------
    UsageError
        As `pool`; also if every cluster holds one effect (then the two variances cannot be
        told apart), or if the likelihood has no maximum that can be reached.

    References
    ----------
    Konstantopoulos (2011), Research Synthesis Methods 2(1), doi:10.1002/jrsm.35.
    Cheung (2014), Psychological Methods 19(2), doi:10.1037/a0032968 (the two I2).
    Pustejovsky and Tipton (2022), Prevention Science 23, doi:10.1007/s11121-021-01246-3.
    """
    y, v = check_effects(yi, vi)
    check_choice("method", method, ("REML", "ML"))
    check_choice("test", test, ("cr2", "t", "normal"))
    check_level(level)
    if y.size < 3:
        raise UsageError(f"k is {y.size}: a three-level model needs at least three effects.")
    x, names = design_matrix(moderators, yi)
    k, p = x.shape
    codes = cluster_codes(cluster, yi, p)
    if np.bincount(codes).max() == 1:
        raise UsageError(
            "every cluster holds one effect, so variance within and between clusters cannot be "
            "told apart: use pool()."
        )
    basis, back = orthonormal(x)
    # Work in units of the typical standard error, so that tolerances mean the same everywhere.
    unit = float(np.median(v))
    likelihood = _likelihood(y / np.sqrt(unit), v / unit, basis, codes, method == "REML")
    sigma2 = _maximise(likelihood)
    top = likelihood(sigma2)[0]
    limits = [_profile_limits(likelihood, sigma2, which, top, level) for which in (0, 1)]

    same = (codes[:, None] == codes[None, :]).astype(float)
    between, within = sigma2 * unit
    working = np.diag(v + within) + between * same
    weights = np.linalg.inv(working)
    cov = np.linalg.inv(basis.T @ weights @ basis)
    beta = cov @ basis.T @ weights @ y
    df = np.full(p, np.inf if test == "normal" else float(k - p))
    if test == "cr2":
        cov, df = cr2(basis, working, y - basis @ beta, codes, back)
    covariance = back @ cov @ back.T
    table = coefficient_table(names, back @ beta, covariance, df, level)
    first = table.iloc[0]
    pi_low, pi_high = prediction_interval(first, between + within, level)
    typical = (k - p) / trace_p(v, basis)
    total = between + within + typical
    q = generalized_q(y, v, basis, 0.0)
    free = k - p if method == "REML" else k
    return ThreeLevel(
        k=k,
        n_clusters=int(codes.max()) + 1,
        **{name: float(first[name]) for name in ("estimate", "se", "ci_low", "ci_high", "p")},
        sigma2_between=float(between),
        sigma2_between_low=limits[0][0] * unit,
        sigma2_between_high=limits[0][1] * unit,
        sigma2_within=float(within),
        sigma2_within_low=limits[1][0] * unit,
        sigma2_within_high=limits[1][1] * unit,
        i2_between=float(100 * between / total),
        i2_within=float(100 * within / total),
        q=q,
        q_p=float(chi2.sf(q, k - p)),
        pi_low=pi_low,
        pi_high=pi_high,
        log_likelihood=float(top - free / 2 * np.log(unit)),
        coefficients=table,
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        method=method,
        test=test,
        level=level,
    )


Likelihood = Callable[[Array], tuple[float, Array]]


def _likelihood(y: Array, v: Array, basis: Array, codes: Array, restricted: bool) -> Likelihood:
    """Return the function (between, within) -> log-likelihood and its gradient."""
    same = (codes[:, None] == codes[None, :]).astype(float)
    k, p = basis.shape
    constant = (k - p if restricted else k) / 2 * np.log(2 * np.pi)

    def evaluate(sigma2: Array) -> tuple[float, Array]:
        total = np.diag(v + sigma2[1]) + sigma2[0] * same
        inverse = np.linalg.inv(total)
        half = inverse @ basis
        information = basis.T @ half
        projection = inverse - half @ np.linalg.solve(information, half.T)
        py = projection @ y
        value = -0.5 * (np.linalg.slogdet(total)[1] + y @ py) - constant
        if restricted:
            value -= 0.5 * np.linalg.slogdet(information)[1]
        trace_of = projection if restricted else inverse
        gradient = 0.5 * np.array(
            [py @ same @ py - np.sum(trace_of * same), py @ py - np.trace(trace_of)]
        )
        return float(value), gradient

    return evaluate


def _maximise(likelihood: Likelihood, fixed: tuple[int, float] | None = None) -> Array:
    """Return the variances at the maximum, with one of them held fixed if asked."""
    free = [i for i in (0, 1) if fixed is None or i != fixed[0]]

    def full(root: Array) -> Array:
        sigma2 = np.empty(2)
        sigma2[free] = root**2
        if fixed is not None:
            sigma2[fixed[0]] = fixed[1]
        return sigma2

    # Square roots keep the variances above zero and make the boundary an ordinary minimum.
    def objective(root: Array) -> tuple[float, Array]:
        value, gradient = likelihood(full(root))
        return -value, -(gradient[free] * 2 * root)

    starts = [(1.0, 1.0), (1.5, 0.05), (0.05, 1.5)] if len(free) == 2 else [(1.0,), (0.05,)]
    fits = [
        minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 500})
        for start in starts
    ]
    best = min(fits, key=lambda fit: fit.fun)
    if np.abs(best.jac).max() > 1e-4:
        raise UsageError(
            "the three-level likelihood has no maximum that can be reached: check the units of yi "
            "and vi, or use pool(..., cluster=...)."
        )
    return full(best.x)


def _profile_limits(
    likelihood: Likelihood, sigma2: Array, which: int, top: float, level: float
) -> tuple[float, float]:
    allowed = chi2.ppf(level, 1) / 2

    def drop(value: float) -> float:
        return top - likelihood(_maximise(likelihood, (which, value)))[0] - allowed

    centre = float(sigma2[which])
    low = 0.0
    if drop(0.0) > 0:
        low = brentq(drop, 0.0, centre, xtol=1e-10, rtol=1e-10)
    high = 2 * centre + 1.0
    while drop(high) < 0:
        high *= 2
    return float(low), float(brentq(drop, centre, high, xtol=1e-10, rtol=1e-10))
