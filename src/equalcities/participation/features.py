"""Which coded features occur together, with exact intervals for small tables."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats.contingency import odds_ratio

from equalcities.errors import UsageError
from equalcities.stats import adjust_pvalues

FEATURES = {
    "youth_rights": "rights for young people",
    "outreach_workers": "outreach workers",
    "hybrid_access": "online and in person",
    "reserved_budget": "reserved or weighted money",
    "quota_or_sortition": "quota or lot",
    "non_citizen_rights": "rights for non-citizens",
    "facilitators_from_community": "facilitators from the community",
    "reserved_seats": "reserved seats",
    "stipends": "pay for members",
    "language_access": "more than one language",
    "disability_access": "disability access",
    "childcare": "childcare",
}
"""Codes of the features meant to reach more people, and their names."""

FEWEST = 5
"""Fewest cases with, and without, a feature for its association to be estimated."""


def feature_matrix(codes: pd.Series) -> pd.DataFrame:
    """Say which case has which feature.

    Parameters
    ----------
    codes : Series of str
        Codes of `FEATURES` parted by ``;``, one entry per case; missing if none was seen.

    Returns
    -------
    DataFrame of bool, shape (cases, features)

    Raises
    ------
    UsageError
        For a code that `FEATURES` does not hold.
    """
    seen = codes.astype("object").where(codes.notna(), "").str.get_dummies(";").astype(bool)
    unknown = sorted(set(seen.columns) - set(FEATURES))
    if unknown:
        raise UsageError(f"unknown features {unknown}; use codes of participation.FEATURES.")
    return seen.reindex(columns=list(FEATURES), fill_value=False)


def feature_pairs(
    present: pd.DataFrame, *, fewest: int = FEWEST, confidence: float = 0.95
) -> pd.DataFrame:
    """Associate every pair of features, where there are cases enough.

    Parameters
    ----------
    present : DataFrame of bool, shape (cases, features)
        As `feature_matrix` returns it.
    fewest : int
        Pairs in which a feature is seen, or not seen, in fewer cases are counted only.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per pair: ``first``, ``second``, ``both``, ``first_only``, ``second_only``,
        ``neither``, ``odds_ratio``, ``low``, ``high``, ``p_value``, ``p_adjusted``; the last
        five are missing where cases are too few.

    Notes
    -----
    The odds ratio is the conditional maximum-likelihood estimate with Fisher's exact interval,
    which holds its coverage at any size; it may reach 0 or infinity. p-values are Fisher's,
    adjusted over the estimated pairs by Holm's method.

    References
    ----------
    Agresti, A. (2013). *Categorical Data Analysis*, 3rd ed., section 16.6.
    """
    rows = []
    for first, second in combinations(present.columns, 2):
        a, b = (present[name].to_numpy(dtype=bool) for name in (first, second))
        table = np.array([[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]])
        rows.append([first, second, *table.ravel(), *_exact(table, fewest, confidence)])
    counts = ["both", "first_only", "second_only", "neither"]
    measures = ["odds_ratio", "low", "high", "p_value"]
    pairs = pd.DataFrame(rows, columns=["first", "second", *counts, *measures])
    return pairs.assign(p_adjusted=adjust_pvalues(pairs["p_value"], method="holm"))


def _exact(table: np.ndarray, fewest: int, confidence: float) -> tuple[float, ...]:
    if min(*table.sum(axis=0), *table.sum(axis=1)) < max(fewest, 1):
        return (np.nan,) * 4
    fitted = odds_ratio(table, kind="conditional")
    limits = fitted.confidence_interval(confidence)
    p_value = stats.fisher_exact(table).pvalue
    return float(fitted.statistic), float(limits.low), float(limits.high), float(p_value)
