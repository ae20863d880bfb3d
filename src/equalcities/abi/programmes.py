"""The map of area-based initiatives: where, when, what, who leads, who takes part."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from equalcities.errors import UsageError

DOMAINS = {
    "housing": "housing",
    "public_space": "public space",
    "social_infrastructure": "social infrastructure",
    "safety": "safety",
    "health": "health",
    "education": "education",
    "employment": "employment",
    "business": "business",
    "mobility": "mobility",
    "participation": "participation",
}
"""Codes of the intervention domains and their names, from places to people and economy."""

REGIONS = {
    "United Kingdom, Ireland": ("GBR", "IRL"),
    "Nordic countries": ("DNK", "FIN", "NOR", "SWE"),
    "Western and Central Europe": ("AUT", "BEL", "CHE", "DEU", "FRA", "HUN", "NLD"),
    "Southern Europe": ("ESP", "ITA", "PRT"),
    "European Union as a whole": ("EUU",),
    "United States, Canada": ("CAN", "USA"),
    "Latin America": ("ARG", "BRA", "CHL", "COL", "MEX", "SLV", "URY"),
    "Asia, Africa, Oceania": ("AUS", "IDN", "ISR", "KOR", "ZAF"),
}
"""Groups of countries; France counts with Western Europe."""

PARTICIPATION = {
    0: "0 none",
    1: "1 informed or consulted",
    2: "2 seats or co-design",
    3: "3 residents decide",
}


def initiatives(programmes: pd.DataFrame) -> pd.DataFrame:
    """Return the area-based initiatives proper, without programmes kept for comparison."""
    return programmes[programmes["comparator"] == "no"].reset_index(drop=True)


def region(country_iso3: str) -> str:
    """Return the group of countries of a programme.

    Parameters
    ----------
    country_iso3 : str
        One code, or several parted by ``;``.

    Raises
    ------
    UsageError
        If a code belongs to no group, or several codes to different ones.
    """
    codes = set(country_iso3.split(";"))
    for name, members in REGIONS.items():
        if codes <= set(members):
            return name
    raise UsageError(f"No region holds {country_iso3}. Add the code to abi.REGIONS.")


def decade(year: float) -> str:
    """Return a year's decade in words, or ``not known``."""
    return "not known" if pd.isna(year) else f"{int(year) // 10 * 10}s"


def count_by(
    table: pd.DataFrame, row: str, column: str, rows: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Count programmes by two columns, with every combination present, the empty ones too.

    Parameters
    ----------
    table : DataFrame
        One row per programme.
    row, column : str
        The two columns.
    rows, columns : sequence of str
        Their values in the order to show.

    Returns
    -------
    DataFrame
        One row per value of ``row``, one column of counts per value of ``column``.

    Raises
    ------
    UsageError
        If the table holds a value that neither sequence names.
    """
    for name, known in ((row, rows), (column, columns)):
        unknown = set(table[name].dropna()) - set(known)
        if unknown:
            raise UsageError(f"'{name}' holds {sorted(unknown)}. Name them in the order to show.")
    counts = pd.crosstab(table[row], table[column])
    return counts.reindex(index=list(rows), columns=list(columns), fill_value=0)


def by_domain(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per programme and domain."""
    long = table.assign(domain=table["domains"].str.split(";")).explode("domain")
    unknown = set(long["domain"]) - set(DOMAINS)
    if unknown:
        raise UsageError(f"Unknown domains {sorted(unknown)}. Take one of {', '.join(DOMAINS)}.")
    return long.reset_index(drop=True)


def co_occurrence(table: pd.DataFrame) -> pd.DataFrame:
    """Count how many programmes combine two domains; the diagonal counts each domain.

    Returns
    -------
    DataFrame
        Square and symmetric, domains in the order of `DOMAINS`.
    """
    long = by_domain(table)
    present = pd.crosstab(long["programme_id"], long["domain"]).clip(upper=1)
    present = present.reindex(columns=list(DOMAINS), fill_value=0)
    return present.T @ present


def ranked_domains(pairs: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Rank domains, and pairs of domains, by how many programmes work in them.

    Parameters
    ----------
    pairs : DataFrame
        As `co_occurrence` returns it.

    Returns
    -------
    alone : Series
        Counts by domain, the commonest first; ties keep the order of ``pairs``.
    combined : Series
        Counts by pair of domains, each pair once, the commonest first.
    """
    names = list(pairs.columns)
    alone = pd.Series({name: pairs.loc[name, name] for name in names})
    combined = pd.Series(
        {(a, b): pairs.loc[a, b] for i, a in enumerate(names) for b in names[i + 1 :]}
    )
    ranked = {"ascending": False, "kind": "stable"}
    return alone.sort_values(**ranked), combined.sort_values(**ranked)


def evidence_gap(table: pd.DataFrame) -> pd.DataFrame:
    """Count programmes and those with an evaluation, by domain and group of countries.

    A programme counts in each of its domains, so rows don't add up to programmes.

    Returns
    -------
    DataFrame
        One row per domain and region, the empty ones too: ``domain, region, programmes,
        evaluated``.
    """
    long = by_domain(table.assign(region=table["country_iso3"].map(region)))
    long["evaluated"] = (long["evaluation_exists"] == "yes").astype(int)
    counts = long.groupby(["domain", "region"])["evaluated"].agg(["size", "sum"])
    every = pd.MultiIndex.from_product([DOMAINS, REGIONS], names=["domain", "region"])
    counts = counts.reindex(every, fill_value=0).reset_index()
    return counts.rename(columns={"size": "programmes", "sum": "evaluated"})
