"""What single units add to segregation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from equalcities.segregation.indices import shares_of_units
from equalcities.segregation.tables import read_places


def local(units: pd.DataFrame, groups: Sequence[str], by: str | None = None) -> pd.DataFrame:
    """Compute indices of single units against their place.

    Parameters
    ----------
    units : pandas.DataFrame
        One row per unit, with counts of persons per group.
    groups : sequence of str
        Columns of the groups, at least two.
    by : str, optional
        Column that names the place of each unit.

    Returns
    -------
    pandas.DataFrame
        One row per unit, index and group, units sorted by place:

        - place; unit: the label of the row in `units`.
        - index: location_quotient (share of a group in the unit over its share in the place, for
          each group; missing for a group absent from the place), local_diversity (entropy of the
          unit, natural logarithm), local_divergence (relative entropy of the unit to the place).
        - group: the group, or "all".
        - value: missing for units without people.
        - population: persons in the unit.

    Raises
    ------
    UsageError, DataError
        As `equalcities.segregation.profile`.

    Notes
    -----
    The mean of local_divergence, weighted by population, is the divergence index of the place.

    References
    ----------
    .. [1] Isard, W. (1960). Methods of regional analysis. MIT Press. (Location quotient.)
    .. [2] Theil, H. (1972). Statistical decomposition analysis. North-Holland. (Entropy.)
    .. [3] Roberto, E. (2015). The divergence index. arXiv:1508.01167.
    """
    places = read_places(units, groups, by)
    persons, shares = shares_of_units(places.counts)
    populated = persons > 0
    sizes = np.diff(places.bounds)
    totals = np.add.reduceat(places.counts, places.bounds[:-1], axis=1)
    whole = np.repeat(totals / np.where(totals.sum(axis=0) > 0, totals.sum(axis=0), 1), sizes, 1)
    present = shares > 0
    logs = np.log(shares, out=np.zeros_like(shares), where=present)
    quotient = np.divide(
        shares, whole, out=np.full_like(shares, np.nan), where=populated & (whole > 0)
    )
    relative = np.log(quotient, out=np.zeros_like(shares), where=present)
    diversity = np.where(populated[0], 0 - (shares * logs).sum(axis=0), np.nan)
    divergence = np.where(populated[0], (shares * relative).sum(axis=0), np.nan)
    values = np.vstack([quotient, diversity, divergence])
    names = ["location_quotient"] * len(places.groups) + ["local_diversity", "local_divergence"]
    n_units, n_values = values.shape[1], len(values)
    unit = np.repeat(np.arange(n_units), n_values)
    value = np.tile(np.arange(n_values), n_units)
    return pd.DataFrame(
        {
            "place": places.keys.take(np.repeat(np.arange(len(places)), sizes)[unit]),
            "unit": units.index.take(places.rows[unit]),
            "index": pd.Index(names).take(value),
            "group": pd.Index([*places.groups, "all", "all"]).take(value),
            "value": values.T.ravel(),
            "population": persons[0][unit],
        }
    )
