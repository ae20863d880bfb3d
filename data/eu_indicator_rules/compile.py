"""Compile ``eu_indicator_rules.csv`` from the rules read from public pages.

python data/eu_indicator_rules/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    raw = pd.read_csv(
        files["evidence/eu_indicator_rules.csv"], dtype=str, keep_default_na=False, na_values=[""]
    )
    record = save(raw.rename(columns={"rule_short": "rule"}), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
