"""Compile ``scotland_domains2020.csv`` from the Scottish Index of Multiple Deprivation 2020v2.

python data/scotland_domains2020/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

COLUMNS = {
    "Data_Zone": "zone",
    "Council_area": "council",
    "Total_population": "population",
    "SIMD2020v2_Income_Domain_Rank": "income",
    "SIMD2020_Employment_Domain_Rank": "employment",
    "SIMD2020_Health_Domain_Rank": "health",
    "SIMD2020_Education_Domain_Rank": "education",
    "SIMD2020_Access_Domain_Rank": "access",
    "SIMD2020_Crime_Domain_Rank": "crime",
    "SIMD2020_Housing_Domain_Rank": "housing",
}


def compiled(path: Path) -> pd.DataFrame:
    """Keep the ranks of the seven domains."""
    raw = pd.read_csv(path, encoding="utf-8-sig")
    table = raw[list(COLUMNS)].rename(columns=COLUMNS).sort_values("zone")
    if table.isna().any().any():
        raise SystemExit("A value is missing in the columns kept.")
    return table


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    (path,) = check_inputs(FOLDER, parser.parse_args().raw).values()
    record = save(compiled(path), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
