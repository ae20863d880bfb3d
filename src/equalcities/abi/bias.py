"""Small-study effects and selective publication: Egger, PET-PEESE, trim-and-fill, 3PSM.

Own code for trim-and-fill and the selection model (no kept Python library has them); the
regressions are `pool` and statsmodels' weighted least squares. None of these tests proves
publication bias: small studies can differ for other reasons, and with fewer than about ten
effects the tests have little power.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import minimize

from equalcities.abi.inputs import check_choice, check_effects, check_level, design_matrix
from equalcities.abi.pooling import Pooled, coefficient_table, orthonormal, pool
from equalcities.errors import UsageError

Array = np.ndarray


@dataclass(frozen=True)
class EggerTest:
    """Test of funnel asymmetry.

    Attributes
    ----------
    slope, se : float
        Change of the effect per unit of standard error.
    statistic, df, p : float
        ``df`` is infinite for the random-effects version.
    limit, limit_low, limit_high : float
        Expected effect where the standard error is zero.
    model : str
    """

    slope: float
    se: float
    statistic: float
    df: float
    p: float
    limit: float
    limit_low: float
    limit_high: float
    model: str


def egger_test(
    yi: ArrayLike, vi: ArrayLike, *, model: str = "classic", level: float = 0.95
) -> EggerTest:
    """Test whether effects depend on their standard errors.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances; at least three with differing variances.
    model : {"classic", "random"}
        "classic": weighted least squares with multiplicative dispersion, t with k - 2 df
        (metafor: ``regtest(model="lm")``). "random": REML meta-regression, normal
        (``regtest(model="rma")``).
    level : float

    Returns
    -------
    EggerTest

    References
    ----------
    Egger et al. (1997), BMJ 315:629, doi:10.1136/bmj.315.7109.629. Sterne and Egger (2005).
    """
    check_choice("model", model, ("classic", "random"))
    y, v = _varied(yi, vi)
    if model == "classic":
        table = _least_squares(y, v, np.sqrt(v), "se", level)
    else:
        moderator = pd.DataFrame({"se": np.sqrt(v)})
        table = pool(y, v, moderators=moderator, test="normal", level=level).coefficients
    slope, limit = table.loc["se"], table.loc["intercept"]
    return EggerTest(
        slope=float(slope["estimate"]),
        se=float(slope["se"]),
        statistic=float(slope["statistic"]),
        df=float(slope["df"]),
        p=float(slope["p"]),
        limit=float(limit["estimate"]),
        limit_low=float(limit["ci_low"]),
        limit_high=float(limit["ci_high"]),
        model=model,
    )


@dataclass(frozen=True, eq=False)
class PetPeese:
    """PET and PEESE regressions and the estimate that the rule picks.

    Attributes
    ----------
    pet, peese : DataFrame
        Coefficient tables; the intercept is the effect at a standard error of zero.
    chosen : str
        "PEESE" if the one-sided PET test rejects a zero effect, otherwise "PET".
    estimate, se, ci_low, ci_high, p : float
        Intercept of the chosen regression.
    """

    pet: pd.DataFrame
    peese: pd.DataFrame
    chosen: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float


def pet_peese(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    expected: str = "positive",
    alpha: float = 0.05,
    level: float = 0.95,
) -> PetPeese:
    """Correct for small-study effects by regression on the standard error or the variance.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
    expected : {"positive", "negative"}
        Direction of an effect that the one-sided PET test looks for.
    alpha : float
        Level of that test: below it PEESE is used, otherwise PET.
    level : float

    Returns
    -------
    PetPeese

    References
    ----------
    Stanley and Doucouliagos (2014), Research Synthesis Methods 5(1), doi:10.1002/jrsm.1095.
    Stanley (2017), doi:10.1177/1948550617693062, for the rule and its limits (few effects, or
    high heterogeneity).
    """
    check_choice("expected", expected, ("positive", "negative"))
    check_level(1 - alpha)
    y, v = _varied(yi, vi)
    pet = _least_squares(y, v, np.sqrt(v), "se", level)
    peese = _least_squares(y, v, v, "variance", level)
    sign = 1 if expected == "positive" else -1
    first = pet.loc["intercept"]
    rejects = stats.t.sf(sign * first["statistic"], first["df"]) < alpha
    row = (peese if rejects else pet).loc["intercept"]
    return PetPeese(
        pet=pet,
        peese=peese,
        chosen="PEESE" if rejects else "PET",
        **{name: float(row[name]) for name in ("estimate", "se", "ci_low", "ci_high", "p")},
    )


@dataclass(frozen=True, eq=False)
class TrimFill:
    """Trim-and-fill.

    Attributes
    ----------
    k0 : int
        Number of effects filled in.
    side : str
        Side of the funnel on which effects are taken to be missing.
    adjusted : Pooled
        Fit to observed and filled-in effects.
    filled : DataFrame
        The filled-in effects: yi, vi.
    """

    k0: int
    side: str
    adjusted: Pooled
    filled: pd.DataFrame


def trim_and_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    estimator: str = "L0",
    side: str = "auto",
    method: str = "REML",
    test: str = "knapp-hartung",
) -> TrimFill:
    """Fill in the mirror images of effects that make the funnel asymmetric.

    A sensitivity analysis: it takes asymmetry to be missing studies, and does badly when true
    effects vary.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
    estimator : {"L0", "R0"}
        Estimator of the number of missing effects.
    side : {"auto", "left", "right"}
        Where effects are missing. "auto": left if larger standard errors go with larger effects.
    method, test
        As in `pool`, for the fits on the way and the adjusted fit.

    Returns
    -------
    TrimFill

    References
    ----------
    Duval and Tweedie (2000), Biometrics 56(2) and JASA 95(449).
    """
    check_choice("estimator", estimator, ("L0", "R0"))
    check_choice("side", side, ("auto", "left", "right"))
    y, v = _varied(yi, vi) if side == "auto" else check_effects(yi, vi)
    if side == "auto":
        slope = pool(y, v, moderators=np.sqrt(v), method=method, test="normal").coefficients
        side = "right" if slope["estimate"].iloc[1] < 0 else "left"
    # Turn the funnel so that effects are missing on the left; ties keep the order of variances,
    # so that the order of the rows cannot matter.
    turn = 1 if side == "left" else -1
    order = np.lexsort((v, turn * y))
    ordered, spread = turn * y[order], v[order]
    k0 = _missing_effects(ordered, spread, estimator, method)
    centre = pool(ordered[: y.size - k0], spread[: y.size - k0], method=method).estimate
    filled = pd.DataFrame(
        {
            "yi": turn * (2 * centre - ordered[y.size - k0 :]),
            "vi": spread[y.size - k0 :],
        }
    )
    adjusted = pool(
        np.concatenate([y, filled["yi"]]),
        np.concatenate([v, filled["vi"]]),
        method=method,
        test=test,
    )
    return TrimFill(k0=k0, side=side, adjusted=adjusted, filled=filled)


def _missing_effects(y: Array, v: Array, estimator: str, method: str) -> int:
    """Return the number of effects missing on the left, for effects in ascending order."""
    # Stop at a fixed point; should the numbers go round in a circle, at the first one met twice.
    k, k0, seen = y.size, 0, []
    while k0 not in seen:
        seen.append(k0)
        kept = k - k0
        if kept < 2:
            raise UsageError(
                "trim-and-fill would trim all but one effect: the funnel is too small or too "
                "uneven for it; report Egger's test or the selection model instead."
            )
        centred = y - pool(y[:kept], v[:kept], method=method).estimate
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
        if estimator == "R0":
            left = ranks[centred < 0]
            missing = k - (left.max() if left.size else 0) - 1
        else:
            wilcoxon = ranks[centred > 0].sum()
            missing = (4 * wilcoxon - k * (k + 1)) / (2 * k - 1)
        k0 = max(0, round(float(missing)))
    return k0


@dataclass(frozen=True, eq=False)
class SelectionModel:
    """Three-parameter selection model.

    Attributes
    ----------
    k : int
    estimate, se, ci_low, ci_high, p : float
        Mean effect before selection (intercept, with moderators); normal reference.
    coefficients : DataFrame
        One row per term, columns as in `Pooled`.
    tau2 : float
        Between-study variance before selection.
    delta, delta_se : float
        Chance of being published for an effect that is not significant in the expected
        direction, relative to one that is. Below one: selection.
    lrt, lrt_p : float
        Likelihood-ratio test of no selection (delta = 1), one degree of freedom.
    log_likelihood : float
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    coefficients: pd.DataFrame
    tau2: float
    delta: float
    delta_se: float
    lrt: float
    lrt_p: float
    log_likelihood: float


def selection_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    moderators: ArrayLike | None = None,
    expected: str = "positive",
    cutoff: float = 0.025,
    level: float = 0.95,
) -> SelectionModel:
    """Fit the three-parameter selection model (3PSM) by maximum likelihood.

    Effects whose one-sided p-value lies at or below ``cutoff`` are published for certain, the
    others with relative chance delta.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
    moderators : DataFrame or array_like, shape (k, m), optional
    expected : {"positive", "negative"}
        Direction in which a significant result helps publication.
    cutoff : float
        One-sided p-value of the step.
    level : float

    Returns
    -------
    SelectionModel

    Raises
    ------
    UsageError
        As `pool`; also unless both significant and other effects are present (delta could then
        not be estimated), or if the likelihood has no maximum at a positive delta.

    Notes
    -----
    Standard errors come from the observed information. Where tau2 is estimated at zero it is
    held there for them.

    References
    ----------
    Iyengar and Greenhouse (1988), Statistical Science 3(1). Vevea and Hedges (1995),
    Psychometrika 60(3), doi:10.1007/BF02294384. metafor: ``selmodel(type="stepfun",
    steps=0.025)``.
    """
    check_choice("expected", expected, ("positive", "negative"))
    if not 0 < cutoff < 1:
        raise UsageError(f"cutoff is {cutoff}: give a one-sided p-value between 0 and 1.")
    check_level(level)
    y, v = check_effects(yi, vi)
    x, names = design_matrix(moderators, yi)
    sign = 1.0 if expected == "positive" else -1.0
    bar = stats.norm.isf(cutoff) * np.sqrt(v)
    significant = sign * y >= bar
    if significant.all() or not significant.any():
        raise UsageError(
            f"{int(significant.sum())} of {y.size} effects are significant in the {expected} "
            "direction: the selection model needs some that are and some that are not; check "
            "`expected`, or report that it cannot be fitted."
        )
    unselected = pool(y, v, moderators=moderators, method="ML", test="normal")
    # Units of the typical standard error and standardised moderators, so that the optimiser's
    # tolerances mean the same everywhere.
    unit = float(np.sqrt(np.median(v)))
    basis, back = orthonormal(x)
    basis, back = basis * np.sqrt(y.size), back * np.sqrt(y.size) * sign * unit
    objective = _selection_objective(sign * y / unit, v / unit**2, basis, bar / unit, significant)
    start = np.linalg.solve(back, unselected.coefficients["estimate"])
    at, minimum = _maximum(objective, start, unselected.tau2 / unit**2)
    gamma, root, log_delta = at[:-2], at[-2], at[-1]
    at_boundary = root**2 < 1e-6
    free = np.array([True] * gamma.size + [not at_boundary, True])
    inverse = np.linalg.inv(_hessian(objective, at)[np.ix_(free, free)])
    p = gamma.size
    covariance = back @ inverse[:p, :p] @ back.T
    table = coefficient_table(names, back @ gamma, covariance, np.full(p, np.inf), level)
    log_likelihood = float(-minimum - y.size * np.log(unit))
    lrt = float(max(0.0, 2 * (log_likelihood - _marginal_log_likelihood(y, v, x, unselected))))
    first = table.iloc[0]
    return SelectionModel(
        k=y.size,
        **{name: float(first[name]) for name in ("estimate", "se", "ci_low", "ci_high", "p")},
        coefficients=table,
        tau2=0.0 if at_boundary else float(root**2 * unit**2),
        delta=float(np.exp(log_delta)),
        delta_se=float(np.exp(log_delta) * np.sqrt(inverse[-1, -1])),
        lrt=lrt,
        lrt_p=float(stats.chi2.sf(lrt, 1)),
        log_likelihood=log_likelihood,
    )


Objective = Callable[[Array], tuple[float, Array]]


def _selection_objective(
    y: Array, v: Array, basis: Array, bar: Array, significant: Array
) -> Objective:
    """Return the function (coefficients, sqrt(tau2), log delta) -> minus log-likelihood, gradient.

    ``y`` is oriented so that large values are the expected direction; ``bar`` is the smallest
    significant effect of each study.
    """

    def evaluate(parameters: Array) -> tuple[float, Array]:
        gamma, root, log_delta = parameters[:-2], parameters[-2], parameters[-1]
        # Beyond these bounds delta is zero or infinite for all purposes; clip against overflow.
        delta = np.exp(np.clip(log_delta, -30, 30))
        variance = v + root**2
        s = np.sqrt(variance)
        residuals = y - basis @ gamma
        u = (bar - basis @ gamma) / s
        below = stats.norm.cdf(u)
        published = stats.norm.sf(u) + delta * below
        density = stats.norm.pdf(u) * (1 - delta) / (s * published)
        value = np.sum(
            np.where(significant, 0.0, np.log(delta))
            + stats.norm.logpdf(residuals, scale=s)
            - np.log(published)
        )
        by_mean = residuals / variance - density
        by_variance = 0.5 * (residuals**2 / variance**2 - 1 / variance - density * u / s)
        by_log_delta = np.sum(~significant - delta * below / published)
        gradient = np.concatenate([basis.T @ by_mean, [2 * root * by_variance.sum(), by_log_delta]])
        return -float(value), -gradient

    return evaluate


def _maximum(objective: Objective, start: Array, tau2: float) -> tuple[Array, float]:
    """Return the best parameters over several starts, and minus the log-likelihood there."""
    fits = [
        minimize(
            objective,
            np.concatenate([start, [np.sqrt(t), np.log(delta)]]),
            jac=True,
            method="BFGS",
            options={"gtol": 1e-9, "maxiter": 1000},
        )
        for t in (tau2 + 0.05, 0.01, 1.0)
        for delta in (1.0, 0.2)
    ]
    best = min(fits, key=lambda fit: fit.fun)
    if np.abs(best.jac).max() > 1e-4 or abs(best.x[-1]) > 12:
        raise UsageError(
            "the selection model's likelihood has no maximum at a positive, finite delta: there "
            "are too few effects on one side of the cutoff; report that it cannot be fitted."
        )
    return best.x, float(best.fun)


def _hessian(objective: Objective, at: Array, step: float = 1e-5) -> Array:
    columns = []
    for i in range(at.size):
        move = np.zeros(at.size)
        move[i] = step
        columns.append((objective(at + move)[1] - objective(at - move)[1]) / (2 * step))
    hessian = np.stack(columns)
    return (hessian + hessian.T) / 2


def _marginal_log_likelihood(y: Array, v: Array, x: Array, fit: Pooled) -> float:
    fitted = x @ fit.coefficients["estimate"].to_numpy()
    return float(stats.norm.logpdf(y, fitted, np.sqrt(v + fit.tau2)).sum())


def _varied(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    y, v = check_effects(yi, vi)
    if y.size < 3:
        raise UsageError(f"k is {y.size}: a funnel test needs at least three effects.")
    if np.ptp(v) <= 1e-12 * v.max():
        raise UsageError("all vi are equal: a funnel test needs effects of differing precision.")
    return y, v


def _least_squares(y: Array, v: Array, predictor: Array, name: str, level: float) -> pd.DataFrame:
    check_level(level)
    x = np.column_stack([np.ones(y.size), predictor])
    fit = sm.WLS(y, x, weights=1 / v).fit()
    df = np.full(2, fit.df_resid)
    return coefficient_table(["intercept", name], fit.params, fit.cov_params(), df, level)
