"""Tables of a chapter as plain, semantic HTML, complete without a script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from equalcities.errors import UsageError


def html_table(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    caption: str,
    link: tuple[str, str] | Mapping[str, str] | None = None,
    filters: Sequence[str] | None = None,
    marks: Sequence[Mapping[str, object]] | None = None,
) -> str:
    """Render a table as HTML, every value escaped.

    Parameters
    ----------
    table : DataFrame
        One row per row.
    columns : mapping of str to str
        Columns to show and their headings.
    caption : str
        What the table holds.
    link : tuple of str or mapping of str to str, optional
        Name of a shown column and of the column with the address its values link to, which is a
        web address or a page of this site, relative to the chapter's.
    filters : sequence of str, optional
        Shown columns to choose values from, where scripts run; a search box comes with them. Values
        that hold several, parted by a comma and a space, can be chosen by each.
    marks : sequence of mappings, optional
        Attributes of each row's element, by name.

    Returns
    -------
    str

    Raises
    ------
    UsageError
        If an address is not a web address.
    """
    links = dict([link]) if isinstance(link, tuple) else dict(link or {})
    chosen = set(filters or ())
    heads = "".join(
        f'<th scope="col"{" data-filter" if column in chosen else ""}>{escape(text)}</th>'
        for column, text in columns.items()
    )
    body = []
    rows = table.to_dict("records")
    for row, mark in zip(rows, marks or [{}] * len(rows), strict=True):
        cells = []
        for column, heading in columns.items():
            value = row[column]
            text = "not known" if pd.isna(value) else escape(f"{value}")
            if column in links:
                address = row[links[column]]
                if not re.match(r"https?://|(\.\./)*\w[\w/-]*\.html$", str(address)):
                    raise UsageError(f"'{address}' is no web address. Correct it in the data.")
                text = f'<a href="{escape(address, quote=True)}">{text}</a>'
            cells.append(f'<td data-label="{escape(heading, quote=True)}">{text}</td>')
        attributes = "".join(f' {name}="{escape(f"{mark[name]}")}"' for name in mark)
        body.append(f"<tr{attributes}>{''.join(cells)}</tr>")
    css = "table chapter-table" + (" filterable" if filters is not None else "")
    return (
        f'<table class="{css}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )
