"""Compile ``england_domains2025.csv`` from the raw file.

python data/england_domains2025/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

PLACES = {
    "Birmingham": "Birmingham",
    "Leeds": "Leeds",
    "Sheffield": "Sheffield",
    "Bradford": "Bradford",
    "Liverpool": "Liverpool",
    "Bristol": "Bristol",
    "Manchester": "Manchester",
    "Leicester": "Leicester",
    "Newcastle upon Tyne": "Newcastle",
    "Nottingham": "Nottingham",
}
SCORES = {
    "Income_score": "income",
    "Employment_score": "employment",
    "Education_score": "education",
    "Health_score": "health",
    "Crime_score": "crime",
    "Housing_and_Services_score": "housing",
    "Environment_score": "environment",
    "connectivity_score": "connectivity",
}


def compiled(path: Path) -> pd.DataFrame:
    """Keep domain scores and connectivity of the ten places, with their households."""
    raw = pd.read_csv(path)
    missing = set(PLACES) - set(raw["local_authority"])
    if missing:
        raise SystemExit(f"Not in the source: {missing}")
    chosen = raw[raw["local_authority"].isin(PLACES)].sort_values("lsoa21_code")
    households = chosen[[f"hh_dep_dims_{number}" for number in range(5)]].sum(axis=1, skipna=False)
    table = chosen[list(SCORES)].rename(columns=SCORES)
    if table.isna().any().any() or households.isna().any():
        raise SystemExit("A score or a count of households is missing.")
    table.insert(0, "households", households.astype(int))
    table.insert(0, "unit", chosen["lsoa21_code"])
    table.insert(0, "place", chosen["local_authority"].map(PLACES))
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
