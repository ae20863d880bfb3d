"""Compile ``lsoas_england.csv`` from the raw file.

python data/lsoas_england/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

PLACES = {
    "Birmingham": "Birmingham",
    "Leeds": "Leeds",
    "Sheffield": "Sheffield",
    "Bradford": "Bradford",
    "Liverpool": "Liverpool",
    "Bristol, City of": "Bristol",
    "Manchester": "Manchester",
    "Leicester": "Leicester",
    "Newcastle upon Tyne": "Newcastle",
    "Nottingham": "Nottingham",
}
GROUPS = {
    "white_british": ["WhiteBrit"],
    "south_asian": ["Indian", "Pakistani", "Bangladeshi"],
    "black": ["BlkAfrican", "BlkCaribbean", "OtherBlk"],
}


def compiled(path: Path) -> pd.DataFrame:
    """Add up groups; the others are all residents less these."""
    raw = pd.read_csv(path)
    missing = set(PLACES) - set(raw["LAD"])
    if missing:
        raise SystemExit(f"Not in the source: {missing}")
    chosen = raw[raw["LAD"].isin(PLACES)].sort_values("LSOA")
    groups = {name: chosen[parts].sum(axis=1).astype(int) for name, parts in GROUPS.items()}
    others = chosen["Persons"].astype(int) - sum(groups.values())
    return pd.DataFrame(
        {
            "place": chosen["LAD"].map(PLACES),
            "unit": chosen["LSOA"],
            "middle_area": chosen["MSOA"],
            **groups,
            "others": others,
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
