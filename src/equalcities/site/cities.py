"""One page per area of the panel: its indicators against its peers, and what is missing."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import pandas as pd

from equalcities import __version__, panel
from equalcities.catalog import Dataset

STRIP_WIDTH, STRIP_HEIGHT, MARGIN = 240, 34, 6


class Indicator(NamedTuple):
    """How an indicator is named and printed on a profile."""

    column: str
    name: str
    unit: str
    fmt: str
    belongs_to: str
    year: str


AREA, CITY = "functional urban area", "core city"
INDICATORS = (
    Indicator("share_65plus_pct", "Residents aged 65 or over", "%", ".1f", AREA, "2020"),
    Indicator("green_area_m2_per_person", "Green area", "m² per person", ",.0f", AREA, "2021"),
    Indicator("heat_stress_days", "Days of strong heat stress", "days", ".1f", AREA, "2020"),
    Indicator("uhi_summer_night_c", "Urban heat island, summer nights", "°C", ".1f", AREA, "2020"),
    Indicator("pt_access_pct", "Near public transport", "%", ".1f", CITY, "pt_access_year"),
    Indicator("gdp_per_person_usd_ppp", "GDP per person", "US$ at PPP", ",.0f", AREA, "gdp_year"),
    Indicator("city_satisfaction_pct", "Satisfied to live in the city", "%", ".1f", CITY, "2023"),
    Indicator("life_satisfaction_pct", "Satisfied with their life", "%", ".1f", CITY, "2023"),
    Indicator("safety_night_pct", "Feel safe walking alone at night", "%", ".1f", CITY, "2023"),
    Indicator("jobs_pct", "Find it easy to find a good job", "%", ".1f", CITY, "2023"),
    Indicator("housing_pct", "Find it easy to find good housing", "%", ".1f", CITY, "2023"),
    Indicator("trust_pct", "Say most people can be trusted", "%", ".1f", CITY, "2023"),
)  # fmt: skip
SUSPICIOUS = {
    ("USA02F", "uhi_summer_night_c"): "What the source says, and the lowest value in it. It looks "
    "wrong: see the known faults of the data.",
}


def city_pages(cities: Dataset, candidates: Dataset) -> dict[str, str]:
    """Make a page for each area of the panel.

    Parameters
    ----------
    cities : Dataset
        The panel.
    candidates : Dataset
        All areas, the reference for the percentiles; those of OECD members are used.

    Returns
    -------
    dict of str to str
        File name and Markdown of each page, ``index`` for the list of all.
    """
    reference = candidates.table[candidates.table["oecd_member"] == "yes"]
    columns = [indicator.column for indicator in INDICATORS]
    ranks = panel.peer_percentiles(cities.table, reference, columns)
    strips = {column: _Strip(reference, column) for column in columns}
    pages = {"index": _index(cities.table)}
    for code, own in ranks.groupby("fua_code"):
        area = cities.table.set_index("fua_code").loc[code]
        pages[slug(str(code))] = _page(str(code), area, own, strips)
    return pages


def slug(code: str) -> str:
    """Return the file name of an area's page, which never changes."""
    return code.lower()


def _index(table: pd.DataFrame) -> str:
    lines = []
    for country, areas in table.sort_values("country").groupby("country"):
        links = ", ".join(
            f"{{doc}}`{_md(area.fua_name)} </book/cities/{slug(area.fua_code)}>`"
            for area in areas.sort_values("rank_in_country").itertuples()
        )
        lines.append(f"- **{_md(country)}**: {links}")
    return (
        "# City profiles\n\nOne page for each functional urban area of the panel: its indicators, "
        "where it stands among areas of its country, of its size, and all, and what is not "
        "observed. The pages are made from the data; {doc}`/notebooks/the_72_cities` says how the "
        "areas were chosen and what the indicators can and can't say.\n\n"
        ":::{note}\nA high percentile is not good in itself, and a low one not bad. No indicator "
        "here measures inequality inside an area.\n:::\n\n" + "\n".join(lines) + "\n"
    )


def _page(code: str, area: pd.Series, ranks: pd.DataFrame, strips: dict[str, _Strip]) -> str:
    present = sum(pd.notna(area[indicator.column]) for indicator in INDICATORS)
    rows = "".join(_row(code, indicator, area, ranks, strips) for indicator in INDICATORS)
    heads = ("Indicator", "Value", "Among all areas", "Percentile among areas of its")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    perception = (
        f"Residents' views: the survey city {_md(area['perception_city'])}. "
        if pd.notna(area["perception_city"])
        else "Residents' views: the survey has no city in this area. "
    )
    return f"""# {_md(area["fua_name"])}

{_md(area["country"])}. Functional urban area with **{area["population"]:,}** residents (2020), code
`{code}`; number {area["rank_in_country"]} by population among its country's areas with complete
core indicators. **{present} of {len(INDICATORS)}** indicators are observed.

<table class="table profile">
<caption>Evidence class: observed. Each strip shows all areas (light ticks), those of the same
country (dark ticks) and this one (dot).</caption>
<thead><tr>{head}</tr></thead>
<tbody>{rows}</tbody>
</table>

## How to read this

The percentile is the share of areas with a lower value, plus half of those with the same one. It
is given among the areas of the same country, of the same size ({_size(area)}), and among all; with
fewer than {panel.FEWEST_PEERS} areas to compare with, none is given. A high percentile is not good
in itself. These are averages over a whole area: they say nothing about inequality inside it.

## Sources

{{doc}}`/book/data/panel72`, compared with {{doc}}`/book/data/fua_candidates`: OECD (age, green
area, heat, GDP), UN-Habitat (public transport), Eurostat (residents' views). {perception}Public
transport: {_md(area["pt_city"])}.

## Cite this page

> Cities of Equality contributors (2026). Profile of {_md(area["fua_name"])} ({code}). In *Cities of
> Equality: an evidence and guidance book*, version {__version__}, `book/cities/{slug(code)}.html`.
> Evidence class: observed.
"""


def _size(area: pd.Series) -> str:
    return panel.size_class(pd.Series([area["population"]])).iloc[0]


def _row(
    code: str,
    indicator: Indicator,
    area: pd.Series,
    ranks: pd.DataFrame,
    strips: dict[str, _Strip],
) -> str:
    value = area[indicator.column]
    name = (
        f'<th scope="row">{escape(indicator.name)}<br>'
        f'<span class="unit">{_when(indicator, area)}</span></th>'
    )
    if pd.isna(value):
        return f'<tr class="missing">{name}<td colspan="3">not observed</td></tr>'
    shown = f"{value:{indicator.fmt}}".replace("-", "−")
    note = SUSPICIOUS.get((code, indicator.column))
    doubt = f'<br><span class="doubt">{escape(note)}</span>' if note else ""
    own = ranks[ranks["column"] == indicator.column].set_index("peers")
    peers = "<br>".join(
        f"{label}: {_rank(own.loc[group])}"
        for group, label in (("country", "country"), ("size", "size"), ("all", "all"))
    )
    said = f"{indicator.name}: {shown} {indicator.unit}"
    if pd.notna(own.loc["all", "percentile"]):
        said += f", percentile {own.loc['all', 'percentile']:.0f} among all areas"
    strip = strips[indicator.column].draw(value, area["iso3"], said)
    return (
        f"<tr>{name}<td><strong>{shown}</strong> {escape(indicator.unit)}{doubt}</td>"
        f"<td>{strip}</td><td>{peers}</td></tr>"
    )


def _when(indicator: Indicator, area: pd.Series) -> str:
    year = area[indicator.year] if indicator.year in area.index else indicator.year
    return f"{indicator.belongs_to}, {year}" if pd.notna(year) else indicator.belongs_to


def _rank(row: pd.Series) -> str:
    if pd.isna(row["percentile"]):
        return f"too few (n = {row['n']})"
    return f"<strong>{row['percentile']:.0f}</strong> (n = {row['n']})"


class _Strip:
    """A strip of ticks for one indicator, on which an area is marked."""

    def __init__(self, reference: pd.DataFrame, column: str) -> None:
        known = reference[["iso3", column]].dropna()
        self.low, self.high = float(known[column].min()), float(known[column].max())
        self.every = self._ticks(known[column], "all", 10, 24)
        self.by_country = {
            iso3: self._ticks(values, "same", 7, 27)
            for iso3, values in known.groupby("iso3")[column]
        }

    def _place(self, value: float) -> str:
        share = (float(value) - self.low) / (self.high - self.low)
        return f"{MARGIN + (STRIP_WIDTH - 2 * MARGIN) * share:.1f}"

    def _ticks(self, values: pd.Series, css: str, top: int, bottom: int) -> str:
        path = "".join(f"M{self._place(value)} {top}V{bottom}" for value in values)
        return f'<path class="{css}" d="{path}"/>'

    def draw(self, value: float, iso3: str, said: str) -> str:
        """Return the strip as SVG, with ``said`` for those who don't see it."""
        return (
            f'<svg class="strip" viewBox="0 0 {STRIP_WIDTH} {STRIP_HEIGHT}" role="img" '
            f'aria-label="{escape(said, quote=True)}">{self.every}{self.by_country.get(iso3, "")}'
            f'<circle cx="{self._place(value)}" cy="17" r="6"/></svg>'
        )


def _md(text: str) -> str:
    """Escape what Markdown would read as markup."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|$" else char for char in text)
