"""Intervals for a share: Wilson, Jeffreys, exact, and their finite-population forms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from equalcities.errors import UsageError

_STATSMODELS_NAME = {
    "wilson": "wilson",
    "jeffreys": "jeffreys",
    "wald": "normal",
    "clopper-pearson": "beta",
}


def _check_counts(successes: ArrayLike, n: ArrayLike, confidence: float) -> tuple:
    successes, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence}; give a number between 0 and 1.")
    if not (np.all(np.isfinite(successes)) and np.all(np.isfinite(n))):
        raise UsageError("successes and n must be finite; drop missing rows first.")
    if np.any(n <= 0) or np.any(successes < 0) or np.any(successes > n):
        raise UsageError("each count must satisfy 0 <= successes <= n and n > 0; check the counts.")
    return successes, n


def effective_size(n: ArrayLike, population: ArrayLike) -> NDArray[np.float64]:
    """Sample size that gives, with replacement, the variance of ``n`` drawn without.

    Parameters
    ----------
    n : array_like
        Units in the sample.
    population : array_like
        Units in the finite population they were drawn from, without replacement.

    Returns
    -------
    ndarray
        ``n (N - 1) / (N - n)``; infinite for a census (``n == N``).

    Raises
    ------
    UsageError
        If a sample is larger than its population.

    References
    ----------
    Cochran, W. G. (1977). *Sampling Techniques*, 3rd ed., section 3.2 (theorem 3.2).
    """
    n, population = np.broadcast_arrays(np.asarray(n, float), np.asarray(population, float))
    if np.any(population < n):
        raise UsageError("population is smaller than the sample; give the size of the universe.")
    with np.errstate(divide="ignore", invalid="ignore"):
        size = n * (population - 1) / (population - n)
    return np.where(population == n, np.inf, size)


def wilson_score(
    share: ArrayLike, size: ArrayLike, critical: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson score interval from a share, an effective size and a critical value.

    The general form serves estimates that are not simple counts: weighted shares, where
    ``size`` is ``p (1 - p) / variance``, and pooled shares, where ``critical`` is a t quantile.

    Parameters
    ----------
    share : array_like
        Estimated shares in [0, 1].
    size : array_like
        Effective sample sizes (> 0); ``inf`` gives a point.
    critical : array_like
        Quantile of the reference distribution, such as 1.96.

    Returns
    -------
    low, high : ndarray

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    *JASA* 22, 209-212. For weighted shares: Dean, N. and Pagano, M. (2015). Evaluating confidence
    interval methods for binomial proportions in clustered surveys. *Journal of Survey Statistics
    and Methodology* 3, 484-503.
    """
    share, critical = np.asarray(share, float), np.asarray(critical, float)
    spread = critical**2 / np.asarray(size, float)
    centre = (share + spread / 2) / (1 + spread)
    half = np.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def proportion_interval(
    successes: ArrayLike,
    n: ArrayLike,
    *,
    method: str = "wilson",
    confidence: float = 0.95,
    population: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two-sided interval for a share.

    Parameters
    ----------
    successes, n : array_like
        Counts; broadcast against each other. Non-integer counts are allowed.
    method : {"wilson", "jeffreys", "clopper-pearson", "wald"}
        ``"wald"`` is here to show how it fails with small counts, not to be used.
    confidence : float
        Coverage wanted, such as 0.95.
    population : array_like, optional
        Size of the finite population sampled without replacement. The counts are then scaled
        to `effective_size`, which leaves the share as it is and narrows the interval.

    Returns
    -------
    low, high : ndarray
        Bounds in [0, 1].

    Raises
    ------
    UsageError
        For an unknown method, impossible counts, or a population smaller than the sample.

    Notes
    -----
    The intervals are those of `statsmodels.stats.proportion.proportion_confint`. Jeffreys'
    interval is closed at 0 when nothing was observed and at 1 when everything was, as Brown, Cai
    and DasGupta recommend.

    References
    ----------
    Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial
    proportion. *Statistical Science* 16, 101-133.
    """
    if method not in _STATSMODELS_NAME:
        raise UsageError(f"method '{method}' is unknown; use one of {sorted(_STATSMODELS_NAME)}.")
    successes, n = _check_counts(successes, n, confidence)
    share = successes / n
    size = n if population is None else effective_size(n, population)
    census = np.isinf(size)
    trials = np.where(census, n, size)
    low, high = proportion_confint(
        share * trials, trials, alpha=1 - confidence, method=_STATSMODELS_NAME[method]
    )
    low = np.where(census, share, np.clip(low, 0, 1))
    high = np.where(census, share, np.clip(high, 0, 1))
    if method == "jeffreys":
        low, high = np.where(successes == 0, 0.0, low), np.where(successes == n, 1.0, high)
    return low, high


def hypergeometric_interval(
    successes: int, n: int, population: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Exact interval for a share of a finite population sampled without replacement.

    Parameters
    ----------
    successes, n : int
        Counts in the sample.
    population : int
        Units in the population.
    confidence : float
        Coverage that is guaranteed, whatever the true share.

    Returns
    -------
    low, high : float
        Shares of the population that an equal-tailed test does not reject.

    Raises
    ------
    UsageError
        If the counts are impossible.

    References
    ----------
    Buonaccorsi, J. P. (1987). A note on confidence intervals for proportions in finite
    populations. *The American Statistician* 41, 215-218.
    """
    _check_counts(successes, n, confidence)
    if population < n:
        raise UsageError("population is smaller than the sample; give the size of the universe.")
    tail = (1 - confidence) / 2
    candidates = np.arange(successes, population - (n - successes) + 1)
    at_least = stats.hypergeom.sf(successes - 1, population, candidates, n)
    at_most = stats.hypergeom.cdf(successes, population, candidates, n)
    kept = candidates[(at_least > tail) & (at_most > tail)]
    return float(kept.min() / population), float(kept.max() / population)


def difference_interval(
    successes_1: int, n_1: int, successes_2: int, n_2: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Newcombe's hybrid score interval for the difference of two independent shares.

    Parameters
    ----------
    successes_1, n_1, successes_2, n_2 : int
        Counts of the two groups; the difference is share 1 minus share 2.
    confidence : float
        Coverage wanted.

    Returns
    -------
    low, high : float

    Raises
    ------
    UsageError
        If the counts are impossible.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent
    proportions. *Statistics in Medicine* 17, 873-890 (method 10).
    """
    _check_counts([successes_1, successes_2], [n_1, n_2], confidence)
    low, high = confint_proportions_2indep(
        successes_1, n_1, successes_2, n_2, method="newcomb", compare="diff", alpha=1 - confidence
    )
    return float(low), float(high)
