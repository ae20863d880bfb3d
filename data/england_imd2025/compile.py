"""Compile ``england_imd2025.csv`` from the English Indices of Deprivation 2025.

python data/england_imd2025/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

COLUMNS = {
    "lsoa21_code": "lsoa",
    "IMD_decile": "decile",
    "population_est": "population",
    "income_domain_numerator": "income_deprived",
}


def compile_table(files: dict[str, Path]) -> pd.DataFrame:
    """Keep the columns that are needed, as whole numbers."""
    path = files["data/england-imd2025/england_imd2025_lsoa21.csv.gz"]
    table = pd.read_csv(path)[list(COLUMNS)].rename(columns=COLUMNS)
    counts = ["decile", "population", "income_deprived"]
    return table.astype(dict.fromkeys(counts, "Int64")).sort_values("lsoa")


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    record = save(compile_table(files), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
