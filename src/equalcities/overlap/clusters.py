"""Local clusters of high and low values, with the share of false ones held down."""

from __future__ import annotations

import warnings

import geopandas
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import DataError, UsageError
from equalcities.stats import adjust_pvalues, random_stream

with warnings.catch_warnings():
    # Both can show progress bars; in a notebook without widgets they warn that they can't.
    warnings.filterwarnings("ignore", message="IProgress not found")
    from esda.getisord import G_Local
    from esda.moran import Moran_Local
    from libpysal.graph import Graph

MEASURES = ("moran", "getis_ord")
QUADRANTS = {1: "high among high", 2: "low among high", 3: "low among low", 4: "high among low"}
NONE = "none"


def nearest_neighbours(units: pd.DataFrame, count: int) -> Graph:
    """Join each place to the places nearest to it.

    Parameters
    ----------
    units : DataFrame
        With ``x`` and ``y`` in a projection whose units are lengths, one row per place.
    count : int
        Neighbours of each place.

    Returns
    -------
    libpysal.graph.Graph
        With the index of the frame. To join places that touch, see ``Graph.build_contiguity``.

    Raises
    ------
    UsageError
        If there are no more places than neighbours asked for.
    DataError
        If an identifier repeats, or a position is missing or that of another place.
    """
    if not 1 <= count < len(units):
        raise UsageError(f"count={count} must be at least 1 and below the {len(units)} places.")
    points = units[["x", "y"]].astype(float)
    if units.index.has_duplicates:
        raise DataError("an identifier repeats", cure="Keep one row for each place")
    if points.isna().any().any() or points.duplicated().any():
        raise DataError(
            "a position is missing or two places share one", cure="Correct or drop the place"
        )
    shapes = geopandas.GeoSeries.from_xy(points["x"], points["y"], index=units.index)
    return Graph.build_knn(shapes, k=count)


def local_clusters(
    values: pd.Series,
    neighbours: Graph,
    *,
    rng: np.random.Generator | int,
    measure: str = "moran",
    false_discovery: float = 0.05,
    permutations: int = 9999,
) -> pd.DataFrame:
    """Find places whose surroundings are more alike, or more different, than chance makes them.

    Parameters
    ----------
    values : Series
        One value per place, such as a rate, by identifier.
    neighbours : libpysal.graph.Graph
        Who neighbours whom, with the same identifiers.
    rng : Generator or int
        Source of randomness, or a seed.
    measure : {"moran", "getis_ord"}
        Local Moran's I (each place's weights scaled to add up to 1), or the z-value of Getis-Ord
        Gi* (a place and its neighbours count equally, whatever their weights).
    false_discovery : float
        Largest expected share of false ones among the clusters found.
    permutations : int
        Random surroundings for each place; the smallest p-value is ``2 / (permutations + 1)``.

    Returns
    -------
    DataFrame
        Indexed as ``values``: ``value`` of the measure, two-sided ``p``, ``p_adjusted``
        (Benjamini-Hochberg over all places), ``quadrant`` (what the place and its surroundings
        are, whether or not they differ from chance) and ``cluster``: the quadrant where
        ``p_adjusted`` is at most ``false_discovery``, else ``none``. For Getis-Ord the quadrants
        are ``hot`` and ``cold``, and a place is in a cluster only if its neighbours, too, differ
        from chance on that side: its own high value among low ones makes no hot spot.

    Raises
    ------
    UsageError
        For an unknown measure or arguments that cannot be meant.
    DataError
        If a value is missing, all are alike, identifiers differ, or a place has no neighbour.

    Notes
    -----
    Conditional permutation: a place keeps its value while its neighbours are drawn from all
    other places. All places use the same draws of ranks, as in esda and GeoDa: each p-value is
    right, and p-values hang together. The smaller tail is doubled; esda's own ``p_sim`` is
    one-sided and passes as significant twice as often as it says.

    Permutation takes values as exchangeable. Rates of places with few people vary more, and so
    come out as extreme more often.

    References
    ----------
    Anselin, L. (1995). *Geographical Analysis* 27, 93-115.
    Ord, J. K. and Getis, A. (1995). *Geographical Analysis* 27, 286-306.
    Caldas de Castro, M. and Singer, B. H. (2006). *Geographical Analysis* 38, 180-208.
    """
    if measure not in MEASURES:
        raise UsageError(f"measure={measure!r} is unknown; use one of {MEASURES}.")
    if permutations < 1 or not 0 < false_discovery < 1:
        raise UsageError("give at least one permutation and a false_discovery in (0, 1).")
    known, graph = _checked(values, neighbours)
    if measure == "moran":
        local = Moran_Local(known, graph, permutations=0)
        observed, kinds = local.Is, np.array([QUADRANTS[q] for q in local.q])
        scores, weights = local.z, graph.transform("r").sparse.tocsr()
    else:
        # G divides by the total; its z-value depends on neither origin nor unit while that is
        # positive, so rates, scores and deviations are all moved to a positive range.
        positive = 1 + (known - known.min()) / np.ptp(known)
        starred = graph.transform("b").assign_self_weight(1)
        local = G_Local(positive, starred, transform="B", permutations=0, star=None)
        observed = local.Zs
        kinds = np.where(observed > 0, "hot", "cold")
        scores, weights = known, graph.transform("b").sparse.tocsr()
    # Given the place's own value, either measure is a rising or falling line in the weighted sum
    # of its neighbours' values: the sum decides the p-value.
    p, high = _permuted(scores, weights, random_stream(rng, "local clusters"), permutations)
    result = pd.DataFrame({"value": observed, "p": p}, index=values.index)
    result["p_adjusted"] = adjust_pvalues(result["p"], method="bh")
    result["quadrant"] = kinds
    agree = high == (kinds == "hot") if measure == "getis_ord" else True
    result["cluster"] = result["quadrant"].where(
        (result["p_adjusted"] <= false_discovery) & agree, NONE
    )
    return result


def _checked(values: pd.Series, neighbours: Graph) -> tuple[NDArray[np.float64], Graph]:
    if not isinstance(values, pd.Series) or not isinstance(neighbours, Graph):
        raise UsageError("values must be a Series and neighbours a libpysal Graph.")
    if values.index.has_duplicates or set(values.index) != set(neighbours.unique_ids):
        raise DataError(
            "values and neighbours don't have the same identifiers",
            cure="Build the neighbours from the places that have a value",
        )
    if len(values) < 4:
        raise DataError("there are fewer than four places", cure="Take a larger area")
    lost = values.isna() | ~np.isfinite(values.astype(float))
    if lost.any():
        raise DataError(
            f"'{values.index[lost][0]}' has no value",
            cure="Drop it and build the neighbours without it",
        )
    if len(neighbours.isolates):
        raise DataError(
            f"'{neighbours.isolates[0]}' has no neighbour",
            cure="Give it one or drop it: alone it has no surroundings to compare with",
        )
    known = values.to_numpy(float)
    if np.ptp(known) == 0:
        raise DataError("all values are alike", cure="There is nothing to cluster")
    own = neighbours.sparse.diagonal()
    graph = neighbours.assign_self_weight(0).eliminate_zeros() if own.any() else neighbours
    # The order of the matrix must be that of the values.
    if list(graph.unique_ids) != list(values.index):
        place = pd.Series(np.arange(len(values)), index=values.index)
        edges = graph.adjacency.reset_index()
        edges["position"] = edges["focal"].map(place)
        edges = edges.sort_values("position", kind="stable")
        graph = Graph.from_arrays(*(edges[c].to_numpy() for c in ("focal", "neighbor", "weight")))
    return known, graph


def _permuted(
    scores: NDArray[np.float64], weights, generator: np.random.Generator, permutations: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Two-sided p-value of each place's sum over its neighbours, and whether that is high."""
    n = len(scores)
    widest = int(np.diff(weights.indptr).max())
    ranks = np.argsort(generator.random((permutations, n - 1)), axis=1)[:, :widest]
    p, high = np.empty(n), np.empty(n, bool)
    for place in range(n):
        rows = slice(weights.indptr[place], weights.indptr[place + 1])
        weight, others = weights.data[rows], weights.indices[rows]
        picked = ranks[:, : len(weight)]
        drawn = scores[picked + (picked >= place)] @ weight
        observed = weight @ scores[others]
        # Sums in another order may differ in the last digit; that is no difference.
        slack = 1e-12 * (np.abs(weight) @ np.abs(scores[others]) + np.abs(scores).max())
        above, below = (drawn >= observed - slack).sum(), (drawn <= observed + slack).sum()
        p[place] = min(1.0, 2 * (min(above, below) + 1) / (permutations + 1))
        high[place] = above < below
    return p, high
