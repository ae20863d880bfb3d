"""A long table with filters that need neither JavaScript nor a network: radio buttons and CSS."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

from equalcities.errors import UsageError
from equalcities.site.tables import html_table


def filtered_table(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    caption: str,
    filters: Mapping[str, tuple[str, Mapping[str, str]]],
    name: str,
    link: tuple[str, str] | None = None,
) -> str:
    """Render a table with one row of radio buttons per filter.

    Parameters
    ----------
    table : DataFrame
        One row per row.
    columns : mapping of str to str
        Columns to show and their headings.
    caption : str
        What the table holds.
    filters : mapping of str to (str, mapping)
        Column to filter by: its heading, and its values with their labels in the order to show.
    name : str
        Short name, unique on its page, for the controls.
    link : tuple of str, optional
        As for `html_table`.

    Returns
    -------
    str
        All rows are in the page, so a browser's find and a reader without CSS see every one. Where
        a browser doesn't know ``:has()`` the buttons do nothing and all rows stay.

    Raises
    ------
    UsageError
        If a column to filter by holds a value without a label, or ``name`` is no plain word.
    """
    if not (name.isascii() and name.isalpha() and name.islower()):
        raise UsageError(f"'{name}' can't name a table. Use lower-case letters only.")
    controls, styles = [], []
    marks: list[dict[str, object]] = [{} for _ in range(len(table))]
    for place, (column, (heading, labels)) in enumerate(filters.items()):
        strange = set(table[column]) - set(labels)
        if strange:
            raise UsageError(f"'{column}' holds {sorted(strange)}. Give each value a label.")
        number = {value: i for i, value in enumerate(labels, start=1)}
        for mark, value in zip(marks, table[column], strict=True):
            mark[f"data-f{place}"] = number[value]
        choices = [_choice(name, place, 0, "all", checked=True)]
        for value, label in labels.items():
            choices.append(_choice(name, place, number[value], label))
            styles.append(
                f"#{name}:has(#{name}-{place}-{number[value]}:checked) "
                f'tbody tr:not([data-f{place}="{number[value]}"])'
            )
        controls.append(
            f"<fieldset><legend>{escape(heading)}</legend>{''.join(choices)}</fieldset>"
        )
    rows = html_table(table, columns, caption, link, marks=marks)
    return (
        f'<div class="filtered" id="{name}"><style>{", ".join(styles)} {{ display: none; }}</style>'
        f'{"".join(controls)}<div class="filtered-rows" tabindex="0" role="region" '
        f'aria-label="{escape(caption, quote=True)}">{rows}</div>'
        '<p class="filtered-count"></p></div>'
    )


def _choice(name: str, place: int, number: int, label: str, checked: bool = False) -> str:
    mark = " checked" if checked else ""
    return (
        f'<label><input type="radio" name="{name}-{place}" id="{name}-{place}-{number}"{mark}> '
        f"{escape(label)}</label>"
    )
