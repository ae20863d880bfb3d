"""How firmly ballots place the domains: other ballots, other groups, other weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from equalcities.errors import UsageError
from equalcities.priorities.ballots import Ballots
from equalcities.priorities.rules import RULES, batch_ranks, batch_scores, order
from equalcities.stats.randomness import random_stream

BATCH = 250
"""Samples at a time: keeps the tables of Kemeny's rule small."""


def rank_intervals(
    ballots: Ballots,
    *,
    rng: np.random.Generator | int,
    replicates: int = 1000,
    level: float = 0.95,
    weights: pd.Series | None = None,
) -> pd.DataFrame:
    """Draw ballots again from each group and see how the places move.

    Parameters
    ----------
    ballots : Ballots
        At least one.
    rng : Generator or int
        Source of the draws.
    replicates : int
        Samples.
    level : float
        Of the intervals.
    weights : Series, optional
        How much each ballot counts.

    Returns
    -------
    DataFrame
        One row per rule and domain: ``rule, domain, rank, ci_low, ci_high, first`` (share of
        samples that put the domain first; a shared first place is shared out) and ``top_three``
        (share of samples in which at most two domains are ahead).

    Notes
    -----
    Percentile bootstrap over ballots, within groups, so that each group keeps its size. It
    speaks of other people of the same groups, not of other groups, and says nothing on whether
    those who came stand for anyone. A group of one never changes.
    """
    if replicates < 1 or not 0 < level < 1:
        raise UsageError("replicates must be at least 1 and level between 0 and 1.")
    point = order(ballots, weights)
    base = np.ones(len(ballots.group)) if weights is None else weights.to_numpy(dtype=float)
    stream = random_stream(rng, "ballots drawn again")
    members = [np.flatnonzero(ballots.group == name) for name in ballots.groups]
    drawn: dict[str, list[np.ndarray]] = {rule: [] for rule in RULES}
    for start in range(0, replicates, BATCH):
        n = min(BATCH, replicates - start)
        times = np.zeros((n, len(base)))
        for own in members:
            times[:, own] = stream.multinomial(len(own), np.full(len(own), 1 / len(own)), size=n)
        # A sample may leave out all ballots that count, if weights switch others off.
        used = times * base
        used = used[used.sum(axis=1) > 0]
        scores = batch_scores(ballots, used)
        for rule in RULES:
            drawn[rule].append(batch_ranks(rule, scores[rule]))
    tail = 100 * (1 - level) / 2
    tables = []
    for rule in RULES:
        ranks = np.concatenate(drawn[rule])
        leads = ranks == 1
        low, high = np.percentile(ranks, [tail, 100 - tail], axis=0, method="nearest")
        tables.append(
            pd.DataFrame(
                {
                    "rule": rule,
                    "domain": ballots.domains,
                    "ci_low": low,
                    "ci_high": high,
                    "first": (leads / leads.sum(axis=1, keepdims=True)).mean(axis=0),
                    "top_three": (ranks <= 3).mean(axis=0),
                }
            )
        )
    joined = point.merge(pd.concat(tables), on=["rule", "domain"], validate="one_to_one")
    return joined[["rule", "domain", "rank", "ci_low", "ci_high", "first", "top_three"]]


def without_each_group(ballots: Ballots, *, equal: bool = False) -> pd.DataFrame:
    """Order the domains with one group left out at a time.

    Parameters
    ----------
    ballots : Ballots
        With at least two groups.
    equal : bool
        Let each group count the same.

    Returns
    -------
    DataFrame
        As of `order`, with ``left_out`` in front.
    """
    if len(ballots.groups) < 2:
        raise UsageError("leaving a group out needs at least two groups.")
    return pd.concat(
        [
            order(ballots, ballots.weights({name: 0.0}, equal)).assign(left_out=name)
            for name in ballots.groups
        ],
        ignore_index=True,
    )[["left_out", "rule", "domain", "score", "rank", "tied"]]


def weight_sweep(
    ballots: Ballots, factors: Sequence[float] | None = None, *, equal: bool = False
) -> pd.DataFrame:
    """Say who is first as the weight of one group goes from nothing to double.

    Parameters
    ----------
    ballots : Ballots
        With at least two groups.
    factors : sequence of float, optional
        Weights to try; by default from 0 to 2 in steps of 0.05.
    equal : bool
        Let each group count the same at weight 1.

    Returns
    -------
    DataFrame
        One row per rule, group and factor: ``rule, group, factor, first``. Domains that share
        the first place stand in the form's order, joined by " = ".
    """
    if len(ballots.groups) < 2:
        raise UsageError("changing one group's weight needs at least two groups.")
    tried = np.linspace(0, 2, 41) if factors is None else np.asarray(factors, dtype=float)
    names = np.array(ballots.domains, dtype=object)
    tables = []
    for group in ballots.groups:
        weights = np.array([ballots.weights({group: f}, equal).to_numpy() for f in tried])
        for rule, scores in batch_scores(ballots, weights).items():
            leads = batch_ranks(rule, scores) == 1
            first = [" = ".join(names[row]) for row in leads]
            tables.append(
                pd.DataFrame({"rule": rule, "group": group, "factor": tried, "first": first})
            )
    return pd.concat(tables, ignore_index=True)


def turning_points(sweep: pd.DataFrame) -> pd.DataFrame:
    """List where the first place changes hands as a group's weight grows.

    Parameters
    ----------
    sweep : DataFrame
        From `weight_sweep`.

    Returns
    -------
    DataFrame
        One row per change: ``rule, group, after, by`` (last weight with the old and first weight
        with the new first place), ``old, new``.
    """
    changes = []
    for (rule, group), part in sweep.groupby(["rule", "group"], sort=False):
        part = part.sort_values("factor")
        ahead = part.shift(-1)
        changed = (part["first"] != ahead["first"]) & ahead["first"].notna()
        changes.append(
            pd.DataFrame(
                {
                    "rule": rule,
                    "group": group,
                    "after": part["factor"][changed],
                    "by": ahead["factor"][changed],
                    "old": part["first"][changed],
                    "new": ahead["first"][changed],
                }
            )
        )
    return pd.concat(changes, ignore_index=True)
