"""Compile ``abi_studies.csv`` from the coding of the studies behind the effects.

    python data/abi_studies/compile.py --raw ../shared

Applies ``corrections.yml``, each change with its reason and only where it finds what it expects.
"""

import argparse
from pathlib import Path

import pandas as pd
import yaml

from equalcities.abi.corrections import apply_corrections
from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    raw = pd.read_csv(files["evidence/abi_studies.csv"], dtype=str, keep_default_na=False)
    corrections = yaml.safe_load((FOLDER / "corrections.yml").read_text(encoding="utf-8"))
    table = apply_corrections(raw.set_index("study_id", drop=False), corrections)
    added = pd.DataFrame(corrections["add"]).fillna("")
    added["changes"] = "added: " + added.pop("reason")
    table = pd.concat([table, added], ignore_index=True).fillna("")
    table["checked_in_extraction_2"] = table["checked_in_extraction_2"].str.partition(",")[0]
    record = save(table.sort_values("study_id"), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
