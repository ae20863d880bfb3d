"""Weights that make the respondents look like the universe, and shares computed with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from equalcities.errors import UsageError
from equalcities.stats import effective_size, wilson_score

# how many further answers Kish's size stands for beside the variance of a share
_PRIOR_ANSWERS = 5


@dataclass(frozen=True)
class Weights:
    """Raked weights and what they were raked to.

    Attributes
    ----------
    values : Series of float
        One weight per unit; they sum to the universe.
    categories : DataFrame
        The categories raked on, one column per margin.
    population : float
        Size of the universe.
    """

    values: pd.Series
    categories: pd.DataFrame
    population: float

    @property
    def effective_size(self) -> float:
        """Kish's effective sample size, ``(sum w)^2 / sum w^2``."""
        return float(self.values.sum() ** 2 / (self.values**2).sum())


def _check_margins(categories: pd.DataFrame, targets: Mapping[str, pd.Series]) -> None:
    if not targets or not len(categories):
        raise UsageError("give at least one unit and one margin.")
    totals = {name: float(target.sum()) for name, target in targets.items()}
    if not np.allclose(list(totals.values()), next(iter(totals.values()))):
        raise UsageError(f"the margins have different totals {totals}; take them from one source.")
    for name, target in targets.items():
        if name not in categories:
            raise UsageError(f"there is no column '{name}' to rake on; add it or drop the margin.")
        if (target <= 0).any() or target.isna().any():
            raise UsageError(f"margin '{name}' has a target of 0 or less; drop that category.")
        if categories[name].isna().any():
            raise UsageError(f"'{name}' is missing for some units; rake on what is always known.")
        present = set(categories[name])
        empty = [str(code) for code in target.index if code not in present]
        if empty:
            raise UsageError(f"no unit of '{name}' is {', '.join(empty)}; merge categories first.")
        unknown = sorted(str(code) for code in present - set(target.index))
        if unknown:
            raise UsageError(f"margin '{name}' has no target for {', '.join(unknown)}; add it.")


def rake(
    categories: pd.DataFrame,
    targets: Mapping[str, pd.Series],
    *,
    base: ArrayLike | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> Weights:
    """Rake weights to known margins (iterative proportional fitting).

    Parameters
    ----------
    categories : DataFrame
        One row per unit, one column per margin.
    targets : mapping of str to Series
        For each margin the count of the universe per category. With one margin this is
        post-stratification.
    base : array_like, optional
        Weights to start from; 1 for everyone by default.
    tolerance : float
        Largest relative miss of a margin that counts as converged.
    max_iterations : int
        Rounds over the margins.

    Returns
    -------
    Weights

    Raises
    ------
    UsageError
        If a category lacks a unit or a target, totals differ, or raking does not converge.

    References
    ----------
    Deming, W. E. and Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency
    table when the expected marginal totals are known. *Annals of Mathematical Statistics* 11,
    427-444.
    """
    _check_margins(categories, targets)
    start = np.ones(len(categories)) if base is None else np.asarray(base, float)
    if start.shape != (len(categories),) or not (start > 0).all():
        raise UsageError("base needs one weight above 0 per unit.")
    names = list(targets)
    codes = [pd.Index(targets[n].index).get_indexer(categories[n].astype(object)) for n in names]
    wanted = [targets[n].to_numpy(float) for n in names]
    values = rake_codes(codes, wanted, start, tolerance, max_iterations)
    return Weights(
        pd.Series(values, index=categories.index, name="weight"),
        categories[names].copy(),
        float(wanted[0].sum()),
    )


def rake_codes(
    codes: list[NDArray[np.int64]],
    wanted: list[NDArray[np.float64]],
    start: NDArray[np.float64],
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> NDArray[np.float64]:
    """Rake on arrays that were checked before; the core of `rake`.

    Parameters
    ----------
    codes : list of ndarray of int, shape (n,)
        Category of each unit per margin, as a position in ``wanted``.
    wanted : list of ndarray
        Totals per category.
    start : ndarray, shape (n,)
        Weights to start from.
    tolerance, max_iterations
        As in `rake`.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    UsageError
        If a category is empty, or it does not converge.
    """
    if any(
        (np.bincount(c, minlength=len(t)) == 0).any() for c, t in zip(codes, wanted, strict=True)
    ):
        raise UsageError("a category has no unit; merge categories first.")
    weights = start.copy()
    for _ in range(max_iterations):
        miss = 0.0
        for code, total in zip(codes, wanted, strict=True):
            factor = total / np.bincount(code, weights, minlength=len(total))
            miss = max(miss, float(np.abs(factor - 1).max()))
            weights *= factor[code]
        if miss < tolerance:
            return weights
    raise UsageError(
        "raking does not converge: some combinations of categories have no unit; "
        "merge categories or rake on fewer margins."
    )


def margin_dummies(codes: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Return a full-rank set of dummies that spans the margins.

    Parameters
    ----------
    codes : list of ndarray of int, shape (n,)
        Category of each unit per margin.

    Returns
    -------
    ndarray, shape (n, p)
        A constant, and for each margin all its categories but the first.
    """
    columns = [np.ones((len(codes[0]), 1))]
    columns += [(code[:, None] == np.arange(1, code.max() + 1)).astype(float) for code in codes]
    return np.hstack(columns)


def linearised_share(
    answers: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    domain: NDArray[np.bool_] | None = None,
    margins: NDArray[np.float64] | None = None,
    clusters: NDArray[np.int64] | None = None,
    population: float | None = None,
) -> tuple[float, float, float]:
    """Weighted share with its linearised variance.

    Parameters
    ----------
    answers : ndarray of 0/1, shape (n,)
    weights : ndarray, shape (n,)
    domain : ndarray of bool, shape (n,), optional
        Units that the share is about, such as a group or those who answered. The others still
        count for the variance, since the weights were raked over all.
    margins : ndarray, shape (n, p), optional
        Dummies raked on (`margin_dummies`). Raking takes out what the margins explain, so the
        variance is that of the residuals.
    clusters : ndarray of int, shape (n,), optional
        Cluster of each unit, where clusters and not units were drawn.
    population : float, optional
        Units in the universe, for the finite-population correction.

    Returns
    -------
    share, variance, df : float
        ``df`` is units minus margins, or clusters minus one, and at most the units of the domain
        minus one.

    References
    ----------
    Deville, J.-C. and Särndal, C.-E. (1992). Calibration estimators in survey sampling. *JASA* 87,
    376-382. Without clusters the residuals are those of the linearised jackknife: Yung, W. and Rao,
    J. N. K. (1996). Jackknife linearization variance estimators under stratified multi-stage
    sampling. *Survey Methodology* 22, 23-31.
    """
    inside = np.ones(len(answers), bool) if domain is None else domain
    total = weights[inside].sum()
    share = float(weights[inside] @ answers[inside] / total)
    residual = np.where(inside, answers - share, 0.0)
    design = np.ones((len(answers), 1)) if margins is None else margins
    root = np.sqrt(weights)[:, None]
    basis, triangle = np.linalg.qr(design * root)
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-9 * np.abs(triangle).max()]
    residual = residual - basis @ (basis.T @ (residual * root[:, 0])) / root[:, 0]
    leverage = (basis**2).sum(axis=1)
    n, parameters = len(answers), basis.shape[1]
    if clusters is None:
        # what leaving the unit out would change: one of large weight pulls the fit towards itself,
        # which makes its own residual too small
        scores = weights * residual / (1 - np.minimum(leverage, 0.999)) / total
        variance = (n - 1) / n * float(scores @ scores)
    else:
        scores = np.bincount(clusters, weights * residual / total)
        n, parameters = len(np.unique(clusters)), 1
        variance = n / (n - 1) * float(scores @ scores) if n > 1 else np.inf
    df = min(n - parameters, int(inside.sum()) - 1)
    if population is not None:
        variance *= 1 - len(answers) / population
    return share, variance, float(max(df, 1))


def weighted_interval(
    share: ArrayLike,
    variance: ArrayLike,
    df: ArrayLike,
    weights: NDArray[np.float64],
    *,
    population: float | None = None,
    confidence: float = 0.95,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson interval for weighted shares with an estimated variance.

    Parameters
    ----------
    share, variance, df : array_like
        Estimates, their variances and degrees of freedom (`linearised_share`).
    weights : ndarray, shape (n,)
        Weights of the units behind them.
    population : float, optional
        Units in the universe, for the finite-population correction of Kish's size.
    confidence : float
        Coverage wanted.

    Returns
    -------
    low, high : ndarray

    Notes
    -----
    The effective sample size is ``p (1 - p) / variance``. For a rare answer that variance rests on
    a handful of units and is often far too small, so the variance per unit is a mean of this one
    and of the one by Kish's size, the smaller of the two sizes, as if the latter stood for
    five further answers. Where all or none said yes, Kish's size stands alone.

    References
    ----------
    Dean, N. and Pagano, M. (2015). Evaluating confidence interval methods for binomial proportions
    in clustered surveys. *Journal of Survey Statistics and Methodology* 3, 484-503. Korn, E. L. and
    Graubard, B. I. (1998). *Survey Methodology* 24, 193-201.
    """
    share, variance = np.asarray(share, float), np.asarray(variance, float)
    kish = weights.sum() ** 2 / (weights**2).sum()
    by_kish = kish if population is None else float(effective_size(kish, population))
    own = np.divide(
        share * (1 - share), variance, out=np.full_like(share, by_kish), where=variance > 0
    )
    rarer = np.minimum(share, 1 - share) * len(weights)
    trust = rarer / (rarer + _PRIOR_ANSWERS)
    size = 1 / (trust / own + (1 - trust) / np.minimum(own, by_kish))
    return wilson_score(share, size, stats.t.ppf((1 + confidence) / 2, df))
