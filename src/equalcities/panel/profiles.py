"""One area against its peers: percentile ranks among areas of its country, its size, and all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from equalcities.panel.columns import require_columns

SIZE_LIMITS = (250_000, 1_500_000, 5_000_000)
"""Persons. The first two are the OECD's limits of metropolitan and large metropolitan areas."""

SIZE_NAMES = (
    "below 250,000 residents",
    "250,000 to 1.5 million residents",
    "1.5 to 5 million residents",
    "5 million residents or more",
)
FEWEST_PEERS = 5
"""Below so many areas with a value, a percentile would only restate who they are."""


def size_class(population: pd.Series) -> pd.Series:
    """Return each area's size class.

    Parameters
    ----------
    population : Series
        Persons.

    Returns
    -------
    Series of str
        One of `SIZE_NAMES`.
    """
    place = np.searchsorted(SIZE_LIMITS, population.to_numpy(dtype=float), side="right")
    return pd.Series([SIZE_NAMES[i] for i in place], index=population.index, name="size_class")


def peer_percentiles(
    areas: pd.DataFrame,
    reference: pd.DataFrame,
    columns: Sequence[str],
    *,
    code: str = "fua_code",
    country: str = "iso3",
    population: str = "population",
) -> pd.DataFrame:
    """Rank each area's values among the areas of its country, of its size class, and all.

    Parameters
    ----------
    areas : DataFrame
        The areas to describe, one row each.
    reference : DataFrame
        The areas to compare with, the described ones usually among them.
    columns : sequence of str
        Indicators.
    code, country, population : str
        Names of the columns with the code, the country and the residents (persons).

    Returns
    -------
    DataFrame
        One row per area, indicator and peer group (``country``, ``size``, ``all``):
        ``code, column, value, peers, n, percentile``. ``n`` counts the peers with a value, the
        area itself included. ``percentile`` (0 to 100) is the share of them with a lower value
        plus half of those with the same one, missing if the area has no value or ``n`` is below
        `FEWEST_PEERS`. High is not good, and low is not bad: that depends on the indicator.

    Raises
    ------
    UsageError
        If a column is missing.
    """
    needed = [code, country, population, *columns]
    require_columns(areas, needed)
    require_columns(reference, needed)
    values = reference[list(columns)].to_numpy(dtype=float)
    own = areas[list(columns)].to_numpy(dtype=float)
    sizes, own_sizes = size_class(reference[population]), size_class(areas[population])
    rows = []
    for place, area in enumerate(areas.to_dict("records")):
        groups = {
            "country": (reference[country] == area[country]).to_numpy(),
            "size": (sizes == own_sizes.iloc[place]).to_numpy(),
            "all": np.ones(len(reference), dtype=bool),
        }
        for peers, members in groups.items():
            n, percentile = _percentiles(own[place], values[members])
            rows += [
                {code: area[code], "column": column, "value": value, "peers": peers}
                | {"n": int(count), "percentile": rank}
                for column, value, count, rank in zip(
                    columns, own[place], n, percentile, strict=True
                )
            ]
    return pd.DataFrame(rows)


def _percentiles(own: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank one area's values, shape (columns,), among its peers', shape (peers, columns)."""
    n = np.count_nonzero(~np.isnan(values), axis=0)
    below = np.count_nonzero(values < own, axis=0)
    same = np.count_nonzero(values == own, axis=0)
    known = (n >= FEWEST_PEERS) & ~np.isnan(own)
    return n, np.where(known, 100 * (below + same / 2) / np.maximum(n, 1), np.nan)
