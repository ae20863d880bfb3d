"""Rubin's rules: one answer from several imputed data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from equalcities.errors import UsageError
from equalcities.stats.proportions import wilson_score


@dataclass(frozen=True)
class PooledEstimate:
    """Estimates pooled over imputations; each field is an array over the quantities pooled.

    Attributes
    ----------
    estimate : ndarray
        Mean over the imputations.
    within, between, variance : ndarray
        Mean variance inside an imputation, variance between them, and the total.
    relative_increase : ndarray
        Rise in variance due to what is missing, ``(1 + 1/m) between / within``.
    df : ndarray
        Barnard-Rubin degrees of freedom.
    missing_information : ndarray
        Fraction of missing information.
    ci_low, ci_high : ndarray
        t interval.
    imputations : int
        Number of imputations ``m``.
    """

    estimate: NDArray[np.float64]
    within: NDArray[np.float64]
    between: NDArray[np.float64]
    variance: NDArray[np.float64]
    relative_increase: NDArray[np.float64]
    df: NDArray[np.float64]
    missing_information: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    imputations: int


def pool_rubin(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    df_complete: float = np.inf,
    confidence: float = 0.95,
) -> PooledEstimate:
    """Pool estimates from ``m`` imputed data sets.

    Parameters
    ----------
    estimates, variances : array_like, shape (m, ...)
        One estimate and its squared standard error per imputation, first axis.
    df_complete : float
        Degrees of freedom that the analysis would have with nothing missing (``n - 1`` for a
        mean). The default, infinite, gives Rubin's (1987) large-sample degrees of freedom.
    confidence : float
        Coverage wanted.

    Returns
    -------
    PooledEstimate

    Raises
    ------
    UsageError
        With fewer than two imputations, shapes that differ, or a negative variance.

    References
    ----------
    Rubin, D. B. (1987). *Multiple Imputation for Nonresponse in Surveys*, ch. 3.
    Barnard, J. and Rubin, D. B. (1999). Small-sample degrees of freedom with multiple imputation.
    *Biometrika* 86, 948-955.
    """
    q, u = np.asarray(estimates, float), np.asarray(variances, float)
    if q.shape != u.shape or q.ndim == 0 or q.shape[0] < 2:
        raise UsageError("give estimates and variances of one shape, two imputations or more.")
    if np.any(u < 0) or not (np.all(np.isfinite(q)) and np.all(np.isfinite(u))):
        raise UsageError("estimates must be finite and variances not negative; check each fit.")
    m = q.shape[0]
    estimate, within, between = q.mean(axis=0), u.mean(axis=0), q.var(axis=0, ddof=1)
    extra = (1 + 1 / m) * between
    variance = within + extra
    with np.errstate(divide="ignore", invalid="ignore"):
        increase = np.where(extra == 0, 0.0, extra / within)
        share_missing = np.where(extra == 0, 0.0, extra / variance)
        df_old = np.where(extra == 0, np.inf, (m - 1) / share_missing**2)
    if np.isinf(df_complete):
        df = df_old
    else:
        df_observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share_missing)
        # 1/df adds up; written so that an infinite df_old and a zero df_observed both work
        df = df_observed / (df_observed / df_old + 1)
    with np.errstate(invalid="ignore"):
        information = np.where(
            extra == 0,
            0.0,
            np.where(np.isinf(increase), 1.0, (increase + 2 / (df + 3)) / (increase + 1)),
        )
    half = np.asarray(stats.t.ppf((1 + confidence) / 2, np.maximum(df, 1e-6))) * np.sqrt(variance)
    return PooledEstimate(
        estimate=estimate,
        within=within,
        between=between,
        variance=variance,
        relative_increase=increase,
        df=np.asarray(df),
        missing_information=information,
        ci_low=estimate - half,
        ci_high=estimate + half,
        imputations=m,
    )


def wilson_pooled(
    shares: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson interval for a share estimated on multiply imputed data.

    Parameters
    ----------
    shares : array_like, shape (m, ...)
        Share in each imputed data set.
    n : array_like
        Units in a completed data set, or their effective number.
    confidence : float
        Coverage wanted.

    Returns
    -------
    low, high : ndarray

    Raises
    ------
    UsageError
        As `pool_rubin`.

    Notes
    -----
    Solves ``(q - p)^2 = t^2 (1 + r) p (1 - p) / n`` for ``p``, with ``r`` the relative increase
    in variance and t on Barnard-Rubin degrees of freedom (Lott and Reiter take Rubin's, the
    limit for large n).

    References
    ----------
    Lott, A. and Reiter, J. P. (2020). Wilson confidence intervals for binomial proportions with
    multiple imputation for missing data. *The American Statistician* 74, 109-115.
    """
    q, n = np.asarray(shares, float), np.asarray(n, float)
    inside = q * (1 - q) / n
    pooled = pool_rubin(q, inside, df_complete=float(np.min(n)) - 1, confidence=confidence)
    critical = stats.t.ppf((1 + confidence) / 2, np.maximum(pooled.df, 1.0))
    return wilson_score(pooled.estimate, n / (1 + pooled.relative_increase), critical)
