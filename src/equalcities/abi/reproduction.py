"""A published meta-analysis again, number by number: the trials of the BCG vaccine."""

from __future__ import annotations

import numpy as np
import pandas as pd

from equalcities.abi.bias import egger_test, trim_and_fill
from equalcities.abi.influence import influence, leave_one_out
from equalcities.abi.pooling import pool
from equalcities.errors import UsageError

POOLED = ("estimate", "se", "p", "ci_low", "ci_high", "tau2", "i2", "q", "q_p")
WITH_TAU2 = ("pi_low", "pi_high", "tau2_low", "tau2_high")
COUNTS = ["vaccinated_cases", "vaccinated_others", "control_cases", "control_others"]


def log_risk_ratios(trials: pd.DataFrame) -> pd.DataFrame:
    """Return ``yi`` and ``vi``: log risk ratios of the trials and their sampling variances.

    Parameters
    ----------
    trials : DataFrame
        The table ``bcg_trials``.
    """
    a, b, c, d = (trials[name].astype(float) for name in COUNTS)
    return pd.DataFrame(
        {
            "yi": np.log(a / (a + b)) - np.log(c / (c + d)),
            "vi": 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d),
        }
    )


def log_odds_ratios(trials: pd.DataFrame) -> pd.DataFrame:
    """Return ``yi`` and ``vi``: log odds ratios of the trials and their sampling variances.

    Parameters
    ----------
    trials : DataFrame
        The table ``bcg_trials``.
    """
    a, b, c, d = (trials[name].astype(float) for name in COUNTS)
    return pd.DataFrame({"yi": np.log(a * d / (b * c)), "vi": 1 / a + 1 / b + 1 / c + 1 / d})


def reproduce(trials: pd.DataFrame) -> pd.DataFrame:
    """Compute with this package all that ``bcg_reference`` holds.

    Parameters
    ----------
    trials : DataFrame
        The table ``bcg_trials``, 13 rows.

    Returns
    -------
    DataFrame
        ``fit, trial, quantity, ours``.
    """
    effects = log_risk_ratios(trials)
    y, v = effects["yi"], effects["vi"]
    found: dict[tuple[str, int, str], float] = {}

    def keep(fit: str, values: dict[str, float], trial: int = 0) -> None:
        found.update({(fit, trial, name): float(value) for name, value in values.items()})

    for name in ("FE", "DL", "PM", "ML", "REML", "REML_knha"):
        method, _, hartung = name.partition("_")
        fit = pool(y, v, method=method, test="knapp-hartung" if hartung else "normal")
        wanted = POOLED if method == "FE" else POOLED + WITH_TAU2
        keep(name, {quantity: getattr(fit, quantity) for quantity in wanted})
    egger = egger_test(y, v)
    wanted = ("statistic", "p", "limit", "limit_low", "limit_high")
    keep("egger", {quantity: getattr(egger, quantity) for quantity in wanted})
    filled = trim_and_fill(y, v, test="normal")
    wanted = ("estimate", "se", "tau2")
    keep("trim_fill", {quantity: getattr(filled.adjusted, quantity) for quantity in wanted})
    keep("trim_fill", {"k0": filled.k0})
    keep("latitude", _on_latitude(effects, trials, "REML"))
    for row in leave_one_out(y, v, test="normal").to_dict("records"):
        keep("leave1out", {name: row[name] for name in wanted}, 1 + row["omitted"])
    for row in influence(y, v).to_dict("records"):
        names = ("rstudent", "dffits", "cooks", "hat")
        keep("influence", {name: row[name] for name in names}, 1 + row["effect"])
    _published(log_odds_ratios(trials), trials, keep)
    rows = [(*key, value) for key, value in found.items()]
    return pd.DataFrame(rows, columns=["fit", "trial", "quantity", "ours"])


def compare(ours: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Set own values beside the reference's.

    Parameters
    ----------
    ours : DataFrame
        As `reproduce` returns it.
    reference : DataFrame
        The table ``bcg_reference``.

    Returns
    -------
    DataFrame
        One row per reference value: ``fit, trial, quantity, value, ours, difference`` and
        ``agrees``: to 1e-6 with a program's value, to the three decimals that were printed with
        an article's.

    Raises
    ------
    UsageError
        If a reference value has no counterpart.
    """
    keys = ["fit", "trial", "quantity"]
    table = reference.merge(ours, on=keys, how="left", validate="one_to_one")
    missing = table[table["ours"].isna()]
    if len(missing):
        row = missing.iloc[0]
        raise UsageError(f"nothing was computed for {row['fit']}, {row['quantity']}: add it.")
    table["difference"] = table["ours"] - table["value"]
    printed = table["fit"].str.startswith("published")
    table["agrees"] = (table["difference"].abs() <= 1e-6).where(
        ~printed, table["ours"].round(3) == table["value"]
    )
    return table[[*keys, "value", "ours", "difference", "agrees"]]


def _on_latitude(effects: pd.DataFrame, trials: pd.DataFrame, method: str) -> dict[str, float]:
    latitude = trials["latitude"].astype(float).to_frame()
    fit = pool(effects["yi"], effects["vi"], moderators=latitude, method=method, test="normal")
    slope = fit.coefficients.loc["latitude"]
    return {
        "tau2": fit.tau2, "r2": fit.r2, "slope": slope["estimate"], "slope_se": slope["se"],
        "intercept": fit.estimate, "intercept_se": fit.se,
    }  # fmt: skip


def _published(effects: pd.DataFrame, trials: pd.DataFrame, keep) -> None:
    for method in ("FE", "ML"):
        fit = pool(effects["yi"], effects["vi"], method=method, test="normal")
        limits = {"": fit.estimate, "_low": fit.ci_low, "_high": fit.ci_high}
        keep(f"published_{method}", {f"odds_ratio{end}": np.exp(x) for end, x in limits.items()})
    # The article's spread of true effects leaves out the uncertainty of the mean.
    half = 1.959964 * np.sqrt(fit.tau2)
    spread = {"spread_low": fit.estimate - half, "spread_high": fit.estimate + half}
    keep("published_ML", {"tau2": fit.tau2, **spread})
    keep("published_latitude", _on_latitude(effects, trials, "ML"))
