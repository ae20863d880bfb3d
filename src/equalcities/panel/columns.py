"""Checks of the tables that the panel's measures take."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from equalcities.errors import UsageError


def require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a frame that lacks a named column.

    Raises
    ------
    UsageError
        Naming what is missing and what there is.
    """
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise UsageError(f"no column {absent}; the table has {list(frame.columns)}.")
