"""Which effects may be pooled together: narrow cells, and the reason for each refusal."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from equalcities.abi.pooling import Pooled, pool
from equalcities.errors import UsageError


@dataclass(frozen=True)
class CellRule:
    """What a cell must have before its effects are pooled.

    Attributes
    ----------
    construct, scale, study, yi, vi : str
        Columns: what was measured, on which scale, in which study, the effect and its sampling
        variance (missing where not known).
    programme : str or None
        Column of the programme that was evaluated, if ``min_programmes`` is to be checked.
    excluded : str or None
        Column of reasons for which single effects are never pooled (for instance a maximum
        instead of an estimate); empty or missing means usable.
    scales : tuple of str or None
        Scales that can be pooled at all; None allows every scale.
    min_studies, min_programmes : int
        Least number of independent studies and of programmes. Below three studies neither tau2
        nor a prediction interval says anything; one programme is no basis for a general claim.
    """

    construct: str = "construct"
    scale: str = "scale"
    study: str = "study_id"
    yi: str = "yi"
    vi: str = "vi"
    programme: str | None = None
    excluded: str | None = None
    scales: tuple[str, ...] | None = None
    min_studies: int = 3
    min_programmes: int = 2

    def columns(self) -> list[str]:
        """Return the names of all columns that the rule reads."""
        named = [self.construct, self.scale, self.study, self.yi, self.vi]
        return named + [name for name in (self.programme, self.excluded) if name is not None]


def poolable_cells(effects: pd.DataFrame, rule: CellRule | None = None) -> pd.DataFrame:
    """Sort effects into cells of one construct on one scale and say which can be pooled.

    Parameters
    ----------
    effects : DataFrame
        One row per effect.
    rule : CellRule, optional
        Columns and thresholds.

    Returns
    -------
    DataFrame
        One row per cell: ``construct``, ``scale``, ``n_effects``, ``n_usable`` (effects with an
        estimate and a variance that are not excluded), ``n_studies`` and ``n_programmes``
        (of the usable effects; programmes missing if not asked), ``dependent`` (a study gives
        several usable effects), ``poolable``, and ``reason`` (every rule that the cell breaks;
        empty if poolable). Effects without construct or scale form cells of their own, which are
        always refused.

    Raises
    ------
    UsageError
        If a column is missing, or a variance is not positive.
    """
    rule = rule or CellRule()
    _check(effects, rule)
    rows = [
        _judge(key, cell, rule)
        for key, cell in effects.groupby([rule.construct, rule.scale], dropna=False, sort=True)
    ]
    columns = [
        "construct", "scale", "n_effects", "n_usable", "n_studies", "n_programmes",
        "dependent", "poolable", "reason",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def pool_cell(
    effects: pd.DataFrame,
    construct: str,
    scale: str,
    rule: CellRule | None = None,
    *,
    method: str = "REML",
    test: str = "knapp-hartung",
    level: float = 0.95,
) -> Pooled:
    """Pool one cell, or refuse with the reason.

    Parameters
    ----------
    effects, rule
        As in `poolable_cells`.
    construct, scale : str
        The cell.
    method, test, level
        As in `pool`. Studies with several effects are handled by cluster-robust variance.

    Returns
    -------
    Pooled

    Raises
    ------
    UsageError
        If there is no such cell, or it may not be pooled.
    """
    rule = rule or CellRule()
    _check(effects, rule)
    cell = effects[(effects[rule.construct] == construct) & (effects[rule.scale] == scale)]
    if cell.empty:
        raise UsageError(f"no effects on '{construct}' in '{scale}': see poolable_cells().")
    verdict = _judge((construct, scale), cell, rule)
    if not verdict["poolable"]:
        raise UsageError(
            f"'{construct}' in '{scale}' is not pooled: {verdict['reason']}. "
            "Show the effects one by one."
        )
    usable = cell[_usable(cell, rule)]
    return pool(
        usable[rule.yi],
        usable[rule.vi],
        cluster=usable[rule.study] if verdict["dependent"] else None,
        method=method,
        test=test,
        level=level,
    )


def _check(effects: pd.DataFrame, rule: CellRule) -> None:
    absent = [name for name in rule.columns() if name not in effects.columns]
    if absent:
        raise UsageError(f"effects lacks {', '.join(absent)}: add it, or name it in CellRule.")
    bad = effects.index[effects[rule.vi] <= 0]
    if len(bad):
        raise UsageError(
            f"effects row {bad[0]} has {rule.vi} = {effects.loc[bad[0], rule.vi]}: "
            "sampling variances are greater than zero; leave unknown ones missing."
        )
    nameless = effects.index[effects[rule.study].isna()]
    if len(nameless):
        raise UsageError(f"effects row {nameless[0]} has no {rule.study}: name its study.")


def _usable(cell: pd.DataFrame, rule: CellRule) -> pd.Series:
    usable = cell[rule.yi].notna() & cell[rule.vi].notna()
    return usable & ~_excluded(cell, rule)


def _excluded(cell: pd.DataFrame, rule: CellRule) -> pd.Series:
    if rule.excluded is None:
        return pd.Series(False, index=cell.index)
    return cell[rule.excluded].notna() & (cell[rule.excluded] != "")


def _judge(key: tuple, cell: pd.DataFrame, rule: CellRule) -> dict:
    construct, scale = key
    usable = cell[_usable(cell, rule)]
    n_studies = usable[rule.study].nunique()
    programmes = None if rule.programme is None else usable[rule.programme].nunique()
    reasons = []
    if pd.isna(construct):
        reasons.append("the construct is not stated")
    if pd.isna(scale):
        reasons.append("the scale is not stated")
    elif rule.scales is not None and scale not in rule.scales:
        reasons.append(f"effects in '{scale}' have no common metric")
    if n_studies < rule.min_studies:
        lost = len(cell) - len(usable)
        reasons.append(
            f"{n_studies} of the {rule.min_studies} studies needed"
            + (f" ({lost} of {len(cell)} effects lack a variance or are excluded)" if lost else "")
        )
    if programmes is not None and programmes < rule.min_programmes:
        reasons.append(f"{programmes} of the {rule.min_programmes} programmes needed")
    return {
        "construct": construct,
        "scale": scale,
        "n_effects": len(cell),
        "n_usable": len(usable),
        "n_studies": n_studies,
        "n_programmes": pd.NA if programmes is None else programmes,
        "dependent": len(usable) > n_studies,
        "poolable": not reasons,
        "reason": "; ".join(reasons),
    }
