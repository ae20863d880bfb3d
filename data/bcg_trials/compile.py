"""Compile ``bcg_trials.csv``: the counts of the BCG vaccine trials as R's metadat holds them.

python data/bcg_trials/compile.py --raw ../shared
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent
COLUMNS = {
    "trial": "trial",
    "author": "author",
    "year": "year",
    "tpos": "vaccinated_cases",
    "tneg": "vaccinated_others",
    "cpos": "control_cases",
    "cneg": "control_others",
    "ablat": "latitude",
    "alloc": "allocation",
}


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    source = files["oracles/metafor_reference.json"].read_text(encoding="utf-8")
    table = pd.DataFrame(json.loads(source)["bcg"]["data"])[list(COLUMNS)].rename(columns=COLUMNS)
    record = save(table, FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
