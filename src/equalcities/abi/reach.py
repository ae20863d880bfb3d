"""Several area labels side by side, and what an area label leaves open about people."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from equalcities.abi.inputs import check_level
from equalcities.abi.targeting import targeting
from equalcities.errors import UsageError


def reach(
    cases: Mapping[str, pd.DataFrame], *, rng: int, n_draws: int = 999, level: float = 0.95
) -> pd.DataFrame:
    """Apply `targeting` to several labels, one row per label and measure.

    Parameters
    ----------
    cases : mapping of str to DataFrame
        Name of the label and its units, with the columns ``labelled`` (boolean), ``target`` and
        ``people`` (counts). Where units are counted instead of people, ``people`` is 1.
    rng : int
        Seed. Each label starts from it, so that a result does not depend on its neighbours.
    n_draws, level
        As in `targeting`.

    Returns
    -------
    DataFrame
        ``case``, ``measure`` (coverage or precision), ``n`` (units), ``size`` (share of people
        inside), ``random`` with ``random_low`` and ``random_high``, ``labelled`` with ``low`` and
        ``high``, ``optimal``, and ``gain`` (relative gain; the same for both measures) with
        ``gain_low`` and ``gain_high``. All but ``n`` are shares.

    Raises
    ------
    UsageError
        As `targeting`, or if there is no case.
    """
    check_level(level)
    if not cases:
        raise UsageError("cases is empty: give at least one label with its units.")
    rows = []
    for case, units in cases.items():
        found = targeting(
            units, labelled="labelled", target="target", population="people",
            rng=int(rng), n_draws=n_draws, level=level,
        ).set_index(["measure", "choice"])  # fmt: skip
        gain = found.loc[("relative_gain", "labelled")]
        for measure in ("coverage", "precision"):
            label, chance = found.loc[(measure, "labelled")], found.loc[(measure, "random")]
            rows.append(
                {
                    "case": case,
                    "measure": measure,
                    "n": int(label["n"]),
                    "size": found.loc[("size", "labelled"), "value"],
                    "random": chance["value"],
                    "random_low": chance["ci_low"],
                    "random_high": chance["ci_high"],
                    "labelled": label["value"],
                    "low": label["ci_low"],
                    "high": label["ci_high"],
                    "optimal": found.loc[(measure, "optimal"), "value"],
                    "gain": gain["value"],
                    "gain_low": gain["ci_low"],
                    "gain_high": gain["ci_high"],
                }
            )
    return pd.DataFrame(rows)


def participation_bounds(precision: float, served: float) -> tuple[float, float]:
    """Return how much of the target group inside can be served if a share of all residents is.

    Parameters
    ----------
    precision : float
        Share of the people inside who are in the target group, above 0.
    served : float
        Share of the people inside whom the programme serves.

    Returns
    -------
    tuple of float
        Smallest and largest share of the target group inside that is served. Nothing but the
        two shares is assumed: these are the limits that the margins of a two-by-two table leave.

    Raises
    ------
    UsageError
        If a share lies outside 0 to 1, or precision is 0.

    References
    ----------
    Duncan and Davis (1953), An alternative to ecological correlation, American Sociological
    Review 18, 665-666.
    """
    if not (0 < precision <= 1 and 0 <= served <= 1):
        raise UsageError(
            f"precision {precision} and served {served}: give shares between 0 and 1, "
            "and a precision above 0."
        )
    low = max(0.0, (served - (1 - precision)) / precision)
    return float(low), min(1.0, served / precision)
