"""Which study carries the result: leave-one-out fits and case diagnostics.

Own code: no kept Python library has case diagnostics for random-effects models.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from equalcities.abi.heterogeneity import METHODS, weighted_fit
from equalcities.abi.inputs import check_choice, check_effects, design_matrix
from equalcities.abi.pooling import TESTS, Pooled, orthonormal, pool
from equalcities.errors import UsageError

KEPT = ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "i2", "q", "q_p")


def leave_one_out(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    moderators: ArrayLike | None = None,
    method: str = "REML",
    test: str = "knapp-hartung",
) -> pd.DataFrame:
    """Refit the model without each effect in turn.

    Parameters
    ----------
    yi, vi, moderators, method, test
        As in `pool`.

    Returns
    -------
    DataFrame, k rows
        ``omitted`` (row label of ``yi`` or position) and the fit without it: estimate, se,
        ci_low, ci_high, p, tau2, i2, q, q_p. With moderators the first five describe the
        intercept.

    Raises
    ------
    UsageError
        As `pool`; also if fewer than three effects, or a fit without one effect is impossible.
    """
    fits = _deleted_fits(yi, vi, moderators, method, test)
    rows = [{name: getattr(fit, name) for name in KEPT} for fit in fits]
    return pd.DataFrame(rows).assign(omitted=_labels(yi))[["omitted", *KEPT]]


def influence(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    moderators: ArrayLike | None = None,
    method: str = "REML",
    test: str = "normal",
) -> pd.DataFrame:
    """Return case diagnostics of a random-effects model.

    Parameters
    ----------
    yi, vi, moderators, method, test
        As in `pool`.

    Returns
    -------
    DataFrame, k rows
        ``effect`` (row label or position); ``rstudent``, externally standardised residual;
        ``dffits``; ``cooks``, Cook's distance (not divided by the number of coefficients);
        ``cov_ratio``, determinant of the covariance without the effect over that with it;
        ``tau2_deleted`` and ``q_deleted``; ``hat``; ``weight`` in percent; ``dfbetas_TERM`` per
        coefficient; ``influential`` by metafor's rule of thumb (absolute dffits above
        3 sqrt(p / (k - p)), Cook's distance beyond the median of chi-squared with p df,
        hat above 3 p / k, or any absolute dfbetas above 1).

    Raises
    ------
    UsageError
        As `leave_one_out`.

    References
    ----------
    Viechtbauer and Cheung (2010), Research Synthesis Methods 1(2), doi:10.1002/jrsm.11.
    """
    deleted = _deleted_fits(yi, vi, moderators, method, test)
    full = pool(yi, vi, moderators=moderators, method=method, test=test)
    y, v = check_effects(yi, vi)
    x, names = design_matrix(moderators, yi)
    k, p = x.shape
    basis, back = orthonormal(x)
    hat = np.einsum("ij,jk,ik->i", basis, weighted_fit(y, v, basis, full.tau2)[1], basis) / (
        v + full.tau2
    )

    beta = full.coefficients["estimate"].to_numpy()
    beta_without = np.stack([fit.coefficients["estimate"].to_numpy() for fit in deleted])
    covariance_without = np.stack([fit.covariance.to_numpy() for fit in deleted])
    tau2 = np.array([fit.tau2 for fit in deleted])
    scale = _residual_scale(y, v, x, deleted) if test == "knapp-hartung" else np.ones(k)
    if not scale.min() > 1e-12:
        raise UsageError("a fit has no residual variance to standardise by: use test='normal'.")
    shift = beta - beta_without
    predicted = np.einsum("ij,ij->i", x, beta_without)
    predicted_variance = np.einsum("ij,ijk,ik->i", x, covariance_without, x)
    # Standard errors of all coefficients from every effect, at the tau2 of the reduced fit.
    at_reduced_tau2 = np.stack(
        [np.diag(back @ weighted_fit(y, v, basis, t)[1] @ back.T) for t in tau2]
    )
    dfbetas = shift / np.sqrt(scale[:, None] * at_reduced_tau2)
    cooks = np.einsum("ij,jk,ik->i", shift, np.linalg.inv(full.covariance.to_numpy()), shift)
    dffits = np.einsum("ij,ij->i", x, shift) / np.sqrt(scale * hat * (tau2 + v))
    determinants = np.linalg.det(covariance_without)
    table = pd.DataFrame(
        {
            "effect": _labels(yi),
            "rstudent": (y - predicted) / np.sqrt(scale * (v + tau2) + predicted_variance),
            "dffits": dffits,
            "cooks": cooks,
            "cov_ratio": determinants / np.linalg.det(full.covariance.to_numpy()),
            "tau2_deleted": tau2,
            "q_deleted": [fit.q for fit in deleted],
            "hat": hat,
            "weight": full.weights,
        }
    )
    for i, name in enumerate(names):
        table[f"dfbetas_{name}"] = dfbetas[:, i]
    table["influential"] = (
        (np.abs(dffits) > 3 * np.sqrt(p / (k - p)))
        | (stats.chi2.cdf(cooks, p) > 0.5)
        | (hat > 3 * p / k)
        | (np.abs(dfbetas) > 1).any(axis=1)
    )
    return table


def _deleted_fits(
    yi: ArrayLike, vi: ArrayLike, moderators: ArrayLike | None, method: str, test: str
) -> list[Pooled]:
    y, v = check_effects(yi, vi)
    check_choice("method", method, METHODS)
    check_choice("test", test, TESTS)
    x, names = design_matrix(moderators, yi)
    if y.size < x.shape[1] + 2:
        raise UsageError(
            f"k is {y.size}: leaving one effect out needs at least {x.shape[1] + 2} effects here."
        )
    columns = None if moderators is None else pd.DataFrame(x[:, 1:], columns=names[1:])
    fits = []
    for i in range(y.size):
        rest = np.arange(y.size) != i
        part = None if columns is None else columns[rest].reset_index(drop=True)
        try:
            fits.append(pool(y[rest], v[rest], moderators=part, method=method, test=test))
        except UsageError as error:
            raise UsageError(f"without effect {_labels(yi)[i]}: {error}") from error
    return fits


def _residual_scale(
    y: np.ndarray, v: np.ndarray, x: np.ndarray, deleted: list[Pooled]
) -> np.ndarray:
    """Return the Knapp-Hartung scale factor of each reduced fit."""
    k, p = x.shape
    out = np.empty(k)
    for i, fit in enumerate(deleted):
        residuals = y - x @ fit.coefficients["estimate"].to_numpy()
        rest = np.arange(k) != i
        out[i] = np.sum(residuals[rest] ** 2 / (v[rest] + fit.tau2)) / (k - 1 - p)
    return out


def _labels(yi: ArrayLike) -> list:
    return list(yi.index) if isinstance(yi, pd.Series) else list(range(len(np.asarray(yi))))
