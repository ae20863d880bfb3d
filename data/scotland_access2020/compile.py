"""Compile ``scotland_access2020.csv`` from the Scottish Index of Multiple Deprivation 2020v2.

python data/scotland_access2020/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

COLUMNS = {
    "Data_Zone": "zone",
    "Council_area": "council",
    "Intermediate_Zone": "neighbourhood",
    "Total_population": "population",
    "Income_count": "income_deprived",
    "Employment_count": "employment_deprived",
    "Working_age_population": "working_age",
    "drive_GP": "car_doctor",
    "drive_post": "car_post",
    "drive_retail": "car_shops",
    "drive_primary": "car_primary",
    "drive_secondary": "car_secondary",
    "drive_petrol": "car_petrol",
    "PT_GP": "transit_doctor",
    "PT_post": "transit_post",
    "PT_retail": "transit_shops",
}


def compiled(path: Path) -> pd.DataFrame:
    """Keep minutes, counts and the names of the areas around each data zone."""
    raw = pd.read_csv(path, encoding="utf-8-sig", na_values=["*"])
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
