"""Compile ``toronto_neighbourhoods2016.csv`` from the City of Toronto's neighbourhood profiles.

python data/toronto_neighbourhoods2016/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

TEXT = {"Neighbourhood Number": "number", "TSNS2020 Designation": "designation"}
# The beginning of each name, and its topic: the names alone occur for several groups of people.
COUNTS = {
    "Total - Low-income status in 2015 for the population in private households": "population",
    "In low income based on the Low-income measure, after tax": "low_income",
    "In low income based on the Low-income cut-offs, after tax": "low_income_cutoff",
}
DESIGNATIONS = {"NIA": "NIA", "Emerging Neighbourhood": "emerging", "No Designation": "none"}


def compile_table(files: dict[str, Path]) -> pd.DataFrame:
    """Turn the rows that are needed into columns, one row per neighbourhood."""
    raw = pd.read_csv(files["data/toronto-nia/neighbourhood-profiles-2016.csv"], dtype=str)
    names = raw["Characteristic"].str.strip()
    areas = raw.drop(columns=raw.columns[:6])

    def the_row(found: pd.Series) -> pd.Series:
        if found.sum() != 1:
            raise SystemExit(f"{found.sum()} rows where one is expected.")
        return areas[found].iloc[0]

    table = pd.DataFrame({"name": areas.columns}, index=areas.columns)
    for name, column in TEXT.items():
        table[column] = the_row(names == name)
    for start, column in COUNTS.items():
        table[column] = the_row(names.str.startswith(start)).str.replace(",", "").astype(int)
    table["number"] = table["number"].astype(int)
    table["designation"] = table["designation"].map(DESIGNATIONS)
    return table.sort_values("number")


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    record = save(compile_table(files), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
