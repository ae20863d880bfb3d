"""Evaluation designs: thin, checked faces of pyfixest, rdrobust and pysyncon.

The three libraries are an optional extra and are imported only when a design is used.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from equalcities.errors import UsageError
from equalcities.stats import random_stream

_LEVEL = 0.95
_EVENT_COLUMNS = {"Estimate": "effect", "Std. Error": "se", "2.5%": "ci_low", "97.5%": "ci_high"}


@dataclass(frozen=True)
class Estimate:
    """An estimated effect with its 95 % interval.

    Attributes
    ----------
    effect, se, low, high : float
        Estimate, standard error and interval, in points of the outcome.
    areas : int
        Areas (or addresses) that entered.
    """

    effect: float
    se: float
    low: float
    high: float
    areas: int


def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"this design needs {name.split('.')[0]}, which isn't installed; run "
            'pip install "equalcities[evaluation]".'
        ) from error


@contextmanager
def _deprecations_of_pyfixest() -> Iterator[None]:
    # pyfixest 0.60 still writes inplace=True, which pandas 3.1 announces to remove
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="The inplace keyword", category=pd.errors.Pandas4Warning
        )
        yield


def _panel(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Check a long panel and return what the estimators need, sorted."""
    missing = {"area", "year", "outcome", "start"} - set(outcomes.columns)
    if missing:
        raise UsageError(f"the panel lacks the columns {sorted(missing)}; add them.")
    panel = outcomes[["area", "year", "outcome", "start"]].sort_values(["area", "year"])
    if panel[["area", "year", "outcome"]].isna().to_numpy().any():
        raise UsageError("the panel has missing values; leave out those rows and say so.")
    if panel.groupby("area")["start"].nunique(dropna=False).max() > 1:
        raise UsageError("an area has two starts; give each area one start, or none.")
    treated = (panel["year"] >= panel["start"]).astype(int)
    if panel["start"].notna().all() or not treated.any():
        raise UsageError(
            "the panel needs programme areas after their start and areas that never have a "
            "programme; add them."
        )
    late = panel.loc[treated == 0, "area"].unique()
    if not panel.loc[treated == 1, "area"].isin(late).all():
        raise UsageError("a programme area has no year before its start; leave it out.")
    return panel.assign(treated=treated).reset_index(drop=True)


def _guard(
    outcomes: pd.DataFrame, without_neighbours: bool, skip_years_before: int
) -> pd.DataFrame:
    """Leave out adjoining areas and the last years before the start."""
    kept = outcomes
    if without_neighbours:
        if "neighbour" not in kept:
            raise UsageError("the panel has no column 'neighbour'; mark the adjoining areas in it.")
        kept = kept[~(kept["neighbour"].astype(bool) & kept["start"].isna())]
    if skip_years_before:
        wait = kept["start"] - kept["year"]
        kept = kept[~wait.between(1, skip_years_before)]
    return kept


def _clustered(fit: object, areas: int) -> Estimate:
    # pyfixest's own interval of did2s counts rows as independent; clusters are what counts
    row = fit.tidy().iloc[0]
    effect, se = float(row["Estimate"]), float(row["Std. Error"])
    half = float(stats.t.ppf((1 + _LEVEL) / 2, areas - 1)) * se
    return Estimate(effect, se, effect - half, effect + half, areas)


def two_way_fixed_effects(
    outcomes: pd.DataFrame, *, without_neighbours: bool = False, skip_years_before: int = 0
) -> Estimate:
    """Difference-in-differences by area and year effects, as done for decades.

    Parameters
    ----------
    outcomes : DataFrame
        Long panel: ``area, year, outcome, start`` (first programme year, missing for none) and,
        for ``without_neighbours``, ``neighbour``.
    without_neighbours : bool
        Leave out the areas that adjoin a programme area.
    skip_years_before : int
        Leave out so many years of programme areas just before their start.

    Returns
    -------
    Estimate
        Standard errors clustered by area, t interval.

    Notes
    -----
    `pyfixest.feols`. With several starts and effects that change over time, areas already in the
    programme serve as comparison and the estimate can leave the range of the true effects
    (Goodman-Bacon 2021).

    References
    ----------
    Goodman-Bacon, A. (2021). Difference-in-differences with variation in treatment timing. Journal
    of Econometrics 225(2), 254-277.
    """
    panel = _panel(_guard(outcomes, without_neighbours, skip_years_before))
    with _deprecations_of_pyfixest():
        fit = _library("pyfixest").feols(
            "outcome ~ treated | area + year", panel, vcov={"CRV1": "area"}
        )
        return _clustered(fit, panel["area"].nunique())


def two_stage(
    outcomes: pd.DataFrame, *, without_neighbours: bool = False, skip_years_before: int = 0
) -> Estimate:
    """Difference-in-differences for a staggered start with unequal effects.

    Parameters
    ----------
    outcomes, without_neighbours, skip_years_before
        As in `two_way_fixed_effects`.

    Returns
    -------
    Estimate
        Mean effect over programme areas and years. Standard errors clustered by area; the t
        interval has one degree of freedom less than there are areas (pyfixest counts rows).

    Notes
    -----
    `pyfixest.did2s`: area and year effects are learned from observations without a programme only,
    then the rest is averaged. With few areas its intervals can be too narrow.

    References
    ----------
    Gardner, J. (2022). Two-stage differences in differences. arXiv:2207.05943.
    """
    panel = _panel(_guard(outcomes, without_neighbours, skip_years_before))
    clean = panel[panel["treated"] == 0]
    if min(clean.groupby("area").size().min(), clean.groupby("year").size().min()) < 2:
        # pyfixest would drop such an area or year, and with it its programme years
        raise UsageError(
            "each area needs two values without a programme, and each year two areas without; "
            "bring earlier years, or leave out the area or year and say so."
        )
    with _deprecations_of_pyfixest():
        fit = _library("pyfixest").did2s(
            panel,
            yname="outcome",
            first_stage="~ 0 | area + year",
            second_stage="~ 0 + treated",
            treatment="treated",
            cluster="area",
        )
        return _clustered(fit, panel["area"].nunique())


def event_study(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Effect by year since the start, each cohort compared with areas never in the programme.

    Parameters
    ----------
    outcomes : DataFrame
        As in `two_way_fixed_effects`.

    Returns
    -------
    DataFrame
        ``since`` (years since the start; the year before it is the reference and left out),
        ``effect, se, ci_low, ci_high``; cohorts weighted by their areas.

    Notes
    -----
    `pyfixest`'s saturated event study with the interaction weights of Sun and Abraham. Years
    before the start should show nothing; what they show is drift or anticipation.

    References
    ----------
    Sun, L. and Abraham, S. (2021). Estimating dynamic treatment effects in event studies with
    heterogeneous treatment effects. Journal of Econometrics 225(2), 175-199.
    """
    panel = _panel(outcomes)
    # pyfixest marks areas without a programme by 0
    panel["start"] = panel["start"].fillna(0).astype(int)
    with _deprecations_of_pyfixest():
        warnings.filterwarnings("ignore", message="The SaturatedEventStudyClass is currently in")
        # cohorts and years that never meet have no coefficient, as they should
        warnings.filterwarnings("ignore", message=r"\s*\d+ variables dropped due to multicoll")
        fit = _library("pyfixest").event_study(
            panel,
            yname="outcome",
            idname="area",
            tname="year",
            gname="start",
            cluster="area",
            estimator="saturated",
        )
        rows = fit.aggregate()
    table = rows.rename_axis("since").reset_index().rename(columns=_EVENT_COLUMNS)
    return table[["since", *_EVENT_COLUMNS.values()]].astype(float).astype({"since": int})


def pretrend_test(outcomes: pd.DataFrame) -> float:
    """p-value of a different drift of programme areas before the first start.

    Parameters
    ----------
    outcomes : DataFrame
        As in `two_way_fixed_effects`, with at least two years before the first start.

    Returns
    -------
    float
        Of programme area times year, clustered by area. A large value doesn't show that there is
        no drift: look at `event_study` for what couldn't be ruled out.

    References
    ----------
    Roth, J. (2022). Pretest with caution: event-study estimates after testing for parallel trends.
    American Economic Review: Insights 4(3), 305-322.
    """
    panel = _panel(outcomes)
    before = panel[panel["year"] < panel["start"].min()]
    if before["year"].nunique() < 2:
        raise UsageError("a trend needs two years before the first start; bring earlier years.")
    before = before.assign(drift=before["start"].notna() * before["year"])
    with _deprecations_of_pyfixest():
        fit = _library("pyfixest").feols(
            "outcome ~ drift | area + year", before, vcov={"CRV1": "area"}
        )
        return float(fit.tidy()["Pr(>|t|)"].iloc[0])


def boundary_discontinuity(
    outcome: NDArray[np.float64], distance: NDArray[np.float64], *, donut: float = 0.0
) -> Estimate:
    """Jump of an outcome at the programme's boundary.

    Parameters
    ----------
    outcome, distance : array, shape (n,)
        Outcome of each address and its distance to the boundary, positive inside.
    donut : float
        Leave out addresses nearer than this.

    Returns
    -------
    Estimate
        Conventional local-linear estimate with the robust bias-corrected interval; the interval
        isn't centred on the estimate. ``se`` is the robust one.

    Notes
    -----
    `rdrobust.rdrobust` with its defaults (triangular weights, bandwidth of least mean squared
    error). One dimension stands for two: all points of the boundary are pooled.

    References
    ----------
    Calonico, S., Cattaneo, M. D. and Titiunik, R. (2014). Robust nonparametric confidence
    intervals for regression-discontinuity designs. Econometrica 82(6), 2295-2326. Keele, L. J. and
    Titiunik, R. (2015). Geographic boundaries as regression discontinuities. Political Analysis
    23(1), 127-155.
    """
    outcome, distance = np.asarray(outcome, float), np.asarray(distance, float)
    if outcome.shape != distance.shape or outcome.ndim != 1:
        raise UsageError("outcome and distance need one value per address; align them.")
    if donut < 0 or not (np.isfinite(outcome).all() and np.isfinite(distance).all()):
        raise UsageError("values must be finite and the donut not negative; clean them first.")
    far = np.abs(distance) >= donut
    outcome, distance = outcome[far], distance[far]
    if min((distance < 0).sum(), (distance >= 0).sum()) < 20:
        raise UsageError("fewer than twenty addresses on one side; survey more near the boundary.")
    fit = _library("rdrobust").rdrobust(outcome, distance)
    low, high = fit.ci.loc["Robust"]
    return Estimate(
        float(fit.coef.loc["Conventional"].iloc[0]),
        float(fit.se.loc["Robust"].iloc[0]),
        float(low),
        float(high),
        len(outcome),
    )


def _gap(
    wide: pd.DataFrame, treated: list, pool: list, start: float, donors: int
) -> tuple[float, dict]:
    """Mean gap between the treated mean and its synthetic control from the start on; weights."""
    target = wide[treated].mean(axis=1).rename("programme areas")
    before = wide.index < start
    distance = (wide.loc[before, pool].sub(target[before], axis=0) ** 2).sum()
    nearest = sorted(distance.nsmallest(donors).index)
    fitted = _library("pysyncon").Synth()
    periods = int(before.sum())
    fitted.fit(
        X0=wide.loc[before, nearest],
        X1=target[before],
        Z0=wide.loc[before, nearest],
        Z1=target[before],
        custom_V=np.full(periods, 1 / periods),
    )
    synthetic = wide[nearest].to_numpy() @ fitted.W
    gap = target.to_numpy() - synthetic
    return float(gap[~before].mean()), dict(zip(nearest, map(float, fitted.W), strict=True))


def synthetic_control(
    outcomes: pd.DataFrame,
    *,
    rng: np.random.Generator | int,
    placebos: int = 15,
    donors: int = 10,
    without_neighbours: bool = False,
) -> tuple[Estimate, dict]:
    """Compare the first cohort's mean with a weighted mix of areas that resembled it before.

    Parameters
    ----------
    outcomes, without_neighbours
        As in `two_way_fixed_effects`; one row per area and year, no gaps.
    rng : Generator or int
        Source of randomness, or a seed, for the placebo groups.
    placebos : int
        Groups of areas without a programme, each as large as the cohort, on which the same is done.
    donors : int
        How many areas the mix may draw on: those nearest before the start.

    Returns
    -------
    estimate : Estimate
        Mean gap over the first cohort's programme years. The standard error is the spread of the
        placebo gaps about nothing; t interval with ``placebos`` degrees of freedom.
    weights : dict
        Weight of each donor.

    Raises
    ------
    UsageError
        If there are no more areas without a programme than in the cohort plus one.

    Notes
    -----
    `pysyncon.Synth` on every year before the start, all of equal weight. The placebo variance is
    that of Arkhangelsky et al. (2021, algorithm 4); taken about nothing instead of about the
    placebos' mean, so that a method that misses by habit shows it.

    References
    ----------
    Abadie, A., Diamond, A. and Hainmueller, J. (2010). Synthetic control methods for comparative
    case studies. Journal of the American Statistical Association 105(490), 493-505. Arkhangelsky,
    D. et al. (2021). Synthetic difference-in-differences. American Economic Review 111(12),
    4088-4118.
    """
    panel = _panel(_guard(outcomes, without_neighbours, 0))
    wide = panel.pivot(  # noqa: PD010 - a second value of a cell is an error, no mean
        index="year", columns="area", values="outcome"
    )
    if wide.isna().to_numpy().any():
        raise UsageError("an area lacks a year; leave out areas or years with gaps.")
    start = panel["start"].min()
    cohort = sorted(panel.loc[panel["start"] == start, "area"].unique())
    pool = sorted(panel.loc[panel["start"].isna(), "area"].unique())
    if len(pool) < len(cohort) + 2 or placebos < 2:
        raise UsageError(
            "the placebo groups need more areas without a programme than the cohort has, by two or "
            "more, and two placebos; add areas, or use a smaller cohort."
        )
    generator = random_stream(rng, "placebo groups")
    effect, weights = _gap(wide, cohort, pool, start, donors)
    gaps = []
    for _ in range(placebos):
        chosen = set(generator.choice(len(pool), len(cohort), replace=False).tolist())
        group = [area for place, area in enumerate(pool) if place in chosen]
        rest = [area for place, area in enumerate(pool) if place not in chosen]
        gaps.append(_gap(wide, group, rest, start, donors)[0])
    se = float(np.sqrt(np.mean(np.square(gaps))))
    half = float(stats.t.ppf((1 + _LEVEL) / 2, placebos)) * se
    return Estimate(effect, se, effect - half, effect + half, len(cohort) + len(pool)), weights
