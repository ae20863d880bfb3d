"""Multiple imputation of what respondents left unanswered."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import UsageError
from equalcities.stats import random_stream
from equalcities.survey.responses import Responses


def impute_categories(
    codes: NDArray[np.int64],
    cells: NDArray[np.int64],
    n_codes: int,
    *,
    m: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw ``m`` completed versions of a categorical item.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Answers as 0 to ``n_codes - 1``; -1 is missing.
    cells : ndarray of int, shape (n,)
        Cell of each unit; the missing are taken to be like the others of their cell.
    n_codes : int
        Number of categories.
    m : int
        Imputations.
    rng : Generator

    Returns
    -------
    ndarray of int, shape (m, n)

    Raises
    ------
    UsageError
        If nobody answered, or ``m`` is below 2.

    Notes
    -----
    Per cell the shares are drawn from their Dirichlet posterior, then the missing answers from
    these shares, so that the imputation is proper in Rubin's sense. The prior weighs as much as
    ``n_codes`` answers and is centred on the shares over all cells, so that small cells lean on the
    whole. Jeffreys' weight, half of that, left the intervals of `coverage_study` a little short.

    References
    ----------
    Rubin, D. B. (1987). *Multiple Imputation for Nonresponse in Surveys*, sections 4.2 and 5.4.
    """
    if m < 2:
        raise UsageError("give two imputations or more; 100 is enough for rare answers too.")
    missing = codes < 0
    if missing.all():
        raise UsageError("nobody answered this item, so there is nothing to impute from; drop it.")
    overall = np.bincount(codes[~missing], minlength=n_codes) + 0.5
    prior = n_codes * overall / overall.sum()
    completed = np.tile(codes, (m, 1))
    for cell in np.unique(cells[missing]):
        inside = cells == cell
        holes = np.flatnonzero(inside & missing)
        counts = np.bincount(codes[inside & ~missing], minlength=n_codes)
        shares = rng.dirichlet(counts + prior, size=m)
        draws = rng.random((m, len(holes), 1))
        drawn = (draws > np.cumsum(shares, axis=1)[:, None, :]).sum(axis=2)
        completed[:, holes] = np.minimum(drawn, n_codes - 1)
    return completed


def impute_indicators(
    responses: Responses,
    name: str,
    *,
    given: str = "q02_size",
    m: int = 100,
    rng: np.random.Generator | int,
) -> NDArray[np.float64]:
    """Impute a closed item of a survey.

    Parameters
    ----------
    responses : Responses
    name : str
        A single or multiple choice; the options of a multiple choice are imputed one by one.
    given : str
        A field that everybody answered and that explains who left the item blank.
    m : int
        Imputations.
    rng : Generator or int
        Source of randomness, or a seed.

    Returns
    -------
    ndarray of 0/1, shape (m, respondents in the base, codes)

    Raises
    ------
    UsageError
        If ``given`` has blanks, or nobody answered the item.
    """
    generator = random_stream(rng, "imputation")
    observed = responses.indicators(name)
    cells = responses.table.loc[observed.index, given]
    if cells.isna().any():
        raise UsageError(f"'{given}' is blank for some respondents; choose a required field.")
    cell_codes = pd.factorize(cells)[0]
    known = observed.notna().all(axis=1).to_numpy()
    values = observed.to_numpy()
    if responses.questionnaire.field(name).type == "select_one":
        codes = np.full(len(observed), -1)
        codes[known] = values[known].argmax(axis=1)
        drawn = impute_categories(codes, cell_codes, values.shape[1], m=m, rng=generator)
        return (drawn[:, :, None] == np.arange(values.shape[1])).astype(float)
    options = [
        impute_categories(
            np.where(known, values[:, k], -1).astype(int), cell_codes, 2, m=m, rng=generator
        )
        for k in range(values.shape[1])
    ]
    return np.stack(options, axis=2).astype(float)
