"""Corrections to extracted tables: each names its row, what it finds, what it sets, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from equalcities.errors import UsageError


def apply_corrections(
    table: pd.DataFrame, corrections: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """Apply dropped rows and changed fields to a table of text, checking what is replaced.

    Parameters
    ----------
    table : DataFrame
        All text, empty cells as ``""``; the index holds the labels that corrections name.
    corrections : mapping
        ``drop``: entries with ``rows`` and ``reason``; ``change``: entries with ``rows``,
        ``field``, ``old``, ``new`` and ``reason``. Changes are applied in order. Anything under
        ``add`` is left to the caller.

    Returns
    -------
    DataFrame
        A copy, with a last column ``changes``: per row the fields changed, from what to what,
        and why.

    Raises
    ------
    UsageError
        If a row or field is not there, ``old`` is not what the table holds, a change changes
        nothing, or a reason is missing.
    """
    result = table.copy()
    notes: dict[Any, list[str]] = {label: [] for label in result.index}
    for entry in corrections["change"]:
        field = entry["field"]
        if field not in result.columns:
            raise UsageError(f"A correction names the field '{field}', which the table lacks.")
        if not entry.get("reason") or entry["old"] == entry["new"]:
            raise UsageError(
                f"The correction of '{field}' in rows {entry['rows']} has no reason or changes "
                "nothing. Give the reason, or remove it."
            )
        for label in entry["rows"]:
            found = _cell(result, label, field)
            if found != entry["old"]:
                raise UsageError(
                    f"Row {label}, '{field}' holds '{found}', the correction expects "
                    f"'{entry['old']}'. Read the source again and correct the correction."
                )
            result.loc[label, field] = entry["new"]
            shown = f"'{entry['old']}' to '{entry['new']}'"
            notes[label].append(f"{field}: {shown} ({entry['reason']})")
    result["changes"] = ["; ".join(notes[label]) for label in result.index]
    for entry in corrections["drop"]:
        for label in entry["rows"]:
            if label not in result.index or not entry.get("reason"):
                raise UsageError(f"Row {label} can't be dropped: it isn't there, or no reason is.")
        result = result.drop(index=entry["rows"])
    return result


def correction_rows(table: str, corrections: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """List corrections, one line per row and field.

    Parameters
    ----------
    table : str
        Name of the table that they change.
    corrections : mapping
        As for `apply_corrections`; entries under ``add`` are rows with a ``reason``, their key
        first.

    Returns
    -------
    DataFrame
        ``table, row, action, field, old, new, reason``.
    """
    lines = [
        (table, str(row), "drop", "", "", "", entry["reason"])
        for entry in corrections["drop"]
        for row in entry["rows"]
    ]
    lines += [
        (table, str(row), "change", e["field"], e["old"], e["new"], e["reason"])
        for e in corrections["change"]
        for row in e["rows"]
    ]
    lines += [
        (table, next(iter(entry.values())), "add", "", "", "", entry["reason"])
        for entry in corrections["add"]
    ]
    columns = ["table", "row", "action", "field", "old", "new", "reason"]
    return pd.DataFrame(lines, columns=columns)


def _cell(table: pd.DataFrame, label: Any, field: str) -> str:
    if label not in table.index:
        raise UsageError(f"A correction names row {label}, which the table lacks.")
    return str(table.loc[label, field])
