"""Rules that turn ranked ballots into one order, for one set of weights or thousands at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from equalcities.errors import UsageError
from equalcities.priorities.ballots import Ballots, rank_array

RULES = (
    "first places",
    "top three",
    "points for top three",
    "Borda",
    "mean rank",
    "Copeland",
    "Kemeny",
)
"""The rules, in the order of results."""
LOW_IS_BETTER = ("mean rank", "Kemeny")
SAME = 1e-9
"""Relative difference below which two scores are a tie: sums of weights aren't exact."""


@dataclass(frozen=True)
class Majority:
    """What majorities say, pair by pair.

    Attributes
    ----------
    winner : str or None
        The domain that beats each other one (Condorcet winner), if there is one.
    cycles : tuple of tuple of str
        Sets of domains within which majorities run in a circle.
    """

    winner: str | None
    cycles: tuple[tuple[str, ...], ...]


def order(ballots: Ballots, weights: pd.Series | None = None) -> pd.DataFrame:
    """Order the domains by each rule.

    Parameters
    ----------
    ballots : Ballots
        At least one.
    weights : Series, optional
        How much each ballot counts, as from `Ballots.weights`.

    Returns
    -------
    DataFrame
        One row per rule and domain: ``rule, domain, score, rank, tied``. Tied domains have the
        same, best rank. Rows are sorted by rank within a rule.

    Notes
    -----
    A ballot that ranks only some domains places the others after them, tied. Ties share the mean
    of what their places would get.

    - *first places*: share of ballots that put the domain first.
    - *top three*: share of ballots that have it among their first three (approval).
    - *points for top three*: 3, 2 and 1 points, mean per ballot.
    - *Borda*: number of domains placed below, mean per ballot.
    - *mean rank*: over ballots that rank the domain. With full ballots the order is Borda's.
    - *Copeland*: pairs won less pairs lost, by weighted majority.
    - *Kemeny*: place in the order with the least disagreement over pairs; the mean place if
      several orders are equally good, so that no name decides.

    References
    ----------
    Brandt, F. et al., eds. (2016). *Handbook of Computational Social Choice*. Cambridge
    University Press.
    """
    scores = batch_scores(ballots, _one(ballots, weights))
    tables = []
    for rule in RULES:
        places = batch_ranks(rule, scores[rule])[0]
        tables.append(
            pd.DataFrame(
                {
                    "rule": rule,
                    "domain": ballots.domains,
                    "score": scores[rule][0],
                    "rank": places,
                    "tied": [int((places == place).sum()) > 1 for place in places],
                }
            ).sort_values(["rank", "domain"], kind="stable")
        )
    return pd.concat(tables, ignore_index=True)


def pairwise(ballots: Ballots, weights: pd.Series | None = None) -> pd.DataFrame:
    """Count who is placed above whom.

    Parameters
    ----------
    ballots, weights
        As for `order`.

    Returns
    -------
    DataFrame
        Sum of weights of the ballots that place the row's domain above the column's.
    """
    wins = _wins(ballots, _one(ballots, weights))[0]
    return pd.DataFrame(wins, ballots.domains, ballots.domains)


def majority(ballots: Ballots, weights: pd.Series | None = None) -> Majority:
    """Find the Condorcet winner and the circles of majorities.

    Parameters
    ----------
    ballots, weights
        As for `order`.

    Returns
    -------
    Majority

    Notes
    -----
    Circles are strongly connected sets of the graph of strict majorities.
    """
    names = np.array(ballots.domains, dtype=object)
    beats = _signs(_wins(ballots, _one(ballots, weights)))[0] > 0
    won = beats.sum(axis=1) == len(names) - 1
    _, part = connected_components(csr_array(beats), directed=True, connection="strong")
    cycles = [tuple(sorted(names[part == label])) for label in np.unique(part)]
    return Majority(
        winner=str(names[won][0]) if won.any() else None,
        cycles=tuple(sorted(cycle for cycle in cycles if len(cycle) > 1)),
    )


def batch_scores(ballots: Ballots, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Score the domains by each rule for many sets of weights.

    Parameters
    ----------
    ballots : Ballots
        At least one.
    weights : array of float, shape (sets, ballots)
        Each row with something above zero.

    Returns
    -------
    dict of str to array of float, shape (sets, domains)
        High is good, but for the rules in ``LOW_IS_BETTER``. Missing where no ballot that counts
        ranks the domain ("mean rank").
    """
    ranks = rank_array(ballots)
    n_domains = ranks.shape[1]
    above = (ranks[:, None, :] < ranks[:, :, None]).sum(axis=2)
    level = (ranks[:, None, :] == ranks[:, :, None]).sum(axis=2)
    ranked = np.isfinite(ranks)
    total = weights.sum(axis=1, keepdims=True)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return weights @ values / total

    def shared(points: list[float]) -> NDArray[np.float64]:
        # Domains level with one another share the points of the places they take up.
        ladder = np.zeros(n_domains + 1)
        steps = np.cumsum(points[:n_domains])
        ladder[1 : len(steps) + 1], ladder[len(steps) + 1 :] = steps, steps[-1]
        return np.where(ranked, (ladder[above + level] - ladder[above]) / level, 0.0)

    places = above + (level + 1) / 2
    counted = weights @ ranked
    mean_rank = np.full(counted.shape, np.nan)
    np.divide(weights @ np.where(ranked, places, 0.0), counted, out=mean_rank, where=counted > 0)
    wins = _wins(ballots, weights)
    return {
        "first places": mean(shared([1])),
        "top three": mean(shared([1, 1, 1])),
        "points for top three": mean(shared([3, 2, 1])),
        "Borda": mean(n_domains - places),
        "mean rank": mean_rank,
        "Copeland": _signs(wins).sum(axis=2).astype(float),
        "Kemeny": _kemeny_places(wins),
    }


def batch_ranks(rule: str, scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn scores into ranks, ties sharing the best one.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    scores : array of float, shape (sets, domains)
        From `batch_scores`.

    Returns
    -------
    array of int, shape (sets, domains)
        1 is first. What has no score comes last.
    """
    cost = scores if rule in LOW_IS_BETTER else -scores
    cost = np.where(np.isnan(cost), np.inf, cost)
    room = SAME * scores.shape[1]
    return 1 + (cost[:, None, :] < cost[:, :, None] - room).sum(axis=2)


def _one(ballots: Ballots, weights: pd.Series | None) -> NDArray[np.float64]:
    if weights is None:
        return np.ones((1, len(ballots.ranks)))
    if not weights.index.equals(ballots.ranks.index):
        raise UsageError("weights needs one value for each ballot, on the index of the ballots.")
    values = weights.to_numpy(dtype=float)
    if not (np.isfinite(values) & (values >= 0)).all() or not values.any():
        raise UsageError("weights must be finite, zero or more, and not all zero.")
    return values[None, :]


def _wins(ballots: Ballots, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    ranks = rank_array(ballots)
    n_ballots, n_domains = ranks.shape
    over = ranks[:, :, None] < ranks[:, None, :]
    return (weights @ over.reshape(n_ballots, -1)).reshape(-1, n_domains, n_domains)


def _signs(wins: NDArray[np.float64]) -> NDArray[np.int64]:
    margin = wins - wins.transpose(0, 2, 1)
    room = SAME * wins.max(axis=(1, 2), keepdims=True)
    return np.sign(np.where(np.abs(margin) <= room, 0.0, margin)).astype(int)


def _kemeny_places(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean place of each domain over all orders with the least disagreement.

    Goes through sets of domains, not orders: the best way to fill the first places with a set
    does not depend on what follows (Held and Karp's dynamic programme).
    """
    n_sets, n_domains, _ = wins.shape
    full = (1 << n_domains) - 1
    room = SAME * n_domains * wins.max(axis=(1, 2))

    def price(domain: int, before: int) -> NDArray[np.float64]:
        """Disagreement from placing a domain straight after the set ``before``."""
        later = [j for j in range(n_domains) if j != domain and not before >> j & 1]
        return wins[:, later, domain].sum(axis=1)

    ahead = np.zeros((full + 1, n_sets))  # least cost of filling the first places with a set
    ways = np.zeros((full + 1, n_sets))  # number of orders that attain it
    ways[0] = 1
    for filled in range(1, full + 1):
        options = [(i, filled ^ 1 << i) for i in _members(filled)]
        costs = np.array([ahead[rest] + price(i, rest) for i, rest in options])
        ahead[filled] = costs.min(axis=0)
        best = costs <= ahead[filled] + room
        ways[filled] = sum(best[k] * ways[rest] for k, (_, rest) in enumerate(options))
    onward = np.zeros((full + 1, n_sets))  # ways on from a set that stay on a best order
    onward[full] = 1
    places = np.zeros((n_sets, n_domains))
    for filled in range(full, 0, -1):
        for i in _members(filled):
            rest = filled ^ 1 << i
            on_best = ahead[rest] + price(i, rest) <= ahead[filled] + room
            through = on_best * onward[filled]
            onward[rest] += through
            places[:, i] += through * ways[rest] * filled.bit_count()
    return places / ways[full][:, None]


def _members(filled: int) -> Iterator[int]:
    return (i for i in range(filled.bit_length()) if filled >> i & 1)
