"""Compile ``amsterdam_education2019.csv`` from the raw file.

python data/amsterdam_education2019/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

LEVELS = {"low": "Laag", "middle": "Middelbaar", "high": "Hoog"}
CODE, HOUSEHOLDS = "Regiocode (gemeente, wijk, buurt) (code)", "Particuliere huishoudens (Aantal)"


def compiled(path: Path) -> pd.DataFrame:
    """Keep the neighbourhoods with values, and turn shares into households."""
    raw = pd.read_csv(path, sep=";", dtype=str, encoding="utf-8-sig")
    raw = raw.apply(lambda column: column.str.strip()).sort_values(CODE)
    shares = {
        name: pd.to_numeric(raw[f"Opleidingsniveau/{dutch}/Waarde (%)"].replace(".", None))
        for name, dutch in LEVELS.items()
    }
    households = raw[HOUSEHOLDS].astype(int)
    # Shares are rounded to a decimal, so they are divided by their own sum.
    total = sum(shares.values())
    counts = {name: (households * share / total).round(1) for name, share in shares.items()}
    known = raw[CODE].str.startswith("BU") & shares["low"].notna()
    left_out = households[raw[CODE].str.startswith("BU") & shares["low"].isna()]
    print(f"left out: {len(left_out)} neighbourhoods with about {left_out.sum()} households")
    return pd.DataFrame({"district": "WK" + raw[CODE].str[2:8], "unit": raw[CODE], **counts})[known]


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    (path,) = check_inputs(FOLDER, parser.parse_args().raw).values()
    record = save(compiled(path), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
