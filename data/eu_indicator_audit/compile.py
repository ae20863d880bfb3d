"""Compile ``eu_indicator_audit.csv``: every indicator coded twice, and what a city could add.

    python data/eu_indicator_audit/compile.py

Reads ``rubric.yml`` and ``judgement.csv`` beside it and the dataset ``eu_indicators``; writes
also ``coding_sheet.csv``, the empty form for a second person.
"""

from pathlib import Path

import pandas as pd

from equalcities import funding
from equalcities.catalog import load, save, write_whole
from equalcities.errors import DataError

FOLDER = Path(__file__).resolve().parent
KEPT = ["code", "list", "fund", "kind", "name", "unit", "legal_source", "source_url"]


def main() -> None:
    """Write the table, the empty coding sheet, and bring the record up to date."""
    facts = load("eu_indicators", FOLDER.parent.parent).table
    rubric = funding.parse_rubric((FOLDER / "rubric.yml").read_text(encoding="utf-8"))
    judged = pd.read_csv(FOLDER / "judgement.csv", dtype=str, keep_default_na=False)
    if list(judged["code"]) != list(facts["code"]):
        raise DataError(
            "its codes are not those of eu_indicators",
            cure="Bring them into the same order",
            file="judgement.csv",
        )
    judged = judged.assign(people=facts["person_based"])  # coded by the reader of the pages
    by_text = funding.code_from_text(facts, rubric)
    kept = facts[[*KEPT, "certainty", "breakdown_certainty"]]
    table = funding.audit_indicators(kept, judged, rubric)
    questions = list(rubric.questions)
    differs = [
        ";".join(q for q in questions if first[q] != second[q]) or None
        for first, second in zip(judged.to_dict("records"), by_text.to_dict("records"), strict=True)
    ]
    table = table.join(by_text.add_suffix("_text")).assign(
        passes_differ=differs, reason=judged["reason"].replace("", None)
    )
    record = save(table, FOLDER)
    blank = facts[["code", "list", "kind", "name", "unit"]].assign(**dict.fromkeys(questions, ""))
    sheet = blank.to_csv(index=False, lineterminator="\n")
    write_whole(FOLDER / "coding_sheet.csv", sheet.encode())
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
