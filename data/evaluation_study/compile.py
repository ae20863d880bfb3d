"""Compile ``evaluation_study.csv``: bias, coverage and power from the draws of the study.

python data/evaluation_study/compile.py

The draws (``draws.csv.gz``) come from ``benchmarks/evaluation_study.py``, which takes minutes; a
test draws some of the cities again.
"""

from pathlib import Path

import pandas as pd

from equalcities import evaluation
from equalcities.catalog import save

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table and bring its record up to date."""
    summary = evaluation.summarise(pd.read_csv(FOLDER / "draws.csv.gz"))
    threats, designs = list(evaluation.THREATS), list(evaluation.DESIGNS)
    ordered = summary.sort_values(
        ["threat", "design"],
        key=lambda names: names.map((threats if names.name == "threat" else designs).index),
    )
    record = save(ordered.drop(columns="evidence"), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
