"""Compile ``eu_perception.csv`` from the raw Eurostat file: six items for the survey's cities.

python data/eu_perception/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent
RAW = "data/eu-city-perception/eu_cities_perception_2023.csv"

# ISO 3166-1 alpha-3 for the survey's country codes, which follow Eurostat (EL, UK).
ISO3 = {
    "AT": "AUT", "BE": "BEL", "BG": "BGR", "CH": "CHE", "CY": "CYP", "CZ": "CZE", "DE": "DEU",
    "DK": "DNK", "EE": "EST", "EL": "GRC", "ES": "ESP", "FI": "FIN", "FR": "FRA", "HR": "HRV",
    "HU": "HUN", "IE": "IRL", "IS": "ISL", "IT": "ITA", "LT": "LTU", "LU": "LUX", "LV": "LVA",
    "MT": "MLT", "NL": "NLD", "NO": "NOR", "PL": "POL", "PT": "PRT", "RO": "ROU", "SE": "SWE",
    "SI": "SVN", "SK": "SVK", "TR": "TUR", "UK": "GBR",
}  # fmt: skip

ITEMS = {
    "city-satisfaction": "city_satisfaction_pct",
    "life-satisfaction": "life_satisfaction_pct",
    "safety-night": "safety_night_pct",
    "jobs": "jobs_pct",
    "housing": "housing_pct",
    "trust": "trust_pct",
}


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    raw = pd.read_csv(check_inputs(FOLDER, parser.parse_args().raw)[RAW])
    # The file's column `overall` is its compiler's own composite and no survey item.
    table = raw.rename(columns=ITEMS).assign(iso3=raw["cc"].map(ISO3))
    table = table[["city", "iso3", "country", "lat", "lon", *ITEMS.values()]]
    record = save(table.sort_values(["iso3", "city"], ignore_index=True), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
