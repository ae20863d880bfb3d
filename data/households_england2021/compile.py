"""Compile ``households_england2021.csv`` from the raw file.

python data/households_england2021/compile.py --raw ../shared
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


def compiled(path: Path) -> pd.DataFrame:
    """Keep the counts of households of the ten places."""
    raw = pd.read_csv(path)
    missing = set(PLACES) - set(raw["local_authority"])
    if missing:
        raise SystemExit(f"Not in the source: {missing}")
    chosen = raw[raw["local_authority"].isin(PLACES)].sort_values("lsoa21_code")
    counts = chosen[[f"hh_dep_dims_{number}" for number in range(5)]]
    if counts.isna().any().any():
        raise SystemExit("A count of households is missing.")
    table = counts.astype(int).rename(columns=lambda name: name.replace("hh_dep_dims", "deprived"))
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
