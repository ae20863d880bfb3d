"""Compile ``us_opportunity_zones2018.csv``: census tracts counted by state and eligibility.

python data/us_opportunity_zones2018/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent


def compile_table(files: dict[str, Path]) -> pd.DataFrame:
    """Count tracts by state, eligibility and designation."""
    path = files["data/us-opportunity-zones/us_tracts_oz_eligibility.csv.gz"]
    raw = pd.read_csv(path, dtype={"geoid": str})
    if ((raw["LICadj"] == 1) & (raw["eligible"] == 0)).any():
        raise SystemExit("A tract is marked as adjacent and not as eligible.")
    kind = raw["eligible"].map({1: "low-income", 0: "not eligible"})
    table = pd.DataFrame(
        {
            "state": raw["geoid"].str[:2],
            "kind": kind.mask(raw["LICadj"] == 1, "adjacent"),
            "designated": raw["oz"].map({1: "yes", 0: "no"}),
        }
    )
    return table.value_counts().rename("tracts").reset_index().sort_values(list(table.columns))


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    record = save(compile_table(files), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
