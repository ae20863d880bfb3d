"""Agreement of two extractions: percent, Cohen's kappa, and a stricter reading."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import binomtest, norm
from statsmodels.stats.inter_rater import cohens_kappa

from equalcities.abi.inputs import check_level
from equalcities.errors import UsageError


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of two coders.

    Attributes
    ----------
    n, n_agree : int
        Items coded by both, and coded alike.
    share, share_low, share_high : float
        Share coded alike with its exact (Clopper-Pearson) interval.
    expected : float
        Share expected from the two coders' margins by chance.
    kappa, kappa_low, kappa_high : float
        Cohen's kappa and its interval; missing if both coders used one and the same class only,
        when chance explains everything.
    interval : str
        How the kappa interval was made: "asymptotic", or "exact share" where the asymptotic
        variance is zero (all items agree, or one coder used one class only) and of no use.
    table : DataFrame
        Cross-table, first coder in rows.
    """

    n: int
    n_agree: int
    share: float
    share_low: float
    share_high: float
    expected: float
    kappa: float
    kappa_low: float
    kappa_high: float
    interval: str
    table: pd.DataFrame


def agreement(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Agreement:
    """Compare two codings of the same items.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Classes as each coder gave them, same items in the same order. No missing values: leave
        out items that one coder did not code, and report how many.
    level : float

    Returns
    -------
    Agreement

    Raises
    ------
    UsageError
        Unequal lengths, no items, missing codes, or row labels that differ.

    Notes
    -----
    Kappa and its large-sample variance (Fleiss, Cohen and Everitt 1969) come from statsmodels.
    With perfect agreement that variance is zero, although 5 items out of 5 prove little: the
    interval is then that of the share, put through ``(share - expected) / (1 - expected)`` with the
    margins held fixed.
    """
    check_level(level)
    a, b = _paired(first, second)
    classes = sorted(set(a) | set(b), key=lambda label: (str(type(label)), label))
    table = pd.crosstab(
        pd.Categorical(a, categories=classes),
        pd.Categorical(b, categories=classes),
        dropna=False,
        rownames=["first"],
        colnames=["second"],
    )
    counts = table.to_numpy()
    n, n_agree = int(counts.sum()), int(np.trace(counts))
    share = binomtest(n_agree, n).proportion_ci(level, method="exact")
    expected = float(counts.sum(1) @ counts.sum(0)) / n**2
    kappa, low, high, interval = np.nan, np.nan, np.nan, "exact share"
    if expected < 1:
        kappa = (n_agree / n - expected) / (1 - expected)
        low = max(-1.0, (share.low - expected) / (1 - expected))
        high = (share.high - expected) / (1 - expected)
        with np.errstate(divide="ignore", invalid="ignore"):  # statsmodels divides by the error
            half = norm.ppf((1 + level) / 2) * cohens_kappa(counts).std_kappa
        if half > 0:
            low, high, interval = max(-1.0, kappa - half), min(1.0, kappa + half), "asymptotic"
    return Agreement(
        n=n,
        n_agree=n_agree,
        share=n_agree / n,
        share_low=float(share.low),
        share_high=float(share.high),
        expected=expected,
        kappa=float(kappa),
        kappa_low=float(low),
        kappa_high=float(high),
        interval=interval,
        table=table,
    )


def stricter_agreement(
    first: pd.Series,
    second: pd.Series,
    recode: Mapping[Hashable, Hashable],
    *,
    level: float = 0.95,
) -> Agreement:
    """Compare the first coding with a stricter reading of the second.

    Parameters
    ----------
    first, second : Series
        The two codings, with the same row labels.
    recode : mapping
        Row label to the class that a stricter reader would have given. A reading made after the
        coders saw each other's work is a sensitivity check, not an agreement figure: say so.
    level : float

    Returns
    -------
    Agreement

    Raises
    ------
    UsageError
        As `agreement`; also if ``recode`` names a row that is not there, or changes nothing.
    """
    for name, series in (("first", first), ("second", second)):
        if not isinstance(series, pd.Series) or not series.index.is_unique:
            raise UsageError(f"{name} must be a Series with unique labels: recode uses them.")
    absent = [label for label in recode if label not in second.index]
    if absent:
        raise UsageError(f"recode names row {absent[0]!r}, not in `second`: check the label.")
    strict = second.copy()
    for label, value in recode.items():
        strict.loc[label] = value
    if strict.equals(second):
        raise UsageError("recode changes nothing: give the rows that the reader codes otherwise.")
    return agreement(first, strict, level=level)


def _paired(first: ArrayLike, second: ArrayLike) -> tuple[list, list]:
    if isinstance(first, pd.Series) and isinstance(second, pd.Series):
        if not first.index.equals(second.index):
            raise UsageError("first and second have different row labels: join them by item first.")
    a, b = pd.Series(np.asarray(first).ravel()), pd.Series(np.asarray(second).ravel())
    if a.size != b.size or a.size == 0:
        raise UsageError(f"first has {a.size} and second {b.size} codes: give one pair per item.")
    for name, codes in (("first", a), ("second", b)):
        blank = np.flatnonzero(codes.isna())
        if blank.size:
            raise UsageError(f"{name}[{blank[0]}] is missing: leave out items not coded twice.")
    return a.tolist(), b.tolist()
