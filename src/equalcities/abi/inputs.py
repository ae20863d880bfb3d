"""What every synthesis function checks before it computes: effects, moderators, clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from equalcities.errors import UsageError

Array = np.ndarray


def check_level(level: float) -> float:
    """Return ``level`` when it is a confidence level between 0 and 1."""
    if not 0 < level < 1:
        raise UsageError(f"level is {level}: give a number between 0 and 1, such as 0.95.")
    return float(level)


def check_choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return ``value`` when it is one of the ``allowed`` words."""
    if value not in allowed:
        raise UsageError(f"{name} is {value!r}: choose one of {', '.join(allowed)}.")
    return value


def finite_vector(name: str, values: ArrayLike) -> Array:
    """Return a one-dimensional float array without missing or infinite entries."""
    try:
        out = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        problem = f"{name} holds something that is not a number"
        raise UsageError(f"{problem}: give numbers only.") from None
    if out.ndim != 1:
        raise UsageError(f"{name} has {out.ndim} dimensions: give one number per effect.")
    bad = np.flatnonzero(~np.isfinite(out))
    if bad.size:
        raise UsageError(
            f"{name}[{bad[0]}] is {out[bad[0]]} ({bad.size} such entries): "
            "drop effects without an estimate or a variance before pooling."
        )
    return out


def check_effects(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    """Return effects and sampling variances as arrays that can be pooled.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects, and their sampling variances in squared units of ``yi``.
    """
    y, v = finite_vector("yi", yi), finite_vector("vi", vi)
    if y.size != v.size:
        raise UsageError(f"yi has {y.size} entries, vi has {v.size}: give one variance per effect.")
    bad = np.flatnonzero(v <= 0)
    if bad.size:
        raise UsageError(
            f"vi[{bad[0]}] is {v[bad[0]]:g}: sampling variances are greater than zero; "
            "square the standard error, or drop the effect."
        )
    _same_index("yi", yi, "vi", vi)
    return y, v


def design_matrix(moderators: ArrayLike | None, yi: ArrayLike) -> tuple[Array, list[str]]:
    """Return the design matrix with an intercept, and the names of its columns.

    Parameters
    ----------
    moderators : DataFrame, Series or array_like, shape (k,) or (k, m), or None
        Numeric moderators. Names come from the frame; arrays get ``x1``, ``x2`` and so on.
    yi : array_like, shape (k,)
        The effects, for the number of rows and, if both are pandas objects, the row labels.
    """
    k = len(np.asarray(yi))
    if moderators is None:
        return np.ones((k, 1)), ["intercept"]
    _same_index("yi", yi, "moderators", moderators)
    columns, names = moderator_columns(moderators)
    if columns.shape[0] != k:
        raise UsageError(
            f"moderators has {columns.shape[0]} rows, yi has {k} entries: give one row per effect."
        )
    x = np.column_stack([np.ones(k), columns])
    scaled = x / np.maximum(np.linalg.norm(x, axis=0), np.finfo(float).tiny)
    if np.linalg.matrix_rank(scaled) < x.shape[1]:
        raise UsageError(
            "moderators are constant or repeat each other (the intercept is added already): "
            "drop the redundant column, for dummies the reference category."
        )
    if k <= x.shape[1]:
        raise UsageError(
            f"{k} effects cannot carry {x.shape[1]} coefficients: "
            f"give at least {x.shape[1] + 1} effects or fewer moderators."
        )
    return x, ["intercept", *names]


def moderator_columns(moderators: ArrayLike) -> tuple[Array, list[str]]:
    """Return moderators as a finite float matrix, and their names."""
    if isinstance(moderators, pd.Series):
        moderators = moderators.to_frame(moderators.name if moderators.name is not None else "x1")
    if isinstance(moderators, pd.DataFrame):
        names = [str(name) for name in moderators.columns]
        for name, column in moderators.items():
            if not pd.api.types.is_numeric_dtype(column):
                raise UsageError(
                    f"moderator '{name}' is not numeric: turn categories into dummies with "
                    "pandas.get_dummies(..., drop_first=True, dtype=float)."
                )
    else:
        moderators = np.asarray(moderators)
        if moderators.ndim == 1:
            moderators = moderators[:, None]
        if moderators.ndim != 2:
            raise UsageError("moderators has too many dimensions: give one column per moderator.")
        names = [f"x{i + 1}" for i in range(moderators.shape[1])]
    columns = [
        finite_vector(f"moderators['{name}']", np.asarray(moderators)[:, i])
        for i, name in enumerate(names)
    ]
    if not columns:
        raise UsageError("moderators has no column: leave the argument out instead.")
    return np.column_stack(columns), names


def cluster_codes(cluster: ArrayLike, yi: ArrayLike, coefficients: int) -> Array:
    """Return integer cluster codes, one per effect, in order of first appearance."""
    _same_index("yi", yi, "cluster", cluster)
    labels = pd.Series(np.asarray(cluster).ravel())
    if labels.size != len(np.asarray(yi)):
        raise UsageError(
            f"cluster has {labels.size} entries and yi has {len(np.asarray(yi))}: "
            "give one cluster label per effect."
        )
    blank = np.flatnonzero(labels.isna())
    if blank.size:
        raise UsageError(
            f"cluster[{blank[0]}] is missing: name one for every effect; "
            "an effect that stands alone is a cluster of its own."
        )
    codes = pd.factorize(labels)[0]
    n = codes.max() + 1
    if n <= coefficients:
        raise UsageError(
            f"{n} clusters cannot carry {coefficients} coefficient(s): give at least "
            f"{coefficients + 1} clusters or fewer moderators."
        )
    return codes


def _same_index(name_a: str, a: ArrayLike, name_b: str, b: ArrayLike) -> None:
    # Two pandas objects in different row order would be paired wrongly without a sound.
    pandas = (pd.Series, pd.DataFrame)
    if isinstance(a, pandas) and isinstance(b, pandas) and not a.index.equals(b.index):
        raise UsageError(
            f"{name_a} and {name_b} have different row labels: take both from the same table, "
            "or pass .to_numpy() if the order is known to agree."
        )
