"""Travel costs between people and places, kept only for pairs within reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from equalcities.errors import DataError, UsageError

# Cells of the dense distances that one chunk of shortest paths may hold (64 MB).
CHUNK_CELLS = 2**23


@dataclass(frozen=True)
class Costs:
    """Travel costs of the pairs of people and places within reach of each other.

    Attributes
    ----------
    people, places : pandas.Index
        Identifiers of every row of people and every place, also of those in no pair.
    person, place : ndarray of int, shape (n_pairs,)
        Positions of each pair in `people` and `places`, sorted by person, then place.
    cost : ndarray, shape (n_pairs,)
        Travel cost of each pair, in the unit of the input.
    cutoff : float
        Largest cost that was looked for; whatever is not listed costs more.
    """

    people: pd.Index
    places: pd.Index
    person: NDArray[np.int32]
    place: NDArray[np.int32]
    cost: NDArray[np.float64]
    cutoff: float

    def __len__(self) -> int:
        return len(self.cost)

    def within(self, limit: float | None) -> Costs:
        """Return the pairs that cost at most ``limit``; all of them for None."""
        if limit is None:
            return self
        if not 0 <= limit <= self.cutoff:
            raise UsageError(
                f"within={limit} is not between 0 and the cutoff {self.cutoff} of the table of "
                "costs; pairs beyond it are unknown, so build the table with a larger cutoff."
            )
        keep = self.cost <= limit
        return Costs(
            self.people,
            self.places,
            self.person[keep],
            self.place[keep],
            self.cost[keep],
            float(limit),
        )


def straight_line(
    people: pd.DataFrame, places: pd.DataFrame, *, cutoff: float, detour: float = 1.0
) -> Costs:
    """Find costs along the straight line, lengthened by a detour factor.

    Parameters
    ----------
    people, places : DataFrame
        Columns ``id``, and ``x`` and ``y`` in one projected reference system (metres, not
        degrees).
    cutoff : float
        Largest cost of interest, in the unit of the coordinates and with the detour.
    detour : float
        Street distance divided by straight distance, at least 1.

    Returns
    -------
    Costs

    Raises
    ------
    UsageError
        If a column is absent or a number cannot be meant.
    DataError
        If an identifier is missing or repeated, or a coordinate is not a finite number.
    """
    _check_cutoff(cutoff)
    if not 1 <= detour < np.inf:
        raise UsageError(f"detour={detour} is not a factor of at least 1; streets don't shorten.")
    from_ids, to_ids = _ids(people, "people"), _ids(places, "places")
    trees = [KDTree(_coordinates(frame, name)) for frame, name in
             ((people, "people"), (places, "places"))]  # fmt: skip
    # A hair more than the cutoff, so that rounding in the division loses no pair on the border.
    radius = cutoff / detour * (1 + 1e-12)
    pairs = trees[0].sparse_distance_matrix(trees[1], radius, output_type="ndarray")
    return _sorted(from_ids, to_ids, pairs["i"], pairs["j"], pairs["v"] * detour, cutoff)


def snap(points: pd.DataFrame, nodes: pd.DataFrame, *, detour: float = 1.0) -> pd.DataFrame:
    """Join each point to its nearest node of a street network.

    Parameters
    ----------
    points : DataFrame
        Columns ``id``, ``x``, ``y``.
    nodes : DataFrame
        Columns ``id``, ``x``, ``y`` in the same reference system.
    detour : float
        Factor on the straight line to the node.

    Returns
    -------
    DataFrame
        The points with ``node`` and ``to_node``, the cost of getting there in the unit of the
        coordinates: convert it if the edges of the network are in minutes.
    """
    _ids(points, "points")
    node_ids = _ids(nodes, "nodes")
    distance, nearest = KDTree(_coordinates(nodes, "nodes")).query(_coordinates(points, "points"))
    return points.assign(node=node_ids.to_numpy()[nearest], to_node=distance * detour)


def street_network(
    edges: pd.DataFrame,
    people: pd.DataFrame,
    places: pd.DataFrame,
    *,
    cutoff: float,
    directed: bool = False,
) -> Costs:
    """Find costs along the shortest paths of a street network.

    Parameters
    ----------
    edges : DataFrame
        Columns ``from_node``, ``to_node`` and ``cost`` (zero or more). Of several edges between
        the same nodes the cheapest counts.
    people, places : DataFrame
        Columns ``id`` and ``node``; optionally ``to_node``, the cost between the point and its
        node (see `snap`).
    cutoff : float
        Largest cost of interest, in the unit of the edges.
    directed : bool
        Whether edges lead one way only; paths then go from people to places.

    Returns
    -------
    Costs

    Raises
    ------
    UsageError
        If a column is absent or the cutoff cannot be meant.
    DataError
        If an identifier is missing or repeated, a cost is negative or missing, or a point is at
        a node that no edge touches.

    Notes
    -----
    Dijkstra's algorithm with a limit (`scipy.sparse.csgraph.dijkstra`), from whichever side has
    fewer nodes and in chunks, so that memory follows nodes and pairs within reach.
    """
    _check_cutoff(cutoff)
    from_ids, to_ids = _ids(people, "people"), _ids(places, "places")
    graph, nodes = _graph(edges, directed)
    sides = [(_nodes(people, nodes, "people"), _to_node(people, "people")),
             (_nodes(places, nodes, "places"), _to_node(places, "places"))]  # fmt: skip
    backwards = len(np.unique(sides[1][0])) < len(np.unique(sides[0][0]))
    if backwards:
        graph, sides = csr_array(graph.T), sides[::-1]
    (start_node, start_cost), (end_node, end_cost) = sides
    sources, source_of = np.unique(start_node, return_inverse=True)
    by_source = np.argsort(source_of, kind="stable")
    bounds = np.searchsorted(source_of[by_source], np.arange(len(sources) + 1))
    step = max(1, CHUNK_CELLS // max(graph.shape[0], len(end_node)))
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for first in range(0, len(sources), step):
        last = min(first + step, len(sources))
        paths = dijkstra(graph, directed=True, indices=sources[first:last], limit=cutoff)
        paths = paths[:, end_node] + end_cost
        row, end = np.nonzero(paths <= cutoff)
        # Points that share a node share its paths.
        source = row + first
        repeats = bounds[source + 1] - bounds[source]
        offset = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        start = by_source[np.repeat(bounds[source], repeats) + offset]
        cost = np.repeat(paths[row, end], repeats) + start_cost[start]
        keep = cost <= cutoff
        found.append((start[keep], np.repeat(end, repeats)[keep], cost[keep]))
    start, end, cost = (np.concatenate(part) for part in zip(*found, strict=True))
    person, place = (end, start) if backwards else (start, end)
    return _sorted(from_ids, to_ids, person, place, cost, cutoff)


def travel_times(
    matrix: pd.DataFrame,
    *,
    people: Sequence | pd.Index | None = None,
    places: Sequence | pd.Index | None = None,
    cutoff: float | None = None,
) -> Costs:
    """Read a ready travel-time matrix in the layout of r5py.

    Parameters
    ----------
    matrix : DataFrame
        Columns ``from_id``, ``to_id``, ``travel_time``; a missing time means out of reach.
    people, places : sequence, optional
        All identifiers, so that those who reach nothing are kept even if the matrix leaves them
        out. Without them, those of the matrix.
    cutoff : float, optional
        The longest time the matrix was computed for (r5py's ``max_time``), in its unit. Longer
        times are dropped. Without it the matrix is taken as complete.

    Returns
    -------
    Costs

    Raises
    ------
    UsageError
        If a column is absent or the cutoff cannot be meant.
    DataError
        If a time is negative or infinite, a pair is repeated, or an identifier is unknown.
    """
    _columns(matrix, ("from_id", "to_id", "travel_time"), "matrix")
    if cutoff is not None:
        _check_cutoff(cutoff)
    limit = np.inf if cutoff is None else float(cutoff)
    from_ids = _known_ids(matrix["from_id"], people, "people")
    to_ids = _known_ids(matrix["to_id"], places, "places")
    person = _positions(matrix["from_id"], from_ids, "from_id", "people")
    place = _positions(matrix["to_id"], to_ids, "to_id", "places")
    repeated = pd.Series(person.astype(np.int64) * len(to_ids) + place).duplicated()
    if repeated.any():
        row = int(np.argmax(repeated))
        raise DataError(
            f"the pair '{matrix['from_id'].iloc[row]}', '{matrix['to_id'].iloc[row]}' occurs twice",
            cure="Keep one travel time per pair, such as the shortest",
            row=row + 1,
        )
    time = _numbers(matrix["travel_time"], "travel_time", missing=True)
    keep = time <= limit  # False where missing
    return _sorted(from_ids, to_ids, person[keep], place[keep], time[keep], limit)


def _sorted(people, places, person, place, cost, cutoff) -> Costs:
    order = np.lexsort((place, person))
    order = order[cost[order] <= cutoff]
    return Costs(
        people,
        places,
        np.asarray(person)[order].astype(np.int32),
        np.asarray(place)[order].astype(np.int32),
        np.asarray(cost, dtype=np.float64)[order],
        float(cutoff),
    )


def _check_cutoff(cutoff: float) -> None:
    if not 0 < cutoff < np.inf:
        raise UsageError(f"cutoff={cutoff} is not a positive, finite cost; say how far to look.")


def _columns(frame: pd.DataFrame, names: Sequence[str], what: str) -> None:
    for name in names:
        if list(frame.columns).count(name) != 1:
            raise UsageError(f"{what} needs exactly one column {name!r}; rename or add it.")
    if len(frame) == 0:
        raise DataError(f"{what} has no rows", cure="Give at least one row")


def _ids(frame: pd.DataFrame, what: str) -> pd.Index:
    _columns(frame, ("id",), what)
    return _unique(pd.Index(frame["id"]), what)


def _unique(ids: pd.Index, what: str) -> pd.Index:
    for bad, problem in ((ids.isna(), "is missing"), (ids.duplicated(), "is repeated")):
        if bad.any():
            row = int(np.argmax(bad))
            raise DataError(
                f"the identifier '{ids[row]}' of {what} {problem}",
                cure="Give each row an identifier of its own",
                row=row + 1,
                column="id",
            )
    return ids.rename("id")


def _known_ids(column: pd.Series, ids: Sequence | pd.Index | None, what: str) -> pd.Index:
    if ids is None:
        return pd.Index(column.dropna().unique(), name="id")
    return _unique(pd.Index(ids), what)


def _positions(column: pd.Series, ids: pd.Index, name: str, what: str) -> NDArray[np.intp]:
    found = ids.get_indexer(column)
    if (found < 0).any():
        row = int(np.argmax(found < 0))
        raise DataError(
            f"'{column.iloc[row]}' is not known ({what})",
            cure="Check that identifiers are spelled and typed alike in all tables",
            row=row + 1,
            column=name,
        )
    return found


def _numbers(column: pd.Series, name: str, *, missing: bool = False, negative: bool = False):
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
        raise DataError(
            f"values are {column.dtype}, not numbers", cure="Convert them to numbers", column=name
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    good = np.isfinite(values) & (negative | (values >= 0)) | (missing & np.isnan(values))
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(
            f"the value {values[row]} cannot be used",
            cure="It must be finite" + ("" if negative else " and zero or more"),
            row=row + 1,
            column=name,
        )
    return values


def _coordinates(frame: pd.DataFrame, what: str) -> NDArray[np.float64]:
    _columns(frame, ("x", "y"), what)
    return np.column_stack([_numbers(frame[axis], axis, negative=True) for axis in ("x", "y")])


def _graph(edges: pd.DataFrame, directed: bool) -> tuple[csr_array, pd.Index]:
    _columns(edges, ("from_node", "to_node", "cost"), "edges")
    cost = _numbers(edges["cost"], "cost")
    for name in ("from_node", "to_node"):
        if edges[name].isna().any():
            row = int(np.argmax(edges[name].isna())) + 1
            raise DataError(
                "the node is missing", cure="Name both ends of each edge", row=row, column=name
            )
    codes, nodes = pd.factorize(pd.concat([edges["from_node"], edges["to_node"]]))
    start, end = codes[: len(edges)], codes[len(edges) :]
    if not directed:
        start, end = np.concatenate([start, end]), np.concatenate([end, start])
        cost = np.concatenate([cost, cost])
    # Sparse matrices add up repeated cells; here the cheapest edge must win.
    order = np.lexsort((cost, end, start))
    start, end, cost = start[order], end[order], cost[order]
    first = np.ones(len(start), dtype=bool)
    first[1:] = (np.diff(start) != 0) | (np.diff(end) != 0)
    graph = csr_array((cost[first], (start[first], end[first])), shape=(len(nodes), len(nodes)))
    return graph, pd.Index(nodes)


def _nodes(frame: pd.DataFrame, nodes: pd.Index, what: str) -> NDArray[np.intp]:
    _columns(frame, ("node",), what)
    return _positions(frame["node"], nodes, "node", "nodes of the edges")


def _to_node(frame: pd.DataFrame, what: str) -> NDArray[np.float64]:
    if "to_node" not in frame.columns:
        return np.zeros(len(frame))
    return _numbers(frame["to_node"], "to_node")
