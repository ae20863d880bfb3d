"""Made-up ballots of fictional groups, to show the method before a workshop has met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import UsageError
from equalcities.priorities.ballots import DOMAINS, Ballots
from equalcities.stats.randomness import random_stream

FICTIONAL_GROUPS = {"amber": 14, "birch": 12, "coral": 10, "dune": 8}
"""Names without meaning, and how many ballots each casts."""


def simulate_ballots(
    rng: np.random.Generator | int,
    groups: Mapping[str, int] = FICTIONAL_GROUPS,
    domains: Sequence[str] = DOMAINS,
    between: float = 0.75,
    spread: float = 0.7,
    least_ranked: int = 3,
) -> Ballots:
    """Make up ballots: groups stray from an order drawn by lot, and members from their group.

    Parameters
    ----------
    rng : Generator or int
        Source of the draws.
    groups : mapping of str to int
        Ballots by fictional group.
    domains : sequence of str
        What is ranked.
    between, spread : float
        Of Mallows' model, from 0 (all agree) to 1 (pure chance): groups around the order drawn by
        lot, and members around their group's.
    least_ranked : int
        A ballot ranks this many domains or more, up to all, each number equally likely.

    Returns
    -------
    Ballots

    Notes
    -----
    The order is a draw of lots, so that no opinion is put in anyone's mouth. Draws from Mallows'
    model are made by repeated insertion.

    References
    ----------
    Mallows, C. L. (1957). *Biometrika* 44, 114-130.
    Doignon, J.-P., Pekeč, A. and Regenwetter, M. (2004). *Psychometrika* 69, 33-54.
    """
    n_domains = len(domains)
    if not (0 <= spread <= 1 and 0 <= between <= 1 and 1 <= least_ranked <= n_domains):
        raise UsageError("spreads must be 0 to 1, least_ranked 1 to the number of domains.")
    stream = random_stream(rng, "made-up ballots")
    common = stream.permutation(n_domains)
    rows, labels = [], []
    for name, size in groups.items():
        centre = _mallows(common, between, stream)
        for _ in range(size):
            places = np.empty(n_domains)
            places[_mallows(centre, spread, stream)] = np.arange(1, n_domains + 1)
            places[places > stream.integers(least_ranked, n_domains, endpoint=True)] = np.nan
            rows.append(places)
            labels.append(name)
    index = pd.Index([f"b{number:03}" for number in range(1, len(rows) + 1)], name="ballot")
    ranks = pd.DataFrame(rows, index, list(domains))
    return Ballots(ranks, pd.Series(labels, index, name="group"))


def _mallows(
    centre: NDArray[np.int64], spread: float, stream: np.random.Generator
) -> NDArray[np.int64]:
    drawn: list[int] = []
    for placed, item in enumerate(centre):
        chances = spread ** np.arange(placed, -1.0, -1.0)
        drawn.insert(stream.choice(placed + 1, p=chances / chances.sum()), int(item))
    return np.array(drawn)
