"""What a small sample can show: power and minimum detectable difference of two shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from equalcities.errors import UsageError


def fisher_pvalues(n_1: int, n_2: int) -> NDArray[np.float64]:
    """Two-sided p-values of Fisher's exact test for every table with these group sizes.

    Parameters
    ----------
    n_1, n_2 : int
        Group sizes.

    Returns
    -------
    ndarray, shape (n_1 + 1, n_2 + 1)
        p-value for ``x_1`` successes in group 1 (rows) and ``x_2`` in group 2 (columns).

    Notes
    -----
    Two-sided as in R's ``fisher.test`` and SciPy: the tables as likely as this one, or less.
    """
    pvalues = np.empty((n_1 + 1, n_2 + 1))
    for total in range(n_1 + n_2 + 1):
        x_1 = np.arange(max(0, total - n_2), min(n_1, total) + 1)
        likely = stats.hypergeom.pmf(x_1, n_1 + n_2, total, n_1)
        # the same slack as R and SciPy against rounding of equal probabilities
        as_extreme = likely[None, :] <= likely[:, None] * (1 + 1e-7)
        pvalues[x_1, total - x_1] = np.minimum(as_extreme @ likely, 1.0)
    return pvalues


def _score_pvalues(n_1: int, n_2: int) -> NDArray[np.float64]:
    x_1, x_2 = np.arange(n_1 + 1)[:, None], np.arange(n_2 + 1)[None, :]
    pooled = (x_1 + x_2) / (n_1 + n_2)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n_1 + 1 / n_2))
    difference = np.abs(x_1 / n_1 - x_2 / n_2)
    z = np.divide(difference, spread, out=np.zeros_like(difference), where=spread > 0)
    return 2 * stats.norm.sf(z)


_TESTS = {"fisher": fisher_pvalues, "score": _score_pvalues}


def _rejection(n_1: int, n_2: int, alpha: float, test: str) -> NDArray[np.bool_]:
    if test not in _TESTS:
        raise UsageError(f"test '{test}' is unknown; use one of {sorted(_TESTS)}.")
    if min(n_1, n_2) < 1 or not 0 < alpha < 1:
        raise UsageError("give groups of at least 1 and an alpha between 0 and 1.")
    return _TESTS[test](n_1, n_2) <= alpha


def _power(reject: NDArray[np.bool_], share_1: float, share_2: float) -> float:
    n_1, n_2 = reject.shape[0] - 1, reject.shape[1] - 1
    likely_1 = stats.binom.pmf(np.arange(n_1 + 1), n_1, share_1)
    likely_2 = stats.binom.pmf(np.arange(n_2 + 1), n_2, share_2)
    return float(likely_1 @ reject @ likely_2)


def power_two_proportions(
    share_1: float,
    share_2: float,
    n_1: int,
    n_2: int,
    *,
    alpha: float = 0.05,
    test: str = "fisher",
) -> float:
    """Exact power of a two-sided test of two independent shares.

    Parameters
    ----------
    share_1, share_2 : float
        True shares of the groups.
    n_1, n_2 : int
        Group sizes.
    alpha : float
        Level of the test.
    test : {"fisher", "score"}
        Fisher's exact test, which never exceeds its level, or the pooled score (chi-squared)
        test, which may by a little.

    Returns
    -------
    float
        Chance that the test rejects, summed over every possible table.

    Raises
    ------
    UsageError
        For an unknown test, an empty group, or an impossible level or share.
    """
    if not (0 <= share_1 <= 1 and 0 <= share_2 <= 1):
        raise UsageError("shares must lie in [0, 1]; give fractions, not percentages.")
    return _power(_rejection(n_1, n_2, alpha, test), share_1, share_2)


def minimum_detectable_difference(
    share: float,
    n_1: int,
    n_2: int,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    test: str = "fisher",
    direction: str = "up",
) -> float:
    """Smallest difference between two groups that a test would find with the power asked for.

    Parameters
    ----------
    share : float
        True share in group 1.
    n_1, n_2 : int
        Group sizes.
    alpha, power : float
        Level of the two-sided test and the chance of finding the difference.
    test : {"fisher", "score"}
        As in `power_two_proportions`.
    direction : {"up", "down"}
        Whether group 2 lies above or below group 1.

    Returns
    -------
    float
        Absolute difference of shares; NaN where even 0 or 1 in group 2 would not be found.

    Raises
    ------
    UsageError
        As `power_two_proportions`, or for an unknown direction.
    """
    if direction not in ("up", "down"):
        raise UsageError(f"direction '{direction}' is unknown; use 'up' or 'down'.")
    if not 0 <= share <= 1 or not alpha < power < 1:
        raise UsageError("give a share in [0, 1] and a power between alpha and 1.")
    reject = _rejection(n_1, n_2, alpha, test)
    limit = 1.0 if direction == "up" else 0.0

    def lack(other: float) -> float:
        return power - _power(reject, share, other)

    if lack(limit) > 0:
        return float("nan")
    return abs(optimize.brentq(lack, share, limit, xtol=1e-8) - share)
