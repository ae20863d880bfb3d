"""Inference when rows come in clusters: CR2 errors, wild cluster and whole-cluster bootstraps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from equalcities.errors import UsageError

Floats = NDArray[np.float64]

_WEBB = np.sqrt([0.5, 1.0, 1.5])
_AUXILIARY = {
    "rademacher": np.array([-1.0, 1.0]),
    "webb": np.concatenate([-_WEBB, _WEBB]),
}


def _checked_codes(groups: ArrayLike, n_rows: int) -> tuple[NDArray[np.intp], int]:
    codes, labels = pd.factorize(pd.Series(np.asarray(groups, dtype=object)))
    if len(codes) != n_rows:
        raise UsageError(f"{n_rows} rows but {len(codes)} cluster labels; give one per row.")
    if (codes < 0).any():
        raise UsageError("a cluster label is missing; drop those rows or label them.")
    if len(labels) < 2:
        raise UsageError("there is only one cluster; cluster-robust inference needs two or more.")
    return codes, len(labels)


def _design(outcome: ArrayLike, predictors: pd.DataFrame) -> tuple[Floats, Floats, list[str]]:
    y = np.asarray(outcome, dtype=float)
    x = np.column_stack([np.ones(len(y)), predictors.to_numpy(dtype=float)])
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise UsageError("the regression data have missing values; drop incomplete rows first.")
    if len(y) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise UsageError(
            "the predictors are collinear or too many for the rows; remove some of them."
        )
    return y, x, ["intercept", *map(str, predictors.columns)]


def _inverse_root(matrix: Floats) -> Floats:
    """Symmetric inverse square root; directions of eigenvalue zero stay zero."""
    values, vectors = np.linalg.eigh(matrix)
    root = np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-10)), 0.0)
    return (vectors * root) @ vectors.T


def cluster_robust(
    outcome: ArrayLike,
    predictors: pd.DataFrame,
    groups: ArrayLike,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Least squares with CR2 cluster-robust errors and Satterthwaite degrees of freedom.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Response, any unit.
    predictors : DataFrame, shape (n, k)
        Regressors without an intercept, which is added.
    groups : array_like, shape (n,)
        Cluster of each row.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per term: ``estimate``, ``se``, ``df``, ``p_value``, ``ci_low``, ``ci_high``.

    Raises
    ------
    UsageError
        For missing values, collinear predictors or fewer than two clusters.

    Notes
    -----
    The degrees of freedom say how much information on a term there really is. Where they fall
    under about 4 the t reference is itself rough: read such rows as "cannot tell".

    References
    ----------
    Bell, R. M. and McCaffrey, D. F. (2002). *Survey Methodology* 28, 169-181.
    Pustejovsky, J. E. and Tipton, E. (2018). *Journal of Business & Economic Statistics* 36,
    672-683.
    """
    y, x, names = _design(outcome, predictors)
    codes, n_groups = _checked_codes(groups, len(y))
    bread = np.linalg.inv(x.T @ x)
    residual_maker = np.eye(len(y)) - x @ bread @ x.T
    residuals = residual_maker @ y
    # weighted[g] is cluster g's part of the estimator, (k, n_g), after the CR2 adjustment.
    scores = np.empty((n_groups, x.shape[1]))
    spread = np.empty((n_groups, x.shape[1], len(y)))
    for g in range(n_groups):
        rows = np.flatnonzero(codes == g)
        weighted = bread @ x[rows].T @ _inverse_root(residual_maker[np.ix_(rows, rows)])
        scores[g] = weighted @ residuals[rows]
        spread[g] = weighted @ residual_maker[rows]
    estimate, se = bread @ x.T @ y, np.sqrt((scores**2).sum(axis=0))
    covariances = np.einsum("gkn,hkn->kgh", spread, spread)
    df = np.trace(covariances, axis1=1, axis2=2) ** 2 / (covariances**2).sum(axis=(1, 2))
    half = stats.t.ppf((1 + confidence) / 2, df) * se
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "df": df,
            "p_value": 2 * stats.t.sf(np.abs(estimate) / se, df),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        },
        index=pd.Index(names, name="term"),
    )


@dataclass(frozen=True)
class WildBootstrap:
    """Outcome of a wild cluster bootstrap test of one coefficient.

    Attributes
    ----------
    estimate, t_value : float
        Coefficient and its CR1 t value against the null.
    p_value : float
        Symmetric bootstrap p-value.
    ci_low, ci_high : float
        The nulls that the test does not reject; infinite if it never rejects on that side.
    n_clusters, n_resamples : int
        Clusters, and sign vectors used.
    enumerated : bool
        True if all possible sign vectors were used, so that nothing is random.
    """

    estimate: float
    t_value: float
    p_value: float
    ci_low: float
    ci_high: float
    n_clusters: int
    n_resamples: int
    enumerated: bool


def wild_cluster_bootstrap(
    outcome: ArrayLike,
    predictors: pd.DataFrame,
    groups: ArrayLike,
    term: str,
    *,
    rng: np.random.Generator | int,
    null: float = 0.0,
    auxiliary: str = "webb",
    n_resamples: int = 9999,
    confidence: float = 0.95,
) -> WildBootstrap:
    """Restricted wild cluster bootstrap test of one coefficient, with the inverted interval.

    Parameters
    ----------
    outcome, predictors, groups
        As for `cluster_robust`.
    term : str
        Column of ``predictors`` that is tested.
    rng : Generator or int
        Source of randomness, or a seed.
    null : float
        Value of the coefficient under the null hypothesis.
    auxiliary : {"webb", "rademacher"}
        Webb's six points suit few clusters; Rademacher signs are enumerated in full when there
        are no more than ``n_resamples`` sign vectors.
    n_resamples : int
        Number of random sign vectors.
    confidence : float
        Coverage of the interval, made of the nulls that are not rejected.

    Returns
    -------
    WildBootstrap
        Estimate, p-value, interval and what they rest on.

    Raises
    ------
    UsageError
        For an unknown term or distribution, or unusable data.

    Notes
    -----
    Follows the "WCR-C" form. With fewer than about six clusters, or a predictor that varies in
    only one or two of them, neither this nor any other method is reliable.

    References
    ----------
    Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2008). *Review of Economics and Statistics*
    90, 414-427.
    Roodman, D. et al. (2019). *Stata Journal* 19, 4-60 (the score form used here).
    Webb, M. D. (2023). *Canadian Journal of Economics* 56, 839-858.
    """
    if auxiliary not in _AUXILIARY:
        raise UsageError(f"auxiliary '{auxiliary}' is unknown; use one of {sorted(_AUXILIARY)}.")
    y, x, names = _design(outcome, predictors)
    if term not in names:
        raise UsageError(f"term '{term}' is not a predictor; use one of {names[1:]}.")
    codes, n_groups = _checked_codes(groups, len(y))
    j, (n_rows, n_terms) = names.index(term), x.shape
    bread = np.linalg.inv(x.T @ x)
    by_group = np.equal.outer(np.arange(n_groups), codes).astype(float)

    def residuals(of: Floats, on: Floats) -> Floats:
        return of - on @ np.linalg.lstsq(on, of, rcond=None)[0]

    def scores(values: Floats) -> Floats:
        return by_group @ (x * values[:, None])

    unrestricted = scores(residuals(y, x)) @ bread[j]
    scale = n_groups / (n_groups - 1) * (n_rows - 1) / (n_rows - n_terms)
    se = np.sqrt(scale * (unrestricted**2).sum())
    estimate = float(bread[j] @ x.T @ y)

    signs, enumerated = _sign_vectors(n_groups, auxiliary, n_resamples, np.random.default_rng(rng))
    others = np.delete(x, j, axis=1)
    grams = np.einsum("gn,nk,nl->gkl", by_group, x, x)
    shift = bread[j] @ grams @ bread  # (G, k): how a refit moves each cluster's score

    def resampled(part: Floats) -> tuple[Floats, Floats]:
        moved = signs @ part
        return moved @ bread[j], signs * (part @ bread[j]) - moved @ shift.T

    # The restricted residuals, and so numerators and cluster scores, are linear in the null:
    # with these few vectors each further null costs one pass over the resamples.
    top_y, score_y = resampled(scores(residuals(y, others)))
    top_x, score_x = resampled(scores(residuals(x[:, j], others)))
    squares = [(a * b).sum(axis=1) for a, b in ((score_y, score_y), (score_y, score_x))]
    square_x = (score_x**2).sum(axis=1)

    def p_value(value: float) -> float:
        variance = squares[0] - 2 * value * squares[1] + value**2 * square_x
        t_star = np.abs(top_y - value * top_x) / np.sqrt(scale * np.maximum(variance, 1e-300))
        extreme = int((t_star >= abs(estimate - value) / se * (1 - 1e-9)).sum())
        if enumerated:
            return extreme / len(signs)
        return (extreme + 1) / (len(signs) + 1)

    low, high = (_edge(p_value, estimate, side * se, 1 - confidence) for side in (-1, 1))
    return WildBootstrap(
        estimate=estimate,
        t_value=float((estimate - null) / se),
        p_value=p_value(null),
        ci_low=low,
        ci_high=high,
        n_clusters=n_groups,
        n_resamples=len(signs),
        enumerated=enumerated,
    )


def _sign_vectors(
    n_groups: int, auxiliary: str, n_resamples: int, rng: np.random.Generator
) -> tuple[Floats, bool]:
    points = _AUXILIARY[auxiliary]
    if auxiliary == "rademacher" and 2**n_groups <= n_resamples:
        return np.array(list(product(points, repeat=n_groups))), True
    return rng.choice(points, size=(n_resamples, n_groups)), False


def _edge(p_value: Callable[[float], float], centre: float, step: float, alpha: float) -> float:
    """First null away from the estimate that is rejected, by doubling and bisection."""
    inside, reach = centre, step
    while p_value(centre + reach) > alpha:
        inside, reach = centre + reach, 2 * reach
        if abs(reach) > 1000 * abs(step):
            return float(np.copysign(np.inf, step))
    outside = centre + reach
    while abs(outside - inside) > 1e-6 * abs(step):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_value(middle) > alpha else (inside, middle)
    return float(inside)


def cluster_bootstrap(
    data: pd.DataFrame | NDArray,
    groups: ArrayLike,
    statistic: Callable[..., float | Floats],
    *,
    rng: np.random.Generator | int,
    n_resamples: int = 1999,
    confidence: float = 0.95,
) -> tuple[Floats, Floats]:
    """Percentile interval from drawing whole clusters with replacement.

    Parameters
    ----------
    data : DataFrame or ndarray
        One row per unit.
    groups : array_like
        Cluster of each row.
    statistic : callable
        Takes the drawn rows and, for each, the number of the draw that brought it, which serves
        as cluster label: a cluster drawn twice counts as two. Returns a number or an array of
        fixed shape.
    rng : Generator or int
        Source of randomness, or a seed.
    n_resamples : int
        Number of resamples.
    confidence : float
        Coverage wanted.

    Returns
    -------
    low, high : ndarray
        Of the shape of the statistic.

    Raises
    ------
    UsageError
        If the statistic is missing in more than 5 % of the resamples.

    Notes
    -----
    Percentile intervals of few clusters (under about 30) are somewhat too short.

    References
    ----------
    Field, C. A. and Welsh, A. H. (2007). *JRSS B* 69, 369-390.
    """
    codes, n_groups = _checked_codes(groups, len(data))
    members = [np.flatnonzero(codes == g) for g in range(n_groups)]
    sizes = np.array([len(rows) for rows in members])
    generator = np.random.default_rng(rng)
    draws = []
    for _ in range(n_resamples):
        drawn = generator.integers(n_groups, size=n_groups)
        rows = np.concatenate([members[g] for g in drawn])
        sample = data.iloc[rows] if isinstance(data, pd.DataFrame) else data[rows]
        draws.append(statistic(sample, np.repeat(np.arange(n_groups), sizes[drawn])))
    values = np.asarray(draws, dtype=float)
    if np.isnan(values).mean(axis=0).max() > 0.05:
        raise UsageError(
            "the statistic could not be computed in more than 5 % of the resamples; "
            "too few clusters hold the data it needs, so give no interval."
        )
    tail = 100 * (1 - confidence) / 2
    low, high = np.nanpercentile(values, [tail, 100 - tail], axis=0)
    return low, high
