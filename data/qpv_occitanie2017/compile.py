"""Compile ``qpv_occitanie2017.csv`` from INSEE's table of the priority districts of Occitanie.

python data/qpv_occitanie2017/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

SOURCE = "data/france-qpv-occitanie/qp.csv"
COLUMNS = {
    "code_qp": "district",
    "nom_qp": "name",
    "nom_commune": "municipality",
    "pop_mun": "population",
    "tp60": "poverty_pct",
}


def compile_table(files: dict[str, Path]) -> pd.DataFrame:
    """Keep code, names, residents and poverty rate."""
    table = pd.read_csv(files[SOURCE], encoding="utf-8-sig", usecols=list(COLUMNS))
    return table.rename(columns=COLUMNS)[list(COLUMNS.values())].sort_values("district")


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    record = save(compile_table(files), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
