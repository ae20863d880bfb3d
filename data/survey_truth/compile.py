"""Compile ``survey_truth.csv``: the true shares behind the simulated survey.

python data/survey_truth/compile.py
"""

from pathlib import Path

from equalcities import survey
from equalcities.catalog import save

FOLDER = Path(__file__).resolve().parent
SEED = 72
RESPONDENTS = 72


def main() -> None:
    """Write the table and bring its record up to date."""
    record = save(survey.simulate(RESPONDENTS, rng=SEED).truth, FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
