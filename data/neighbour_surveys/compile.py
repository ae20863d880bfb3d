"""Compile ``neighbour_surveys.csv`` from the shares that were extracted by hand.

    python data/neighbour_surveys/compile.py --raw ../shared

``extracted.csv`` holds the hand entries. Each row names the fact it comes from: it must be in the
list of facts, and the percentage must stand there, unless the row's note says how it was had.
"""

import argparse
import re
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent
FACTS = "facts/oecd_survey_and_partnership.md"
IN_WORDS = re.compile(r"half|third|computed")


def facts(path: Path) -> dict[str, str]:
    """Return the text of each numbered fact."""
    found = re.findall(r"^\| (\d+) \| (.*) \|$", path.read_text(encoding="utf-8"), flags=re.M)
    return {f"F{number}": text for number, text in found}


def missing(table: pd.DataFrame, known: dict[str, str]) -> list[str]:
    """List the rows whose fact is unknown, or doesn't say the percentage."""
    faults = []
    for row in table.itertuples():
        text = known.get(row.fact_id)
        if text is None:
            faults.append(f"'{row.question}': there is no fact {row.fact_id}")
        elif not IN_WORDS.search(row.note) and not re.search(
            rf"(?<![\d.]){row.share_percent}(?![\d.])", text
        ):
            faults.append(f"'{row.question}': {row.fact_id} doesn't say {row.share_percent}")
    return faults


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    table = pd.read_csv(FOLDER / "extracted.csv", dtype=str, keep_default_na=False)
    faults = missing(table, facts(files[FACTS]))
    if faults:
        raise SystemExit("Rows without a source:\n  " + "\n  ".join(faults))
    table = table.sort_values(["year", "survey_id"], kind="stable")
    record = save(
        table.assign(
            sample_size=pd.to_numeric(table["sample_size"]).astype("Int64"),
            share_percent=pd.to_numeric(table["share_percent"]),
        ),
        FOLDER,
    )
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
