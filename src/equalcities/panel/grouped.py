"""Cities within countries: how much lies between countries, and what survives the grouping."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

from equalcities.errors import UsageError
from equalcities.panel.columns import require_columns
from equalcities.stats.clusters import cluster_bootstrap, cluster_robust, wild_cluster_bootstrap
from equalcities.stats.components import variance_components
from equalcities.stats.inequality import theil_decomposition


def country_shares(
    frame: pd.DataFrame, values: Sequence[str], *, group: str, confidence: float = 0.95
) -> pd.DataFrame:
    """Share of each indicator's variance that lies between countries.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    values : sequence of str
        Indicator columns; missing values are left out column by column.
    group : str
        Column with the country.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per indicator: ``value`` (intraclass correlation), ``ci_low``, ``ci_high``,
        ``var_between``, ``var_within``, ``n``, ``n_groups``.

    Notes
    -----
    See `equalcities.stats.variance_components` for method and sources.
    """
    require_columns(frame, [*values, group])
    rows = []
    for name in values:
        split = variance_components(frame[name], frame[group], confidence=confidence)
        rows.append(
            {
                "indicator": name,
                "value": split.icc,
                "ci_low": split.ci_low,
                "ci_high": split.ci_high,
                "var_between": split.between,
                "var_within": split.within,
                "n": split.n,
                "n_groups": split.n_groups,
            }
        )
    return pd.DataFrame(rows)


def theil_by_country(
    frame: pd.DataFrame,
    value: str,
    *,
    group: str,
    rng: np.random.Generator | int,
    weight: str | None = None,
    n_resamples: int = 1999,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Theil inequality of an indicator within and between countries, with intervals.

    Parameters
    ----------
    frame : DataFrame
        One row per city; rows without the value or weight are left out.
    value, group : str
        Columns with the indicator (such as GDP per person) and the country.
    rng : Generator or int
        Source of randomness, or a seed.
    weight : str, optional
        Column with population, for inequality among residents instead of among cities.
    n_resamples, confidence
        Resamples of whole countries, and coverage.

    Returns
    -------
    DataFrame
        One row per component and measure (``theil``, or ``share`` of the total): ``value``,
        ``ci_low``, ``ci_high``, ``n``, ``n_groups``.

    Notes
    -----
    Between-city inequality only: nothing is known here of inequality inside a city.
    """
    columns = [value, group] + ([weight] if weight else [])
    require_columns(frame, columns)
    used = frame[columns].dropna()

    def split(sample: pd.DataFrame, countries: ArrayLike) -> pd.DataFrame:
        parts = theil_decomposition(sample[value], countries, sample[weight] if weight else None)
        return parts.rename(columns={"value": "theil"}).melt(
            var_name="measure", value_name="value", ignore_index=False
        )

    estimate = split(used, used[group])
    low, high = cluster_bootstrap(
        used,
        used[group],
        lambda sample, labels: split(sample, labels)["value"].to_numpy(),
        rng=rng,
        n_resamples=n_resamples,
        confidence=confidence,
    )
    table = estimate.reset_index().assign(
        ci_low=low, ci_high=high, n=len(used), n_groups=used[group].nunique()
    )
    return table.drop(table.query("component == 'total' and measure == 'share'").index)


@dataclass(frozen=True)
class RandomInterceptFit:
    """Mixed model with one intercept per country.

    Attributes
    ----------
    terms : DataFrame
        One row per fixed term: ``estimate``, ``se``, ``df``, ``p_value``, ``ci_low``, ``ci_high``.
    var_between, var_within, icc : float
        Variance of the country intercepts, of the residuals, and the share of the former.
    singular : bool
        True if the country variance sits on its bound of zero: the model is then plain least
        squares and its errors ignore the grouping. Use `associations` instead.
    notes : tuple of str
        Everything that the fitting routine complained about.
    n, n_groups : int
        Cities and countries used.
    """

    terms: pd.DataFrame
    var_between: float
    var_within: float
    icc: float
    singular: bool
    notes: tuple[str, ...]
    n: int
    n_groups: int


def random_intercept(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    group: str,
    confidence: float = 0.95,
) -> RandomInterceptFit:
    """Fit a mixed model with random country intercepts by restricted maximum likelihood.

    Parameters
    ----------
    frame : DataFrame
        One row per city; incomplete rows are left out.
    outcome, group : str
        Columns with the response and the country.
    predictors : sequence of str
        Fixed terms; may be empty. Use `within_between` to keep the two levels apart.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    RandomInterceptFit
        Terms, variance components, and whether the fit is singular.

    Raises
    ------
    UsageError
        For fewer countries than terms plus two, or collinear predictors.

    Notes
    -----
    Intervals use a t reference with as many degrees of freedom as countries minus terms: safe
    for terms that vary between countries, and a little wide for those that vary within.

    References
    ----------
    Fitted by `statsmodels.regression.mixed_linear_model.MixedLM`.
    """
    require_columns(frame, [outcome, *predictors, group])
    used = frame[[outcome, *predictors, group]].dropna()
    design = sm.add_constant(used[list(predictors)].astype(float), has_constant="add")
    design = design.rename(columns={"const": "intercept"})
    n_groups, n_terms = used[group].nunique(), design.shape[1]
    if n_groups < n_terms + 2:
        raise UsageError(
            f"{n_groups} countries cannot carry {n_terms} terms; use fewer predictors."
        )
    if np.linalg.matrix_rank(design) < n_terms:
        raise UsageError("the predictors are collinear; remove some of them.")
    # Fitted in standard units, so that the optimiser's tolerances suit every indicator.
    centre, spread = used[outcome].mean(), used[outcome].std()
    scale = np.array([1.0, *design.iloc[:, 1:].std()])
    response = (used[outcome].astype(float) - centre) / spread
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = sm.MixedLM(response, design / scale, groups=used[group]).fit(
            reml=True, method=["powell", "lbfgs"]
        )
    var_between, var_within = float(fit.cov_re.iloc[0, 0]), float(fit.scale)
    singular = var_between < 1e-4 * var_within
    # statsmodels takes its errors from the Hessian of all parameters; these are the usual ones of
    # generalised least squares at the fitted variances, as in nlme and lme4.
    x = (design / scale).to_numpy()
    same = np.equal.outer(used[group].to_numpy(), used[group].to_numpy())
    covariance = var_within * np.eye(len(x)) + var_between * same
    se = np.sqrt(np.diag(np.linalg.inv(x.T @ np.linalg.solve(covariance, x)))) / scale * spread
    estimate = fit.fe_params.to_numpy() / scale * spread
    estimate[0] += centre
    df = n_groups - n_terms
    half = stats.t.ppf((1 + confidence) / 2, df) * se
    terms = pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "df": df,
            "p_value": 2 * stats.t.sf(np.abs(estimate / se), df),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        },
        index=pd.Index(design.columns, name="term"),
    )
    return RandomInterceptFit(
        terms=terms,
        var_between=0.0 if singular else float(var_between * spread**2),
        var_within=float(var_within * spread**2),
        icc=0.0 if singular else var_between / (var_between + var_within),
        singular=singular,
        notes=tuple(dict.fromkeys(str(entry.message) for entry in caught)),
        n=len(used),
        n_groups=n_groups,
    )


def within_between(frame: pd.DataFrame, columns: Sequence[str], *, group: str) -> pd.DataFrame:
    """Split indicators into the country mean and the city's distance from it.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    columns : sequence of str
        Indicators to split.
    group : str
        Column with the country.

    Returns
    -------
    DataFrame
        The frame with ``NAME_between`` and ``NAME_within`` added for each indicator. A country
        with one city has a within part of zero.

    References
    ----------
    Mundlak, Y. (1978). *Econometrica* 46, 69-85.
    """
    require_columns(frame, [*columns, group])
    means = frame.groupby(group)[list(columns)].transform("mean")
    return frame.assign(
        **{f"{name}_between": means[name] for name in columns},
        **{f"{name}_within": frame[name] - means[name] for name in columns},
    )


def associations(
    frame: pd.DataFrame,
    outcomes: Sequence[str],
    predictors: Sequence[str],
    *,
    group: str,
    rng: np.random.Generator | int,
    controls: Sequence[str] = (),
    adjust: str = "holm",
    n_resamples: int = 1999,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Standardised slope of each outcome on each predictor, with country-robust inference.

    Parameters
    ----------
    frame : DataFrame
        One row per city; each regression uses the cities that have all its columns.
    outcomes, predictors : sequence of str
        Every pair is one regression.
    group : str
        Column with the country.
    rng : Generator or int
        Source of randomness, or a seed.
    controls : sequence of str
        Further columns in every regression.
    adjust : str
        Method of `statsmodels.stats.multitest.multipletests`; the family is the whole table.
    n_resamples : int
        Sign vectors of the wild bootstrap.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per pair: ``value`` (standard deviations of the outcome per standard deviation of
        the predictor), CR2 interval ``ci_low``, ``ci_high`` with its ``df`` and ``p_value``,
        ``p_adjusted``, the wild cluster bootstrap's ``wild_p``, ``wild_ci_low``,
        ``wild_ci_high``, and ``n``, ``n_groups``.

    Notes
    -----
    Two methods that rest on different approximations are shown side by side. A finding should
    hold under both; where ``df`` is small or they disagree, say so instead of choosing.
    """
    require_columns(frame, [*outcomes, *predictors, *controls, group])
    generator = np.random.default_rng(rng)
    rows = []
    for outcome in outcomes:
        for predictor in predictors:
            names = [outcome, predictor, *controls]
            used = frame[[*names, group]].dropna()
            scaled = used[names].astype(float)
            scaled = (scaled - scaled.mean()) / scaled.std()
            regression = (scaled[outcome], scaled[[predictor, *controls]], used[group])
            robust = cluster_robust(*regression, confidence=confidence).loc[predictor]
            wild = wild_cluster_bootstrap(
                *regression, predictor, rng=generator, n_resamples=n_resamples,
                confidence=confidence,
            )  # fmt: skip
            rows.append(
                {
                    "outcome": outcome,
                    "predictor": predictor,
                    "value": robust["estimate"],
                    "ci_low": robust["ci_low"],
                    "ci_high": robust["ci_high"],
                    "df": robust["df"],
                    "p_value": robust["p_value"],
                    "wild_p": wild.p_value,
                    "wild_ci_low": wild.ci_low,
                    "wild_ci_high": wild.ci_high,
                    "n": len(used),
                    "n_groups": wild.n_clusters,
                }
            )
    table = pd.DataFrame(rows)
    table.insert(7, "p_adjusted", multipletests(table["p_value"], method=adjust)[1])
    return table


def leave_one_out(
    frame: pd.DataFrame, estimate: Callable[[pd.DataFrame], float], *, by: str
) -> pd.DataFrame:
    """How an estimate moves when one city, or one whole country, is left out.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    estimate : callable
        Takes such a frame, returns a number.
    by : str
        Column whose values are left out in turn: the city code, or the country.

    Returns
    -------
    DataFrame
        One row per value of ``by``, largest change first: ``left_out``, ``n`` rows remaining,
        ``value``, ``change`` from the estimate on all rows, and ``sign_flips``.
    """
    require_columns(frame, [by])
    whole = float(estimate(frame))
    rows = []
    for label in frame[by].dropna().unique():
        rest = frame[frame[by] != label]
        value = float(estimate(rest))
        rows.append({"left_out": label, "n": len(rest), "value": value, "change": value - whole})
    table = pd.DataFrame(rows)
    table["sign_flips"] = np.sign(table["value"]) == -np.sign(whole)
    return table.sort_values(
        "change", key=np.abs, ascending=False, kind="stable", ignore_index=True
    )


def influence_ranges(
    frame: pd.DataFrame,
    estimates: Mapping[str, Callable[[pd.DataFrame], float]],
    *,
    by: Mapping[str, str],
) -> pd.DataFrame:
    """How far estimates move when cities, or whole countries, are left out one at a time.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    estimates : mapping of str to callable
        Each takes such a frame and returns a number.
    by : mapping of str to str
        What is left out: a name for it, and the column whose values are left out in turn.

    Returns
    -------
    DataFrame
        One row per estimate and kind of unit: ``estimate, left_out, value`` on all rows,
        ``lowest`` and ``highest`` over all that are left out, ``most`` (the unit that moves it
        most) and ``without_most``, and ``sign_flips``: how many turn its sign.
    """
    rows = []
    for name, estimate in estimates.items():
        whole = float(estimate(frame))
        for kind, column in by.items():
            left = leave_one_out(frame, estimate, by=column)
            first = left.iloc[0]
            rows.append(
                {
                    "estimate": name,
                    "left_out": kind,
                    "value": whole,
                    "lowest": left["value"].min(),
                    "highest": left["value"].max(),
                    "most": first["left_out"],
                    "without_most": first["value"],
                    "sign_flips": int(left["sign_flips"].sum()),
                }
            )
    return pd.DataFrame(rows)
