"""One page per participation practice: how it is coded, what it rests on, what is not known."""

from __future__ import annotations

import pandas as pd

from equalcities import __version__
from equalcities.catalog import Dataset
from equalcities.participation import FEATURES
from equalcities.site.cities import _md

EVIDENCE = {
    "self_report": "what the organiser says",
    "press": "press",
    "evaluation": "evaluation exists",
    "peer_reviewed": "peer-reviewed study exists",
}
CERTAINTY = {
    "yes": "read on the source",
    "partly": "partly inferred",
}
CERTAINTY_MEANING = {
    "yes": "read on the source or on a link in the note: what happened, place, dates, numbers",
    "partly": "partly inferred: a cell rests on inference or general knowledge, named in the note",
}


def practice_pages(practices: Dataset) -> dict[str, str]:
    """Make a page for each practice.

    Parameters
    ----------
    practices : Dataset
        The cases, dataset ``participation_practices``.

    Returns
    -------
    dict of str to str
        File name and Markdown of each page, ``index`` for the list of all.
    """
    pages = {"index": _index(practices.table)}
    for row in practices.table.to_dict("records"):
        pages[row["practice_id"]] = _page(row)
    return pages


def _index(table: pd.DataFrame) -> str:
    parts = []
    for instrument, rows in table.groupby("instrument"):
        links = "\n".join(
            f"- {{doc}}`{_md(row.name_)} </book/practices/{row.practice_id}>` ({_md(row.city)})"
            for row in rows.rename(columns={"name": "name_"}).sort_values("city").itertuples()
        )
        parts.append(f"## {_words(instrument).capitalize()}\n\n{links}")
    return (
        "# Practice pages\n\nOne page for each case of the collection, by instrument. The pages "
        "are made from the data; {doc}`/notebooks/participation_practices` says how the cases were "
        "chosen and what they can't show.\n\n:::{note}\nA feature that is not listed was not seen "
        "on the pages read. It may exist all the same.\n:::\n\n" + "\n\n".join(parts) + "\n"
    )


def _page(row: dict) -> str:
    features = [FEATURES[code] for code in _codes(row["equity_features"])]
    entries = {
        "Where": f"{_md(row['city'])} ({row['country_iso3']})",
        "When": _years(row),
        "Instrument": _words(row["instrument"]),
        "Led by": row["lead_level"],
        "Stages of the policy cycle": ", ".join(_codes(row["policy_stage"])),
        "Level of power (IAP2)": _known(row["power_level"], "not coded"),
        "Features seen": ", ".join(features) or "none seen on the pages read",
        "Addressed to": _md(_known(row["target_groups"], "not stated")),
        "Count as stated": _count(row["participants_n"], "", "see the note for its unit"),
        "Amount as stated": _count(
            row["budget_amount"], _known(row["budget_currency"], ""), "see the note for its scope"
        ),
        "Best evidence found": EVIDENCE[row["evidence_type"]],
        "Certainty": CERTAINTY_MEANING[row["verified"]],
        "Source": f"[{_md(row['source_title'])}](<{row['source_url']}>)",
    }
    lines = "\n".join(f"* - {name}\n  - {text}" for name, text in entries.items())
    return f"""# {_md(row["name"])}

{_md(row["outcome_summary"])}

:::{{list-table}}
:widths: 26 74
:stub-columns: 1
:class: record

{lines}
:::

**Note.** {_md(_known(row["note"], "None."))}

## How to read this

Evidence class: compiled. The summary repeats what the source says; it is no finding of this book.
Stages and level of power are one reader's judgement. Features are listed only where a page states
them.

## Cite this page

> Cities of Equality contributors (2026). {_md(row["name"])}. In *Cities of Equality: an
> evidence and guidance book*, version {__version__},
> `book/practices/{row["practice_id"]}.html`. Evidence class: compiled.
> Data: {{doc}}`/book/data/participation_practices`.
"""


def _known(value: object, otherwise: str) -> str:
    return otherwise if pd.isna(value) else str(value)


def _codes(value: object) -> list[str]:
    return [] if pd.isna(value) else str(value).split(";")


def _words(code: str) -> str:
    return code.replace("_", " ")


def _years(row: dict) -> str:
    if pd.isna(row["start_year"]) and pd.isna(row["end_year"]):
        return "not stated"
    start = _known(row["start_year"], "start not seen")
    return f"{start} to {_known(row['end_year'], 'open, or end not seen')}"


def _count(value: object, unit: str, advice: str) -> str:
    if pd.isna(value):
        return "not stated"
    number = f"{value:,.2f}".removesuffix(".00")
    return f"{' '.join([number, unit]).strip()} ({advice})"
