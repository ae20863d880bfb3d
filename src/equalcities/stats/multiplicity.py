"""Many tests at once: adjusted p-values."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.multitest import multipletests

from equalcities.errors import UsageError

_STATSMODELS_NAME = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by", "bonferroni": "bonferroni"}


def adjust_pvalues(pvalues: ArrayLike | pd.Series, *, method: str = "holm") -> pd.Series:
    """Adjust p-values for the number of tests.

    Parameters
    ----------
    pvalues : array_like or Series
        p-values in [0, 1]. A missing one stays missing and is not counted as a test.
    method : {"holm", "bh", "by", "bonferroni"}
        Holm and Bonferroni hold the chance of any false finding; Benjamini-Hochberg (``"bh"``)
        and Benjamini-Yekutieli (``"by"``) the expected share of false ones.

    Returns
    -------
    Series
        Adjusted p-values, indexed as given.

    Raises
    ------
    UsageError
        For an unknown method or a p-value outside [0, 1].

    References
    ----------
    Holm, S. (1979). *Scandinavian Journal of Statistics* 6, 65-70.
    Benjamini, Y. and Hochberg, Y. (1995). *JRSS B* 57, 289-300.
    """
    if method not in _STATSMODELS_NAME:
        raise UsageError(f"method '{method}' is unknown; use one of {sorted(_STATSMODELS_NAME)}.")
    given = pd.Series(pvalues, dtype="float64")
    known = given.notna()
    if not given[known].between(0, 1).all():
        raise UsageError("a p-value lies outside [0, 1]; check the tests.")
    adjusted = pd.Series(np.nan, index=given.index, name=given.name)
    if known.any():
        adjusted[known] = multipletests(given[known].to_numpy(), method=_STATSMODELS_NAME[method])[
            1
        ]
    return adjusted
