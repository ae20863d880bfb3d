"""Which reported effects could be pooled: a common metric, a variance, and what excludes a row."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from equalcities.abi.cells import CellRule, poolable_cells
from equalcities.abi.conversions import log_ratio, variance_from_interval
from equalcities.errors import UsageError

METRICS = {
    r"percent": "log ratio",
    r"(relative risk|rate ratio|incidence rate ratio)": "log ratio",
    r"odds ratio": "log odds ratio",
    r"difference in log-odds slope": "trend in log odds",
    r"pp": "percentage points",
    r".* points": "points on a scale",
    r"years": "years",
    r"GCSE grades \(total\)": "exam grades",
}
"""Units as reported (regular expressions, whole text) and the metric they are brought to.

Any other unit has no common metric: ranges, maxima, changes per dose or of another base, counts
per project, value for money.
"""

EXCLUSIONS = (
    ("pool", r"no", "must never be pooled, see its changes"),
    ("caution", r".+", "undercut, contradicted or chosen among many"),
    ("outcome_description", r"per (additional|mean|average) .*", "a change per dose"),
    (
        "outcome_description",
        r"(below the poverty line|among women|programme$).*",
        "a part of the sample of another row",
    ),
)
"""Column, pattern searched in it, and the reason for which a row is left out."""

CONSTRUCTS = {
    "crime": (
        (r"gun|firearm|shooting", "gun violence"),
        (r"homicide|murder rate", "homicide"),
        (r"resident reports of violence", "violence as residents report it"),
        (r"burglary", "burglary"),
        (r"robbery", "robbery"),
        (r"assault", "assault"),
        (r"crime", "crime of all or several kinds"),
        (r"weapons|nuisance", "disorder"),
    ),
    "health_mental": (
        (r"SF-12", "SF-12 mental score"),
        (r"Mental Health Inventory", "Mental Health Inventory score"),
        (r"Warwick", "Warwick-Edinburgh well-being score"),
        (r"GHQ", "abnormal GHQ-12 score"),
        (r"depressed", "feeling depressed"),
        (r"worthless", "feeling worthless"),
        (r"Kessler", "Kessler-6 score"),
        (r"psychotropic", "use of psychotropic drugs"),
        (r"mental health", "self-rated mental health"),
    ),
}
"""Narrow constructs within a domain: the first pattern found in the description names it."""

BROAD = CellRule(construct="outcome_domain", scale="metric", programme="programme_id",
                 excluded="excluded")  # fmt: skip
"""Cells of one outcome domain on one metric: more than narrow, so that refusals are safe."""

NARROW = CellRule(
    construct="construct", scale="metric", programme="programme_id", excluded="excluded"
)
"""Cells of one construct on one metric: what is pooled, if anything is."""


def comparable_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Bring reported effects to common metrics, with variances, constructs and exclusions.

    Parameters
    ----------
    effects : DataFrame
        The table ``abi_effects``.

    Returns
    -------
    DataFrame
        A copy of the rows that hold a value, with ``metric`` (missing where the unit has none),
        ``yi`` and ``vi`` on that metric (variance from the printed 95% interval, missing without
        one), ``construct`` (missing where none is coded) and ``excluded`` (the reason, or empty).

    Raises
    ------
    UsageError
        If a column is missing.
    """
    needed = {column for column, _, _ in EXCLUSIONS}
    needed |= {"outcome_domain", "effect_value", "effect_unit", "ci_low", "ci_high"}
    absent = sorted(needed - set(effects.columns))
    if absent:
        raise UsageError(f"effects lacks {', '.join(absent)}: load the table abi_effects.")
    rows = effects[effects["effect_value"].notna()].copy()
    rows["metric"] = [_metric(unit) for unit in rows["effect_unit"]]
    value, low, high = (rows[name].astype(float) for name in ("effect_value", "ci_low", "ci_high"))
    rows["yi"] = value.where(rows["metric"].notna())
    rows["vi"] = variance_from_interval(low, high)
    percent = (rows["metric"] == "log ratio") & (rows["effect_unit"] == "percent")
    ratio = rows["metric"].isin(["log ratio", "log odds ratio"])
    for part, base, step in ((ratio & ~percent, 0, 1), (percent, 1, 1 / 100)):
        yi, vi = log_ratio(*(base + step * column[part] for column in (value, low, high)))
        rows.loc[part, "yi"], rows.loc[part, "vi"] = yi, vi
    rows.loc[rows["metric"].isna(), "vi"] = np.nan
    rows["construct"] = [
        _first(CONSTRUCTS.get(domain, ()), text)
        for domain, text in zip(rows["outcome_domain"], rows["outcome_description"], strict=True)
    ]
    rows["excluded"] = ""
    for column, pattern, reason in reversed(EXCLUSIONS):
        hit = [not pd.isna(cell) and bool(re.search(pattern, str(cell))) for cell in rows[column]]
        rows.loc[hit, "excluded"] = reason
    return rows


def candidate_cells(effects: pd.DataFrame, min_studies: int = 3) -> pd.DataFrame:
    """Judge all broad cells: one outcome domain on one metric.

    Parameters
    ----------
    effects : DataFrame
        As `comparable_effects` returns it.
    min_studies : int
        Least number of studies.

    Returns
    -------
    DataFrame
        As `poolable_cells`, with ``n_studies_reported``: studies with a value that is not
        excluded, whether or not an interval is printed. ``poolable`` means only that the cell
        must be looked at more narrowly.
    """
    cells = poolable_cells(effects, replace(BROAD, min_studies=min_studies))
    keys = ["outcome_domain", "metric"]
    kept = effects[effects["excluded"] == ""]
    reported = kept.groupby(keys, dropna=False)["study_id"].nunique()
    cells["n_studies_reported"] = [
        int(next((n for key, n in reported.items() if _same(key, cell)), 0))
        for cell in zip(cells["construct"], cells["scale"], strict=True)
    ]
    return cells


def narrow_cells(effects: pd.DataFrame, min_studies: int = 3) -> pd.DataFrame:
    """Judge the narrow cells within the broad cells that were not refused.

    Parameters
    ----------
    effects : DataFrame
        As `comparable_effects` returns it.
    min_studies : int
        Least number of studies.

    Returns
    -------
    DataFrame
        As `poolable_cells`: constructs within the broad cells that have studies enough.
    """
    passed = candidate_cells(effects, min_studies).query("poolable")
    inside = pd.MultiIndex.from_frame(passed[["construct", "scale"]])
    rows = pd.MultiIndex.from_frame(effects[["outcome_domain", "metric"]])
    return poolable_cells(effects[rows.isin(inside)], replace(NARROW, min_studies=min_studies))


def _same(one: tuple, other: tuple) -> bool:
    return all(a == b or (pd.isna(a) and pd.isna(b)) for a, b in zip(one, other, strict=True))


def _metric(unit: str) -> str | None:
    return next((name for pattern, name in METRICS.items() if re.fullmatch(pattern, unit)), None)


def _first(patterns: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for pattern, name in patterns if re.search(pattern, text)), None)
