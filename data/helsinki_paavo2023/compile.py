"""Compile ``helsinki_paavo2023.csv`` from Statistics Finland's postal code areas.

python data/helsinki_paavo2023/compile.py --raw ../shared
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

COLUMNS = {
    "postal_code": "area",
    "name": "name",
    "X coordinate": "x",
    "Y coordinate": "y",
    "Inhabitants, total (HE)": "population",
    "Inhabitants belonging to the lowest income category": "income_low",
    "Inhabitants belonging to the middle income category": "income_middle",
    "Inhabitants belonging to the highest income category": "income_high",
    "Aged 18 or over, total (KO)": "adults",
    "Basic level studies (KO)": "basic_education",
    "Employed (PT)": "employed",
    "Unemployed (PT)": "unemployed",
    "Households, total (TE)": "households",
    "Households living in rented dwellings (TE)": "renting",
}
COUNTS = list(COLUMNS.values())[4:]


def compiled(path: Path) -> pd.DataFrame:
    """Keep counts and coordinates of the postal code areas."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    raw = pd.DataFrame([feature["properties"] for feature in features])
    table = raw[list(COLUMNS)].rename(columns=COLUMNS).sort_values("area")
    table["name"] = table["name"].str.strip()
    if table.isna().any().any():
        raise SystemExit("A value is missing in the columns kept.")
    return table.astype(dict.fromkeys(["x", "y", *COUNTS], int))


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    (path,) = check_inputs(FOLDER, parser.parse_args().raw).values()
    record = save(compiled(path), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
