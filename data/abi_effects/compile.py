"""Compile ``abi_effects.csv`` from two extractions of effects and what was agreed on.

    python data/abi_effects/compile.py --raw ../shared

Joins the second extraction to the first by its row, keeps both beside the agreed value, applies
``corrections.yml``, and leaves out rows without a page behind them. The design of each row is
that of its study in ``abi_studies``.
"""

import argparse
import re
from pathlib import Path

import pandas as pd
import yaml

from equalcities.abi.corrections import apply_corrections
from equalcities.catalog import check_inputs, load, save

FOLDER = Path(__file__).resolve().parent
TWICE = (
    "outcome_domain",
    "design",
    "direction",
    "effect_value",
    "effect_unit",
    "ci_low",
    "ci_high",
)
TWICE += ("follow_up_years", "source_url", "verified")
DEFAULTS = {"version": "", "caution": "", "pool": "yes", "contested": "", "place": "in the area"}
DEFAULTS |= {"note": ""}
SCALES = (
    ("", ""),
    ("(per project|USD)", "money or count"),
    ("(odds|rate|risk|incidence rate) ratio|relative risk", "ratio"),
    ("log-odds", "log odds"),
    ("^(pp|percentage points)\\b", "percentage points"),
    ("^percent\\b", "percent"),
    ("points$|^GCSE|^years$", "points or years"),
)
BASES = (
    ("^abstract", "abstract"),
    ("^press", "press"),
    ("^(article|table|report opening)", "part of the document"),
    ("summary|blurb|commentary|post", "summary"),
    ("^memory", "second reader"),
)


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    first, second = (
        pd.read_csv(
            files[f"evidence/abi_effects_extraction{n}.csv"], dtype=str, keep_default_na=False
        )
        for n in (1, 2)
    )
    second.index = second["row_in_extraction_1"].astype(int)
    if not second["study_id"].eq(first.loc[second.index, "study_id"]).all():
        raise SystemExit("A row of the second extraction names another study than the first.")
    corrections = yaml.safe_load((FOLDER / "corrections.yml").read_text(encoding="utf-8"))
    agreed = apply_corrections(first.assign(**DEFAULTS), corrections)
    for column in TWICE:
        agreed[f"{column}_first"] = first[column]
        agreed[f"{column}_second"] = second[column].reindex(agreed.index, fill_value="")
    agreed["effect_id"] = [f"e{row:03d}" for row in agreed.index]
    agreed["se_derived"] = second["se"].reindex(agreed.index, fill_value="")
    agreed["note_second"] = second["note"].reindex(agreed.index, fill_value="")
    agreed["extracted"] = agreed.index.isin(second.index)
    agreed["extracted"] = agreed["extracted"].map({True: "twice", False: "once"})
    added = pd.DataFrame(corrections["add"]).fillna("")
    added["changes"] = "added: " + added.pop("reason")
    added = added.assign(extracted="once", quote_basis="memory")
    for column, value in DEFAULTS.items():
        added[column] = (
            added[column].where(added[column] != "", value) if column in added else value
        )
    table = pd.concat([agreed, added], ignore_index=True).fillna("")
    table = table[table["verified"] != "no"]
    rising = (table["outcome_domain"] == "house_prices") & (table["direction"] == "1")
    table.loc[rising, "contested"] = "rising_prices"
    table.loc[table["place"] == "nearby", "outcome_domain"] = "nearby_areas"
    table["direction_strict"] = table["direction"].mask(table["caution"] == "undercut", "0")
    table["scale"] = [coded(unit, SCALES) for unit in table["effect_unit"]]
    table["basis"] = [coded(basis, BASES) for basis in table["quote_basis"]]
    design = load("abi_studies", FOLDER.parent.parent).table.set_index("study_id")["design"]
    table["design"] = table["study_id"].map(design)
    unused = ["authors", "year", "title", "journal", "doi", "se", "quote_basis", "place"]
    record = save(table.drop(columns=unused).sort_values("effect_id"), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


def coded(text: str, codes: tuple[tuple[str, str], ...]) -> str:
    """Return the first code whose pattern is found; an empty pattern stands for empty text."""
    for pattern, code in codes:
        if (pattern == text == "") or (pattern and re.search(pattern, text)):
            return code
    raise SystemExit(f"'{text}' has no code. Add it to the lists at the top of this script.")


if __name__ == "__main__":
    main()
