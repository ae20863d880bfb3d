"""Compile ``eu_indicators.csv`` from the table of indicators read from public pages.

    python data/eu_indicators/compile.py --raw ../shared

Leaves out cross-references, names the list of each indicator, and gives each row its certainty.
"""

import argparse
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent
LISTS = {
    "RC": "ERDF/CF",
    "EEC": "ESF+ Annex I",
    "ESF-II-": "ESF+ Annex II",
    "ESF-III-": "ESF+ Annex III",
    "RRF": "RRF",
}


def list_of(code: str) -> str:
    return next(name for start, name in LISTS.items() if code.startswith(start))


def certainty(row: pd.Series) -> str:
    if row["verified"] == "no":
        return "B"
    host = urlsplit(row["source_url"]).hostname
    return "V" if host == "ec.europa.eu" or host.endswith(".ec.europa.eu") else "V2"


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    raw = pd.read_csv(
        files["evidence/eu_indicators.csv"], dtype=str, keep_default_na=False, na_values=[""]
    )
    raw = raw[raw["fund"] != "JTF"]  # cross-references, no indicators
    table = raw.rename(
        columns={"name_short": "name", "disaggregation_required": "breakdown_as_read"}
    )
    table = table.assign(
        list=table["code"].map(list_of),
        certainty=table.apply(certainty, axis=1),
        breakdown_certainty=table["fund"].map(lambda fund: "B" if fund == "RRF" else "V2"),
    )
    record = save(table, FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
