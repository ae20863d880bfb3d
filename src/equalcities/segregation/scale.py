"""Local environments: each unit together with its surroundings, at one or more scales."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.spatial import KDTree

from equalcities.errors import DataError, UsageError
from equalcities.segregation.tables import Places

# Shapely's number for the type.
POINT = 0

# Pairs of units held at once, so that memory does not grow with the square of the units.
PAIRS_AT_ONCE = 2**23

# From tables (..., K, n) to the tables of surroundings, one for each scale.
Surroundings = Callable[[np.ndarray], Iterable[np.ndarray]]


def itself(tables: np.ndarray) -> list[np.ndarray]:
    """Return units as they are, as a single scale."""
    return [tables]


def read_scales(scales: Mapping[str, Sequence[float]] | Sequence[float]) -> tuple[str, np.ndarray]:
    """Return the kind of scale and its values in increasing order.

    Parameters
    ----------
    scales : sequence of float or dict
        Distances, or ``{"distance": [...]}``, or ``{"neighbours": [...]}``.
    """
    if not isinstance(scales, Mapping):
        scales = {"distance": scales}
    if len(scales) != 1 or not set(scales) <= {"distance", "neighbours"}:
        raise UsageError(
            f"scales={scales!r} must be distances, or a dict with the single key 'distance' or "
            "'neighbours'."
        )
    [(kind, values)] = scales.items()
    sizes = np.unique(np.atleast_1d(np.asarray(values, dtype=np.float64)))
    whole = kind == "distance" or bool((sizes == np.floor(sizes)).all())
    if sizes.size == 0 or not (np.isfinite(sizes) & (sizes > 0)).all() or not whole:
        raise UsageError(
            f"scales={scales!r} must be positive; numbers of neighbours must also be whole."
        )
    return kind, sizes


def coordinates(units: pd.DataFrame) -> np.ndarray:
    """Return the centroids of units, shape (n_units, 2), in the units of their map projection.

    A GeoDataFrame gives the centroids of its geometries, another frame its columns x and y.
    """
    geometry = getattr(units, "geometry", None)
    if geometry is None:
        if not {"x", "y"} <= set(units.columns):
            raise UsageError("scales need a GeoDataFrame, or columns x and y, to know distances.")
        points = units[["x", "y"]].to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        if geometry.crs is not None and geometry.crs.is_geographic:
            raise UsageError(
                "the geometry is in degrees, which are not distances; "
                "project it first with units.to_crs(...), to UTM for example."
            )
        shapes = geometry.to_numpy()
        if not (shapely.get_type_id(shapes) == POINT).all():
            shapes = shapely.centroid(shapes)
        points = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])
    lost = ~np.isfinite(points).all(axis=1)
    if lost.any():
        raise DataError(
            "the unit has no position",
            cure="Supply its geometry or coordinates, or drop the unit",
            row=int(np.argmax(lost)) + 1,
        )
    return points


class Egohoods:
    """Sums of counts over the surroundings of each unit, at increasing scales.

    Parameters
    ----------
    points : ndarray of shape (n_units, 2)
        Positions of the units of one place.
    kind : {"distance", "neighbours"}
        Whether a scale is the largest distance to a unit, or the number of nearest units. A unit
        belongs to its own surroundings and counts as its own first neighbour.
    sizes : ndarray of shape (n_scales,)
        The scales in increasing order.

    Notes
    -----
    Pairs of units come from a k-d tree. Each pair enters a sparse operator once, in the row of the
    smallest scale that holds it; a running sum over scales gives the rest.
    """

    def __init__(self, points: np.ndarray, kind: str, sizes: np.ndarray) -> None:
        self.points, self.kind, self.sizes = points, kind, sizes
        self.tree = KDTree(points)
        self.parts = list(self._parts())
        # Small places are asked again for each step of a simulation; large ones must not be kept.
        self.kept = [self._operator(part) for part in self.parts] if len(self.parts) == 1 else None

    def __call__(self, tables: np.ndarray) -> np.ndarray:
        """Return tables of surroundings: (..., K, n) to (n_scales, ..., K, n)."""
        n_units = tables.shape[-1]
        columns = np.ascontiguousarray(tables.reshape(-1, n_units).T)
        sums = np.empty((len(self.sizes), columns.shape[1], n_units))
        operators = self.kept or (self._operator(part) for part in self.parts)
        for part, operator in zip(self.parts, operators, strict=True):
            rings = (operator @ columns).reshape(len(self.sizes), -1, columns.shape[1])
            for inner, outer in pairwise(rings):
                outer += inner
            sums[..., part] = np.swapaxes(rings, 1, 2)
        return sums.reshape(len(self.sizes), *tables.shape)

    def _parts(self) -> Iterator[slice]:
        """Split the units so that the pairs of each part fit in memory."""
        n_units = len(self.points)
        if n_units**2 <= PAIRS_AT_ONCE:
            yield slice(0, n_units)
            return
        if self.kind == "distance":
            pairs = self.tree.query_ball_point(self.points, self.sizes[-1], return_length=True)
        else:
            pairs = np.full(n_units, min(int(self.sizes[-1]), n_units))
        part = (np.cumsum(pairs) - 1) // PAIRS_AT_ONCE
        edges = np.concatenate([[0], np.flatnonzero(np.diff(part)) + 1, [n_units]])
        for start, stop in pairwise(edges.tolist()):
            yield slice(start, stop)

    def _operator(self, part: slice) -> sparse.coo_array:
        unit, other, ring = (self._near if self.kind == "distance" else self._nearest)(part)
        n_rows = part.stop - part.start
        return sparse.coo_array(
            (np.ones(len(unit)), (ring * n_rows + unit, other)),
            shape=(len(self.sizes) * n_rows, len(self.points)),
        )

    def _near(self, part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        whole = len(self.parts) == 1
        units = self.tree if whole else KDTree(self.points[part])
        pairs = units.sparse_distance_matrix(self.tree, self.sizes[-1], output_type="ndarray")
        distances = np.ascontiguousarray(pairs["v"])
        # Faster than a search, for as few scales as there are.
        ring = np.zeros(len(distances), dtype=np.int64)
        for size in self.sizes[:-1]:
            ring += distances > size
        return pairs["i"], pairs["j"], ring

    def _nearest(self, part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        most = min(int(self.sizes[-1]), len(self.points))
        _, others = self.tree.query(self.points[part], k=range(1, most + 1))
        own = np.arange(part.start, part.stop)
        # Units at one position are equally near; the unit itself goes first.
        rows = np.arange(len(own))
        others[rows, (others == own[:, None]).argmax(axis=1)] = others[:, 0]
        others[:, 0] = own
        unit = np.repeat(rows, most)
        ring = np.tile(np.searchsorted(self.sizes, np.arange(1, most + 1)), len(own))
        return unit, others.ravel(), ring


def surroundings_of_place(
    places: Places, units: pd.DataFrame, weights: Any, scales: Any
) -> tuple[np.ndarray, Callable[[int], Surroundings]]:
    """Return the values of the scale column, and a maker of surroundings for each place."""
    if weights is not None and scales is not None:
        raise UsageError("give weights or scales, not both: each says what a surrounding is.")
    if weights is not None:
        matrix = _checked_weights(weights, places)
        return np.zeros(1), lambda place: _weighted(matrix, places.span(place))
    if scales is None:
        return np.zeros(1), lambda place: itself
    kind, sizes = read_scales(scales)
    points = coordinates(units)[places.rows]

    def at_all_scales(place: int) -> Surroundings:
        egohoods = Egohoods(points[places.span(place)], kind, sizes)
        return lambda tables: [tables, *egohoods(tables)]

    return np.concatenate([[0.0], sizes]), at_all_scales


def _checked_weights(weights: Any, places: Places) -> sparse.csr_array:
    """Return weights as a sparse matrix in the order of the sorted units."""
    matrix = sparse.csr_array(getattr(weights, "sparse", weights), dtype=np.float64)
    n_units = places.counts.shape[1]
    if matrix.shape != (n_units, n_units):
        raise UsageError(
            f"weights are {matrix.shape[0]} by {matrix.shape[1]}, units have {n_units} rows; "
            "give one row and one column for each row of units, in the same order."
        )
    if not (np.isfinite(matrix.data) & (matrix.data >= 0)).all():
        raise UsageError("weights hold a negative, missing or infinite value; they must not.")
    matrix = matrix[places.rows][:, places.rows]
    place = np.repeat(np.arange(len(places)), np.diff(places.bounds))
    pairs = matrix.tocoo()
    if (place[pairs.row] != place[pairs.col]).any():
        raise UsageError("weights join units of different places; remove those or leave out by.")
    return matrix


def _weighted(matrix: sparse.csr_array, span: slice) -> Surroundings:
    block = matrix[span, span]

    def weigh(tables: np.ndarray) -> list[np.ndarray]:
        columns = np.ascontiguousarray(tables.reshape(-1, tables.shape[-1]).T)
        return [np.ascontiguousarray((block @ columns).T).reshape(tables.shape)]

    return weigh
