"""Compile ``nyc_tracts2020.csv`` from the raw file.

python data/nyc_tracts2020/compile.py --raw ../shared
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

BOROUGHS = {
    "36005": "Bronx",
    "36047": "Brooklyn",
    "36061": "Manhattan",
    "36081": "Queens",
    "36085": "Staten Island",
}
GROUPS = {
    "hispanic": ["hisp"],
    "white": ["white"],
    "black": ["black"],
    "asian": ["asian"],
    "others": ["other_race", "multiracial"],
}


def compiled(path: Path) -> pd.DataFrame:
    """Name boroughs and neighbourhoods, and add the two smallest groups."""
    raw = pd.read_csv(path, dtype={"ct": str}).sort_values("ct")
    groups = {name: raw[parts].sum(axis=1).astype(int) for name, parts in GROUPS.items()}
    if (sum(groups.values()) != raw["pop"]).any():
        raise SystemExit("The groups of a tract don't add up to its residents.")
    borough = raw["ct"].str[:5].map(BOROUGHS)
    # Two tracts have no neighbourhood in the source; each stays a neighbourhood of its own.
    neighbourhood = raw["nta"].fillna("tract " + raw["ct"])
    return pd.DataFrame(
        {"borough": borough, "neighbourhood": neighbourhood, "unit": raw["ct"], **groups}
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
