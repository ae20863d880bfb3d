"""Between-study variance: estimators, the Q-profile interval, and I-squared.

All functions work on an orthonormal basis of the moderators' column space. Heterogeneity
depends on that space only, so units and origins of the moderators cannot hurt the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

Array = np.ndarray
METHODS = ("FE", "DL", "PM", "REML", "ML")


def weighted_fit(y: Array, v: Array, basis: Array, tau2: float) -> tuple[Array, Array, Array]:
    """Return coefficients on the basis, their model covariance, and the residuals."""
    w = 1 / (v + tau2)
    cov = np.linalg.inv(basis.T @ (w[:, None] * basis))
    beta = cov @ (basis.T @ (w * y))
    return beta, cov, y - basis @ beta


def generalized_q(y: Array, v: Array, basis: Array, tau2: float) -> float:
    """Return the weighted residual sum of squares at a given between-study variance."""
    residuals = weighted_fit(y, v, basis, tau2)[2]
    return float(np.sum(residuals**2 / (v + tau2)))


def trace_p(v: Array, basis: Array, tau2: float = 0.0) -> float:
    """Return the trace of P = W - WX(X'WX)^-1 X'W."""
    w = 1 / (v + tau2)
    bread = np.linalg.inv(basis.T @ (w[:, None] * basis))
    return float(w.sum() - np.sum(bread * (basis.T @ (w[:, None] ** 2 * basis))))


def estimate_tau2(y: Array, v: Array, basis: Array, method: str) -> float:
    """Return the between-study variance, truncated at zero.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and sampling variances.
    basis : ndarray, shape (k, p)
        Orthonormal basis of the design matrix.
    method : {"FE", "DL", "PM", "REML", "ML"}
        FE sets it to zero. DL: DerSimonian and Laird (1986), the method of moments with
        inverse-variance weights. PM: Paule and Mandel (1982), the root of Q(tau2) = k - p.
        REML and ML: the global maximum of the (restricted) likelihood.
    """
    df = y.size - basis.shape[1]
    if method == "FE":
        return 0.0
    if method == "DL":
        return max(0.0, (generalized_q(y, v, basis, 0.0) - df) / trace_p(v, basis))
    if method == "PM":
        return _decreasing_root(lambda t: generalized_q(y, v, basis, t) - df, _spread(y, v, basis))
    return _likelihood_tau2(y, v, basis, restricted=method == "REML")


def q_profile(y: Array, v: Array, basis: Array, level: float) -> tuple[float, float]:
    """Return the Q-profile interval of the between-study variance (Viechtbauer 2007).

    A limit below zero is set to zero, as metafor's ``confint`` does.
    """
    df, start = y.size - basis.shape[1], _spread(y, v, basis)

    def limit(probability: float) -> float:
        target = chi2.ppf(probability, df)
        return _decreasing_root(lambda t: generalized_q(y, v, basis, t) - target, start)

    return limit((1 + level) / 2), limit((1 - level) / 2)


def i_squared(y: Array, v: Array, basis: Array, tau2: float, method: str) -> float:
    """Return I-squared in percent.

    As in metafor, ``100 tau2 / (tau2 + typical variance)`` with the typical variance
    ``(k - p) / trace(P)`` of Higgins and Thompson (2002). Under FE there is no tau2, and the
    older ``100 (Q - df) / Q`` stands in.
    """
    df = y.size - basis.shape[1]
    if method == "FE":
        q = generalized_q(y, v, basis, 0.0)
        return max(0.0, 100 * (q - df) / q) if q > 0 else 0.0
    typical = df / trace_p(v, basis)
    return 100 * tau2 / (tau2 + typical)


def _spread(y: Array, v: Array, basis: Array) -> float:
    residuals = y - basis @ (basis.T @ y)
    return float(residuals @ residuals + v.max())


def _decreasing_root(f: Callable[[float], float], upper: float) -> float:
    """Return the root of a decreasing function on [0, inf), or 0 if it starts below zero."""
    if f(0.0) <= 0:
        return 0.0
    while f(upper) > 0:
        upper *= 4
    return float(brentq(f, 0.0, upper, xtol=upper * 1e-16, rtol=1e-14, maxiter=500))


def _profile(
    y: Array, v: Array, basis: Array, tau2: Array, restricted: bool
) -> tuple[Array, Array]:
    """Return log-likelihood (up to a constant) and score at each value of ``tau2``."""
    w = 1 / (v + np.asarray(tau2)[:, None])
    outer = basis[:, :, None] * basis[:, None, :]
    information = np.einsum("tk,kij->tij", w, outer)
    right = np.einsum("tk,ki->ti", w * y, basis)
    beta = np.linalg.solve(information, right[:, :, None])[:, :, 0]
    residuals = y - beta @ basis.T
    loglik = 0.5 * (np.log(w).sum(1) - np.sum(w * residuals**2, 1))
    score = 0.5 * (np.sum((w * residuals) ** 2, 1) - w.sum(1))
    if restricted:
        loglik -= 0.5 * np.linalg.slogdet(information)[1]
        squared = np.einsum("tk,kij->tij", w**2, outer)
        score += 0.5 * np.trace(np.linalg.solve(information, squared), axis1=1, axis2=2)
    return loglik, score


def _likelihood_tau2(y: Array, v: Array, basis: Array, restricted: bool) -> float:
    # The likelihood can have more than one peak. Scan, polish each peak, keep the highest:
    # the answer then depends on the data only, never on a starting value.
    def score(t: float) -> float:
        return float(_profile(y, v, basis, np.array([t]), restricted)[1][0])

    upper = _spread(y, v, basis)
    while score(upper) > 0:
        upper *= 4
    grid = np.concatenate([[0.0], upper * np.geomspace(1e-8, 1, 80)])
    scores = _profile(y, v, basis, grid, restricted)[1]
    peaks = [0.0] if scores[0] <= 0 else []
    for i in np.flatnonzero((scores[:-1] > 0) & (scores[1:] <= 0)):
        peaks.append(brentq(score, grid[i], grid[i + 1], xtol=upper * 1e-17, rtol=1e-14))
    loglik = _profile(y, v, basis, np.array(peaks), restricted)[0]
    return float(peaks[int(np.argmax(loglik))])
