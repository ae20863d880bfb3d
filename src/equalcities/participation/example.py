"""An invented city in which who takes part is known, to show the tools on."""

from __future__ import annotations

import numpy as np
import pandas as pd

AGES = ("16 to 29", "30 to 49", "50 to 64", "65 and over")
POPULATION = {
    ("station quarter", "renters"): (6200, 7400, 2900, 1500),
    ("station quarter", "owners"): (500, 1400, 1100, 1000),
    ("middle ring", "renters"): (2600, 3900, 2100, 1400),
    ("middle ring", "owners"): (900, 3200, 2600, 2300),
    ("garden suburb", "renters"): (300, 500, 300, 200),
    ("garden suburb", "owners"): (1900, 5700, 5100, 5000),
}
QUARTER_RATE = {"station quarter": 0.16, "middle ring": 0.08, "garden suburb": 0.04}
TENURE_FACTOR = {"renters": 0.75, "owners": 1.0}
AGE_FACTOR = dict(zip(AGES, (0.5, 0.9, 1.3, 1.3), strict=True))


def invented_city(rng: np.random.Generator | int) -> pd.DataFrame:
    """Draw who takes part in a vote, in an invented city of three quarters.

    Parameters
    ----------
    rng : Generator or int
        Source of randomness, or a seed.

    Returns
    -------
    DataFrame
        One row per ``stratum`` (quarter), ``group`` (tenure) and ``age``: ``population``, the
        true ``rate`` of taking part, and ``participants``, drawn from it.

    Notes
    -----
    In every quarter and age, renters take part less often than owners (`TENURE_FACTOR`). Most
    renters live where the vote was well announced, so that over the whole city the order turns.
    """
    rng = np.random.default_rng(rng)
    table = pd.DataFrame(
        [
            (quarter, tenure, age, size, QUARTER_RATE[quarter] * TENURE_FACTOR[tenure] * factor)
            for (quarter, tenure), sizes in POPULATION.items()
            for (age, factor), size in zip(AGE_FACTOR.items(), sizes, strict=True)
        ],
        columns=["stratum", "group", "age", "population", "rate"],
    )
    return table.assign(participants=rng.binomial(table["population"], table["rate"]))


def drawn_panel(table: pd.DataFrame, members: int, rng: np.random.Generator | int) -> pd.DataFrame:
    """Draw a panel from those who took part, each with the same chance.

    Parameters
    ----------
    table : DataFrame
        As `invented_city` returns it.
    members : int
        Size of the panel.
    rng : Generator or int
        Source of randomness, or a seed.

    Returns
    -------
    DataFrame
        The table with the panel's members as ``participants``.
    """
    rng = np.random.default_rng(rng)
    drawn = rng.multivariate_hypergeometric(table["participants"].to_numpy(), members)
    return table.assign(participants=drawn)
