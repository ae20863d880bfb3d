"""The report: one HTML page that opens without a network and needs no script."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from equalcities.assess import drawings
from equalcities.assess.indicators import ORDINAL, PROFILED, Results, Settings
from equalcities.assess.intake import City

LISTED = 10
LITTLE = 0.25
"""Share of segregation below which little of it is called left over wider surroundings."""
INDEX_NAMES = {
    "dissimilarity": "Dissimilarity",
    "isolation": "Isolation",
    "multigroup_dissimilarity": "Dissimilarity, all groups",
    "multigroup_theil_h": "Information index H",
    "normalised_exposure": "Normalised exposure",
    "ordinal_information": "Ordinal information index",
}
STYLE = """
:root { color-scheme: light; --ink: #22303a; --grey: #55626b; --line: #d8dee3; --blue: #0a5a8c; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, "Segoe UI", Roboto, Arial, sans-serif;
  color: var(--ink); background: #fff; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 0 auto; padding: 1.2rem 1.1rem 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .4rem 0 .3rem; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .5rem; padding-top: .5rem;
  border-top: 3px solid var(--ink); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; }
p, li { max-width: 46rem; } p { margin: .5rem 0; } ul { padding-left: 1.2rem; margin: .4rem 0; }
li { margin: .3rem 0; } .lead { color: var(--grey); }
.badge { display: inline-block; padding: .15rem .6rem; border: 1px solid #8a6100; color: #6b4b00;
  background: #fff6dd; font-size: .85rem; border-radius: .2rem; }
.simulated { border-color: #8a1f11; color: #7a1a0e; background: #fdecea; }
.brief { background: #f2f6f9; border-left: 4px solid var(--blue); padding: .6rem 1rem .7rem;
  margin: 1.1rem 0; }
.brief h2 { border: 0; margin: 0; padding: 0; font-size: 1.1rem; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .8rem;
  margin: 1rem 0; padding: 0; }
.numbers div { border: 1px solid var(--line); padding: .6rem .8rem; }
.numbers b { display: block; font-size: 1.6rem; line-height: 1.2; }
.numbers span { font-size: .9rem; color: var(--grey); }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
.maps figure { margin: 0; max-width: 30rem; } figure { margin: .8rem 0; max-width: 37rem; }
figure img { width: 100%; height: auto; display: block; }
figcaption { font-size: .9rem; color: var(--grey); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 1.4rem; }
.key { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem;
  font-size: .88rem; max-width: none; }
.key li { margin: 0; } .key i { display: inline-block; width: 1.05em; height: 1.05em;
  border: 1px solid #8b959c; vertical-align: -.15em; margin-right: .4em; }
.key .dot { border-radius: 50%; width: .7em; height: .7em; background: var(--ink); border: 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .92rem; margin: .6rem 0;
  min-width: 50%; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding-bottom: .2rem; }
th, td { text-align: left; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } td { overflow-wrap: break-word; max-width: 24rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n, th.n { padding-right: .5rem; }
small, .small { font-size: .85rem; color: var(--grey); } code { font-size: .85em; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--blue); }
@media (max-width: 30rem) { h1 { font-size: 1.5rem; } table { font-size: .85rem; }
  th, td { padding-right: .5rem; } }
@media print { main { max-width: none; padding: 0; } h2 { break-after: avoid; }
  figure, table, .brief { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Wording:
    """Words of the report that the user chooses.

    Attributes
    ----------
    title : str
    labels : tuple of str
        Names of the groups, in their order.
    service, capacity : str
        What the services are, and what their capacity counts.
    """

    title: str
    labels: tuple[str, ...]
    service: str = "services"
    capacity: str = "services"


def report_html(
    city: City,
    results: Results,
    settings: Settings,
    wording: Wording,
    provenance: Mapping[str, object],
) -> bytes:
    """Write the report.

    Parameters
    ----------
    city : City
    results : Results
    settings : Settings
    wording : Wording
    provenance : mapping
        Evidence class, versions, inputs, parameters and notes.

    Returns
    -------
    bytes
        HTML in UTF-8, with styles and drawings inside.
    """
    return _Report(city, results, settings, wording, provenance).page().encode("utf-8")


# --- small pieces ------------------------------------------------------------------------


def escape(value: object) -> str:
    """Return text that a browser shows as it is."""
    return html.escape(str(value), quote=True)


def number(value: float, digits: int = 0) -> str:
    """Return a number for reading: thousands parted, a true minus, a dash for none."""
    if value is None or not np.isfinite(value):
        return "–"
    text = f"{value:,.{digits}f}"
    return ("0" if float(text.replace(",", "")) == 0 and digits == 0 else text).replace("-", "−")


def percent(share: float, digits: int = 0) -> str:
    """Return a share as per cent."""
    return f"{number(100 * share, digits)}%" if np.isfinite(share) else "–"


def beyond_chance(rows: pd.DataFrame) -> pd.Series:
    """Return what each index holds beyond chance, or its value where chance isn't known.

    Groups of few people have high values by chance alone, and would come first otherwise.
    """
    return rows["value"] - rows["chance"].fillna(0.0)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _range(low: float, high: float, digits: int, factor: float = 1) -> str:
    return f"{number(factor * low, digits)} to {number(factor * high, digits)}"


def _table(
    caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], text: int = 1
) -> str:
    """Return a table of escaped cells; columns after the first `text` ones are numbers."""
    cell = [' class="n"' if place >= text else "" for place in range(len(header))]
    head = "".join(
        f'<th scope="col"{mark}>{escape(name)}</th>'
        for name, mark in zip(header, cell, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{mark}>{escape(v)}</td>" for v, mark in zip(row, cell, strict=True))
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def _figure(svg: bytes, alt: str, caption: str) -> str:
    data = base64.b64encode(svg).decode("ascii")
    return (
        f'<figure><img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _key(entries: Iterable[tuple[str, str]], dot: str = "") -> str:
    items = [
        f'<li><i style="background:{colour}"></i>{escape(text)}</li>' for colour, text in entries
    ]
    if dot:
        items.append(f'<li><i class="dot"></i>{escape(dot)}</li>')
    return f'<ul class="key">{"".join(items)}</ul>'


def _list(sentences: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences) + "</ul>"


def _paragraphs(*sentences: str) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


class _Report:
    """The parts of one report, each a piece of HTML."""

    def __init__(
        self,
        city: City,
        results: Results,
        settings: Settings,
        wording: Wording,
        provenance: Mapping[str, object],
    ) -> None:
        self.city, self.results, self.settings, self.wording = city, results, settings, wording
        self.provenance = provenance
        self.labels = dict(zip(results.groups, wording.labels, strict=True))
        self.simulated = bool(provenance["simulation"])
        self.stamp = (
            "simulated, evidence about no place"
            if self.simulated
            else "your data, not checked by us"
        )

    def page(self) -> str:
        sections = [
            self.head(), self.brief(), self.numbers(), self.where(), self.apart(),
            self.distance(), self.access(), self.notes(), self.limits(), self.made(),
        ]  # fmt: skip
        policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.wording.title)}: segregation and access</title>\n"
            f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
            + "\n".join(part for part in sections if part)
            + "\n</main>\n</body>\n</html>\n"
        )

    def value(self, index: str, group: str = "all") -> pd.Series:
        rows = self.results.segregation
        return rows[(rows["index"] == index) & (rows["group"] == group)].iloc[0]

    @property
    def kind(self) -> str:
        return "areas" if self.city.areas else "points"

    @property
    def minutes(self) -> str:
        return f"{self.settings.minutes:g} minutes"

    # --- top ---

    def head(self) -> str:
        persons = number(self.city.counts.to_numpy().sum())
        badge = (
            '<span class="badge simulated">Simulated, evidence about no place</span>'
            if self.simulated
            else '<span class="badge">Your data, not checked by us</span>'
        )
        served = (
            f", {number(len(self.city.services))} {self.wording.service}"
            if self.city.services is not None
            else ""
        )
        topic = " and access to services" if served else ""
        return (
            f"<header>{badge}<h1>{escape(self.wording.title)}: who lives where"
            f"{', who reaches what' if served else ''}</h1>"
            f'<p class="lead">{escape(f"Segregation{topic}: {persons} people in")} '
            f"{escape(number(len(self.city.units)))} {self.kind}"
            f"{escape(served)}.</p></header>"
        )

    def brief(self) -> str:
        sentences = [*self.said_of_segregation(), *self.said_of_scale(), *self.said_of_access()]
        sentences.append(
            "This describes where people live and what is near. It doesn't say why, nor what any "
            "policy has done."
        )
        return f'<section class="brief"><h2>In brief</h2>{_list(sentences)}</section>'

    def said_of_segregation(self) -> list[str]:
        rows = self.results.segregation
        rows = rows[(rows["index"] == "dissimilarity") & rows["ci_low"].notna()]
        if rows.empty:
            return []
        first = rows.loc[beyond_chance(rows).idxmax()]
        interval = f"95% interval {_range(first['ci_low'], first['ci_high'], 0, 100)}"
        moved = f"about {percent(first['value'])} of"
        if len(self.results.groups) == 2:  # either has the same index
            sentence = (
                f"{moved[0].upper()}{moved[1:]} either group would have to move to other "
                f"{self.kind} for both to be spread alike ({interval})."
            )
        else:
            sentence = (
                f"The group living most apart is “{self.labels[first['group']]}”: {moved} its "
                f"people would have to move to other {self.kind} to be spread like everyone else "
                f"({interval})."
            )
        if not np.isfinite(first["chance"]):
            return [sentence]
        if first["value"] > first["chance_high"]:
            return [f"{sentence} Chance alone would give about {percent(first['chance'])}."]
        return [
            f"No group lives apart by more than chance alone would give. {sentence} Chance gives "
            f"about {percent(first['chance'])}."
        ]

    def said_of_scale(self) -> list[str]:
        scale = self.results.scale
        if len(scale) < 2 or not scale["value"].iloc[0] > 0:
            return []
        last = scale.iloc[-1]
        share = last["value"] / scale["value"].iloc[0]
        distance = f"{last['scale'] / 1000:g} km"
        if last["value"] > last["shuffled_high"]:
            return [
                f"Of the segregation between {self.kind}, {percent(share)} is still there when "
                f"counted over surroundings of {distance}, more than if they were shuffled over "
                "the map: whole parts of the city differ, not only streets."
            ]
        if share < LITTLE:
            return [
                f"Seen over surroundings of {distance} little of that is left ({percent(share)}), "
                f"no more than if {self.kind} were shuffled over the map: the differences are "
                "between neighbours."
            ]
        return [
            f"Seen over surroundings of {distance} {percent(share)} of that is left, no more than "
            f"if {self.kind} were shuffled over the map: no pattern beyond neighbours can be shown."
        ]

    def said_of_access(self) -> list[str]:
        if self.results.groups_access is None:
            return []
        table = self.results.groups_access.sort_values("share_beyond", ascending=False)
        worst, best = table.iloc[0], table.iloc[-1]
        beyond = float(np.average(table["share_beyond"], weights=table["people"]))
        sentences = [
            f"{percent(beyond)} of people live more than {self.minutes} on foot from the nearest "
            f"of the {self.wording.service}: {percent(worst['share_beyond'])} of "
            f"“{self.labels[worst['group']]}”, {percent(best['share_beyond'])} of "
            f"“{self.labels[best['group']]}”."
        ]
        gaps = self.minute_gaps()
        clear = gaps[(gaps["ci_low"] > 0) | (gaps["ci_high"] < 0)]
        if len(gaps):
            row = gaps.loc[(clear if len(clear) else gaps)["value"].abs().idxmax()]
            who, other = self.labels[row["group"]], self.labels[row["reference"]]
            interval = f"95% interval {_range(row['ci_low'], row['ci_high'], 1)}"
            if clear.empty:
                sentences.append(
                    "Between groups, average walks don't differ by more than these data can tell: "
                    f"“{who}” against “{other}” {number(row['value'], 1)} minutes ({interval})."
                )
            else:
                word = "longer" if row["value"] > 0 else "shorter"
                sentences.append(
                    f"The widest gap that is clear: people of “{who}” walk "
                    f"{number(abs(row['value']), 1)} minutes {word} on average than people of "
                    f"“{other}” ({interval} minutes)."
                )
        return sentences

    def minute_gaps(self) -> pd.DataFrame:
        gaps = self.results.gaps
        return gaps[(gaps["indicator"] == "minutes_to_nearest") & (gaps["measure"] == "difference")]

    def numbers(self) -> str:
        theil = self.value(PROFILED)
        cells = [
            (
                number(theil["value"], 3),
                f"information index H of all groups (0 even, 1 fully apart); 95% interval "
                f"{_range(theil['ci_low'], theil['ci_high'], 3)}",
            )
        ]
        if self.results.groups_access is not None:
            table = self.results.groups_access
            mean = (table["mean_minutes"] * table["people"]).sum() / table["people"].sum()
            supply = (table["mean_supply"] * table["people"]).sum() / table["people"].sum()
            cells += [
                (
                    f"{number(mean, 1)} min",
                    f"average walk to the nearest of the {self.wording.service}",
                ),
                (
                    number(supply, 2),
                    f"{self.wording.capacity} per 1,000 people within {self.minutes}, minding how "
                    "many share them",
                ),
            ]
        small = int(self.results.units["small_number"].sum())
        cells.append(
            (
                number(small),
                f"{self.kind} with fewer than {self.settings.small} people; shares withheld",
            )
        )
        body = "".join(f"<div><b>{escape(b)}</b><span>{escape(t)}</span></div>" for b, t in cells)
        return f'<div class="numbers">{body}</div>'

    # --- segregation ---

    def where(self) -> str:
        maps = []
        for group, label in self.labels.items():
            values = self.results.units[f"location_quotient_{group}"]
            codes = drawings.classes_of(values, drawings.QUOTIENT_EDGES)
            svg = drawings.class_map(self.city.units, codes, drawings.QUOTIENT_COLOURS, self.stamp)
            high, low = int((codes == 4).sum()), int((codes == 0).sum())
            share = self.city.counts[group].sum() / self.city.counts.to_numpy().sum()
            alt = (
                f"Map of {label}, {percent(share, 1)} of the city: more than twice that share in "
                f"{high} of {len(codes)} {self.kind}, less than half of it in {low}."
            )
            caption = f"{label}: {percent(share, 1)} of the city"
            maps.append(_figure(svg, alt, caption))
        entries = list(zip(drawings.QUOTIENT_COLOURS, drawings.QUOTIENT_LABELS, strict=True))
        entries.append((drawings.NO_VALUE, "nobody, or too few people to show"))
        return (
            "<section><h2>Where groups live</h2>"
            + _paragraphs(
                "Each map compares the share of one group in a place with its share in the whole "
                "city (the location quotient). Orange: the group is over-represented; purple: "
                "under-represented."
            )
            + _key(entries)
            + f'<div class="maps">{"".join(maps)}</div></section>'
        )

    def apart(self) -> str:
        rows = self.results.segregation
        drawn = rows[rows["index"].isin(["dissimilarity", "multigroup_dissimilarity"])]
        drawn = drawn.assign(
            label=[self.labels.get(group, "all groups") for group in drawn["group"]]
        )
        highest = drawn[drawn["index"] == "dissimilarity"].sort_values("value").iloc[-1]
        alt = (
            f"Dissimilarity by group; highest for {highest['label']}, "
            f"{number(highest['value'], 2)} ({_range(highest['ci_low'], highest['ci_high'], 2)})"
            + (f"; chance would give {number(highest['chance'], 2)}." if self.city.whole else ".")
        )
        caption = (
            "Dissimilarity: 0 is even, 1 is fully apart. Dot and line: value and 95% interval"
            + ("; orange stroke: what chance alone would give." if self.city.whole else ".")
        )
        svg = drawings.intervals(drawn, "dissimilarity", self.stamp)
        cells = [
            (
                INDEX_NAMES[row["index"]],
                self.labels.get(row["group"], "all"),
                f"{number(row['value'], 3)} ({_range(row['ci_low'], row['ci_high'], 3)})",
                number(row["chance"], 3),
            )
            for _, row in rows.iterrows()
        ]
        readings = [
            "Dissimilarity: the share of a group that would have to move to other places to be "
            "spread like everyone else.",
            "Isolation: the share of their own group that people of a group meet in their place, "
            "on average. It rises with the size of the group; compare it with chance.",
            "Information index H: how much less mixed places are than the city. Normalised "
            "exposure: how much less people meet other groups than in an even city.",
        ]
        if self.settings.ordered:
            readings.append(
                f"{INDEX_NAMES[ORDINAL]}: as H, but it minds the order of the groups: neighbours "
                "two steps apart count as more separated than neighbours one step apart."
            )
        return (
            "<section><h2>How far apart groups live</h2>"
            + _figure(svg, alt, caption)
            + _table(
                "Indices, with 95% intervals",
                ("Index", "Group", "Value (interval)", "By chance"),
                cells,
                text=2,
            )
            + f"<details><summary>How to read the indices</summary>{_list(readings)}</details>"
            + "</section>"
        )

    def distance(self) -> str:
        scale = self.results.scale
        parts = ["<section><h2>Over what distance</h2>"]
        if len(scale) > 1:
            first, last = scale.iloc[0], scale.iloc[-1]
            alt = (
                f"The information index falls from {number(first['value'], 3)} between {self.kind} "
                f"to {number(last['value'], 3)} over surroundings of {last['scale'] / 1000:g} km; "
                f"with {self.kind} shuffled it would be {number(last['shuffled'], 3)} there."
            )
            parts += [
                _paragraphs(
                    "People are counted in ever larger surroundings of each place. A line that "
                    "stays high shows large parts of the city that differ; one that falls to the "
                    "dashed line at once shows differences between neighbours only."
                ),
                _figure(
                    drawings.over_distance(scale, self.stamp),
                    alt,
                    f"Dashed: {self.kind} put on the map at random; band: 95 draws in 100.",
                ),
            ]
        else:
            parts.append(_paragraphs("The city is too small for the distances asked for."))
        table = self.results.subareas
        if table is not None:
            total = table.set_index("component")
            rows = table[table["component"] == "district"].sort_values("value", ascending=False)
            between = total.loc["between", "share"]
            parts += [
                _paragraphs(
                    f"Between the {len(rows)} sub-areas lies {percent(between)} of the segregation "
                    f"by index H, within them {percent(1 - between)}."
                    if np.isfinite(between)
                    else "There is no segregation to split between sub-areas."
                ),
                _table(
                    "Segregation within sub-areas"
                    + (f", the {LISTED} with most" if len(rows) > LISTED else ""),
                    ("Sub-area", "People", "H within"),
                    [
                        (row["district"], number(row["population"]), number(row["value"], 3))
                        for _, row in rows.head(LISTED).iterrows()
                    ],
                ),
            ]
        return "".join(parts) + "</section>"

    # --- access ---

    def access(self) -> str:
        if self.results.groups_access is None:
            return ""
        limit = self.settings.minutes
        edges = (limit / 3, 2 * limit / 3, limit, 2 * limit)
        units, table = self.results.units, self.results.groups_access
        minutes = units["minutes_to_nearest"].where(units["population"] > 0)
        # A walk of exactly the limit is within it.
        codes = drawings.classes_of(minutes, np.nextafter(edges, np.inf))
        svg = drawings.class_map(
            self.city.units, codes, drawings.MINUTE_COLOURS, self.stamp, self.city.services
        )
        steps = [f"{edge:.3g}" for edge in edges]
        names = [
            f"up to {steps[0]} minutes",
            *(f"{low} to {high}" for low, high in pairwise(steps)),
            f"more than {steps[-1]}",
        ]
        entries = [
            *zip(drawings.MINUTE_COLOURS, names, strict=True),
            (drawings.NO_VALUE, "nobody lives there"),
        ]
        far = int((minutes > limit).sum())
        map_alt = (
            f"Map of minutes on foot to the nearest of the {self.wording.service}: more than "
            f"{limit:g} in {far} of {int(minutes.notna().sum())} {self.kind} with people."
        )
        distances = self.results.distances
        near = distances[distances["minutes"] <= limit].groupby("group", sort=False)["share"].last()
        lines_alt = (
            f"Share of each group within {int(limit)} minutes: "
            + ", ".join(f"{self.labels[group]} {percent(share)}" for group, share in near.items())
            + "."
        )
        rows = [
            (
                self.labels[row["group"]],
                f"{percent(row['share_beyond'])} ({_range(row['ci_low'], row['ci_high'], 0, 100)})",
                number(row["mean_minutes"], 1),
                number(row["mean_supply"], 2),
            )
            for _, row in table.iterrows()
        ]
        return (
            "<section><h2>Who reaches services</h2>"
            + '<div class="pair"><div>'
            + _figure(
                svg, map_alt, f"Minutes on foot to the nearest of the {self.wording.service}."
            )
            + _key(entries, dot=self.wording.service)
            + "</div><div>"
            + _figure(
                drawings.cumulative(distances, self.labels, limit, self.stamp),
                lines_alt,
                f"The line at {limit:g} minutes is the walk taken as acceptable. Higher is better.",
            )
            + "</div></div>"
            + _table(
                "Access by group",
                (
                    "Group",
                    f"Beyond {limit:g} min (interval)",
                    "Minutes",
                    f"{_capital(self.wording.capacity)} per 1,000",
                ),
                rows,
            )
            + self.gaps()
            + self.far_away(minutes)
            + "</section>"
        )

    def gaps(self) -> str:
        gaps = self.minute_gaps()
        parts = []
        if len(gaps):
            drawn = gaps.assign(label=[self.labels[group] for group in gaps["group"]])
            other = self.labels[self.results.reference]
            said = [
                f"{row['label']} {number(row['value'], 1)} "
                f"({_range(row['ci_low'], row['ci_high'], 1)})"
                for _, row in drawn.iterrows()
            ]
            parts += [
                f"<h3>Gaps against “{escape(other)}”</h3>",
                _figure(
                    drawings.intervals(
                        drawn, "minutes more (right) or less (left)", self.stamp, True
                    ),
                    f"Minutes to the nearest, difference from {other}: {'; '.join(said)}.",
                    f"Average minutes, difference from “{other}”, with 95% intervals.",
                ),
            ]
        concentration = self.results.concentration
        if concentration is not None and len(concentration):
            row = concentration.iloc[0]
            parts.append(
                _paragraphs(
                    f"Concentration index of {self.wording.capacity} per head along the order of "
                    "the groups, above zero if the higher ones have more: "
                    f"{number(row['value'], 3)} (95% interval "
                    f"{_range(row['ci_low'], row['ci_high'], 3)})."
                )
            )
        return "".join(parts)

    def far_away(self, minutes: pd.Series) -> str:
        units = self.results.units
        beyond = units[(minutes > self.settings.minutes) & (units["population"] > 0)]
        if beyond.empty:
            return ""
        people, hidden = number(beyond["population"].sum()), int(beyond["small_number"].sum())
        far = beyond[~beyond["small_number"]]
        far = far.sort_values(["population", "id"], ascending=[False, True])
        unlisted = (
            f" {hidden} of them have fewer than {self.settings.small} people and are not listed."
            if hidden
            else ""
        )
        return (
            f"<h3>Where most people live beyond {self.settings.minutes:g} minutes</h3>"
            + _paragraphs(f"{people} people live in {len(beyond)} such {self.kind}.{unlisted}")
            + _table(
                f"The {min(LISTED, len(far))} with most people",
                ("Place", "People", "Minutes"),
                [
                    (row["name"], number(row["population"]), number(row["minutes_to_nearest"], 1))
                    for _, row in far.head(LISTED).iterrows()
                ],
            )
        )

    # --- what to mind ---

    def notes(self) -> str:
        notes = list(self.provenance["notes"]) or ["Nothing had to be decided about the files."]
        return (
            "<section><h2>What was noticed in the files</h2>"
            + _paragraphs(
                "Reference systems, shapes, counts, identifiers, repeated rows and overlaps were "
                "checked and no error was found. Whether the numbers are right was not checked."
            )
            + _list(notes)
            + "</section>"
        )

    def limits(self) -> str:
        limits = [
            f"Everything depends on how the {self.kind} are drawn. Compare only with cities whose "
            "units are of the same kind and size.",
            "Intervals come from resampling places as if they were independent. Neighbouring "
            "places are alike, so the true uncertainty is larger. They say nothing about errors in "
            "the data.",
            f"The shares of groups in places with fewer than {self.settings.small} people are left "
            "blank on maps and in tables; totals still count them. That doesn't make the tables "
            "anonymous: ask your data protection officer before you pass them on.",
        ]
        if self.results.groups_access is not None:
            limits += [
                f"Walks are straight lines times {self.settings.detour:g}, at "
                f"{self.settings.speed:g} km per hour, from the middle of each place. Rivers, "
                "hills, opening hours, prices and disabilities don't appear.",
                "Services beyond the edge of the files are missing, so places at the edge may look "
                "worse off than they are.",
                "All people of a place get its access. Differences within places don't show.",
            ]
        limits.append("None of this says why people live where they do, or what caused a gap.")
        return f"<section><h2>Limits</h2>{_list(limits)}</section>"

    def made(self) -> str:
        given = self.provenance
        files = [
            (file["role"], file["name"], number(file["rows"]), file["crs"])
            for file in given["inputs"]
        ]
        sums = "".join(
            f"<li>{escape(file['name'])}: SHA-256 <code>{escape(file['sha256'])}</code></li>"
            for file in given["inputs"]
        )
        parameters = [
            (name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
            for name, value in given["parameters"].items()
        ]
        method = [
            "Segregation: Massey and Denton (1988); Reardon and Firebaugh (2002). Intervals: "
            "bootstrap of places. Chance: people drawn into places at random, sizes kept.",
            "Supply per head: two-step floating catchment with three zones (Luo and Qi 2009).",
        ]
        simulated = _paragraphs(f"Simulated: {given['simulation']}.") if self.simulated else ""
        return (
            "<section><h2>How this was made</h2>"
            + simulated
            + _table("Files", ("Role", "File", "Rows", "System"), files, text=4)
            + f'<ul class="small">{sums}</ul>'
            + f"<details><summary>Methods, parameters and versions</summary>{_list(method)}"
            + _table("Parameters", ("Name", "Value"), parameters, text=2)
            + _table("Versions", ("Software", "Version"), given["versions"].items(), text=2)
            + "</details>"
            + _paragraphs(
                "The folder tables holds every number as CSV and Parquet; metrics.json holds all "
                "of this for machines. The same files and seed give the same bytes."
            )
            + "</section>"
        )
