"""The disclosure rule: no cell under 5 is shown, nor one that can be worked out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equalcities.errors import UsageError

#: Least number of respondents in a cell that is shown.
THRESHOLD = 5


def hidden_cells(counts: NDArray[np.int64], threshold: int = THRESHOLD) -> NDArray[np.bool_]:
    """Which cells of a table with known row and column totals must be hidden.

    Parameters
    ----------
    counts : ndarray of int, shape (rows, columns)
        Disjoint cells.
    threshold : int
        Least count that may be shown; 0 is hidden too.

    Returns
    -------
    ndarray of bool
        True where a cell is below the threshold, or is hidden so that no such cell follows by
        subtraction: in each row and column the hidden cells are none, or two or more that
        together reach the threshold. A row or column that is hidden entirely counts as safe.

    References
    ----------
    Hundepool, A. et al. (2012). *Statistical Disclosure Control*, ch. 4 (primary and secondary
    suppression).
    """
    counts = np.asarray(counts)
    hidden = counts < threshold
    changed = True
    while changed:
        changed = False
        for view_hidden, view_counts in ((hidden, counts), (hidden.T, counts.T)):
            for line_hidden, line in zip(view_hidden, view_counts, strict=True):
                # a table of one line has no totals across it
                if len(line) < 2 or not line_hidden.any() or line_hidden.all():
                    continue
                if line_hidden.sum() < 2 or line[line_hidden].sum() < threshold:
                    shown = np.flatnonzero(~line_hidden)
                    line_hidden[shown[line[shown].argmin()]] = True
                    changed = True
    return hidden


def suppress(table: pd.DataFrame, *, disjoint: bool, threshold: int = THRESHOLD) -> pd.DataFrame:
    """Blank the cells of a table of shares that the disclosure rule hides.

    Parameters
    ----------
    table : DataFrame
        From `shares`: one field, complete with all its codes and groups.
    disjoint : bool
        True for a single choice, whose codes add up to ``n``; False for a multiple choice, where
        each code stands against those who did not tick it.
    threshold : int
        Least number of respondents in a cell.

    Returns
    -------
    DataFrame
        The same rows with ``shown``; where it is False, ``value, ci_low, ci_high`` and ``count``
        are missing, and where the respondents of a group are too few, ``n`` and ``base`` too.

    Raises
    ------
    UsageError
        If the table holds more than one field, or a code twice in a group.
    """
    if len(table["field"].unique()) != 1 or table.duplicated(["group", "code"]).any():
        raise UsageError("give the table of one field as shares() returns it.")
    counts = table.set_index(["group", "code"])["count"].unstack()  # noqa: PD010
    sizes = table.groupby("group")["n"].first().reindex(counts.index)
    groups = hidden_cells(sizes.to_numpy()[:, None], threshold)[:, 0]
    if disjoint:
        hide = hidden_cells(counts.to_numpy(), threshold)
    else:
        hide = np.column_stack(
            [
                hidden_cells(np.column_stack([c, sizes - c]), threshold).any(axis=1)
                for c in counts.to_numpy().T
            ]
        )
    hide = pd.DataFrame(hide | groups[:, None], index=counts.index, columns=counts.columns)
    result = table.copy()
    hidden = np.array([hide.loc[g, c] for g, c in zip(table["group"], table["code"], strict=True)])
    result["shown"] = ~hidden
    result[["count", "n", "base"]] = result[["count", "n", "base"]].astype("Int64")
    result.loc[hidden, ["value", "ci_low", "ci_high", "count"]] = pd.NA
    small = result["group"].map(dict(zip(counts.index, groups, strict=True))).to_numpy(bool)
    result.loc[small, ["n", "base"]] = pd.NA
    return result
