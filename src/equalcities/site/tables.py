"""Tables of a chapter as plain, semantic HTML: headings, links, nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

from equalcities.errors import UsageError


def html_table(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    caption: str,
    link: tuple[str, str] | None = None,
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
    link : tuple of str, optional
        Name of a shown column and of the column with the address its values link to.

    Returns
    -------
    str

    Raises
    ------
    UsageError
        If an address is not a web address.
    """
    heads = "".join(f'<th scope="col">{escape(text)}</th>' for text in columns.values())
    body = []
    for row in table.to_dict("records"):
        cells = []
        for column, head in columns.items():
            value = row[column]
            text = "not known" if pd.isna(value) else escape(f"{value}")
            if link and column == link[0]:
                address = row[link[1]]
                if not str(address).startswith(("https://", "http://")):
                    raise UsageError(f"'{address}' is no web address. Correct it in the data.")
                text = f'<a href="{escape(address, quote=True)}">{text}</a>'
            # on a phone rows become cards, and each value carries its heading
            cells.append(f'<td data-head="{escape(head, quote=True)}">{text}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<table class="table chapter-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )
