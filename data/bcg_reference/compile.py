"""Compile ``bcg_reference.csv``: what R's metafor returns, and what an article printed.

python data/bcg_reference/compile.py --raw ../shared
"""

import argparse
import json
from pathlib import Path

import pandas as pd
import yaml

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent
FITS = ("FE", "DL", "PM", "ML", "REML", "REML_knha")
FIELDS = {
    "beta": "estimate",
    "se": "se",
    "pval": "p",
    "ci_lb": "ci_low",
    "ci_ub": "ci_high",
    "tau2": "tau2",
    "I2": "i2",
    "QE": "q",
    "QEp": "q_p",
}
EGGER = {"stat": "statistic", "p": "p", "limit_est": "limit", "limit_lb": "limit_low"}
EGGER |= {"limit_ub": "limit_high"}
TRIM_FILL = {"k0": "k0", "beta": "estimate", "se": "se", "tau2": "tau2"}
LEFT_OUT = {"estimate": "estimate", "se": "se", "tau2": "tau2"}
INFLUENCE = ("rstudent", "dffits", "cooks", "hat")


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    source = files["oracles/metafor_reference.json"].read_text(encoding="utf-8")
    fits = json.loads(source)["bcg"]["fits"]
    rows = []
    for fit in FITS:
        rows += single(fit, fits[fit], FIELDS)
        if "prediction_interval" in fits[fit]:
            limits = fits[fit]["prediction_interval"]
            rows += single(fit, limits, {"pi_lb": "pi_low", "pi_ub": "pi_high"})
        if "tau2_QP_CI" in fits[fit]:
            limits = fits[fit]["tau2_QP_CI"]
            rows += single(fit, limits, {"lb": "tau2_low", "ub": "tau2_high"})
    rows += single("egger", fits["egger_lm"], EGGER)
    rows += single("trim_fill", fits["trimfill_REML_L0"], TRIM_FILL)
    slope = fits["metareg_ablat_REML"]
    rows += single(
        "latitude", {"tau2": slope["tau2"], "R2": slope["R2"]}, {"tau2": "tau2", "R2": "r2"}
    )
    rows += single(
        "latitude",
        {"b": slope["beta"][1], "se": slope["se"][1], "call": slope["call"]},
        {"b": "slope", "se": "slope_se"},
    )
    for name, fields in (
        ("leave1out_REML", LEFT_OUT),
        ("influence_REML", dict.fromkeys(INFLUENCE)),
    ):
        for field, quantity in fields.items():
            rows += [
                {"fit": name.split("_")[0], "trial": trial, "quantity": quantity or field,
                 "value": value, "call": fits[name]["call"]}
                for trial, value in enumerate(fits[name][field], start=1)
            ]  # fmt: skip
    for entry in yaml.safe_load((FOLDER / "published.yml").read_text(encoding="utf-8")):
        page = entry.pop("page")
        rows.append({"trial": 0, **entry, "call": f"van Houwelingen et al. (2002), page {page}"})
    record = save(pd.DataFrame(rows), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


def single(fit: str, values: dict, fields: dict[str, str]) -> list[dict]:
    """Return one row per field of a fit; trial 0 stands for all trials."""
    return [
        {"fit": fit, "trial": 0, "quantity": quantity, "value": values[field],
         "call": values.get("call", "rma(yi, vi, mods=~ablat, data=dat, method=\"REML\")")}
        for field, quantity in fields.items()
        if values.get(field) is not None
    ]  # fmt: skip


if __name__ == "__main__":
    main()
