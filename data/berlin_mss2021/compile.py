"""Compile ``berlin_mss2021.csv`` from Berlin's social monitoring and register of residents.

python data/berlin_mss2021/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

PLACE = "data/berlin-mss2021/"
STATUS = {"hoch": "high", "mittel": "medium", "niedrig": "low", "sehr niedrig": "very low"}


def read(path: Path) -> pd.DataFrame:
    """Read one table by area code; a dash is a missing value."""
    options = {"sep": ";", "dtype": str, "encoding": "utf-8-sig", "na_values": ["–"]}
    return pd.read_csv(path, **options).set_index("PLR-ID")


def compile_table(files: dict[str, Path]) -> pd.DataFrame:
    """Join status class, residents by age and old-age poverty by area."""
    index = read(files[PLACE + "mss_2021_index-indikatoren_z-werte_plr.csv"])
    context = read(files[PLACE + "mss_2021_kontext-indikatoren_anteile_plr.csv"])
    residents = read(files[PLACE + "einwohnerbestand_06-2022_plr.csv"])
    if not set(index.index) == set(context.index) == set(residents.index):
        raise SystemExit("The three tables hold different areas.")
    status = next(name for name in index.columns if name.startswith("Zuordnung Klasse Status"))
    table = pd.DataFrame(
        {
            "status": index[status].str.strip().map(STATUS),
            "population": pd.to_numeric(index["EW 31.12.2020"]).astype("Int64"),
            "aged_65plus": pd.to_numeric(residents["65undmehr"]).astype("Int64"),
            "old_age_poverty_pct": pd.to_numeric(context["K03"].str.replace(",", ".")),
        }
    )
    return table.rename_axis("area").reset_index().sort_values("area")


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    record = save(compile_table(files), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
