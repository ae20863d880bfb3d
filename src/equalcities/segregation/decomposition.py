"""Where segregation arises: between districts or within them, at one level or another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from equalcities.errors import DataError, UsageError
from equalcities.segregation.indices import values_of
from equalcities.segregation.tables import Places, read_places

DECOMPOSABLE = ("multigroup_theil_h", "divergence")


def decompose(
    units: pd.DataFrame, groups: Sequence[str], districts: str, by: str | None = None
) -> pd.DataFrame:
    """Split segregation into a part between districts and a part within each.

    Parameters
    ----------
    units : pandas.DataFrame
        One row per unit, with counts of persons per group.
    groups : sequence of str
        Columns of the groups, at least two.
    districts : str
        Column that names the district of each unit, within its place.
    by : str, optional
        Column that names the place of each unit.

    Returns
    -------
    pandas.DataFrame
        For each place and each of multigroup_theil_h and divergence, rows with the component
        "total", "between" and "within", then one row "district" for each district. Columns:

        - place, index, component, district (missing but for district rows).
        - value: total and parts of it; total = between + within. In district rows the index of
          that district by itself.
        - contribution: what the row adds to the total; district rows add up to "within".
        - share: contribution over total, missing if the total is zero.
        - population: persons in the place or district.

    Raises
    ------
    UsageError, DataError
        As `equalcities.segregation.profile`.

    Notes
    -----
    With E the entropy and T the population, district d contributes ``T_d E_d H_d / (T E)`` to H
    [1]_ and ``T_d D_d / T`` to the divergence D [2]_.

    References
    ----------
    .. [1] Reardon, S. F., & Firebaugh, G. (2002). Measures of multigroup segregation.
       Sociological Methodology, 32(1), 33-67.
    .. [2] Roberto, E. (2015). The divergence index. arXiv:1508.01167.
    """
    places = read_places(units, groups, by)
    names = _level(units, districts, groups)
    frames = []
    for place, key in enumerate(places.keys):
        codes, keys = pd.factorize(names[places.rows[places.span(place)]], sort=True)
        frame = _decompose_place(places.table(place), codes, pd.Index(keys))
        frame.insert(0, "place", key)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _decompose_place(table: np.ndarray, codes: np.ndarray, keys: pd.Index) -> pd.DataFrame:
    sums = np.stack([np.bincount(codes, group, len(keys)) for group in table])
    persons = sums.sum(axis=0)
    shares = sums / np.where(persons > 0, persons, 1)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=0)
    all_shares = table.sum(axis=1) / max(table.sum(), 1)
    all_entropy = -(all_shares * np.log(np.where(all_shares > 0, all_shares, 1))).sum()
    of_districts = np.stack(
        [values_of(table[:, codes == number], DECOMPOSABLE) for number in range(len(keys))]
    )
    total, between = values_of(table, DECOMPOSABLE), values_of(sums, DECOMPOSABLE)
    weights = {"multigroup_theil_h": persons * entropy, "divergence": persons}
    wholes = {"multigroup_theil_h": persons.sum() * all_entropy, "divergence": persons.sum()}
    frames = []
    for number, name in enumerate(DECOMPOSABLE):
        whole = wholes[name] if wholes[name] > 0 else np.nan
        # A district of a single group has no H of its own, and its weight is zero.
        district = of_districts[:, number]
        within = np.where(weights[name] > 0, weights[name] * district, 0.0) / whole
        contribution = np.array([total[number], between[number], within.sum(), *within])
        value = np.array([*contribution[:3], *district])
        frames.append(
            pd.DataFrame(
                {
                    "index": name,
                    "component": ["total", "between", "within"] + ["district"] * len(keys),
                    "district": pd.Index([None] * 3, dtype=object).append(keys.astype(object)),
                    "value": value,
                    "contribution": contribution,
                    "share": contribution / (total[number] if total[number] > 0 else np.nan),
                    "population": np.array([*[persons.sum()] * 3, *persons]),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def multilevel_dissimilarity(
    units: pd.DataFrame,
    group: str,
    against: str,
    levels: Sequence[str],
    by: str | None = None,
) -> pd.DataFrame:
    """Say at which of several nested levels the dissimilarity of two groups arises.

    Parameters
    ----------
    units : pandas.DataFrame
        One row per unit, with counts of persons per group.
    group, against : str
        Columns of the two groups that are compared.
    levels : sequence of str
        Columns that name the areas each unit belongs to, largest areas first. Names need to be
        different only within the next larger area.
    by : str, optional
        Column that names the place of each unit.

    Returns
    -------
    pandas.DataFrame
        One row per place and level, the last level being "units", with the columns:

        - place, level.
        - dissimilarity: of the two groups over units; the same in all rows of a place.
        - variance_share: share of the variation of the units' differences at this level; adds up
          to one.
        - holdback: relative change of the dissimilarity if the differences at this level were
          held back; the more negative, the more the level matters.
        - n_areas: number of areas at the level.

    Raises
    ------
    UsageError, DataError
        As `equalcities.segregation.profile`.

    Notes
    -----
    Dissimilarity is half the sum of ``|x_i / X - y_i / Y|`` over units. As in [1]_ these
    differences are split into effects of nested levels. There the effects come from a multilevel
    model, which shrinks those of small areas; here they are plain differences of nested means,
    and the shares are those of the sums of squares, which needs no model and adds up exactly.

    References
    ----------
    .. [1] Harris, R., & Owen, D. (2018). Implementing a multilevel index of dissimilarity in R
       with a case study of the changing scales of residential ethnic segregation in England and
       Wales. Environment and Planning B, 45(6), 1003-1021.
    """
    if isinstance(levels, str) or len(levels) == 0:
        raise UsageError(f"levels={levels!r} must be a list of columns, largest areas first.")
    places = read_places(units, [group, against], by)
    names = [_level(units, level, [group, against]) for level in levels]
    frames = [_levels_of_place(places, place, names, list(levels)) for place in range(len(places))]
    return pd.concat(frames, ignore_index=True)


def _levels_of_place(
    places: Places, place: int, names: list[np.ndarray], levels: list[str]
) -> pd.DataFrame:
    table = places.table(place)
    totals = table.sum(axis=1)
    shares = np.full_like(table, np.nan) if (totals == 0).any() else table / totals[:, None]
    difference = shares[0] - shares[1]
    rows = places.rows[places.span(place)]
    area = np.zeros(len(rows), dtype=np.int64)
    outer_mean = np.zeros(len(rows))
    effects, n_areas = [], []
    for name in names:
        # Numbering pairs keeps areas apart that share a name in different larger areas.
        inner, _ = pd.factorize(name[rows])
        area, _ = pd.factorize(area * (inner.max() + 1) + inner)
        sizes = np.bincount(area)
        mean = (np.bincount(area, difference) / sizes)[area]
        effects.append(mean - outer_mean)
        n_areas.append(len(sizes))
        outer_mean = mean
    effects.append(difference - outer_mean)
    squares = np.array([(effect**2).sum() for effect in effects])
    whole = np.abs(difference).sum()
    held = np.array([np.abs(difference - effect).sum() for effect in effects])
    return pd.DataFrame(
        {
            "place": places.keys[place],
            "level": [*levels, "units"],
            "dissimilarity": whole / 2,
            "variance_share": squares / (squares.sum() if squares.sum() > 0 else np.nan),
            "holdback": held / (whole if whole > 0 else np.nan) - 1,
            "n_areas": [*n_areas, len(rows)],
        }
    )


def _level(units: pd.DataFrame, column: str, groups: Sequence[str]) -> np.ndarray:
    """Return the names of areas, after checking that each unit has one."""
    if column not in units.columns or column in groups:
        raise UsageError(f"{column!r} is not a column of units beside the groups; name one.")
    names = units[column].astype(object)
    if names.isna().any():
        raise DataError(
            "the area is missing",
            cure="Name the area of each unit or drop the row",
            row=int(np.argmax(names.isna())) + 1,
            column=column,
        )
    return names.to_numpy()
