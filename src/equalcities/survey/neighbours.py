"""Shares published by other surveys, each with its own sample; never results of this one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from equalcities.errors import UsageError
from equalcities.stats import proportion_interval

#: Shares that speak to an enabler of inclusive growth, from the surveys that published them.
ENABLERS = {
    "Has a formal innovation strategy": "E1",
    "Calls co-ordination effective": "E1",
    "Has community engagement staff": "E2",
    "Holds data on social welfare and inclusion": "E3",
    "Holds data on housing": "E3",
    "Holds data on transport": "E3",
    "Data (somewhat) significant in decisions": "E3",
    "Has dedicated municipal funding for innovation": "E4",
    "Lack of finance very challenging": "E4",
    "Reports budget pressure": "E4",
    "Major obstacle: insufficient finance": "E4",
    "Has a data scientist": "E5",
    "Names lack of awareness, capacity or staff": "E5",
    "Has indicators": "E6",
    "Calls leadership essential": "E7",
    "Priority: social inclusion and equity": "priorities",
    "Priority: affordable or social housing": "priorities",
    "Priority: climate": "priorities",
    "Calls housing in the city affordable": "priorities",
}
_BOUND, _ROUGH = r"lower bound|over ", r"about|half|third"


def chart_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Pick the shares that speak to an enabler, with a heading per survey and sample.

    Parameters
    ----------
    table : DataFrame
        The dataset ``neighbour_surveys``.

    Returns
    -------
    DataFrame
        In the order of surveys: ``heading`` (survey, year, who answered), ``question, enabler,
        value, ci_low, ci_high`` (percent), ``prefix`` and ``note`` (how exact). The
        interval is Wilson's, as if the respondents were a random draw; it is missing where the
        share is not exact or the size of the sample is not known.

    Raises
    ------
    UsageError
        If a listed share is not in the table.
    """
    absent = sorted(set(ENABLERS) - set(table["question"]))
    if absent:
        raise UsageError(f"the table has no share for {absent}; correct ENABLERS.")
    rows = table[table["question"].isin(ENABLERS)].reset_index(drop=True)
    bound = rows["note"].str.contains(_BOUND, na=False)
    rough = rows["note"].str.contains(_ROUGH, na=False) & ~bound
    known = rows["sample_size"].notna() & ~bound & ~rough
    size = rows["sample_size"].astype("float64").where(known, 1.0).to_numpy()
    value = rows["share_percent"].to_numpy()
    low, high = proportion_interval(value / 100 * size, size)
    return pd.DataFrame(
        {
            "heading": [_heading(row) for row in rows.itertuples()],
            "question": rows["question"],
            "enabler": rows["question"].map(ENABLERS),
            "value": value,
            "ci_low": np.where(known, 100 * low, np.nan),
            "ci_high": np.where(known, 100 * high, np.nan),
            "prefix": np.where(rough, "about ", ""),
            "note": np.where(bound, "or more", ""),
        }
    )


def _heading(row: tuple) -> str:
    words = row.survey.partition(" of ")
    named = words[0] if words[2] and row.sample.startswith(words[2]) else row.survey
    name = named if str(row.year) in row.survey else f"{named} {row.year}"
    size = "" if pd.isna(row.sample_size) else f"{row.sample_size} "
    return f"{name}: {size}{row.sample.split(';')[0]}"
