"""Effect directions: the 70 % rule of the effect direction plot, and the sign test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from equalcities.abi.inputs import check_level
from equalcities.errors import UsageError

DIRECTIONS = ("beneficial", "null", "adverse", "mixed")

OUTCOMES = {
    "crime": "crime and violence",
    "satisfaction": "satisfaction and living conditions",
    "education": "education",
    "employment": "employment",
    "income": "income and poverty",
    "health_mental": "mental health",
    "health_physical": "physical health",
    "business": "firms and jobs in the area",
    "house_prices": "house and land prices",
    "segregation_composition": "who lives in the area",
    "nearby_areas": "nearby areas (all outcomes)",
    "built_form": "building density",
}
"""Codes of the outcome domains and their names, from people to places and their surroundings."""


def study_directions(
    effects: pd.DataFrame,
    *,
    study: str = "study_id",
    domain: str = "outcome_domain",
    direction: str = "direction",
    threshold: float = 0.7,
) -> pd.DataFrame:
    """Give each study one direction per outcome domain.

    Parameters
    ----------
    effects : DataFrame
        One row per reported effect.
    study, domain, direction : str
        Columns. ``direction`` is 1 (good for residents or the area), 0 (null) or -1 (adverse).
    threshold : float
        Share of a study's effects in the domain that must agree, above one half; below it the
        study is "mixed".

    Returns
    -------
    DataFrame
        One row per study and domain: ``study``, ``domain``, ``n_effects``, ``n_beneficial``,
        ``n_null``, ``n_adverse``, ``direction`` (beneficial, null, adverse, mixed).

    Raises
    ------
    UsageError
        If a column is missing, a label is missing, or a direction is not -1, 0 or 1.

    References
    ----------
    Boon and Thomson (2021), Research Synthesis Methods 12(1), doi:10.1002/jrsm.1458.
    """
    if not 0.5 < threshold <= 1:
        raise UsageError(
            f"threshold is {threshold}: give a share above one half, so that only one direction "
            "can reach it, and at most 1."
        )
    _check(effects, study, domain, direction)
    counts = (
        pd.DataFrame(
            {
                "study": effects[study],
                "domain": effects[domain],
                "n_effects": 1,
                "n_beneficial": (effects[direction] == 1).astype(int),
                "n_null": (effects[direction] == 0).astype(int),
                "n_adverse": (effects[direction] == -1).astype(int),
            }
        )
        .groupby(["study", "domain"], as_index=False, sort=True)
        .sum()
    )
    agree = counts[["n_beneficial", "n_null", "n_adverse"]].div(counts["n_effects"], axis=0)
    reached = agree.to_numpy() >= threshold
    names = np.array(DIRECTIONS)
    counts["direction"] = np.where(reached.any(axis=1), names[reached.argmax(axis=1)], "mixed")
    return counts


def sign_tests(directions: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Count studies by direction in each domain and test for a common sign.

    Parameters
    ----------
    directions : DataFrame
        What `study_directions` returns.
    level : float
        Level of the exact interval.

    Returns
    -------
    DataFrame
        One row per domain: ``beneficial``, ``null``, ``adverse``, ``mixed`` (studies), ``share``
        (beneficial among beneficial and adverse) with its exact (Clopper-Pearson) interval
        ``ci_low``, ``ci_high``, ``p`` (two-sided sign test) and ``ignored`` (share of studies
        that the test does not see). ``share``, interval and ``p`` are missing where no study
        is clearly beneficial or adverse.

    Notes
    -----
    The test leaves out null and mixed studies, so it says nothing about size and flatters domains
    with many nulls. It takes studies as independent.
    """
    check_level(level)
    counts = (
        pd.crosstab(directions["domain"], directions["direction"])
        .reindex(columns=list(DIRECTIONS), fill_value=0)
        .rename_axis(columns=None)
        .reset_index()
    )
    tests = [_sign_test(row.beneficial, row.adverse, level) for row in counts.itertuples()]
    studies = counts[list(DIRECTIONS)].sum(axis=1)
    return counts.assign(
        **pd.DataFrame(tests, columns=["share", "ci_low", "ci_high", "p"], index=counts.index),
        ignored=(counts["null"] + counts["mixed"]) / studies,
    )


def direction_scenarios(
    effects: pd.DataFrame,
    scenarios: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]],
    **options,
) -> pd.DataFrame:
    """Repeat the sign tests under other codings of contested effects.

    Parameters
    ----------
    effects : DataFrame
        As in `study_directions`.
    scenarios : mapping of str to function
        Each function takes the effects and returns them recoded (rising house prices as adverse,
        contested rows as null) or with rows left out. It gets a copy.
    **options
        Passed to `study_directions`.

    Returns
    -------
    DataFrame
        The tables of `sign_tests` one below the other, ``scenario`` first; "as coded" leads.
    """
    if "as coded" in scenarios:
        raise UsageError("'as coded' names the unchanged effects: give the scenario another name.")
    tables = [sign_tests(study_directions(effects, **options)).assign(scenario="as coded")]
    for name, recode in scenarios.items():
        table = sign_tests(study_directions(recode(effects.copy()), **options))
        tables.append(table.assign(scenario=name))
    stacked = pd.concat(tables, ignore_index=True)
    return stacked[["scenario", *stacked.columns.drop("scenario")]]


def synthesis_rows(effects: pd.DataFrame, programmes: pd.DataFrame) -> pd.DataFrame:
    """Return the effects of area-based initiatives proper, without value-for-money figures.

    Parameters
    ----------
    effects : DataFrame
        With ``programme_id`` and ``effect_unit``.
    programmes : DataFrame
        With ``programme_id`` and ``comparator`` ("yes" for programmes kept for comparison).

    Raises
    ------
    UsageError
        If an effect names a programme that the table of programmes lacks.
    """
    unknown = set(effects["programme_id"]) - set(programmes["programme_id"])
    if unknown:
        raise UsageError(f"No programme is called {sorted(unknown)[0]}. Correct programme_id.")
    proper = programmes.loc[programmes["comparator"] == "no", "programme_id"]
    money = effects["effect_unit"].fillna("").str.startswith("USD per USD")
    return effects[effects["programme_id"].isin(proper) & ~money].reset_index(drop=True)


def studies_behind(
    effects: pd.DataFrame, studies: pd.DataFrame, programmes: pd.DataFrame, domain: str
) -> pd.DataFrame:
    """List the studies behind one outcome domain, gains first.

    Parameters
    ----------
    effects : DataFrame
        One row per reported effect.
    studies, programmes : DataFrame
        One row each, with ``study_id`` and ``programme_id``.
    domain : str
        The outcome domain.

    Returns
    -------
    DataFrame
        One row per study: ``study`` (authors and year), ``programme``, ``measured``, ``design``,
        ``score``, ``direction``, ``source_url``.

    Raises
    ------
    UsageError
        If no effect is in the domain.
    """
    rows = effects[effects["outcome_domain"] == domain]
    if rows.empty:
        raise UsageError(f"No effect is in the domain '{domain}'. Check its code.")
    measured = rows.groupby("study_id")["outcome_description"].agg("; ".join)
    listed = (
        study_directions(rows)
        .rename(columns={"study": "study_id"})
        .merge(studies, on="study_id", validate="one_to_one")
        .merge(programmes[["programme_id", "name"]], on="programme_id", validate="many_to_one")
    )
    order = {name: place for place, name in enumerate(("beneficial", "mixed", "null", "adverse"))}
    listed = listed.sort_values(
        ["direction", "study_id"],
        key=lambda column: column.map(order) if column.name == "direction" else column,
    )
    year = listed["year"].astype("string").fillna("no year seen")
    return pd.DataFrame(
        {
            "study": listed["authors"] + " (" + year + ")",
            "programme": listed["name"],
            "measured": listed["study_id"].map(measured),
            "design": listed["design"],
            "score": listed["maryland_score"],
            "direction": listed["direction"],
            "source_url": listed["source_url"],
        }
    ).reset_index(drop=True)


def recode_contested(effects: pd.DataFrame, contested: str, direction: int) -> pd.DataFrame:
    """Give every effect whose direction is contested for one reason another direction.

    Parameters
    ----------
    effects : DataFrame
        With ``contested`` and ``direction``.
    contested : str
        The reason, as coded.
    direction : int
        1, 0 or -1.

    Raises
    ------
    UsageError
        If no effect is contested for that reason.
    """
    rows = effects["contested"] == contested
    if not rows.any():
        raise UsageError(f"No effect is contested as '{contested}'. Check the code.")
    return effects.assign(direction=effects["direction"].mask(rows, direction))


CONTESTED_READINGS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "rising prices as adverse": lambda e: recode_contested(e, "rising_prices", -1),
    "fewer poor households as adverse": lambda e: recode_contested(e, "falling_poor_share", -1),
    "richer in-movers as a gain": lambda e: recode_contested(e, "richer_in_movers", 1),
    "stricter reading": lambda e: e.assign(direction=e["direction_strict"]),
    "nearby areas with their outcome": lambda e: e.assign(
        outcome_domain=e["outcome_domain"].mask(
            e["outcome_domain"] == "nearby_areas", e["outcome_domain_first"]
        )
    ),
    "rows extracted twice only": lambda e: e[e["extracted"] == "twice"],
}
"""Other readings of the effects table, for `direction_scenarios`."""


def _sign_test(beneficial: int, adverse: int, level: float) -> tuple[float, float, float, float]:
    n = beneficial + adverse
    if n == 0:
        return (np.nan,) * 4
    result = binomtest(int(beneficial), int(n))
    interval = result.proportion_ci(level, method="exact")
    return beneficial / n, interval.low, interval.high, result.pvalue


def _check(effects: pd.DataFrame, study: str, domain: str, direction: str) -> None:
    absent = [name for name in (study, domain, direction) if name not in effects.columns]
    if absent:
        raise UsageError(f"effects lacks {', '.join(absent)}: name the right column(s).")
    for name in (study, domain):
        blank = effects.index[effects[name].isna()]
        if len(blank):
            raise UsageError(f"effects row {blank[0]} has no {name}: fill it in or drop the row.")
    wrong = effects.index[~effects[direction].isin([-1, 0, 1])]
    if len(wrong):
        raise UsageError(
            f"effects row {wrong[0]} has direction {effects.loc[wrong[0], direction]}: "
            "code it as 1, 0 or -1, or drop the row."
        )
