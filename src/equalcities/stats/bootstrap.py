"""Percentile bootstrap over units, within strata if there are any."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from equalcities.errors import UsageError
from equalcities.stats.randomness import random_stream


def bootstrap_percentile(
    data: ArrayLike | pd.DataFrame | pd.Series,
    statistic: Callable,
    *,
    rng: np.random.Generator | int,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    strata: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile bootstrap interval of any statistic of a table of units.

    Parameters
    ----------
    data : array_like, Series or DataFrame
        One unit per row; whole rows are drawn with replacement.
    statistic : callable
        Takes data of the same kind; returns a number or an array of fixed shape.
    rng : Generator or int
        Source of randomness, or a seed.
    n_resamples : int
        Number of resamples.
    confidence : float
        Coverage wanted.
    strata : array_like, optional
        One label per row; each stratum keeps its number of rows in every resample.

    Returns
    -------
    low, high : ndarray
        Of the shape of the statistic.

    Raises
    ------
    UsageError
        For no rows, fewer than 2 resamples, or strata of another length.

    Notes
    -----
    With fewer than some 15 units in a stratum the interval is too short: the plug-in variance
    carries a factor ``(n - 1) / n``. `scipy.stats.bootstrap` has BCa intervals for unstratified
    samples.

    References
    ----------
    Efron, B. and Tibshirani, R. J. (1993). *An Introduction to the Bootstrap*, ch. 13.
    """
    frame = data if isinstance(data, pd.DataFrame | pd.Series) else np.asarray(data)
    rows = len(frame)
    if rows == 0 or n_resamples < 2 or not 0 < confidence < 1:
        raise UsageError("give at least one row, two resamples and a confidence in (0, 1).")
    labels = np.zeros(rows, int) if strata is None else pd.factorize(np.asarray(strata))[0]
    if len(labels) != rows or (labels < 0).any():
        raise UsageError("strata needs one label per row of data and none missing.")
    generator = random_stream(rng, "bootstrap")
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    take = frame.iloc.__getitem__ if hasattr(frame, "iloc") else frame.__getitem__
    draws = np.asarray(
        [
            statistic(take(np.concatenate([generator.choice(m, len(m)) for m in members])))
            for _ in range(n_resamples)
        ],
        float,
    )
    tail = (1 - confidence) / 2
    return np.quantile(draws, tail, axis=0), np.quantile(draws, 1 - tail, axis=0)
