"""What the survey's chapters show: statements with intervals, comparisons, the study in short.

All percentages here lie between 0 and 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from equalcities.errors import DataError, UsageError
from equalcities.stats import (
    adjust_pvalues,
    minimum_detectable_difference,
    proportion_interval,
)
from equalcities.survey.disclosure import suppress
from equalcities.survey.estimation import compare_groups, ordered_answers, ordinal_model, shares
from equalcities.survey.responses import Responses
from equalcities.survey.simulation import Simulation
from equalcities.survey.weighting import Weights, rake


@dataclass(frozen=True)
class Statement:
    """One answer that the chapter reports: a code of a field, in words."""

    key: str
    field: str
    code: str
    text: str


STATEMENTS = (
    Statement("strategy", "q08", "standalone", "has a strategy of its own for inclusion"),
    Statement("designated", "q07_designated", "yes", "singles out neighbourhoods for action"),
    Statement("overlap", "q06_overlap", "yes", "takes overlapping disadvantage into account"),
    Statement("outreach", "q17_outreach", "yes", "reaches out to residents seldom heard"),
    Statement("dashboard", "q19", "dashboard", "uses fine-scale data for a public dashboard"),
    Statement("multiyear", "q20_multiyear", "yes", "has money certain for more than a year"),
    Statement("money", "q22_money", "major", "calls money a major obstacle"),
    Statement("evaluation", "q23_method", "comparison", "has evaluated with a comparison group"),
    Statement("reported", "q24_reported", "yes", "reports to the public each year"),
)
"""From the nine topics of the questionnaire, one each; all are asked of every city."""

SIZES = {
    "under_100k": "smaller",
    "100_250k": "smaller",
    "250_500k": "middle",
    "500k_1_5m": "larger",
    "over_1_5m": "larger",
}
REGIONS = {
    "eu": "EU",
    "europe_other": "rest of Europe and Northern America",
    "north_america": "rest of Europe and Northern America",
    "latin_america": "rest of the world",
    "asia_pacific": "rest of the world",
    "africa_middle_east": "rest of the world",
}

_KEPT = ["value", "ci_low", "ci_high", "count", "n", "base", "shown"]


def statement_shares(responses: Responses, **options: object) -> pd.DataFrame:
    """Estimate the share behind each statement, with the disclosure rule applied.

    Parameters
    ----------
    responses : Responses
    **options
        Passed on to `shares`.

    Returns
    -------
    DataFrame
        One row per statement: ``key, text, value, ci_low, ci_high`` (percent), ``count, n, base,
        shown``. Where ``shown`` is False the numbers are missing.
    """
    rows = []
    for one in STATEMENTS:
        table = suppress(shares(responses, one.field, **options), disjoint=False)
        row = table[table["code"] == one.code].iloc[0]
        rows.append({"key": one.key, "text": one.text} | row[_KEPT].to_dict())
    result = pd.DataFrame(rows)
    percent = ["value", "ci_low", "ci_high"]
    return result.assign(**{name: 100 * result[name].astype(float) for name in percent})


def statement_by_size(responses: Responses, key: str) -> pd.DataFrame:
    """Estimate one statement by size class, with the disclosure rule applied.

    Parameters
    ----------
    responses : Responses
    key : str
        Key of a statement.

    Returns
    -------
    DataFrame
        One row per size class that answered: ``text, value, ci_low, ci_high`` (percent),
        ``count, n, shown``.
    """
    one = next(s for s in STATEMENTS if s.key == key)
    table = suppress(shares(responses, one.field, by="q02_size"), disjoint=True)
    labels = responses.questionnaire.field("q02_size").choices
    table = table[table["code"] == one.code].reset_index(drop=True)
    percent = {name: 100 * table[name].astype(float) for name in ("value", "ci_low", "ci_high")}
    return table[["count", "n", "shown"]].assign(text=table["group"].map(dict(labels)), **percent)


def interval_methods(count: int, n: int, populations: tuple[int, ...] = (150, 600)) -> pd.DataFrame:
    """Hold the usual intervals for one share against each other.

    Parameters
    ----------
    count, n : int
        Who said so, of how many.
    populations : tuple of int
        Sizes of a universe, for the finite-population correction of the Wilson interval.

    Returns
    -------
    DataFrame
        ``method, value, ci_low, ci_high`` in percent.
    """
    plain = {
        "Wald (shortcut)": "wald",
        "Wilson": "wilson",
        "Jeffreys": "jeffreys",
        "Clopper-Pearson": "clopper-pearson",
    }
    bounds = {name: proportion_interval(count, n, method=how) for name, how in plain.items()}
    for population in populations:
        if population > n:
            name = f"Wilson, universe of {population} cities"
            bounds[name] = proportion_interval(count, n, population=population)
    return pd.DataFrame(
        [
            (name, 100 * count / n, 100 * float(low), 100 * float(high))
            for name, (low, high) in bounds.items()
        ],
        columns=["method", "value", "ci_low", "ci_high"],
    )


def detectable(n: int, shares_of_n: Mapping[str, float]) -> pd.DataFrame:
    """Return the least difference from one half that a comparison of two groups would find.

    Parameters
    ----------
    n : int
        Respondents in all.
    shares_of_n : mapping of str to float
        Name of a split and the share of the respondents in its first group.

    Returns
    -------
    DataFrame
        ``split, n_1, n_2, points``: percentage points above 50 that Fisher's test at 5 % finds
        in 80 % of surveys; missing if none.
    """
    rows = []
    for split, share in shares_of_n.items():
        first = round(n * share)
        found = minimum_detectable_difference(0.5, first, n - first)
        rows.append((split, first, n - first, 100 * found))
    return pd.DataFrame(rows, columns=["split", "n_1", "n_2", "points"])


def comparisons_by_size(responses: Responses) -> pd.DataFrame:
    """Compare all size classes on all statements, adjusted as one family (Holm).

    Parameters
    ----------
    responses : Responses

    Returns
    -------
    DataFrame
        As `compare_groups`, one row per statement and pair of size classes.
    """
    table = compare_groups(responses, [s.field for s in STATEMENTS], "q02_size")
    codes = {s.field: s.code for s in STATEMENTS}
    kept = table[table["code"] == table["field"].map(codes)].reset_index(drop=True)
    # the family is what is shown in this chapter, not every code of every field
    return kept.assign(p_adjusted=adjust_pvalues(kept["p_value"]).to_numpy())


def strategy_by_size(responses: Responses) -> pd.DataFrame:
    """Fit how far a city's strategy rises with its size class, the EU held apart.

    Parameters
    ----------
    responses : Responses

    Returns
    -------
    DataFrame
        Rows ``size`` (per size class) and ``eu`` of `ordinal_model`; empty if it can't be fitted.
    """
    order = list(responses.questionnaire.field("q02_size").values)
    predictors = pd.DataFrame(
        {
            "size": responses.table["q02_size"].astype("object").map(order.index),
            "eu": (responses.table["q01_region"] == "eu").astype(float),
        }
    )
    varied = [name for name in predictors if len(set(predictors[name])) > 1]
    try:
        model = ordinal_model(ordered_answers(responses, "q08"), predictors[varied])
    except (DataError, UsageError):
        return pd.DataFrame(columns=["term", "odds_ratio", "ci_low", "ci_high", "n"])
    return model[model["term"].isin(varied)].reset_index(drop=True)


def raked_to_universe(simulation: Simulation) -> Weights:
    """Rake a simulated survey to its universe, by three size classes and three groups of regions.

    Parameters
    ----------
    simulation : Simulation

    Returns
    -------
    Weights
    """
    cities = simulation.universe.cities
    margins = {
        "size": cities["size"].map(SIZES).value_counts(),
        "region": cities["region"].map(REGIONS).value_counts(),
    }
    table = simulation.responses.table
    categories = pd.DataFrame(
        {
            "size": table["q02_size"].astype("object").map(SIZES),
            "region": table["q01_region"].astype("object").map(REGIONS),
        }
    )
    return rake(categories, margins)


def against_truth(
    simulation: Simulation, truth: pd.DataFrame, *, rng: np.random.Generator | int
) -> pd.DataFrame:
    """Hold three ways of estimating each statement against the truth.

    Parameters
    ----------
    simulation : Simulation
    truth : DataFrame
        ``field, code, value``, see `Universe.truth`.
    rng : Generator or int
        Source of randomness of the imputation, or a seed.

    Returns
    -------
    DataFrame
        ``key, text, series, value, ci_low, ci_high, truth, error`` in percent and points.
    """
    weights = raked_to_universe(simulation)
    ways: dict[str, dict[str, object]] = {
        "as answered": {},
        "raked": {"weights": weights},
        "raked and imputed": {"weights": weights, "missing": "impute", "rng": rng},
    }
    true = truth.set_index(["field", "code"])["value"]
    parts = []
    for series, options in ways.items():
        table = statement_shares(simulation.responses, **options)
        table["truth"] = [100 * true[one.field, one.code] for one in STATEMENTS]
        parts.append(table.assign(series=series))
    result = pd.concat(parts, ignore_index=True)
    return result.assign(error=result["value"] - result["truth"])[
        ["key", "text", "series", "value", "ci_low", "ci_high", "truth", "error"]
    ]


_SITUATIONS = {
    "random": "A random draw of cities",
    "larger cities answer more": "Larger cities answer more",
    "small cities leave blanks": "Small cities leave blanks",
    "whole countries": "Whole countries are drawn",
    "able cities answer more": "Able cities answer more",
}
_ESTIMATORS = {
    "wald": "textbook interval (Wald)",
    "wilson, finite population": "Wilson, universe known",
    "jeffreys, finite population": "Jeffreys, universe known",
    "wilson": "Wilson, universe ignored",
    "clopper-pearson": "exact (Clopper-Pearson)",
    "wilson, selection ignored": "answers taken as they come",
    "raked, weights taken for cities": "weighted counts taken for cities",
    "raked, wilson on respondents": "weighted, error of equal answers",
    "raked, linearised wilson": "weighted, error of the weighting",
    "complete cases, wilson": "blanks dropped",
    "blank counted as no, wilson": "blanks counted as no",
    "imputed once, wilson": "blanks filled in once",
    "imputed without size, pooled wilson": "blanks filled in, size ignored",
    "imputed by size, pooled wilson": "blanks filled in many times, by size",
    "wilson, clusters ignored": "countries ignored",
    "cluster-robust wilson": "error by country",
}


def coverage_by_estimator(study: pd.DataFrame) -> pd.DataFrame:
    """Sum up a coverage study: mean, lowest and highest coverage over its items.

    Parameters
    ----------
    study : DataFrame
        From `coverage_study`.

    Returns
    -------
    DataFrame
        ``scenario, kind, estimator, mean, lowest, highest`` in percent, ``width`` in points, and
        in plain words ``situation`` and ``label``.

    Raises
    ------
    KeyError
        If an estimator or scenario has no plain words yet.
    """
    groups = study.groupby(["scenario", "kind", "estimator"], sort=False)
    table = 100 * groups.agg(
        mean=("coverage", "mean"),
        lowest=("coverage", "min"),
        highest=("coverage", "max"),
        width=("mean_width", "mean"),
    )
    table = table.reset_index()
    table["situation"] = [_SITUATIONS[name] for name in table["scenario"]]
    table["label"] = [_ESTIMATORS[name] for name in table["estimator"]]
    return table
