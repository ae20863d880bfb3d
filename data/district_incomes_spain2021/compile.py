"""Compile ``district_incomes_spain2021.csv`` from the raw file.

python data/district_incomes_spain2021/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

PLACES = {
    "28079": "Madrid",
    "08019": "Barcelona",
    "46250": "Valencia",
    "41091": "Seville",
    "50297": "Zaragoza",
    "29067": "Malaga",
    "30030": "Murcia",
    "07040": "Palma",
    "35016": "Las Palmas",
    "48020": "Bilbao",
}
YEAR = 2021


def compiled(path: Path) -> pd.DataFrame:
    """Keep ten cities and one year."""
    raw = pd.read_csv(path, dtype={"mun_code": str, "district_code": str})
    chosen = raw[raw["mun_code"].isin(PLACES) & (raw["year"] == YEAR)]
    chosen = chosen.sort_values("district_code")
    return pd.DataFrame(
        {
            "place": chosen["mun_code"].map(PLACES),
            "district": chosen["district_code"],
            "net_income_equivalised": chosen["net_income_equiv"].astype(int),
            "net_income_per_person": chosen["net_income_pc"].astype(int),
        }
    )


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    (path,) = check_inputs(FOLDER, parser.parse_args().raw).values()
    record = save(compiled(path), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
