"""Pages made from data: one per dataset, the ledger, and what ran."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from equalcities import catalog, guidance
from equalcities.ledger import Published, anchor
from equalcities.site import cities, practices
from equalcities.site import guidance as site_guidance

SHOWN_PACKAGES = (
    "equalcities",
    "jupyter-book",
    "sphinx",
    "myst-nb",
    "numpy",
    "pandas",
    "geopandas",
    "scipy",
    "statsmodels",
    "matplotlib",
    "seaborn",
)
SAMPLE_ROWS = 3
# Addresses of entries in the ledger are for ever, those of withdrawn ones too.
WITHDRAWN_ANCHORS = {"number": "num", "figure": "ledger-fig"}
LICENCE_STATUS = {
    "stated": "stated where the file was obtained",
    "publisher": "the publisher's known licence, not stated where the file was obtained",
}


class Ran(NamedTuple):
    """What the status page says of one executed notebook."""

    name: str
    title: str
    cells: int


def write_page(path: Path, text: str) -> bool:
    """Write a page if its text is new; return whether it was."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    catalog.write_whole(path, text.encode())
    return True


def write_pages(
    root: Path, ledger: Published, ran: Sequence[Ran], loaded: Sequence[catalog.Dataset]
) -> list[Path]:
    """Write every generated page; remove those whose dataset, city or case is gone.

    Parameters
    ----------
    root : Path
        The checkout.
    ledger : Published
        What is accepted.
    ran : sequence of Ran
        The executed notebooks.
    loaded : sequence of Dataset
        All datasets of the book.

    Returns
    -------
    list of Path
        The pages that changed.
    """
    folder = root / "book" / "data"
    wanted = {}
    for dataset in loaded:
        wanted[folder / f"{dataset.record.id}.md"] = dataset_page(*dataset, ledger)
    by_id = {d.record.id: d for d in loaded}
    profiles = cities.city_pages(by_id["panel72"], by_id["fua_candidates"])
    wanted |= _series(root, "cities", profiles)
    cases = practices.practice_pages(by_id["participation_practices"])
    wanted |= _series(root, "practices", cases)
    chosen = guidance.read_recommendations(
        root / guidance.FILE, ledger, set(by_id["participation_practices"].table["practice_id"])
    )
    advice = site_guidance.recommendation_pages(
        chosen,
        ledger,
        {d.record.id: d.record for d in loaded},
        by_id["participation_practices"].table,
        {one.name: one.title for one in ran},
    )
    wanted |= _series(root, "recommendations", advice)
    wanted[root / "book" / "ledger.md"] = ledger_page(ledger, ran)
    wanted[root / "book" / "status.md"] = status_page(ran, [d.record for d in loaded])
    series = ("cities", "practices", "recommendations")
    for made in (folder, *(root / "book" / name for name in series)):
        for path in made.glob("*.md") if made.is_dir() else ():
            if path not in wanted:
                path.unlink()
    return [path for path, text in wanted.items() if write_page(path, text)]


def _series(root: Path, name: str, pages: dict[str, str]) -> dict[Path, str]:
    """Place the index of a series of pages beside the folder that holds them."""
    book = root / "book"
    return {
        book / f"{name}.md" if page == "index" else book / name / f"{page}.md": text
        for page, text in pages.items()
    }


def dataset_page(table: pd.DataFrame, record: catalog.Record, ledger: Published) -> str:
    """Describe a dataset in full: source, licence, columns, faults, how it was made."""
    licence = record.licence
    note = f" {licence['note'].strip()}" if licence.get("note") else ""
    using = sorted(
        {e.notebook for e in [*ledger.numbers.values(), *ledger.figures.values()]
         if record.id in e.data}
    )  # fmt: skip
    parts = [
        f"# {record.title}",
        record.summary,
        _definition(
            {
                "Id": f"`{record.id}`",
                "Evidence class": f"**{record.evidence_class}**: "
                f"{catalog.CLASS_MEANING[record.evidence_class]}",
                "Producer": record.producer,
                "Source": f"<{record.source_url}>"
                if record.source_url.startswith("http")
                else record.source_url,
                "Published": record.date_published,
                "Accessed": record.date_accessed,
                "Licence": f"[{licence['name']}]({licence['url']}) "
                f"({LICENCE_STATUS[licence['status']]}).{note}",
                "Attribution": record.attribution,
                "How to cite the data": record.citation,
                "Size": f"{record.rows:,} rows, {len(record.columns)} columns",
                "SHA-256": f"`{record.sha256}`",
                "Download": f"not offered: {record.withheld}"
                if record.withheld
                else f"{{download}}`{record.table} </data/{record.id}/{record.table}>`",
                "Used in": ", ".join(f"{{doc}}`/notebooks/{name}`" for name in using)
                or "no chapter yet",
            }
        ),
        "## Known faults\n\n" + "\n".join(f"- {fault}" for fault in record.known_faults),
        f"## How the table was made\n\n{record.processing}",
        _inputs(record),
        "## Columns\n\n" + _columns(table, record),
        f'In Python: `equalcities.catalog.load("{record.id}")` returns the table and this record, '
        "after checking one against the other.",
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _definition(entries: dict[str, str]) -> str:
    rows = "\n".join(f"* - {name}\n  - {' '.join(text.split())}" for name, text in entries.items())
    return f":::{{list-table}}\n:widths: 22 78\n:stub-columns: 1\n:class: record\n\n{rows}\n:::"


def _inputs(record: catalog.Record) -> str:
    if not record.inputs:
        return ""
    lines = [
        f"- `{entry['file']}`: {' '.join(entry['what'].split())} "
        f"(SHA-256 `{entry['sha256'][:16]}…`)"
        for entry in record.inputs
    ]
    intro = "The raw files are not part of the book. Each is known by its checksum:"
    return "## Raw files\n\n" + intro + "\n\n" + "\n".join(lines)


def _columns(table: pd.DataFrame, record: catalog.Record) -> str:
    rows = ["* - Column\n  - Meaning\n  - Unit, how many present, range or codes"]
    for column in record.columns:
        values = table[column.name]
        present = f"{values.notna().sum():,} of {len(values):,}"
        rows.append(
            f"* - `{column.name}`\n  - {' '.join(column.meaning.split())}\n"
            f"  - {column.unit}; {present}; {_extent(values, column, bool(record.withheld))}"
        )
    return ":::{list-table}\n:header-rows: 1\n:class: columns\n\n" + "\n".join(rows) + "\n:::"


def _extent(values: pd.Series, column: catalog.Column, withheld: bool) -> str:
    # the extremes of a table that isn't shown would give single answers away
    if withheld and column.range:
        return " to ".join(_shown(end, column.unit) for end in column.range) + " allowed"
    if column.values:
        return ", ".join(column.values)
    if column.type == "string":
        return "text"
    if not values.notna().any():
        return "no value"
    low, high = (_shown(value, column.unit) for value in (values.min(), values.max()))
    return f"{low} to {high}"


def _shown(value: float, unit: str) -> str:
    whole = float(value).is_integer()
    text = f"{value:.0f}" if unit == "year" else f"{value:,.0f}" if whole else f"{value:,.2f}"
    return text.replace("-", "−")


def ledger_page(ledger: Published, ran: Sequence[Ran]) -> str:
    """List every number and figure of the book, by chapter, with stable addresses."""
    parts = [
        "# The ledger",
        "Every number and figure that this book prints, with its evidence class, its interval, "
        "the data it stands on and the chapter that computes it. A number in the text links "
        "here. Keys and addresses are for ever: a key is never used for something else, and a "
        "withdrawn one stays listed.",
        "A run of the book that gives another value than the one listed here fails until somebody "
        "accepts the change and says why. Old and new value agree if",
        r"$$|x_{\mathrm{new}} - x_{\mathrm{old}}| \le t \, \max(1, |x_{\mathrm{old}}|)$$",
        "with the tolerance $t$ of the number, by default one in a million.",
        ":::{note}\nA result takes the weakest class of its inputs. **Simulated** results show "
        "a method and are not evidence about any place: they are listed as method "
        "demonstrations.\n:::",
    ]
    for page in ran:
        parts.append(_ledger_section(ledger, page))
    parts.append(_withdrawn_section(ledger))
    return "\n\n".join(parts) + "\n"


def _ledger_section(ledger: Published, page: Ran) -> str:
    numbers = [n for n in ledger.numbers.values() if n.notebook == page.name]
    figures = [f for f in ledger.figures.values() if f.notebook == page.name]
    label = f"(ledger-{page.name.replace('_', '-')})="
    parts = [f"{label}\n## {page.title}", f"Computed in {{doc}}`/notebooks/{page.name}`."]
    if any(entry.evidence_class == "simulated" for entry in [*numbers, *figures]):
        parts.append("Entries of class *simulated* are **method demonstrations**.")
    if numbers:
        parts.append(f"```{{ledger-table}} numbers {page.name}\n```")
    if figures:
        parts.append(f"### Figures of “{page.title}”")
        parts.append(f"```{{ledger-table}} figures {page.name}\n```")
    return "\n\n".join(parts)


def _withdrawn_section(ledger: Published) -> str:
    intro = "(ledger-withdrawn)=\n## Withdrawn"
    if not ledger.withdrawn:
        return intro + "\n\nNo key has been withdrawn so far."
    rows = "\n".join(
        f'- <span id="{anchor(w.key, WITHDRAWN_ANCHORS[w.kind])}"></span>`{w.key}` '
        f"({w.kind}, in {w.notebook}): last {w.last}; withdrawn in "
        f"{w.since}: {w.reason}"
        for w in ledger.withdrawn.values()
    )
    return f"{intro}\n\n{rows}"


def status_page(ran: Sequence[Ran], records: Sequence[catalog.Record]) -> str:
    """Say what ran: notebooks, versions, data. Run times are not here but in ``status.json``.

    Times differ from run to run, and the page must not: two builds of the same sources give
    the same bytes. A script fills them in for readers who allow one.
    """
    notebooks = "\n".join(
        f"* - {{doc}}`/notebooks/{page.name}`\n  - {page.cells}\n"
        f'  - <span data-seconds="{page.name}">in status.json</span>'
        for page in ran
    )
    packages = "\n".join(f"* - {name}\n  - {version(name)}" for name in SHOWN_PACKAGES)
    data = "\n".join(
        f"* - {{doc}}`/book/data/{r.id}`\n  - {r.rows:,}\n  - {r.evidence_class}\n"
        f"  - `{r.sha256[:16]}…`"
        for r in records
    )
    return f"""# Status of this build

What was executed to make these pages, with which versions, on which data. Every notebook ran
from the first cell to the last without an error, and each published number and figure equals the
one in the {{doc}}`ledger`.

## Notebooks

:::{{list-table}}
:header-rows: 1

* - Notebook
  - Code cells
  - Run time
{notebooks}
:::

Run times differ between machines and runs, so they are kept out of the page itself, in
<a href="../status.json">status.json</a>; with JavaScript they are filled in above.

## Versions

:::{{list-table}}
:header-rows: 1

* - Package
  - Version
* - Python
  - {platform.python_version()}
{packages}
:::

The complete list, with the checksum of every file installed, is `requirements.lock`.

## Data

:::{{list-table}}
:header-rows: 1

* - Dataset
  - Rows
  - Evidence class
  - SHA-256
{data}
:::
"""
