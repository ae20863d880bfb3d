"""Compile the codebook of the questionnaire, and the files that partners field it with.

    python data/survey_questionnaire/compile.py

Beside the codebook: the questionnaire as XLSForm (ODK, KoboToolbox) and as JSON Schema, and a blank
response file. All follow from ``questionnaire.yml`` in the package, to the byte.
"""

import json
from pathlib import Path

from equalcities import survey
from equalcities.catalog import save, write_whole

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write the table with its record, and the three files."""
    form = survey.questionnaire()
    codebook = survey.codebook(form)
    codebook["required"] = codebook["required"].map({True: "yes", False: "no"})
    record = save(codebook.replace("", None), FOLDER)
    survey.write_xlsform(FOLDER / "questionnaire.xlsx", form=form)
    schema = json.dumps(survey.json_schema(form), indent=1, ensure_ascii=False) + "\n"
    write_whole(FOLDER / "response.schema.json", schema.encode())
    header = ",".join(["respondent_id", *form.fields]) + "\n"
    write_whole(FOLDER / "response_template.csv", header.encode())
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
