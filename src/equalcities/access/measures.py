"""Measures of access per row of people, from a table of travel costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.access.costs import Costs
from equalcities.errors import DataError, UsageError

Decay = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def exponential(rate: float) -> Decay:
    """Return the decay ``exp(-rate * cost)``."""
    _positive(rate=rate)
    return lambda cost: np.exp(-rate * cost)


def power(exponent: float, *, minimum: float) -> Decay:
    """Return the decay ``max(cost, minimum) ** -exponent``, with a minimum so that it ends."""
    _positive(exponent=exponent, minimum=minimum)
    return lambda cost: np.maximum(cost, minimum) ** -exponent


def gaussian(bandwidth: float) -> Decay:
    """Return the decay ``exp(-cost**2 / (2 * bandwidth**2))``."""
    _positive(bandwidth=bandwidth)
    return lambda cost: np.exp(-0.5 * (cost / bandwidth) ** 2)


def steps(weights: Mapping[float, float]) -> Decay:
    """Return the decay of zones: ``{10: 1, 20: 0.68}`` is 1 up to 10, 0.68 up to 20, then 0."""
    ends = np.array(sorted(weights), dtype=float)
    levels = np.array([*(weights[end] for end in sorted(weights)), 0.0], dtype=float)
    if len(ends) == 0 or not (ends > 0).all():
        raise UsageError("weights needs at least one zone with an end above zero.")
    return lambda cost: levels[np.searchsorted(ends, cost, side="left")]


def nearest_cost(costs: Costs, *, beyond: float = np.nan) -> pd.Series:
    """Cost of the nearest place.

    Parameters
    ----------
    costs : Costs
        Pairs within reach.
    beyond : float
        Value for people with no place within the cutoff. They are missing unless you say what
        they count as; ``numpy.inf`` keeps comparisons with a threshold right.

    Returns
    -------
    Series
        By identifier of people, in the unit of the costs.
    """
    nearest = np.full(len(costs.people), beyond, dtype=float)
    if len(costs):
        starts = np.flatnonzero(np.diff(costs.person, prepend=-1))
        nearest[costs.person[starts]] = np.minimum.reduceat(costs.cost, starts)
    return pd.Series(nearest, costs.people, name="nearest_cost")


def cumulative_opportunities(
    costs: Costs, within: float, supply: pd.Series | None = None
) -> pd.Series:
    """Add up the opportunities that cost at most ``within``.

    Parameters
    ----------
    costs : Costs
        Pairs within reach.
    within : float
        The threshold, included; at most the cutoff of the costs.
    supply : Series, optional
        Size of each place by its identifier; each counts as 1 if absent.

    Returns
    -------
    Series
        By identifier of people; zero for those who reach nothing.
    """
    pairs = costs.within(within)
    amounts = _supply(pairs, supply)
    return _per_person(pairs, amounts[pairs.place], "cumulative_opportunities")


def gravity(
    costs: Costs, decay: Decay, supply: pd.Series | None = None, *, within: float | None = None
) -> pd.Series:
    """Add up opportunities, each weighted by a decay with its cost.

    Parameters
    ----------
    costs, supply
        As for `cumulative_opportunities`.
    decay : callable
        Weight of a pair from its cost: `exponential`, `power`, `gaussian`, `steps` or your own.
    within : float, optional
        Leave out pairs that cost more.

    Returns
    -------
    Series
        By identifier of people.

    References
    ----------
    Hansen, W. G. (1959). *Journal of the American Institute of Planners* 25, 73-76.
    """
    pairs = costs.within(within)
    amounts = _supply(pairs, supply)
    return _per_person(pairs, amounts[pairs.place] * _weights(pairs, decay), "gravity")


def two_step(costs: Costs, demand: pd.Series, supply: pd.Series, within: float) -> pd.Series:
    """Measure supply per head by the two-step floating catchment (2SFCA).

    Parameters
    ----------
    costs : Costs
        Pairs within reach.
    demand : Series
        Persons by identifier of people.
    supply : Series
        Supply by identifier of places, such as doctors or beds.
    within : float
        Size of the catchment, included.

    Returns
    -------
    Series
        Supply per person, by identifier of people; zero for those who reach nothing, missing
        where the only claim on a place in reach is by rows without demand.

    Notes
    -----
    Summed over people with their demand as weights, the result is the supply of all places that
    someone reaches. The same holds for `enhanced_two_step` and `three_step`.

    References
    ----------
    Luo, W. and Wang, F. (2003). *Environment and Planning B* 30, 865-884.
    """
    pairs = costs.within(within)
    return _floating(pairs, demand, supply, np.ones(len(pairs)), "two_step")


def enhanced_two_step(
    costs: Costs, demand: pd.Series, supply: pd.Series, within: float, decay: Decay
) -> pd.Series:
    """Measure supply per head with decay inside the catchment (E2SFCA).

    Parameters
    ----------
    costs, demand, supply, within
        As for `two_step`.
    decay : callable
        As for `gravity`; Luo and Qi use `steps` of three zones.

    Returns
    -------
    Series
        As of `two_step`.

    References
    ----------
    Luo, W. and Qi, Y. (2009). *Health & Place* 15, 1100-1107.
    """
    pairs = costs.within(within)
    return _floating(pairs, demand, supply, _weights(pairs, decay), "enhanced_two_step")


def three_step(
    costs: Costs, demand: pd.Series, supply: pd.Series, within: float, decay: Decay
) -> pd.Series:
    """Measure supply per head with people choosing between places (3SFCA).

    Parameters
    ----------
    costs, demand, supply, within, decay
        As for `enhanced_two_step`.

    Returns
    -------
    Series
        As of `two_step`.

    Notes
    -----
    Each person's weights are multiplied by their share of that person's total, so that a place
    with many rivals nearby isn't counted as if everyone came.

    References
    ----------
    Wan, N., Zou, B. and Sternberg, T. (2012). *International Journal of Geographical Information
    Science* 26, 1073-1089.
    """
    pairs = costs.within(within)
    weights = _weights(pairs, decay)
    total = np.bincount(pairs.person, weights, len(pairs.people))[pairs.person]
    choice = np.divide(weights, total, out=np.zeros(len(pairs)), where=total > 0)
    return _floating(pairs, demand, supply, weights * choice, "three_step")


def sufficiency(
    values: pd.DataFrame,
    *,
    at_least: Mapping[str, float] | None = None,
    at_most: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Tell who has enough, by stated thresholds.

    Parameters
    ----------
    values : DataFrame
        One row per identifier of people, one column per measure.
    at_least, at_most : mapping, optional
        Threshold per column, included: amounts must reach ``at_least``, costs must not exceed
        ``at_most``.

    Returns
    -------
    DataFrame
        Per threshold whether it is met (nullable booleans), and ``all``. What is unknown stays
        missing; ``all`` is still False if any known threshold isn't met.

    References
    ----------
    Martens, K. (2017). *Transport Justice*. Routledge.
    """
    criteria = [(name, limit, False) for name, limit in (at_least or {}).items()]
    criteria += [(name, limit, True) for name, limit in (at_most or {}).items()]
    names = [name for name, *_ in criteria]
    if not criteria or len(set(names)) < len(names) or "all" in names:
        raise UsageError("give one threshold per column, at least one, and none called 'all'.")
    met = {}
    for name, limit, upper in criteria:
        if name not in values.columns or np.isnan(limit):
            raise UsageError(f"threshold {limit} for {name!r} needs a number and a column.")
        column = values[name].astype(float)
        meets = column <= limit if upper else column >= limit
        met[name] = meets.astype("boolean").mask(column.isna())
    met["all"] = reduce(and_, met.values())
    return pd.DataFrame(met)


def _positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 < number < np.inf:
            raise UsageError(f"{name}={number} is not positive and finite; a decay needs that.")


def _weights(pairs: Costs, decay: Decay) -> NDArray[np.float64]:
    weights = np.asarray(decay(pairs.cost), dtype=float)
    if weights.shape != pairs.cost.shape or not (np.isfinite(weights) & (weights >= 0)).all():
        raise UsageError(
            "decay must give one finite weight of zero or more per cost; "
            "bound it for costs near zero."
        )
    return weights


def _amounts(values: pd.Series, ids: pd.Index, what: str) -> NDArray[np.float64]:
    if not isinstance(values, pd.Series) or not pd.api.types.is_numeric_dtype(values):
        raise UsageError(f"{what} must be a numeric Series whose index holds the identifiers.")
    if values.index.has_duplicates:
        twice = values.index[values.index.duplicated()][0]
        raise DataError(f"{what} has two values for '{twice}'", cure="Keep one value each")
    unknown = values.index.difference(ids, sort=False)
    if len(unknown):
        raise DataError(
            f"{what} names '{unknown[0]}', which the costs don't know ({len(unknown)} such)",
            cure="Check identifiers, or drop those rows from it",
        )
    amounts = values.reindex(ids).to_numpy(dtype=float, na_value=np.nan)
    good = np.isfinite(amounts) & (amounts >= 0)
    if not good.all():
        position = int(np.argmin(good))
        raise DataError(
            f"{what} of '{ids[position]}' is {amounts[position]} ({(~good).sum()} such)",
            cure="Give every identifier a finite amount of zero or more",
        )
    return amounts


def _supply(pairs: Costs, supply: pd.Series | None) -> NDArray[np.float64]:
    if supply is None:
        return np.ones(len(pairs.places))
    return _amounts(supply, pairs.places, "supply")


def _per_person(pairs: Costs, values: NDArray[np.float64], name: str) -> pd.Series:
    # bincount of nothing gives integers.
    sums = np.bincount(pairs.person, values, len(pairs.people)).astype(float)
    return pd.Series(sums, pairs.people, name=name)


def _floating(
    pairs: Costs, demand: pd.Series, supply: pd.Series, weights: NDArray[np.float64], name: str
) -> pd.Series:
    persons = _amounts(demand, pairs.people, "demand")
    amounts = _amounts(supply, pairs.places, "supply")
    claims = np.bincount(pairs.place, weights * persons[pairs.person], len(amounts))
    per_head = np.full(len(amounts), np.nan)
    np.divide(amounts, claims, out=per_head, where=claims > 0)
    per_head[amounts == 0] = 0.0
    # A weight of zero is no reach, whatever the ratio at the other end.
    parts = np.where(weights > 0, weights * per_head[pairs.place], 0.0)
    return _per_person(pairs, parts, name)
