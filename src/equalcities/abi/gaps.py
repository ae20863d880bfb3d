"""The evidence gap map: what programmes do, against what studies of them measured."""

from __future__ import annotations

import pandas as pd

from equalcities.abi.directions import OUTCOMES
from equalcities.abi.programmes import DOMAINS
from equalcities.errors import UsageError

STRONGER_FROM = 4
"""Score of the Maryland scale from which a design counts as stronger."""


def gap_map(effects: pd.DataFrame, studies: pd.DataFrame, programmes: pd.DataFrame) -> pd.DataFrame:
    """Count studies by what their programme does and what they measured.

    Parameters
    ----------
    effects : DataFrame
        One row per effect: ``study_id``, ``programme_id``, ``outcome_domain``.
    studies : DataFrame
        One row per study: ``study_id``, ``maryland_score``.
    programmes : DataFrame
        One row per programme: ``programme_id``, ``domains`` (codes parted by ``;``).

    Returns
    -------
    DataFrame
        One row for every pair, empty ones included: ``domain``, ``outcome``, ``programmes`` and
        ``studies`` (how many), ``stronger`` (studies with a score of `STRONGER_FROM` or more).
        A study counts in each domain of its programme and in each outcome that it measured.

    Raises
    ------
    UsageError
        If an effect names an unknown study, programme, outcome or domain.

    References
    ----------
    Snilstveit, B., Vojtkova, M., Bhavsar, A., Stevenson, J. and Gaarder, M. (2016). Evidence and
    gap maps: a tool for promoting evidence informed policy and strategic research agendas. *Journal
    of Clinical Epidemiology* 79, 120-129.
    """
    for column, table in (("study_id", studies), ("programme_id", programmes)):
        unknown = sorted(set(effects[column]) - set(table[column]))
        if unknown:
            raise UsageError(f"Nothing is known of {column} '{unknown[0]}'. Correct the effects.")
    does = programmes[["programme_id", "domains"]].assign(
        domain=lambda t: t["domains"].str.split(";")
    )
    long = (
        effects[["study_id", "programme_id", "outcome_domain"]]
        .merge(does.explode("domain"), on="programme_id")
        .merge(studies[["study_id", "maryland_score"]], on="study_id")
        .rename(columns={"outcome_domain": "outcome"})
    )
    for column, known in (("domain", DOMAINS), ("outcome", OUTCOMES)):
        unknown = sorted(set(long[column].dropna()) - set(known))
        if unknown:
            raise UsageError(f"The {column} '{unknown[0]}' has no name. Correct its code.")
    cells = long.drop_duplicates(["domain", "outcome", "study_id"])
    counts = cells.groupby(["domain", "outcome"]).agg(
        programmes=("programme_id", "nunique"),
        studies=("study_id", "nunique"),
        stronger=("maryland_score", lambda score: int((score >= STRONGER_FROM).sum())),
    )
    every = pd.MultiIndex.from_product([DOMAINS, OUTCOMES], names=["domain", "outcome"])
    return counts.reindex(every, fill_value=0).reset_index()
