"""Certainty of a body of evidence in GRADE terms, from coded reasons."""

from __future__ import annotations

from collections.abc import Mapping

from equalcities.errors import UsageError

CERTAINTY = ("very low", "low", "moderate", "high")
STARTS = {"randomised": "high", "not randomised": "low"}
DOWNGRADES = (
    "risk_of_bias",
    "inconsistency",
    "indirectness",
    "imprecision",
    "publication_bias",
)


def certainty(start: str, steps: Mapping[str, int], upgrade: int = 0) -> str:
    """Return the certainty of a body of evidence.

    Parameters
    ----------
    start : str
        "randomised" or "not randomised": what most of the evidence is.
    steps : mapping of str to int
        Levels taken off for each of `DOWNGRADES`: 0, 1 or 2.
    upgrade : int
        Levels added for a large effect, a dose-response or opposing bias: 0, 1 or 2. Only for
        evidence that is not randomised.

    Returns
    -------
    str
        One of `CERTAINTY`; never below the lowest or above the highest.

    Raises
    ------
    UsageError
        If a reason is missing or unknown, or a number of levels is not allowed.

    References
    ----------
    Guyatt et al. (2008), BMJ 336:924-926, doi:10.1136/bmj.39489.470347.AD.
    """
    if start not in STARTS:
        raise UsageError(f"start is '{start}': take one of {', '.join(STARTS)}.")
    if set(steps) != set(DOWNGRADES):
        raise UsageError(f"Give levels for exactly these reasons: {', '.join(DOWNGRADES)}.")
    if any(level not in (0, 1, 2) for level in (*steps.values(), upgrade)):
        raise UsageError("Levels are 0, 1 or 2.")
    if upgrade and start == "randomised":
        raise UsageError("Randomised evidence is never upgraded: set upgrade to 0.")
    place = CERTAINTY.index(STARTS[start]) - sum(steps.values()) + upgrade
    return CERTAINTY[min(max(place, 0), len(CERTAINTY) - 1)]
