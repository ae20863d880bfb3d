"""Compile ``berlin_residents2022.csv`` from the raw file.

python data/berlin_residents2022/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

DISTRICTS = {
    "01": "Mitte", "02": "Friedrichshain-Kreuzberg", "03": "Pankow",
    "04": "Charlottenburg-Wilmersdorf", "05": "Spandau", "06": "Steglitz-Zehlendorf",
    "07": "Tempelhof-Schöneberg", "08": "Neukölln", "09": "Treptow-Köpenick",
    "10": "Marzahn-Hellersdorf", "11": "Lichtenberg", "12": "Reinickendorf",
}  # fmt: skip


def compiled(path: Path) -> pd.DataFrame:
    """Split residents of each planning area by citizenship; the code holds the larger areas."""
    raw = pd.read_csv(path, sep=";", dtype=str, encoding="utf-8-sig", na_values=["–"]).sort_values(
        "PLR-ID"
    )
    raw = raw.dropna(subset=["Gesamt", "ausländer"])
    area = raw["PLR-ID"]
    foreign = raw["ausländer"].astype(int)
    return pd.DataFrame(
        {
            "district": area.str[:2].map(DISTRICTS),
            "forecast_area": area.str[:4],
            "region": area.str[:6],
            "unit": area,
            "foreign": foreign,
            "german": raw["Gesamt"].astype(int) - foreign,
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
