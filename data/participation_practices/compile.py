"""Compile ``participation_practices.csv`` from the cases read from public pages.

    python data/participation_practices/compile.py --raw ../shared

Adds the rows that were taken in by the intake form and sorts all by their key. Nothing is recoded.
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save
from equalcities.participation.intake import contributed

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    raw = pd.read_csv(
        files["evidence/participation_practices.csv"],
        dtype=str,
        keep_default_na=False,
        na_values=[""],
    )
    record = save(pd.concat([raw, *contributed(FOLDER)]).sort_values("practice_id"), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
