"""Pooled effects and meta-regression: `pool`.

Own code on NumPy and SciPy. statsmodels' ``combine_effects`` gives neither REML, ML,
meta-regression, prediction nor Q-profile intervals, and its DerSimonian-Laird estimate can be
negative; PyMARE has no prediction interval and a CR2 that differs from the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from equalcities.abi.heterogeneity import (
    METHODS,
    estimate_tau2,
    generalized_q,
    i_squared,
    q_profile,
    weighted_fit,
)
from equalcities.abi.inputs import (
    check_choice,
    check_effects,
    check_level,
    cluster_codes,
    design_matrix,
    moderator_columns,
)
from equalcities.abi.robust import cr2
from equalcities.errors import UsageError

TESTS = ("normal", "knapp-hartung")


@dataclass(frozen=True, eq=False)
class Pooled:
    """A pooled effect or meta-regression.

    With moderators, ``estimate`` and everything derived from it describe the intercept: the
    expected effect where every moderator is zero. Centre the moderators, or use `predict`.

    Attributes
    ----------
    k : int
        Number of effects.
    estimate, se, ci_low, ci_high, p : float
        Mean effect, its standard error, confidence limits and two-sided p-value.
    tau2, tau2_low, tau2_high : float
        Between-study variance and its Q-profile interval (missing under FE, which assumes zero).
        The interval does not depend on the estimator and need not contain the estimate.
    i2 : float
        Share of the total variance that lies between studies, in percent.
    q, q_p : float
        Cochran's (residual) Q with fixed weights, and its p-value on k - p degrees of freedom.
    pi_low, pi_high : float
        Prediction interval for the true effect in a new study (missing under FE).
    coefficients : DataFrame
        One row per term: estimate, se, statistic, df, p, ci_low, ci_high. ``df`` is infinite
        where the reference distribution is normal.
    covariance : DataFrame
        Covariance of the coefficients.
    weights : ndarray, shape (k,)
        Share of the total weight of each effect, in percent.
    method, test : str
        As asked; ``test`` is "cr2" when clusters were given.
    level : float
        Level of every interval.
    n_clusters : int or None
        Number of clusters, if given.
    r2 : float
        Share of the between-study variance that the moderators take away, in percent (missing
        without moderators, under FE, or if there was none to take).
    qm, qm_p : float
        Omnibus test of all moderators: chi-squared under "normal", F under "knapp-hartung".
        Missing without moderators and with clusters.
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    q: float
    q_p: float
    pi_low: float
    pi_high: float
    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    weights: np.ndarray
    method: str
    test: str
    level: float
    n_clusters: int | None
    r2: float
    qm: float
    qm_p: float

    def predict(self, moderators: ArrayLike) -> pd.DataFrame:
        """Return expected effects and their intervals at given moderator values.

        Parameters
        ----------
        moderators : DataFrame or array_like, shape (n, m)
            Values of the moderators, same columns and order as in the fit. A frame's columns are
            matched by name.

        Returns
        -------
        DataFrame
            estimate, se, ci_low, ci_high, pi_low, pi_high, one row per row of ``moderators``.

        Raises
        ------
        UsageError
            Without moderators in the fit, with clusters (each point would need degrees of
            freedom of its own), or if the columns do not match.
        """
        names = list(self.coefficients.index[1:])
        if not names or self.n_clusters is not None:
            raise UsageError(
                "predict needs a meta-regression without clusters: give pool() moderators, "
                "and centre them at the point of interest if clusters are needed."
            )
        if isinstance(moderators, pd.DataFrame):
            absent = [name for name in names if name not in moderators.columns]
            if absent:
                raise UsageError(f"moderators lacks {', '.join(absent)}: add the column(s).")
            moderators = moderators[names]
        columns, _ = moderator_columns(moderators)
        if columns.shape[1] != len(names):
            raise UsageError(
                f"moderators has {columns.shape[1]} column(s): give {len(names)}, "
                f"in the order {', '.join(names)}."
            )
        x = np.column_stack([np.ones(len(columns)), columns])
        estimate = x @ self.coefficients["estimate"].to_numpy()
        se = np.sqrt(np.einsum("ij,jk,ik->i", x, self.covariance.to_numpy(), x))
        quantile = stats.t.ppf((1 + self.level) / 2, self.coefficients["df"].iloc[0])
        spread = np.sqrt(se**2 + self.tau2) if self.method != "FE" else np.full(len(x), np.nan)
        return pd.DataFrame(
            {
                "estimate": estimate,
                "se": se,
                "ci_low": estimate - quantile * se,
                "ci_high": estimate + quantile * se,
                "pi_low": estimate - quantile * spread,
                "pi_high": estimate + quantile * spread,
            }
        )


def pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    moderators: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    method: str = "REML",
    test: str = "knapp-hartung",
    level: float = 0.95,
) -> Pooled:
    """Pool effects by inverse variance, with or without moderators.

    Parameters
    ----------
    yi : array_like, shape (k,)
        Effects on one scale (log ratios, differences, standardised differences).
    vi : array_like, shape (k,)
        Their sampling variances, in squared units of ``yi``.
    moderators : DataFrame or array_like, shape (k, m), optional
        Numeric study characteristics. An intercept is added.
    cluster : array_like, shape (k,), optional
        Study or programme of each effect. Inference then uses the cluster-robust CR2 variance
        with Satterthwaite degrees of freedom and ``test`` is not used; estimate, tau2 and
        weights stay those of the model without clusters. See also `pool_three_level`.
    method : {"REML", "DL", "PM", "ML", "FE"}
        Estimator of the between-study variance. "FE" is the common-effect model.
    test : {"knapp-hartung", "normal"}
        Reference distribution. "knapp-hartung" scales the standard error by the observed weighted
        residual variance and uses t with k - p degrees of freedom. As in metafor's
        ``test="knha"``, the scale factor may be below one.
    level : float
        Level of confidence and prediction intervals.

    Returns
    -------
    Pooled

    Raises
    ------
    UsageError
        Unequal lengths, missing or infinite values (named by index), variances that are not
        positive, too few effects or clusters, redundant moderators, unknown method or test.

    Notes
    -----
    Conventions are metafor's: tau2 truncated at zero; I2 from the typical sampling variance;
    prediction interval ``estimate +/- c sqrt(se^2 + tau2)`` where c is the same quantile as in
    the confidence interval (normal; t with k - p df under Knapp-Hartung; Satterthwaite df with
    clusters), not the k - 2 df of Higgins et al. (2009). With few studies it runs short: see
    Partlett and Riley (2017), doi:10.1002/sim.7140, and try `interval_coverage`.

    References
    ----------
    Viechtbauer (2010), Journal of Statistical Software 36(3), doi:10.18637/jss.v036.i03.
    Knapp and Hartung (2003), Statistics in Medicine 22(17), doi:10.1002/sim.1482.
    Viechtbauer (2007), Statistics in Medicine 26(1), doi:10.1002/sim.2514.
    """
    y, v = check_effects(yi, vi)
    check_choice("method", method, METHODS)
    check_choice("test", test, TESTS)
    check_level(level)
    if y.size < 2:
        raise UsageError(f"k is {y.size}: pooling needs at least two effects.")
    x, names = design_matrix(moderators, yi)
    k, p = x.shape

    basis, back = orthonormal(x)
    tau2 = estimate_tau2(y, v, basis, method)
    beta, cov, residuals = weighted_fit(y, v, basis, tau2)
    scale, df, n_clusters = 1.0, np.full(p, np.inf), None
    if cluster is not None:
        codes = cluster_codes(cluster, yi, p)
        cov, df = cr2(basis, np.diag(v + tau2), residuals, codes, back)
        n_clusters, test = int(codes.max()) + 1, "cr2"
    elif test == "knapp-hartung":
        scale = float(np.sum(residuals**2 / (v + tau2))) / (k - p)
        df = np.full(p, float(k - p))
    covariance = back @ (scale * cov) @ back.T
    table = coefficient_table(names, back @ beta, covariance, df, level)
    first = table.iloc[0]
    q = generalized_q(y, v, basis, 0.0)
    common = method == "FE"
    tau2_low, tau2_high = (np.nan, np.nan) if common else q_profile(y, v, basis, level)
    pi_low, pi_high = (np.nan, np.nan) if common else prediction_interval(first, tau2, level)
    qm, qm_p = (np.nan, np.nan)
    if cluster is None:
        model = (back @ cov @ back.T)[1:, 1:]
        qm, qm_p = _omnibus(table["estimate"].to_numpy()[1:], model, scale, df[0])
    weights = 1 / (v + tau2)
    return Pooled(
        k=k,
        **{name: float(first[name]) for name in ("estimate", "se", "ci_low", "ci_high", "p")},
        tau2=tau2,
        tau2_low=tau2_low,
        tau2_high=tau2_high,
        i2=i_squared(y, v, basis, tau2, method),
        q=q,
        q_p=float(stats.chi2.sf(q, k - p)),
        pi_low=pi_low,
        pi_high=pi_high,
        coefficients=table,
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        weights=100 * weights / weights.sum(),
        method=method,
        test=test,
        level=level,
        n_clusters=n_clusters,
        r2=_r_squared(y, v, tau2, method) if p > 1 else np.nan,
        qm=qm,
        qm_p=qm_p,
    )


def orthonormal(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an orthonormal basis of the columns and the matrix that maps coefficients back."""
    basis, triangle = np.linalg.qr(x)
    return basis, np.linalg.inv(triangle)


def coefficient_table(
    names: list[str], beta: np.ndarray, covariance: np.ndarray, df: np.ndarray, level: float
) -> pd.DataFrame:
    """Return the tidy coefficient table; infinite degrees of freedom mean normal."""
    se = np.sqrt(np.diag(covariance))
    # A perfect fit has no residual variance under Knapp-Hartung: the ratio is then infinite
    # (or, for a zero estimate, undefined), which is the honest answer.
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = beta / se
    quantile = stats.t.ppf((1 + level) / 2, df)
    return pd.DataFrame(
        {
            "estimate": beta,
            "se": se,
            "statistic": statistic,
            "df": df,
            "p": 2 * stats.t.sf(np.abs(statistic), df),
            "ci_low": beta - quantile * se,
            "ci_high": beta + quantile * se,
        },
        index=pd.Index(names, name="term"),
    )


def prediction_interval(row: pd.Series, variance: float, level: float) -> tuple[float, float]:
    """Return the prediction interval of one coefficient row, given the heterogeneity variance."""
    half = stats.t.ppf((1 + level) / 2, row["df"]) * np.sqrt(row["se"] ** 2 + variance)
    return float(row["estimate"] - half), float(row["estimate"] + half)


def _omnibus(
    slopes: np.ndarray, covariance: np.ndarray, scale: float, df: float
) -> tuple[float, float]:
    m = slopes.size
    if not m:
        return np.nan, np.nan
    qm = float(slopes @ np.linalg.solve(covariance, slopes))
    if np.isinf(df):
        return qm, float(stats.chi2.sf(qm, m))
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit, as in the table
        f = float(np.divide(qm / m, scale))
    return f, float(stats.f.sf(f, m, df))


def _r_squared(y: np.ndarray, v: np.ndarray, tau2: float, method: str) -> float:
    total = estimate_tau2(y, v, np.full((y.size, 1), y.size**-0.5), method)
    return max(0.0, 100 * (total - tau2) / total) if total > 0 else np.nan
