"""How participants compare with the population, and whom to invite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from equalcities.errors import UsageError
from equalcities.stats import difference_interval, proportion_interval


def _counts(values: ArrayLike, name: str) -> np.ndarray:
    counts = np.asarray(values, float)
    if not np.isfinite(counts).all() or (counts < 0).any() or (counts % 1 != 0).any():
        raise UsageError(f"{name} needs whole numbers from 0; drop or correct the others.")
    return counts


def _both(participants: pd.Series, population: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    if not participants.index.equals(population.index) or not participants.index.is_unique:
        raise UsageError("participants and population need the same groups in the same order.")
    k, size = _counts(participants, "participants"), _counts(population, "population")
    if k.sum() == 0 or (size == 0).any():
        raise UsageError("there is no participant, or a group without population; leave it out.")
    if (k > size).any():
        raise UsageError("a group has more participants than population; check the counts.")
    return k, size


def representation_gaps(
    participants: pd.Series, population: pd.Series, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Compare each group's share of the participants with its share of the population.

    Parameters
    ----------
    participants, population : Series of int
        Persons by group, with the same index. Groups are disjoint and exhaustive.
    confidence : float
        Coverage of the intervals, for each group alone.

    Returns
    -------
    DataFrame
        One row per group: ``participants``, ``population``, ``share``, ``population_share``,
        ``gap`` (share minus population share) with ``gap_low`` and ``gap_high``, and ``finding``
        (``under``, ``over`` or ``cannot tell``).

    Raises
    ------
    UsageError
        For differing groups, counts that are no counts, or nobody.

    Notes
    -----
    Wilson's interval for the share, less the population share, which is taken as known. It says
    how far the gap could move if another round drew as many people in the same way. Wilson's
    interval keeps its coverage near the nominal one with small counts and with none.
    """
    k, size = _both(participants, population)
    low, high = proportion_interval(k, k.sum(), confidence=confidence)
    share, known = k / k.sum(), size / size.sum()
    finding = np.select([high < known, low > known], ["under", "over"], "cannot tell")
    return pd.DataFrame(
        {
            "participants": k.astype(int),
            "population": size.astype(int),
            "share": share,
            "population_share": known,
            "gap": share - known,
            "gap_low": low - known,
            "gap_high": high - known,
            "finding": finding,
        },
        index=participants.index,
    )


@dataclass(frozen=True)
class SimpsonCheck:
    """Aggregate gap in participation against the gaps within strata.

    Attributes
    ----------
    gaps : DataFrame
        One row for ``all`` and one per stratum: ``rate_group``, ``rate_others``, ``gap``,
        ``low``, ``high``. Missing where a side has no population.
    standardised : float
        Gap within strata, averaged by the strata's share of the population.
    standardised_low, standardised_high : float
        Its interval.
    reversed : bool
        True if the aggregate and the standardised gap have opposite signs.
    everywhere : bool
        True if, besides, every stratum with both sides goes against the aggregate.
    """

    gaps: pd.DataFrame
    standardised: float
    standardised_low: float
    standardised_high: float
    reversed: bool
    everywhere: bool


def simpson_check(table: pd.DataFrame, group: str, *, confidence: float = 0.95) -> SimpsonCheck:
    """Compare a group's participation rate with everybody else's, in all and within strata.

    Parameters
    ----------
    table : DataFrame
        Columns ``stratum``, ``group``, ``participants``, ``population``; one row per stratum and
        group.
    group : str
        The group that is compared with all others.
    confidence : float
        Coverage of each interval.

    Returns
    -------
    SimpsonCheck

    Raises
    ------
    UsageError
        For an unknown group, repeated rows, impossible counts, or no stratum with both sides.

    Notes
    -----
    Strata with one side only count in the aggregate and not in the standardised gap. Intervals
    are Newcombe's; that of the standardised gap recovers the variances of its parts from their
    limits (MOVER). The check describes; it does not say which of the gaps is the one to act on.

    References
    ----------
    Simpson, E. H. (1951). *JRSS B* 13, 238-241. Zou, G. Y. and Donner, A. (2008). Construction of
    confidence limits about effect measures: a general approach. *Statistics in Medicine* 27,
    1693-1702.
    """
    if group not in set(table["group"]) or table.duplicated(["stratum", "group"]).any():
        raise UsageError(f"group '{group}' is unknown, or a stratum names a group twice.")
    k = _counts(table["participants"], "participants")
    size = _counts(table["population"], "population")
    if (k > size).any():
        raise UsageError("a row has more participants than population; check the counts.")
    sides = table.assign(own=table["group"] == group)
    by_stratum = sides.groupby(["stratum", "own"], sort=False)[["participants", "population"]].sum()
    strata = list(dict.fromkeys(table["stratum"]))
    rows = {"all": _gap(sides.groupby("own")[["participants", "population"]].sum(), confidence)}
    for stratum in strata:
        rows[stratum] = _gap(by_stratum.loc[stratum], confidence)
    names = ["rate_group", "rate_others", "gap", "low", "high"]
    gaps = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    within = gaps["gap"].iloc[1:].dropna()
    if within.empty or np.isnan(gaps.loc["all", "gap"]):
        raise UsageError("no stratum holds both the group and others; take coarser strata.")
    weights = table.groupby("stratum")["population"].sum()[within.index]
    standardised = float(np.average(within, weights=weights))
    share, parts = weights / weights.sum(), gaps.loc[within.index]
    below = np.sqrt((share**2 * (parts["gap"] - parts["low"]) ** 2).sum())
    above = np.sqrt((share**2 * (parts["high"] - parts["gap"]) ** 2).sum())
    sign = np.sign(gaps["gap"].iloc[0])
    return SimpsonCheck(
        gaps=gaps,
        standardised=standardised,
        standardised_low=standardised - float(below),
        standardised_high=standardised + float(above),
        reversed=bool(sign * standardised < 0),
        everywhere=bool((sign * within < 0).all()),
    )


def _gap(sides: pd.DataFrame, confidence: float) -> list[float]:
    sides = sides.reindex([True, False], fill_value=0)
    (k1, n1), (k2, n2) = sides.to_numpy(dtype=int)
    if not (n1 and n2):
        return [k1 / n1 if n1 else np.nan, k2 / n2 if n2 else np.nan, np.nan, np.nan, np.nan]
    low, high = difference_interval(k1, n1, k2, n2, confidence=confidence)
    return [k1 / n1, k2 / n2, k1 / n1 - k2 / n2, low, high]


def invitations(
    participants: pd.Series,
    population: pd.Series,
    acceptance: pd.Series,
    *,
    tolerance: float = 0.1,
    assurance: float = 0.9,
) -> pd.DataFrame:
    """Find how many more of whom are needed, and how many invitations that takes.

    Parameters
    ----------
    participants, population : Series of int
        Persons by group, with the same index.
    acceptance : Series of float
        Share of invitations that each group accepts, in (0, 1].
    tolerance : float
        How far a share may stay below the population's, relative to it, in (0, 1).
    assurance : float
        Chance, for each group, that enough accept, in (0, 1).

    Returns
    -------
    DataFrame
        One row per group: ``more`` (further participants), ``expected`` (invitations that bring
        them on average) and ``invite`` (invitations that bring them with ``assurance``).

    Raises
    ------
    UsageError
        For differing groups, impossible counts or shares.

    Notes
    -----
    Nobody is sent away: the smallest additions are sought after which each group holds at least
    ``(1 - tolerance)`` times its population share. Acceptance is taken as known and independent
    between people, so ``invite`` is a lower bound where households answer together.
    """
    k, size = _both(participants, population)
    if not acceptance.index.equals(participants.index):
        raise UsageError("acceptance needs the same groups in the same order as participants.")
    rate = acceptance.to_numpy(dtype=float)
    if not ((rate > 0) & (rate <= 1)).all() or not (0 < tolerance < 1 and 0 < assurance < 1):
        raise UsageError("acceptance lies in (0, 1], tolerance and assurance in (0, 1).")
    floor = (1 - tolerance) * size / size.sum()
    more = np.zeros_like(k)
    while True:
        # From below, so that it stops at the least addition; floors sum to less than one.
        wanted = np.maximum(0, np.ceil(floor * (k + more).sum() - k - 1e-9))
        if (wanted == more).all():
            break
        more = wanted
    misses = stats.nbinom.ppf(assurance, np.maximum(more, 1), rate)
    return pd.DataFrame(
        {
            "more": more.astype(int),
            "expected": np.ceil(more / rate - 1e-9).astype(int),
            "invite": np.where(more > 0, more + misses, 0).astype(int),
        },
        index=participants.index,
    )
