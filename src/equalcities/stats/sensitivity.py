"""Sobol indices: which input moves an output, alone and together with the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import qmc

from equalcities.errors import UsageError

Floats = NDArray[np.float64]


def sobol_indices(
    model: Callable[[Floats], Floats],
    inputs: Sequence[str],
    *,
    rng: np.random.Generator | int,
    n: int = 1024,
    n_resamples: int = 500,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """First-order and total Sobol indices with bootstrap intervals.

    Parameters
    ----------
    model : callable
        Takes points of the unit cube, shape (m, d); returns m numbers.
    inputs : sequence of str
        Names of the d inputs, in the order of the columns.
    rng : Generator or int
        Source of randomness, or a seed.
    n : int
        Base sample, a power of two; the model is run ``n * (d + 2)`` times.
    n_resamples : int
        Bootstrap resamples of the base sample.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per input and index (``"first"``, ``"total"``): ``value``, ``ci_low``,
        ``ci_high``.

    Raises
    ------
    UsageError
        If ``n`` is not a power of two or the output does not vary.

    Notes
    -----
    `scipy.stats.sobol_indices` estimates the indices; its own bootstrap can't be seeded, hence
    the resampling here.

    References
    ----------
    Saltelli, A. et al. (2010). *Computer Physics Communications* 181, 259-270.
    """
    if n < 2 or n & (n - 1):
        raise UsageError(f"n is {n}; use a power of two, such as 1024.")
    d, generator = len(inputs), np.random.default_rng(rng)
    points = qmc.Sobol(2 * d, rng=generator).random(n)
    a, b = points[:, :d], points[:, d:]
    mixed = np.repeat(a[None], d, axis=0)
    mixed[np.arange(d), :, np.arange(d)] = b.T
    runs = np.asarray(model(np.concatenate([a, b, *mixed])), dtype=float).reshape(d + 2, n)
    if np.ptp(runs[:2]) == 0:
        raise UsageError("the output does not vary, so nothing can be attributed; check the model.")

    def indices(rows: NDArray[np.intp]) -> Floats:
        result = stats.sobol_indices(
            func={"f_A": runs[:1, rows], "f_B": runs[1:2, rows], "f_AB": runs[2:, None, rows]},
            n=n,
        )
        return np.stack([result.first_order.ravel(), result.total_order.ravel()])

    value = indices(np.arange(n))
    resampled = [indices(generator.integers(n, size=n)) for _ in range(n_resamples)]
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail], axis=0)
    return pd.DataFrame(
        {
            "input": [*inputs, *inputs],
            "index": ["first"] * d + ["total"] * d,
            "value": value.ravel(),
            "ci_low": low.ravel(),
            "ci_high": high.ravel(),
        }
    )
