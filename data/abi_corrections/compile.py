"""Compile ``abi_corrections.csv``: every change to the two tables of evidence, with its reason.

python data/abi_corrections/compile.py
"""

from pathlib import Path

import pandas as pd
import yaml

from equalcities.abi.corrections import correction_rows
from equalcities.catalog import save

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    tables = []
    for name in ("abi_effects", "abi_studies"):
        path = FOLDER.parent / name / "corrections.yml"
        tables.append(correction_rows(name, yaml.safe_load(path.read_text(encoding="utf-8"))))
    record = save(pd.concat(tables, ignore_index=True), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
