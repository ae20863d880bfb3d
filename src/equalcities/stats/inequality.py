"""Theil's index and its split within and between groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import digamma, gammaln, ndtri, xlogy

from equalcities.errors import UsageError


def _checked(
    values: ArrayLike, weights: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = np.asarray(values, dtype=float)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
    if x.size == 0 or x.shape != w.shape:
        raise UsageError("values and weights need the same length, at least one; check the table.")
    if not (np.isfinite(x).all() and np.isfinite(w).all()):
        raise UsageError("values or weights are missing; drop those rows first.")
    if (x < 0).any() or (w < 0).any() or (x * w).sum() <= 0:
        raise UsageError("Theil's index needs values and weights of zero or more, not all zero.")
    return x, w / w.sum()


def theil(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Theil's T index of inequality.

    Parameters
    ----------
    values : array_like, shape (n,)
        Amounts per head, zero or more, such as GDP per person.
    weights : array_like, shape (n,), optional
        Heads, such as population; equal if absent.

    Returns
    -------
    float
        0 if all are equal; at most ``log(n)`` for equal weights.

    Raises
    ------
    UsageError
        For missing or negative numbers.

    References
    ----------
    Theil, H. (1967). *Economics and Information Theory*.
    """
    x, w = _checked(values, weights)
    ratio = x / (w @ x)
    return float(w @ xlogy(ratio, ratio))


def theil_decomposition(
    values: ArrayLike, groups: ArrayLike, weights: ArrayLike | None = None
) -> pd.DataFrame:
    """Split Theil's T into inequality within and between groups.

    Parameters
    ----------
    values, weights
        As for `theil`.
    groups : array_like, shape (n,)
        Group of each value, such as the country.

    Returns
    -------
    DataFrame
        Rows ``between``, ``within``, ``total``; columns ``value`` and ``share`` of the total
        (missing if there is no inequality at all).

    Raises
    ------
    UsageError
        For missing or negative numbers, or a group label that is missing.

    References
    ----------
    Shorrocks, A. F. (1980). *Econometrica* 48, 613-625.
    """
    x, w = _checked(values, weights)
    codes, labels = pd.factorize(pd.Series(np.asarray(groups, dtype=object)))
    if len(codes) != len(x) or (codes < 0).any():
        raise UsageError("each value needs a group label; label or drop the rows without one.")
    group_weights = np.bincount(codes, w, len(labels))
    group_totals = np.bincount(codes, w * x, len(labels))
    used = group_weights > 0
    between = theil(group_totals[used] / group_weights[used], group_weights[used])
    total = theil(x, w)
    parts = pd.Series({"between": between, "within": total - between, "total": total})
    share = parts / total if total > 0 else np.nan
    return pd.DataFrame({"value": parts, "share": share}).rename_axis("component")


def theil_from_gini(gini: ArrayLike, family: str = "lognormal") -> NDArray[np.float64]:
    """Theil's T of incomes of which only the Gini is known, if they follow a family.

    Parameters
    ----------
    gini : array_like, shape (n,)
        Gini coefficients, above 0 and below 1.
    family : {"lognormal", "gamma"}
        The assumed distribution. Each has one parameter of shape, which the Gini fixes.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    UsageError
        For another family, or a Gini out of range (gamma: below 0.02, where the shape runs off).

    References
    ----------
    Kleiber, C., & Kotz, S. (2003). *Statistical Size Distributions in Economics and Actuarial
    Sciences*. Wiley. Gini and Theil of the lognormal and the gamma distribution.
    """
    g = np.asarray(gini, dtype=float)
    least = {"lognormal": 0.0, "gamma": 0.02}.get(family)
    if least is None:
        raise UsageError(f"no family is called {family!r}; take 'lognormal' or 'gamma'.")
    if not ((g > least) & (g < 1)).all():
        raise UsageError(f"a Gini lies outside {least:g} to 1; drop it, or divide per cent by 100.")
    if family == "lognormal":
        return ndtri((g + 1) / 2) ** 2
    shapes = np.array([_gamma_shape(value) for value in g.flat]).reshape(g.shape)
    return digamma(shapes + 1) - np.log(shapes)


def _gamma_shape(gini: float) -> float:
    def gap(shape: float) -> float:
        return np.exp(gammaln(shape + 0.5) - gammaln(shape + 1)) / np.sqrt(np.pi) - gini

    return brentq(gap, 1e-8, 1e4)
