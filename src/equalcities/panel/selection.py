"""Which functional urban areas the panel holds, by a stated rule, and what is missing in it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from equalcities.errors import UsageError

CORE = (
    "share_65plus_pct",
    "green_area_m2_per_person",
    "heat_stress_days",
    "uhi_summer_night_c",
    "pt_access_pct",
)
"""The five core indicators; an area enters the panel only if all five are present."""


def select_panel(
    candidates: pd.DataFrame,
    *,
    size: int = 72,
    per_country: int = 2,
    core: Sequence[str] = CORE,
    country: str = "iso3",
    by: str = "population",
) -> pd.DataFrame:
    """Choose a panel: the largest areas of each country, then the next largest, to a size.

    Among areas with complete core indicators, the ``per_country`` largest of each country
    are taken, then areas of the next rank in their country by size, and so on until
    ``size`` areas are chosen.

    Parameters
    ----------
    candidates : DataFrame
        One row per functional urban area, with ``country``, ``by`` (persons) and ``core``.
    size : int
        How many areas.
    per_country : int
        How many of each country are taken first.
    core : sequence of str
        Columns that must be present.
    country, by : str
        The grouping column and the size column.

    Returns
    -------
    DataFrame
        The chosen rows with ``rank_in_country`` (1 = the country's largest area with complete
        coverage), ordered by country and rank.

    Raises
    ------
    UsageError
        If a column is missing, or fewer than ``size`` areas are complete.

    Examples
    --------
    >>> panel = select_panel(candidates[candidates["oecd_member"] == "yes"])
    >>> len(panel)
    72
    """
    wanted = [country, by, *core]
    absent = [name for name in wanted if name not in candidates.columns]
    if absent:
        raise UsageError(f"The candidates lack the columns {', '.join(absent)}. Add them.")
    complete = candidates.dropna(subset=[by, *core])
    if len(complete) < size:
        raise UsageError(
            f"Only {len(complete)} areas are complete, {size} are asked for. "
            "Lower size or ask for fewer core columns."
        )
    # A second sort key makes ties, and so the panel, independent of the row order.
    order = complete.sort_values([by, candidates.columns[0]], ascending=[False, True])
    rank = order.groupby(country).cumcount() + 1
    order = order.assign(rank_in_country=rank)
    later = order["rank_in_country"].clip(lower=per_country)
    chosen = order.assign(_turn=later).sort_values(["_turn", by], ascending=[True, False])
    panel = chosen.head(size).drop(columns="_turn")
    return panel.sort_values([country, "rank_in_country"]).reset_index(drop=True)


def missingness(table: pd.DataFrame, columns: Sequence[str], by: str | None = None) -> pd.DataFrame:
    """Count what is present and what is missing, by column and group.

    Parameters
    ----------
    table : DataFrame
        One row per place.
    columns : sequence of str
        Which columns to count.
    by : str, optional
        A grouping column.

    Returns
    -------
    DataFrame
        One row per column (and group): ``column, n, present, missing``.
    """
    groups = [(None, table)] if by is None else table.groupby(by)
    rows = []
    for group, part in groups:
        for column in columns:
            present = int(part[column].notna().sum())
            row = {} if by is None else {by: group}
            row |= {"column": column, "n": len(part), "present": present}
            rows.append(row | {"missing": len(part) - present})
    return pd.DataFrame(rows)


def larger_areas_left_out(candidates: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """List areas outside the panel that are larger than one inside it from the same country.

    Parameters
    ----------
    candidates : DataFrame
        All areas the rule could look at, with ``fua_code, iso3, population`` and the core.
    panel : DataFrame
        The chosen ones.

    Returns
    -------
    DataFrame
        The candidates' rows, largest first, with ``missing_core``: the core columns that
        kept each one out, joined by ``;``.
    """
    smallest = panel.groupby("iso3")["population"].min()
    outside = candidates[~candidates["fua_code"].isin(panel["fua_code"])]
    floor = smallest.reindex(outside["iso3"]).to_numpy(dtype=float)
    larger = outside[outside["population"].to_numpy(dtype=float) > floor]
    larger = larger.sort_values("population", ascending=False)
    names = [";".join(c for c in CORE if pd.isna(row[c])) for row in larger.to_dict("records")]
    return larger.assign(missing_core=names).reset_index(drop=True)


def describe(table: pd.DataFrame, columns: Sequence[str], name: str = "fua_name") -> pd.DataFrame:
    """Describe each column by quartiles and name the places at both ends.

    Parameters
    ----------
    table : DataFrame
        One row per place.
    columns : sequence of str
        Numeric columns.
    name : str
        Column with the places' names.

    Returns
    -------
    DataFrame
        One row per column: ``column, n, lowest, q25, median, q75, highest, lowest_place,
        highest_place``. Quartiles interpolate linearly.
    """
    rows = []
    for column in columns:
        known = table.dropna(subset=[column]).sort_values([column, name])
        q25, median, q75 = known[column].astype(float).quantile([0.25, 0.5, 0.75])
        rows.append(
            {
                "column": column,
                "n": len(known),
                "lowest": float(known[column].iloc[0]),
                "q25": q25,
                "median": median,
                "q75": q75,
                "highest": float(known[column].iloc[-1]),
                "lowest_place": known[name].iloc[0],
                "highest_place": known[name].iloc[-1],
            }
        )
    return pd.DataFrame(rows)


def coverage_group(table: pd.DataFrame, gdp: str, perception: str) -> pd.Series:
    """Say for each area what is observed beyond the core: GDP, residents' views, both, neither.

    Parameters
    ----------
    table : DataFrame
        One row per area.
    gdp, perception : str
        A column that is present where GDP, or the perception survey, is.

    Returns
    -------
    Series
        One of `COVERAGE_GROUPS` per row.
    """
    both, only_gdp, only_views, neither = COVERAGE_GROUPS
    has_gdp, has_views = table[gdp].notna(), table[perception].notna()
    group = pd.Series(neither, index=table.index, name="coverage")
    group[has_gdp] = only_gdp
    group[has_views] = only_views
    group[has_gdp & has_views] = both
    return group


COVERAGE_GROUPS = (
    "core indicators, GDP per person and residents' views",
    "core indicators and GDP per person",
    "core indicators and residents' views",
    "core indicators only",
)


def compare_rules(candidates: pd.DataFrame, columns: Sequence[str] = CORE) -> pd.DataFrame:
    """Describe the indicators under the panel's rule and under others that could be defended.

    Parameters
    ----------
    candidates : DataFrame
        All areas that a rule can look at.
    columns : sequence of str
        Indicators to describe.

    Returns
    -------
    DataFrame
        As `describe`, with ``rule`` and ``areas`` in front.
    """
    complete = candidates.dropna(subset=["population", *CORE])
    countries = complete["iso3"].nunique()
    panels = {
        "the panel": select_panel(candidates),
        "largest of each country": select_panel(candidates, size=countries, per_country=1),
        "largest, whatever the country": complete.nlargest(72, "population"),
        "every complete area": complete,
    }
    parts = [
        describe(panel, columns).assign(rule=rule, areas=len(panel))
        for rule, panel in panels.items()
    ]
    return pd.concat(parts, ignore_index=True)[["rule", "areas", *describe(complete, columns)]]
