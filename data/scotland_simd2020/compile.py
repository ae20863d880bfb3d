"""Compile ``scotland_simd2020.csv`` from the Scottish Index of Multiple Deprivation 2020v2.

python data/scotland_simd2020/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

PLACE = "data/scotland-simd2020/"
COLUMNS = {
    "Data_Zone": "zone",
    "SIMD2020v2_Rank": "rank",
    "Total_population": "population",
    "Income_count": "income_deprived",
}


def compile_table(files: dict[str, Path]) -> pd.DataFrame:
    """Join ranks and counts by data zone."""
    counts = pd.read_csv(files[PLACE + "simd2020v2_indicators.csv"], encoding="utf-8-sig")
    ranks = pd.read_csv(files[PLACE + "simd2020v2_ranks.csv"], encoding="utf-8-sig")
    joined = counts.merge(ranks[["Data_Zone", "SIMD2020v2_Rank"]], validate="one_to_one")
    if len(joined) != len(counts):
        raise SystemExit("The two tables hold different data zones.")
    return joined[list(COLUMNS)].rename(columns=COLUMNS).sort_values("zone")


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    record = save(compile_table(files), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
