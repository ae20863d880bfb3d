"""Compile ``tracts_spain.csv`` from the raw file.

python data/tracts_spain/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

# The ten most populous municipalities, by INE code.
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


def compiled(path: Path) -> pd.DataFrame:
    """Turn shares into counts, for sections that have a share."""
    raw = pd.read_csv(path, dtype={"tract_code": str, "mun_code": str})
    chosen = raw[raw["mun_code"].isin(PLACES)].sort_values("tract_code")
    known = chosen.dropna(subset=["pct_foreign_born"])
    without = chosen.loc[chosen["pct_foreign_born"].isna(), "total_pop"]
    print(f"left out: {len(without)} sections with {without.sum():.0f} residents")
    foreign_born = (known["pct_foreign_born"] * known["total_pop"]).round().astype(int)
    return pd.DataFrame(
        {
            "place": known["mun_code"].map(PLACES),
            "unit": known["tract_code"],
            "foreign_born": foreign_born,
            "born_in_spain": known["total_pop"].astype(int) - foreign_born,
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
