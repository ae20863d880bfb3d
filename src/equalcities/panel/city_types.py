"""Types of city: clusterings, how many groups the data support, and whether they are stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.cluster.vq import ClusterError, kmeans2
from scipy.spatial.distance import cdist

from equalcities.errors import UsageError
from equalcities.panel.columns import require_columns

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

METHODS = ("ward", "k-means", "pam")


def partition(
    points: ArrayLike,
    k: int,
    method: str = "ward",
    *,
    rng: np.random.Generator | int,
    n_starts: int = 10,
) -> Labels:
    """Split points into k groups.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Points, already on comparable scales.
    k : int
        Number of groups, 1 to n.
    method : {"ward", "k-means", "pam"}
        Ward's hierarchical clustering; k-means with k-means++ starts; or partitioning around
        medoids on Euclidean distance.
    rng : Generator or int
        Source of randomness, or a seed. Only k-means draws.
    n_starts : int
        Starts of k-means, of which the tightest result is kept.

    Returns
    -------
    ndarray of int, shape (n,)
        Group of each point, numbered from 0 in order of first appearance.

    Raises
    ------
    UsageError
        For an unknown method, missing values or an impossible k.

    References
    ----------
    Ward, J. H. (1963). *JASA* 58, 236-244. Kaufman, L. and Rousseeuw, P. J. (1990). *Finding
    Groups in Data*, ch. 2 (PAM).
    """
    x = np.asarray(points, dtype=float)
    if method not in METHODS:
        raise UsageError(f"method '{method}' is unknown; use one of {list(METHODS)}.")
    if not np.isfinite(x).all():
        raise UsageError("points have missing values; drop or fill those rows first.")
    if not 1 <= k <= len(np.unique(x, axis=0)):
        raise UsageError(f"{k} groups cannot be made of the distinct points; use fewer.")
    if k == 1:
        return np.zeros(len(x), dtype=np.intp)
    if method == "ward":
        labels = fcluster(linkage(x, "ward"), k, "maxclust")
    elif method == "k-means":
        labels = _k_means(x, k, n_starts, np.random.default_rng(rng))
    else:
        labels = _pam(cdist(x, x), k)
    return pd.factorize(labels)[0]


def _k_means(x: Floats, k: int, n_starts: int, rng: np.random.Generator) -> NDArray:
    best, best_cost, failures = None, np.inf, 0
    while n_starts:
        try:
            centres, labels = kmeans2(x, k, iter=100, minit="++", missing="raise", rng=rng)
        except ClusterError:
            # A start that emptied a group is no start; give up only if that is all there is.
            failures += 1
            if failures > 100:
                raise UsageError(f"k-means keeps emptying one of {k} groups; use fewer.") from None
            continue
        n_starts -= 1
        cost = ((x - centres[labels]) ** 2).sum()
        if cost < best_cost:
            best, best_cost = labels, cost
    return best


def _pam(distance: Floats, k: int) -> NDArray:
    """Build, then the best swap of a medoid with another point until none lowers the cost."""
    medoids = [int(distance.sum(axis=0).argmin())]
    while len(medoids) < k:
        nearest = distance[:, medoids].min(axis=1)
        medoids.append(int(np.minimum(nearest[:, None], distance).sum(axis=0).argmin()))
    cost = distance[:, medoids].min(axis=1).sum()
    while True:
        costs = []
        for i in range(k):
            others = distance[:, medoids[:i] + medoids[i + 1 :]].min(axis=1)
            costs.append(np.minimum(others[:, None], distance).sum(axis=0))
        i, candidate = np.unravel_index(np.argmin(costs), (k, len(distance)))
        if costs[i][candidate] >= cost * (1 - 1e-12):
            return distance[:, medoids].argmin(axis=1)
        medoids[i], cost = int(candidate), costs[i][candidate]


def silhouette_widths(points: ArrayLike, labels: ArrayLike) -> Floats:
    """How much closer each point is to its own group than to the next one.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Points; the distance is Euclidean.
    labels : array_like, shape (n,)
        Group of each point, two groups or more.

    Returns
    -------
    ndarray, shape (n,)
        Widths from -1 (in the wrong group) to 1; 0 for a group of one.

    Raises
    ------
    UsageError
        For one group only, or labels of another length.

    References
    ----------
    Rousseeuw, P. J. (1987). *Journal of Computational and Applied Mathematics* 20, 53-65.
    """
    x = np.asarray(points, dtype=float)
    codes, names = pd.factorize(np.asarray(labels))
    if len(codes) != len(x) or len(names) < 2:
        raise UsageError("silhouettes need one label per point and two groups or more.")
    member = np.equal.outer(codes, np.arange(len(names)))
    sizes = member.sum(axis=0)
    sums = cdist(x, x) @ member
    own = sums[member] / np.maximum(sizes[codes] - 1, 1)
    other = np.where(member, np.inf, sums / sizes).min(axis=1)
    larger = np.maximum(own, other)
    width = np.divide(other - own, larger, out=np.zeros(len(x)), where=larger > 0)
    return np.where(sizes[codes] == 1, 0.0, width)


def gap_statistic(
    points: ArrayLike,
    k_max: int,
    method: str = "ward",
    *,
    rng: np.random.Generator | int,
    n_references: int = 100,
) -> pd.DataFrame:
    """Compare the tightness of k groups with that in data without groups.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Points.
    k_max : int
        Largest number of groups tried.
    method : str
        As for `partition`.
    rng : Generator or int
        Source of randomness, or a seed.
    n_references : int
        Reference data sets, uniform over the box around the points' principal components.

    Returns
    -------
    DataFrame
        One row per k: ``gap``, ``se`` (with the simulation error), and ``chosen``, true for the
        smallest k with ``gap(k) >= gap(k + 1) - se(k + 1)``, or for no row if there is none.

    References
    ----------
    Tibshirani, R., Walther, G. and Hastie, T. (2001). *JRSS B* 63, 411-423.
    """
    x = np.asarray(points, dtype=float)
    generator = np.random.default_rng(rng)
    centred = x - x.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    rotated = centred @ axes.T
    low, high = rotated.min(axis=0), rotated.max(axis=0)

    def log_dispersion(data: Floats) -> Floats:
        return np.array(
            [
                np.log(_within_squares(data, partition(data, k, method, rng=generator)))
                for k in range(1, k_max + 1)
            ]
        )

    actual = log_dispersion(x)
    references = np.array(
        [log_dispersion(generator.uniform(low, high, size=x.shape)) for _ in range(n_references)]
    )
    gap = references.mean(axis=0) - actual
    se = references.std(axis=0) * np.sqrt(1 + 1 / n_references)
    enough = np.append(gap[:-1] >= gap[1:] - se[1:], False)
    chosen = np.zeros(k_max, dtype=bool)
    chosen[enough.argmax()] = enough.any()
    return pd.DataFrame({"k": range(1, k_max + 1), "gap": gap, "se": se, "chosen": chosen})


def _within_squares(x: Floats, labels: Labels) -> float:
    return sum(((x[labels == g] - x[labels == g].mean(axis=0)) ** 2).sum() for g in set(labels))


def cluster_stability(
    points: ArrayLike,
    k: int,
    method: str = "ward",
    *,
    rng: np.random.Generator | int,
    groups: ArrayLike | None = None,
    n_resamples: int = 200,
) -> pd.DataFrame:
    """How well each group is found again in bootstrap samples.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Points.
    k : int
        Number of groups.
    method : str
        As for `partition`.
    rng : Generator or int
        Source of randomness, or a seed.
    groups : array_like, shape (n,), optional
        Clusters that are drawn whole, such as countries.
    n_resamples : int
        Bootstrap samples. A point drawn more than once counts once.

    Returns
    -------
    DataFrame
        One row per group: ``type``, ``size``, ``value`` (mean of the largest Jaccard similarity
        to any group of the sample's own clustering), ``recovered`` and ``dissolved`` (shares of
        samples with a similarity above 0.75, and of 0.5 or less), ``n`` samples used.

    Notes
    -----
    0.75 and more is usually called stable, 0.6 to 0.75 a pattern that should not be trusted
    point by point, and 0.5 or less dissolved.

    References
    ----------
    Hennig, C. (2007). *Computational Statistics & Data Analysis* 52, 258-271.
    """
    x = np.asarray(points, dtype=float)
    generator = np.random.default_rng(rng)
    labels = partition(x, k, method, rng=generator)
    units = pd.factorize(np.arange(len(x)) if groups is None else np.asarray(groups))[0]
    n_units = units.max() + 1
    similarity = np.full((n_resamples, k), np.nan)
    for b in range(n_resamples):
        drawn = np.isin(units, generator.integers(n_units, size=n_units))
        sample = x[drawn]
        if len(np.unique(sample, axis=0)) < k:
            continue
        again = partition(sample, k, method, rng=generator)
        overlap = pd.crosstab(labels[drawn], again)
        union = overlap.sum(axis=1).to_numpy()[:, None] + overlap.sum().to_numpy() - overlap
        similarity[b, overlap.index] = (overlap / union).max(axis=1)
    usable = np.isfinite(similarity)
    if not usable.any(axis=0).all():
        raise UsageError("some group never appears in a resample; use fewer groups.")
    return pd.DataFrame(
        {
            "type": range(k),
            "size": np.bincount(labels, minlength=k),
            "value": np.nanmean(similarity, axis=0),
            "recovered": (similarity > 0.75).sum(axis=0) / usable.sum(axis=0),
            "dissolved": (similarity <= 0.5).sum(axis=0) / usable.sum(axis=0),
            "n": usable.sum(axis=0),
        }
    )


@dataclass(frozen=True)
class CityTypes:
    """Outcome of a search for types of city.

    Attributes
    ----------
    stable : bool
        Whether there are types by the stated rule.
    k : int
        Number of groups looked at most closely: the gap statistic's choice, or, if that is one
        or none, the number with the largest mean silhouette.
    choice : DataFrame
        One row per k: ``gap``, ``se``, ``chosen``, ``silhouette``.
    stability : DataFrame
        From `cluster_stability` for k groups.
    members : DataFrame
        City code, ``type`` and ``silhouette`` for k groups. To be shown as types only if
        ``stable``.
    profile : DataFrame
        Mean of each indicator by type, in the indicators' units.
    n, n_dropped : int
        Cities used, and left out for a missing indicator.
    statement : str
        The verdict and its reasons in plain words.
    """

    stable: bool
    k: int
    choice: pd.DataFrame
    stability: pd.DataFrame
    members: pd.DataFrame
    profile: pd.DataFrame
    n: int
    n_dropped: int
    statement: str


def city_types(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    code: str,
    rng: np.random.Generator | int,
    method: str = "ward",
    group: str | None = None,
    k_max: int = 8,
    min_silhouette: float = 0.25,
    min_jaccard: float = 0.75,
    n_references: int = 100,
    n_resamples: int = 200,
) -> CityTypes:
    """Look for types of city and say by a stated rule whether there are any.

    Parameters
    ----------
    frame : DataFrame
        One row per city; cities with a gap in ``columns`` are left out.
    columns : sequence of str
        Indicators, standardised here. Take logs of skewed ones first.
    code : str
        Column with the city code.
    rng : Generator or int
        Source of randomness, or a seed.
    method : str
        As for `partition`.
    group : str, optional
        Column with the country, to draw whole countries in the stability check.
    k_max : int
        Largest number of types tried.
    min_silhouette, min_jaccard : float
        Limits of the rule.
    n_references, n_resamples : int
        For `gap_statistic` and `cluster_stability`.

    Returns
    -------
    CityTypes
        Verdict, evidence and, for inspection, the groups.

    Raises
    ------
    UsageError
        For too few complete cities.

    Notes
    -----
    The rule: there are types if the gap statistic chooses two groups or more, their mean
    silhouette exceeds ``min_silhouette`` (at or below 0.25 Kaufman and Rousseeuw find "no
    substantial structure"; up to 0.50 it is weak and could be artificial), and every group has a
    mean bootstrap Jaccard similarity of ``min_jaccard`` or more (Hennig).

    References
    ----------
    Kaufman, L. and Rousseeuw, P. J. (1990). *Finding Groups in Data*, p. 88.
    Hennig, C. (2007). *Computational Statistics & Data Analysis* 52, 258-271.
    """
    require_columns(frame, [code, *columns, *([group] if group else [])])
    used = frame.dropna(subset=list(columns))
    if k_max < 2 or len(used) <= 2 * k_max:
        raise UsageError(
            f"{len(used)} complete cities are too few for up to {k_max} types; lower k_max."
        )
    generator = np.random.default_rng(rng)
    table = used[list(columns)].astype(float)
    x = ((table - table.mean()) / table.std()).to_numpy()
    choice = gap_statistic(x, k_max, method, rng=generator, n_references=n_references)
    labels = {k: partition(x, k, method, rng=generator) for k in range(2, k_max + 1)}
    widths = {k: silhouette_widths(x, found) for k, found in labels.items()}
    choice["silhouette"] = [np.nan, *(widths[k].mean() for k in labels)]
    picked = choice.loc[choice["chosen"], "k"]
    gap_choice = int(picked.iloc[0]) if len(picked) else None
    k = gap_choice if gap_choice and gap_choice > 1 else int(choice["silhouette"].idxmax()) + 1
    stability = cluster_stability(
        x, k, method, rng=generator, n_resamples=n_resamples,
        groups=used[group] if group else None,
    )  # fmt: skip
    silhouette, weakest = float(widths[k].mean()), float(stability["value"].min())
    stable = k == gap_choice and silhouette > min_silhouette and weakest >= min_jaccard
    by_gap = "no number" if gap_choice is None else f"{gap_choice}"
    weak = " The structure is weak (silhouette of 0.50 or less)." if silhouette <= 0.5 else ""
    statement = (
        (f"There are {k} stable types of city." + weak if stable else "No stable types of city.")
        + f" Of 1 to {k_max} groups the gap statistic chooses {by_gap}; with {k} groups the mean "
        f"silhouette is {silhouette:.2f} (rule: above {min_silhouette:.2f}) and the least stable "
        f"group has a bootstrap Jaccard similarity of {weakest:.2f} (rule: {min_jaccard:.2f} or "
        f"more). {len(used)} cities, {len(columns)} indicators, {method}."
    )
    return CityTypes(
        stable=stable,
        k=k,
        choice=choice,
        stability=stability,
        members=pd.DataFrame(
            {code: used[code].to_numpy(), "type": labels[k], "silhouette": widths[k]}
        ),
        profile=table.groupby(labels[k]).mean().rename_axis("type"),
        n=len(used),
        n_dropped=len(frame) - len(used),
        statement=statement,
    )
