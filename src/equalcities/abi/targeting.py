"""Who do area labels reach? Coverage and precision against the best and a random choice.

Works on any table of units (neighbourhoods, tracts, data zones) with a label and a count of the
people that the label is meant for. It says where people live, not who takes part: an area label
reaches a place, and nothing here shows that the poor people of that place are reached.
Reading the share of poor *areas* as a share of poor *people* would be an ecological fallacy.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from equalcities.abi.inputs import check_level
from equalcities.errors import UsageError

Array = np.ndarray


def targeting(
    units: pd.DataFrame,
    *,
    labelled: str,
    target: str,
    population: str | None = None,
    rng: np.random.Generator | int,
    n_draws: int = 999,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare a set of labelled areas with the best and a random choice of the same size.

    Parameters
    ----------
    units : DataFrame
        One row per unit of the whole territory (units without people may be left in).
    labelled : str
        Column of booleans (or 0 and 1): the unit carries the label.
    target : str
        Column of counts: people in the target group who live in the unit.
    population : str, optional
        Column of counts: all people who live in the unit, at least as many as ``target``. Without
        it each unit counts as one and ``target`` is 0 or 1 (for instance: eligible).
    rng : Generator or int
        For bootstrap and random choice.
    n_draws : int
        Bootstrap samples, and random choices; at least 99.
    level : float

    Returns
    -------
    DataFrame
        Eight rows: ``measure``, ``choice``, ``value``, ``ci_low``, ``ci_high``, ``interval``, ``n``
        (units). Measures, all between 0 and 1 except the last:

        - size: share of the population inside the label;
        - coverage: share of the target group that lives inside, for the labelled areas, the
          optimal choice and a random choice of the same population;
        - precision: share of the people inside who are in the target group, likewise (optimal
          and random follow from coverage and are given for reading);
        - relative_gain: (labelled - random) / (optimal - random) coverage; 1 is the best that whole
          areas can do, 0 no better than chance, negative worse. Missing if no choice can beat
          chance.

    Raises
    ------
    UsageError
        Missing columns or values (named by row), counts that cannot be, no labelled unit, no
        target group.

    Notes
    -----
    The optimal choice takes units by falling target share until the labelled population is reached,
    the last unit in part (a fractional knapsack), so that sizes are equal. Intervals of labelled
    areas and optimum are percentile bootstrap intervals over units ("bootstrap"): the spread
    if the territory were another draw of such units, not an error of counting; neighbouring units
    resemble each other, so they tend to be too narrow (samples without a labelled unit are left
    out). For the random choice the interval
    ("random choice") holds what units in random order give when a stretch of the labelled size is
    taken from a random starting point, which gives each person the same chance; coverage
    outside it is hard to explain by chance.

    References
    ----------
    Coady, Grosh and Hoddinott (2004), Targeting of Transfers in Developing Countries, World Bank,
    for coverage and leakage (one minus precision).
    """
    check_level(level)
    if n_draws < 99:
        raise UsageError(f"n_draws is {n_draws}: give at least 99 for an interval.")
    inside = _labels(units, labelled)
    people, wanted = _counts(units, target, population)
    if not (inside * people).sum() > 0:
        raise UsageError(f"nobody lives in a unit where '{labelled}' is true: check the label.")
    rng = np.random.default_rng(rng)
    order = _best_first(wanted, people)
    inside, people, wanted = inside[order], people[order], wanted[order]

    n = people.size
    point = _measures(np.ones(n), inside, people, wanted)
    boot = pd.DataFrame(
        [
            _measures(np.bincount(rng.integers(n, size=n), minlength=n), inside, people, wanted)
            for _ in range(n_draws)
        ]
    )
    size = float((inside * people).sum())
    chance = np.array([_random_share(rng, people, wanted, size) for _ in range(n_draws)])
    tails = [(1 - level) / 2, (1 + level) / 2]
    rows = []
    for (measure, choice), value in point.items():
        sample, interval = boot[(measure, choice)].to_numpy(), "bootstrap"
        if choice == "random":
            interval = "random choice"
            sample = chance if measure == "coverage" else chance * wanted.sum() / size
        usable = sample[np.isfinite(sample)]
        low, high = np.quantile(usable, tails) if usable.size else (np.nan, np.nan)
        rows.append((measure, choice, value, low, high, interval, n))
    columns = ["measure", "choice", "value", "ci_low", "ci_high", "interval", "n"]
    return pd.DataFrame(rows, columns=columns)


def targeting_curve(
    units: pd.DataFrame,
    *,
    score: str,
    target: str,
    population: str | None = None,
    descending: bool = False,
) -> pd.DataFrame:
    """Trace coverage and precision as a label is widened along a score.

    Parameters
    ----------
    units : DataFrame
        One row per unit.
    score : str
        Column that orders units, such as an index of deprivation, its rank, decile or class code.
        Units with equal scores enter together.
    target, population : str
        As in `targeting`.
    descending : bool
        True if high scores are labelled first; False for ranks and deciles where 1 is the most
        deprived.

    Returns
    -------
    DataFrame
        One row per value of the score, in the order of entry: ``score``, ``n`` (units inside),
        ``size`` (share of the population inside, which is also the expected coverage of a random
        choice), ``coverage``, ``precision``, ``optimal_coverage``.

    Raises
    ------
    UsageError
        As `targeting`.
    """
    people, wanted = _counts(units, target, population)
    _require(units, score)
    if units[score].isna().any():
        row = units.index[units[score].isna()][0]
        raise UsageError(f"row {row} has no {score}: drop units without a score, and say how many.")
    entered = (
        pd.DataFrame({"score": units[score].to_numpy(), "n": 1, "people": people, "wanted": wanted})
        .groupby("score", sort=True)
        .sum()
        .sort_index(ascending=not descending)
        .cumsum()
    )
    order = _best_first(wanted, people)
    best = np.concatenate([[0], np.cumsum(wanted[order])])
    optimal = np.interp(entered["people"], np.concatenate([[0], np.cumsum(people[order])]), best)
    within = entered["wanted"] / entered["people"].where(entered["people"] > 0)
    return pd.DataFrame(
        {
            "score": entered.index,
            "n": entered["n"].to_numpy(),
            "size": (entered["people"] / people.sum()).to_numpy(),
            "coverage": (entered["wanted"] / wanted.sum()).to_numpy(),
            "precision": within.to_numpy(),
            "optimal_coverage": optimal / wanted.sum(),
        }
    )


def _measures(counts: Array, inside: Array, people: Array, wanted: Array) -> dict:
    """Return all measures for units that occur ``counts`` times, given best first."""
    people, wanted = counts * people, counts * wanted
    size, reached, total = (inside * people).sum(), (inside * wanted).sum(), wanted.sum()
    if size == 0 or total == 0:  # a bootstrap sample without labels or without target group
        size = reached = total = np.nan
    share = size / people.sum() if people.sum() > 0 else np.nan
    best = np.interp(
        size, np.concatenate([[0], np.cumsum(people)]), np.concatenate([[0], np.cumsum(wanted)])
    )
    # Sums in another order differ in the last digit: that is no gain.
    possible = best / total - share
    gain = (reached / total - share) / possible if possible > 1e-12 else np.nan
    return {
        ("size", "labelled"): share,
        ("coverage", "labelled"): reached / total,
        ("coverage", "optimal"): best / total,
        ("coverage", "random"): share,
        ("precision", "labelled"): reached / size,
        ("precision", "optimal"): best / size,
        ("precision", "random"): total / people.sum() if people.sum() > 0 else np.nan,
        ("relative_gain", "labelled"): gain,
    }


def _random_share(rng: np.random.Generator, people: Array, wanted: Array, size: float) -> float:
    order = rng.permutation(people.size)
    ends = np.concatenate([[0], np.cumsum(people[order])])
    reached = np.concatenate([[0], np.cumsum(wanted[order])])
    start = rng.uniform(0, ends[-1])
    stop = start + size
    first = np.interp(min(stop, ends[-1]), ends, reached) - np.interp(start, ends, reached)
    wrapped = np.interp(max(0.0, stop - ends[-1]), ends, reached)
    return float((first + wrapped) / reached[-1])


def _best_first(wanted: Array, people: Array) -> Array:
    share = np.divide(wanted, people, out=np.zeros(people.size), where=people > 0)
    return np.argsort(-share, kind="stable")


def _require(units: pd.DataFrame, *names: str) -> None:
    absent = [name for name in names if name not in units.columns]
    if absent:
        raise UsageError(f"units lacks {', '.join(absent)}: name the right column(s).")


def _labels(units: pd.DataFrame, labelled: str) -> Array:
    _require(units, labelled)
    column = units[labelled]
    wrong = units.index[~column.isin([True, False])]
    if len(wrong):
        raise UsageError(
            f"row {wrong[0]} has {labelled} = {column.loc[wrong[0]]}: give true or false."
        )
    return column.to_numpy().astype(float)


def _counts(units: pd.DataFrame, target: str, population: str | None) -> tuple[Array, Array]:
    names = [target] + ([] if population is None else [population])
    _require(units, *names)
    for name in names:
        values = pd.to_numeric(units[name], errors="coerce")
        wrong = units.index[~(np.isfinite(values.to_numpy(dtype=float)) & (values >= 0).to_numpy())]
        if len(wrong):
            raise UsageError(
                f"row {wrong[0]} has {name} = {units.loc[wrong[0], name]}: give a count of zero "
                "or more; drop units without data, and say how many."
            )
    wanted = units[target].to_numpy(dtype=float)
    people = np.ones(len(units)) if population is None else units[population].to_numpy(dtype=float)
    over = np.flatnonzero(wanted > people * (1 + 1e-9))
    if over.size:
        raise UsageError(
            f"row {units.index[over[0]]} has {wanted[over[0]]:g} in the target group and "
            f"{people[over[0]]:g} people: check units and columns."
        )
    if not wanted.sum() > 0:
        raise UsageError(f"'{target}' is zero everywhere: there is no target group to reach.")
    return people, wanted
