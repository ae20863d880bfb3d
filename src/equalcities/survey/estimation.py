"""Estimates fit for a survey of 72 cities: shares, comparisons, ordinal models."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

from equalcities.errors import DataError, UsageError
from equalcities.stats import (
    adjust_pvalues,
    difference_interval,
    effective_size,
    pool_rubin,
    proportion_interval,
    wilson_pooled,
)
from equalcities.survey.disclosure import THRESHOLD
from equalcities.survey.imputation import impute_indicators
from equalcities.survey.responses import Responses
from equalcities.survey.weighting import (
    Weights,
    linearised_share,
    margin_dummies,
    weighted_interval,
)


def _weighted(
    completed: np.ndarray, weights: Weights, units: pd.Index, confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share and Wilson-type interval per code from the (m, n, codes) completed answers of units."""
    if not units.isin(weights.values.index).all():
        raise UsageError("some respondents have no weight; rake the same responses.")
    w = weights.values.to_numpy()
    place = weights.values.index.get_indexer(units)
    domain = np.zeros(len(w), bool)
    domain[place] = True
    m, _, codes = completed.shape
    answers = np.zeros((m, len(w), codes))
    answers[:, place] = completed
    dummies = margin_dummies([pd.factorize(c)[0] for _, c in weights.categories.items()])
    fits = np.array(
        [
            [
                linearised_share(
                    answers[i, :, k],
                    w,
                    domain=domain,
                    margins=dummies,
                    population=weights.population,
                )
                for k in range(codes)
            ]
            for i in range(m)
        ]
    )
    share, variance, df = fits[:, :, 0].mean(axis=0), fits[:, :, 1].mean(axis=0), fits[0, :, 2]
    if m > 1:
        pooled = pool_rubin(fits[:, :, 0], fits[:, :, 1], df_complete=float(df.min()))
        variance, df = pooled.variance, np.maximum(pooled.df, 1.0)
    low, high = weighted_interval(
        share, variance, df, w[domain], population=weights.population, confidence=confidence
    )
    return share, low, high


def shares(
    responses: Responses,
    name: str,
    *,
    by: str | None = None,
    method: str = "wilson",
    population: int | None = None,
    weights: Weights | None = None,
    missing: str = "complete",
    given: str = "q02_size",
    imputations: int = 100,
    rng: np.random.Generator | int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of respondents or cities behind each code of a closed item.

    Parameters
    ----------
    responses : Responses
    name : str
        A single or multiple choice.
    by : str, optional
        A single-choice field that divides the respondents into groups.
    method : {"wilson", "jeffreys", "clopper-pearson", "wald"}
        Interval of an unweighted share without imputation; with either it is a Wilson interval.
    population : int, optional
        Cities in the universe, for the finite-population correction of unweighted shares; groups
        are held against the whole of it, which errs on the wide side. Weights carry their own.
    weights : Weights, optional
        From `rake`, indexed by respondent.
    missing : {"complete", "impute"}
        Leave out who did not answer the item, or impute within the cells of ``given``.
    given : str
        See `impute_indicators`.
    imputations : int
        Number of imputations.
    rng : Generator or int, optional
        Source of randomness, or a seed; needed to impute.
    confidence : float
        Coverage wanted.

    Returns
    -------
    DataFrame
        One row per group and code: ``field, by, group, code, label, value, ci_low, ci_high,
        count`` (unweighted, as answered), ``n`` (who answered), ``base`` (who was asked and whose
        city it applies to), ``method, evidence``. Apply `suppress` before showing it.

    Raises
    ------
    UsageError
        For an open item, an unknown option, or imputing without ``rng``.
    """
    if missing not in ("complete", "impute"):
        raise UsageError(f"missing='{missing}' is unknown; use 'complete' or 'impute'.")
    if missing == "impute" and rng is None:
        raise UsageError("imputing draws at random; give rng, such as rng=72.")
    if method != "wilson" and (weights is not None or missing == "impute"):
        raise UsageError("weighted or imputed shares have Wilson intervals only; use 'wilson'.")
    observed = responses.indicators(name)
    if missing == "impute":
        completed = impute_indicators(responses, name, given=given, m=imputations, rng=rng)
    else:
        completed = observed.to_numpy()[None]
    used = ["raked"] * (weights is not None) + ["imputed"] * (missing == "impute") + [method]
    groups = (
        pd.Series("all", index=observed.index)
        if by is None
        else responses.table.loc[observed.index, by].astype("object")
    )
    answered = observed.notna().all(axis=1).to_numpy()
    labels = responses.questionnaire.field(name).choices
    rows = []
    for group in groups.dropna().unique() if by is None else _group_codes(responses, by, groups):
        inside = (groups == group).to_numpy()
        kept = inside if missing == "impute" else inside & answered
        n = int((inside & answered).sum())
        counts = observed.to_numpy()[inside & answered].sum(axis=0).astype(int)
        if not kept.any():
            value = low = high = np.full(len(counts), np.nan)
        elif weights is not None:
            value, low, high = _weighted(
                completed[:, kept], weights, observed.index[kept], confidence
            )
        elif missing == "impute":
            drawn = completed[:, kept].mean(axis=1)
            size = kept.sum() if population is None else effective_size(kept.sum(), population)
            value = drawn.mean(axis=0)
            low, high = wilson_pooled(drawn, size, confidence=confidence)
        else:
            value = counts / n
            low, high = proportion_interval(
                counts, n, method=method, confidence=confidence, population=population
            )
        rows.append(
            pd.DataFrame(
                {
                    "field": name,
                    "by": by or "",
                    "group": group,
                    "code": list(observed.columns),
                    "label": [labels[code] for code in observed.columns],
                    "value": value,
                    "ci_low": low,
                    "ci_high": high,
                    "count": counts,
                    "n": n,
                    "base": int(inside.sum()),
                    "method": "+".join(used),
                    "evidence": responses.evidence,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _group_codes(responses: Responses, by: str, groups: pd.Series) -> list[str]:
    field = responses.questionnaire.field(by)
    if field.type != "select_one":
        raise UsageError(f"'{by}' is not a single choice, so it does not divide the respondents.")
    present = set(groups.dropna())
    return [code for code in field.values if code in present]


def compare_groups(
    responses: Responses,
    names: Sequence[str],
    by: str,
    *,
    adjust: str = "holm",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare groups of respondents pair by pair on the codes of one or more items.

    Parameters
    ----------
    responses : Responses
    names : sequence of str
        Closed items; all their codes and all pairs of groups are one family of tests.
    by : str
        A single-choice field.
    adjust : {"holm", "bh", "by", "bonferroni"}
        Control of multiple comparisons, see `equalcities.stats.adjust_pvalues`.
    confidence : float
        Coverage of each interval; the intervals are not adjusted.

    Returns
    -------
    DataFrame
        ``field, code, group_1, group_2, difference, ci_low, ci_high`` (Newcombe), ``p_value``
        (Fisher), ``p_adjusted, count_1, n_1, count_2, n_2, shown, evidence``; unweighted, by who
        answered. Print only rows that are ``shown``: in the others a group has fewer respondents
        on one side than the disclosure rule allows.

    Raises
    ------
    UsageError
        If there are fewer than two groups.
    """
    rows = []
    for name in names:
        table = shares(responses, name, by=by)
        table = table[table["n"] > 0]
        for code, part in table.groupby("code", sort=False):
            for (_, one), (_, two) in combinations(part.iterrows(), 2):
                counts = [one["count"], one["n"], two["count"], two["n"]]
                low, high = difference_interval(*counts, confidence=confidence)
                test = stats.fisher_exact(
                    [[counts[0], counts[1] - counts[0]], [counts[2], counts[3] - counts[2]]]
                )
                rows.append(
                    (
                        name,
                        code,
                        one["group"],
                        two["group"],
                        one["value"] - two["value"],
                        low,
                        high,
                        test.pvalue,
                        *counts,
                    )
                )
    if not rows:
        raise UsageError(f"'{by}' leaves fewer than two groups that answered; choose another.")
    result = pd.DataFrame(
        rows,
        columns=[
            "field",
            "code",
            "group_1",
            "group_2",
            "difference",
            "ci_low",
            "ci_high",
            "p_value",
            "count_1",
            "n_1",
            "count_2",
            "n_2",
        ],
    )
    result.insert(8, "p_adjusted", adjust_pvalues(result["p_value"], method=adjust))
    sides = [result[f"count_{g}"] for g in (1, 2)]
    sides += [result[f"n_{g}"] - result[f"count_{g}"] for g in (1, 2)]
    shown = np.minimum.reduce(sides) >= THRESHOLD
    return result.assign(shown=shown, evidence=responses.evidence)


def ordinal_model(
    outcome: pd.Series, predictors: pd.DataFrame, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Fit a proportional-odds model to an ordered answer.

    Parameters
    ----------
    outcome : Series of ordered categories
        See `ordered_answers`; rows with a missing value anywhere are left out.
    predictors : DataFrame of float
        One row per unit, same index.
    confidence : float
        Coverage of the Wald intervals.

    Returns
    -------
    DataFrame
        ``term, estimate`` (log odds of a higher category), ``std_error, odds_ratio, ci_low,
        ci_high`` (of the odds ratio), ``p_value, n``; thresholds come last with an estimate only.

    Raises
    ------
    UsageError
        If the outcome is not ordered, or there are fewer than 10 units per coefficient.
    DataError
        If the fit does not converge or the data separate perfectly.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. *JRSS B* 42, 109-142. The fit is
    `statsmodels.miscmodels.ordinal_model.OrderedModel`.
    """
    if not isinstance(outcome.dtype, pd.CategoricalDtype) or not outcome.cat.ordered:
        raise UsageError("the outcome must be an ordered categorical; see ordered_answers().")
    kept = outcome.notna() & predictors.notna().all(axis=1)
    answers = outcome[kept].cat.remove_unused_categories()
    design = predictors[kept].astype(float)
    needed = 10 * design.shape[1]
    if len(answers) < needed or len(answers.cat.categories) < 2:
        raise UsageError(
            f"{len(answers)} units carry fewer than {design.shape[1]} coefficients need "
            f"({needed}), or only one category was used; take fewer predictors."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", HessianInversionWarning)
        try:
            model = OrderedModel(answers, design, distr="logit")
            fit = model.fit(method="bfgs", maxiter=500, disp=False)
        except (ConvergenceWarning, HessianInversionWarning, np.linalg.LinAlgError) as error:
            raise _no_fit(str(error)) from error
    slopes = design.shape[1]
    estimate, error = fit.params.to_numpy()[:slopes], fit.bse.to_numpy()[:slopes]
    if not np.isfinite(error).all() or (error * design.std().to_numpy() > 10).any():
        raise _no_fit("a coefficient runs away, so a predictor separates the answers")
    half = stats.norm.ppf((1 + confidence) / 2) * error
    result = pd.DataFrame(
        {
            "term": design.columns,
            "estimate": estimate,
            "std_error": error,
            "odds_ratio": np.exp(estimate),
            "ci_low": np.exp(estimate - half),
            "ci_high": np.exp(estimate + half),
            "p_value": 2 * stats.norm.sf(np.abs(estimate / error)),
        }
    )
    cuts = model.transform_threshold_params(fit.params.to_numpy())[1:-1]
    categories = list(answers.cat.categories)
    names = [f"{a}|{b}" for a, b in pairwise(categories)]
    thresholds = pd.DataFrame({"term": names, "estimate": cuts})
    return pd.concat([result, thresholds], ignore_index=True).assign(n=len(answers))


def _no_fit(why: str) -> DataError:
    return DataError(
        f"the ordinal model does not fit ({why})",
        cure="merge categories or drop predictors",
    )


def ordered_answers(responses: Responses, name: str) -> pd.Series:
    """Return the answers to an ordered item as ordered categories.

    Parameters
    ----------
    responses : Responses
    name : str
        A single choice whose codes go from less to more.

    Returns
    -------
    Series
        On the item's base; "don't know" is missing.

    Raises
    ------
    UsageError
        If the codes have no order.
    """
    field = responses.questionnaire.field(name)
    if not field.ordered:
        raise UsageError(f"the codes of '{name}' have no order; choose an ordered item.")
    base = responses.indicators(name).index
    answers = responses.table.loc[base, name].astype("object")
    dtype = pd.CategoricalDtype(list(field.values), ordered=True)
    return answers.where(answers.isin(field.values)).astype(dtype)
