"""Compile ``abi_programmes.csv`` from the table of programmes read from public pages.

    python data/abi_programmes/compile.py --raw ../shared

Leaves out rows without a page behind them, splits the participation score from its reason, and
marks comparators as a column of their own.
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    raw = pd.read_csv(
        files["evidence/abi_programmes.csv"], dtype=str, keep_default_na=False, na_values=[""]
    )
    raw = raw[raw["verified_on_page"] != "no"]  # no page stands behind these
    scored = raw["resident_participation"].str.extract(r"^(?P<score>[0-3]) \((?P<reason>.*)\)$")
    unread = raw["resident_participation"].notna() & scored["score"].isna()
    if unread.any():
        raise SystemExit(f"Participation not of the form 'score (reason)': {raw[unread]}")
    comparator = raw["note"].str.startswith("Comparator").map({True: "yes", False: "no"})
    table = raw.drop(columns="resident_participation").assign(
        comparator=comparator,
        participation_score=scored["score"],
        participation_reason=scored["reason"],
    )
    record = save(table.sort_values("programme_id"), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
