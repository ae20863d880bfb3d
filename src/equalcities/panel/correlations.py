"""Rank correlations that respect countries, and comparisons with and without odd values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from statsmodels.stats.multitest import multipletests

from equalcities.errors import UsageError
from equalcities.panel.columns import require_columns
from equalcities.stats.clusters import cluster_bootstrap, wild_cluster_bootstrap


def _spearman(values: NDArray[np.float64]) -> float:
    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    norm = np.sqrt((ranks**2).sum(axis=0).prod())
    return float(ranks[:, 0] @ ranks[:, 1] / norm) if norm > 0 else np.nan


def rank_correlations(
    frame: pd.DataFrame,
    x: Sequence[str],
    y: Sequence[str] | None = None,
    *,
    group: str,
    rng: np.random.Generator | int,
    adjust: str = "holm",
    n_resamples: int = 1999,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Spearman correlations with country-cluster bootstrap intervals and adjusted p-values.

    Parameters
    ----------
    frame : DataFrame
        One row per city; each pair uses the cities that have both values.
    x, y : sequence of str
        Columns. Every x with every y; with ``y`` left out, every pair among ``x``.
    group : str
        Column with the country.
    rng : Generator or int
        Source of randomness, or a seed.
    adjust : str
        Method of `statsmodels.stats.multitest.multipletests`, such as ``"holm"`` or
        ``"fdr_bh"``; the family is the whole table.
    n_resamples : int
        Resamples of countries, and sign vectors of the test.
    confidence : float
        Coverage of the intervals, each taken by itself.

    Returns
    -------
    DataFrame
        One row per pair: ``x``, ``y``, ``value``, ``ci_low``, ``ci_high``, ``p_value``,
        ``p_adjusted``, ``n``, ``n_groups``.

    Raises
    ------
    UsageError
        For pairs with fewer than 5 cities or 5 countries.

    Notes
    -----
    Interval and p-value come from two methods: draws of whole countries with replacement, and a
    wild cluster bootstrap (Webb) of the regression of ranks on ranks. Close to the line they may
    disagree; then the data do not tell.

    References
    ----------
    Cameron, A. C. and Miller, D. L. (2015). *Journal of Human Resources* 50, 317-372.
    """
    pairs = list(combinations(x, 2)) if y is None else list(product(x, y))
    require_columns(frame, [*x, *(y or []), group])
    generator = np.random.default_rng(rng)
    rows = []
    for first, second in pairs:
        used = frame[[first, second, group]].dropna()
        n_groups = used[group].nunique()
        if len(used) < 5 or n_groups < 5:
            raise UsageError(
                f"'{first}' and '{second}' share {len(used)} cities in {n_groups} countries; "
                "a correlation needs 5 of both, so leave the pair out."
            )
        values = used[[first, second]].to_numpy(float)
        low, high = cluster_bootstrap(
            values,
            used[group],
            lambda sample, _labels: _spearman(sample),
            rng=generator,
            n_resamples=n_resamples,
            confidence=confidence,
        )
        ranks = used[[first, second]].rank()
        test = wild_cluster_bootstrap(
            ranks[second], ranks[[first]], used[group], first, rng=generator,
            n_resamples=n_resamples, confidence=confidence,
        )  # fmt: skip
        rows.append(
            {
                "x": first,
                "y": second,
                "value": _spearman(values),
                "ci_low": float(low),
                "ci_high": float(high),
                "p_value": test.p_value,
                "n": len(used),
                "n_groups": n_groups,
            }
        )
    table = pd.DataFrame(rows)
    table.insert(6, "p_adjusted", multipletests(table["p_value"], method=adjust)[1])
    return table


def with_and_without(
    frame: pd.DataFrame,
    measure: Callable[[pd.DataFrame], pd.DataFrame],
    suspicious: Mapping[str, Sequence[str]],
    *,
    code: str,
) -> pd.DataFrame:
    """Run an analysis on the values as published and again without the suspicious ones.

    Parameters
    ----------
    frame : DataFrame
        One row per city.
    measure : callable
        Takes such a frame, returns a tidy table. Give it its own seed, so that both runs draw
        alike.
    suspicious : mapping of str to sequence of str
        City code to the columns whose value is doubted. Only these cells are set to missing.
    code : str
        Column with the city code.

    Returns
    -------
    DataFrame
        Both tables below each other, with ``values`` first: ``"as published"`` or
        ``"without suspicious values"``.

    Raises
    ------
    UsageError
        For a code or column that is not in the table, or a cell that is missing anyway.
    """
    require_columns(frame, [code, *{name for names in suspicious.values() for name in names}])
    cleaned = frame.copy()
    for city, names in suspicious.items():
        rows = cleaned[code] == city
        if rows.sum() != 1:
            raise UsageError(f"{rows.sum()} rows have {code} '{city}'; it must name one city.")
        for name in names:
            if cleaned.loc[rows, name].isna().all():
                raise UsageError(f"'{name}' of {city} is already missing; remove it from the list.")
            cleaned[name] = cleaned[name].mask(rows)
    runs = {"as published": measure(frame), "without suspicious values": measure(cleaned)}
    return pd.concat(runs, names=["values"]).reset_index("values").reset_index(drop=True)
