"""The steps of a composite index: impute, normalise, weight, aggregate.

After OECD and European Commission Joint Research Centre (2008), *Handbook on Constructing
Composite Indicators*, doi:10.1787/9789264043466-en. Scores are always higher for better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from statsmodels.multivariate.factor_rotation import rotate_factors

from equalcities.errors import UsageError
from equalcities.panel.columns import require_columns

Floats = NDArray[np.float64]

NORMALISATIONS = ("z-score", "min-max", "rank", "distance")
AGGREGATIONS = ("arithmetic", "geometric", "copeland")
IMPUTATIONS = ("available", "median", "nearest", "regression")


def _one_of(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UsageError(f"{what} '{name}' is unknown; use one of {list(known)}.")


def impute(
    frame: pd.DataFrame,
    columns: Sequence[str],
    method: str,
    *,
    rng: np.random.Generator | int,
    n_draws: int = 1,
    neighbours: int = 3,
) -> list[pd.DataFrame]:
    """Fill gaps in indicators in one of several defensible ways.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    columns : sequence of str
        Indicators.
    method : {"available", "median", "nearest", "regression"}
        Leave the gap, so that the index rests on what is there; the column's median; the mean
        of the nearest cities on the other, standardised indicators; or draws from a Bayesian
        linear regression on the indicators without gaps.
    rng : Generator or int
        Source of randomness, or a seed. Only the regression draws.
    n_draws : int
        Number of regression draws; the other methods give one table.
    neighbours : int
        Number of nearest cities.

    Returns
    -------
    list of DataFrame
        Tables of ``columns``, indexed as the frame.

    Raises
    ------
    UsageError
        For an unknown method, or nothing to predict from.

    References
    ----------
    OECD/JRC (2008), ch. 3. Rubin, D. B. (1987). *Multiple Imputation*, p. 167 (the draw).
    """
    _one_of("imputation", method, IMPUTATIONS)
    require_columns(frame, columns)
    table = frame[list(columns)].astype(float)
    gaps = [name for name in columns if table[name].isna().any()]
    if method == "available" or not gaps:
        return [table]
    if method == "median":
        return [table.fillna(table.median())]
    complete = [name for name in columns if name not in gaps]
    if not complete:
        raise UsageError("every indicator has gaps, so none can predict; use 'median'.")
    basis = (table[complete] - table[complete].mean()) / table[complete].std()
    if method == "nearest":
        filled = table.copy()
        for name in gaps:
            known = table[name].notna()
            distance = cdist(basis[~known], basis[known])
            nearest = np.argsort(distance, axis=1, kind="stable")[:, :neighbours]
            filled.loc[~known, name] = table.loc[known, name].to_numpy()[nearest].mean(axis=1)
        return [filled]
    generator = np.random.default_rng(rng)
    x = np.column_stack([np.ones(len(basis)), basis])
    draws = []
    for _ in range(n_draws):
        filled = table.copy()
        for name in gaps:
            known = table[name].notna().to_numpy()
            filled.loc[~known, name] = _regression_draw(
                table[name].to_numpy()[known], x[known], x[~known], generator
            )
        draws.append(filled)
    return draws


def _regression_draw(y: Floats, x: Floats, x_new: Floats, rng: np.random.Generator) -> Floats:
    df = len(y) - x.shape[1]
    if df < 1:
        raise UsageError("too few known values for a regression; use 'median' or 'nearest'.")
    inverse = np.linalg.inv(x.T @ x)
    slope = inverse @ x.T @ y
    sigma = np.sqrt(((y - x @ slope) ** 2).sum() / rng.chisquare(df))
    slope = rng.multivariate_normal(slope, sigma**2 * inverse)
    return x_new @ slope + sigma * rng.standard_normal(len(x_new))


def normalise(
    frame: pd.DataFrame,
    directions: Mapping[str, int],
    method: str,
    *,
    references: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Bring indicators to one scale on which higher is better.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    directions : mapping of str to {1, -1}
        Each indicator, with 1 if more of it is better and -1 if less is.
    method : {"z-score", "min-max", "rank", "distance"}
        ``100 + 10 z``; 1 to 100 from worst to best; percentile of the average rank; or percent
        of a reference value, its inverse if less is better.
    references : mapping of str to float, optional
        Reference value of each indicator, for ``"distance"``.

    Returns
    -------
    DataFrame
        Scores, one column per indicator, indexed as the frame; missing stays missing. All are
        above zero except a z-score ten deviations below the mean, so that a geometric mean
        exists.

    Raises
    ------
    UsageError
        For an undeclared direction, an indicator that does not vary, or a distance on values
        without a meaningful ratio (zero or below).

    References
    ----------
    OECD/JRC (2008), ch. 5. Mazziotta, M. and Pareto, A. (2016). *Social Indicators Research*
    127, 983-1003 (the 100 + 10 z scale).
    """
    _one_of("normalisation", method, NORMALISATIONS)
    require_columns(frame, list(directions))
    if not directions or not set(directions.values()) <= {1, -1}:
        raise UsageError("declare each indicator's direction: 1 (more is better) or -1.")
    sign = pd.Series(directions)
    table = frame[list(directions)].astype(float)
    flat = [name for name in table if not table[name].max() > table[name].min()]
    if flat:
        raise UsageError(f"{flat} do not vary between cities; leave them out.")
    if method == "distance":
        absent = [name for name in directions if not (references or {}).get(name, 0) > 0]
        if absent:
            raise UsageError(f"{absent} need a reference value above zero; give `references`.")
        unfit = [name for name in table if (table[name] <= 0).any()]
        if unfit:
            raise UsageError(
                f"{unfit} have values of zero or below, of which a ratio to a reference means "
                "nothing; use another normalisation."
            )
        return 100 * (table / pd.Series(references)[table.columns]) ** sign
    signed = table * sign
    if method == "z-score":
        return 100 + 10 * (signed - signed.mean()) / signed.std()
    if method == "min-max":
        return 1 + 99 * (signed - signed.min()) / (signed.max() - signed.min())
    return 100 * (signed.rank() - 0.5) / signed.count()


def pca_weights(scores: pd.DataFrame) -> pd.Series:
    """Weights from the factors behind the indicators' correlations.

    Parameters
    ----------
    scores : DataFrame, shape (n cities, k indicators)
        Normalised indicators; cities with a gap are left out.

    Returns
    -------
    Series
        One weight per indicator, summing to 1.

    Raises
    ------
    UsageError
        For fewer complete cities than indicators plus one.

    Notes
    -----
    Components of the correlation matrix with an eigenvalue above 1 are rotated (varimax). Each
    indicator is assigned to the component where it loads most. Its weight is its squared loading
    there, scaled to sum to 1 within the component, times the component's explained variance: so
    the scaling cancels, and the weight is in proportion to that squared loading. Such
    weights reward indicators that move together; they say nothing about importance.

    References
    ----------
    OECD/JRC (2008), ch. 6.1. Nicoletti, G., Scarpetta, S. and Boylaud, O. (2000). OECD
    Economics Department Working Paper 226.
    """
    complete = scores.dropna()
    if len(complete) <= scores.shape[1]:
        raise UsageError("too few complete cities for weights from correlations; use others.")
    values, vectors = np.linalg.eigh(np.corrcoef(complete.to_numpy(float), rowvar=False))
    kept = max(int((values > 1).sum()), 1)
    loadings = vectors[:, ::-1][:, :kept] * np.sqrt(values[::-1][:kept])
    if kept > 1:
        loadings, _ = rotate_factors(loadings, "varimax")
    raw = (loadings**2).max(axis=1)
    return pd.Series(raw / raw.sum(), index=scores.columns, name="weight")


def random_weights(
    columns: Sequence[str], n: int, kind: str, *, rng: np.random.Generator | int, step: int = 5
) -> pd.DataFrame:
    """Draw weight vectors, for when nobody can defend one against another.

    Parameters
    ----------
    columns : sequence of str
        The k indicators.
    n : int
        Number of draws.
    kind : {"dirichlet", "budget"}
        Uniform over all weights that sum to 1; or a budget of 100 points handed out in whole
        portions of ``step``, at least one portion each, every split equally likely.
    rng : Generator or int
        Source of randomness, or a seed.
    step : int
        Points per portion of the budget.

    Returns
    -------
    DataFrame, shape (n, k)
        Rows sum to 1.

    Raises
    ------
    UsageError
        For an unknown kind, or a budget with fewer portions than indicators.

    References
    ----------
    OECD/JRC (2008), ch. 6.2 (budget allocation).
    """
    _one_of("kind of weights", kind, ("dirichlet", "budget"))
    generator, k = np.random.default_rng(rng), len(columns)
    if kind == "dirichlet":
        return pd.DataFrame(generator.dirichlet(np.ones(k), size=n), columns=list(columns))
    portions = 100 // step
    if portions * step != 100 or portions < k:
        raise UsageError(f"a step of {step} does not divide 100 among {k}; use a smaller divisor.")
    # Stars and bars: k - 1 bars in the gaps between portions make every split equally likely.
    order = generator.permuted(np.tile(np.arange(1, portions), (n, 1)), axis=1)
    bars = np.sort(order[:, : k - 1], axis=1)
    edges = np.column_stack([np.zeros(n), bars, np.full(n, portions)])
    return pd.DataFrame(np.diff(edges, axis=1) / portions, columns=list(columns))


def aggregate_many(scores: Floats, weights: Floats, method: str) -> Floats:
    """Aggregate one score table under many weight vectors at once.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Normalised indicators, higher is better; NaN where missing.
    weights : ndarray, shape (m, k)
        Weight vectors, zero or more.
    method : {"arithmetic", "geometric", "copeland"}
        As for `aggregate`.

    Returns
    -------
    ndarray, shape (m, n)
        Index values; NaN for a city without any weighted indicator.
    """
    _one_of("aggregation", method, AGGREGATIONS)
    known = np.isfinite(scores)
    total = weights @ known.T.astype(float)
    covered = np.where(total > 0, total, np.nan)
    if method == "arithmetic":
        return weights @ np.where(known, scores, 0).T / covered
    if method == "geometric":
        if (scores[known] <= 0).any():
            raise UsageError(
                "a geometric mean needs scores above zero; use another normalisation or mean."
            )
        return np.exp(weights @ np.log(np.where(known, scores, 1)).T / covered)
    # Comparisons with a missing value are NaN and count for neither city.
    better = np.nan_to_num(np.sign(scores[:, None, :] - scores[None, :, :]))
    wins = np.empty((len(weights), len(scores)))
    for i, duels in enumerate(better):
        margin = weights @ duels.T
        wins[:, i] = np.where(np.abs(margin) < 1e-12, 0, np.sign(margin)).sum(axis=1)
    return np.where(np.isnan(covered), np.nan, wins)


def aggregate(scores: pd.DataFrame, weights: Mapping[str, float], method: str) -> pd.Series:
    """Combine normalised indicators into one index.

    Parameters
    ----------
    scores : DataFrame
        From `normalise`.
    weights : mapping of str to float
        One weight per indicator, zero or more.
    method : {"arithmetic", "geometric", "copeland"}
        Weighted mean, in which strength makes up for weakness in full; weighted geometric mean,
        in which it does so less the lower the weak score is; or Copeland's count of won minus
        lost duels, each decided by the weights of the indicators on which a city is ahead,
        in which it does not by amount.

    Returns
    -------
    Series
        Index values, indexed as the scores. Indicators that a city lacks do not count for it.

    Raises
    ------
    UsageError
        For weights that do not fit the scores, or scores of zero or below in a geometric mean.

    References
    ----------
    OECD/JRC (2008), ch. 6.3. Munda, G. and Nardo, M. (2009). *Applied Economics* 41, 1513-1523.
    """
    vector = pd.Series(weights, dtype=float).reindex(scores.columns)
    if vector.isna().any() or set(weights) != set(scores) or (vector < 0).any() or not vector.sum():
        raise UsageError("give one weight of zero or more for each column of the scores.")
    values = aggregate_many(scores.to_numpy(float), vector.to_numpy()[None], method)[0]
    return pd.Series(values, index=scores.index, name="index")
