"""Compile ``survey_responses.csv``: simulated responses, or a response file put in their place.

    python data/survey_responses/compile.py
    python data/survey_responses/compile.py --responses path/to/file.csv [--encoding cp1252]

The file is checked whole before anything is written. Whether it is observed or simulated follows
from its ids: those of the simulator begin with "SIM-". Of observed responses the free text is left
out and the country codes are replaced by running codes; the file itself is not touched.
"""

import argparse
import hashlib
from pathlib import Path

import yaml

from equalcities import catalog, survey
from equalcities.errors import DataError, EqualCitiesError

FOLDER = Path(__file__).resolve().parent
SEED = 72
RESPONDENTS = 72
FEWEST = 30
SIMULATED = {
    "title": "Responses to the survey of city administrations (simulated)",
    "summary": (
        "Answers of made-up city administrations to the book's questionnaire. They show what a "
        "survey of this size can say, and describe no place. A response file of real cities can "
        "be put in their place with one command."
    ),
    "producer": "Cities of Equality contributors, by simulation",
    "source_url": f"equalcities.survey.simulate(n={RESPONDENTS}, rng={SEED})",
    "licence": {
        "name": "Creative Commons Attribution 4.0 International",
        "url": "https://creativecommons.org/licenses/by/4.0/",
        "status": "stated",
    },
    "citation": (
        "Cities of Equality contributors (2026). Simulated responses to the survey of city "
        "administrations. A method demonstration, no evidence about any place."
    ),
    "attribution": "Simulated by Cities of Equality contributors.",
    "known_faults": [
        "Simulated. No respondent exists, and no result describes a city, a country or the "
        "OECD/EC survey of 72 cities, whose answers are not public.",
        "Free text is blank, because none is invented.",
    ],
    "processing": (
        f"Drawn with seed {SEED} from the process that equalcities.survey.generating_process() "
        "lists: larger cities answer more readily, small cities leave more items blank."
    ),
    "inputs": [],
}
OBSERVED = {
    "title": "Responses to the survey of city administrations",
    "summary": "Answers of city administrations to the book's questionnaire, one row each.",
    "producer": "The city administrations that answered",
    "source_url": "a response file that was put in place with 'make survey'",
    "licence": {
        "name": "Copyright not evaluated",
        "url": "https://rightsstatements.org/vocab/CNE/1.0/",
        "status": "stated",
        "note": "Agree terms with the respondents, and state them here, before publishing.",
    },
    "citation": "The responding city administrations. Responses to the survey of city "
    "administrations.",
    "attribution": "The responding city administrations.",
    "known_faults": [
        "Self-reported by administrations, not checked against other sources.",
        "Single rows may be recognised by region, size and department, although free text and "
        "country codes were removed. Share the table only with the respondents' consent.",
    ],
    "withheld": (
        "a row could be recognised by region, size and department. The book prints shares under "
        "its disclosure rule."
    ),
    "processing": (
        "Checked as a whole against the questionnaire; free text was left out, country codes were "
        "replaced by running codes, rows put in the order of their ids. Nothing else was changed."
    ),
}


def read(path: Path | None, encoding: str | None) -> tuple[survey.Responses, list[dict[str, str]]]:
    """Return responses, and the input that the record names."""
    if path is None:
        return survey.simulate(RESPONDENTS, rng=SEED).responses, []
    responses = survey.read_responses(path, encoding=encoding)
    if len(responses.table) < FEWEST:
        raise DataError(
            f"the file holds {len(responses.table)} responses",
            cure=f"Put in a file with {FEWEST} or more; with fewer, hardly a cell can be shown",
            file=path,
        )
    if responses.evidence == "observed":
        responses = protected(responses)
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    what = "the responses as received, not kept in the book"
    return responses, [{"file": "response file", "sha256": content, "what": what}]


def protected(responses: survey.Responses) -> survey.Responses:
    """Leave out what would name a city: free text and country codes."""
    table = responses.table.sort_index()
    countries = {code: f"X{place:02d}" for place, code in enumerate(table["q01_country"].unique())}
    if len(countries) > 100:
        raise DataError("more than 100 countries", cure="Check the column", column="q01_country")
    table["q01_country"] = table["q01_country"].map(countries).astype("str")
    table["q24_initiative"] = None
    return survey.Responses(table, responses.questionnaire, responses.evidence)


def described(field: survey.Field) -> dict[str, object]:
    """Describe one field as a column of the record."""
    one = "|".join(field.choices)
    column: dict[str, object] = {
        "name": field.name,
        "type": "integer" if field.type == "integer" else "string",
        "meaning": f"{field.label} ({field.question}, {field.enabler})",
        "unit": {"integer": "%", "text": "text"}.get(field.type, "code"),
    }
    if field.type == "integer":
        column["range"] = [field.minimum, field.maximum]
    elif field.type == "select_one":
        column["values"] = list(field.choices)
    elif field.type == "select_multiple":
        column["pattern"] = f"(?:{one})(?: (?:{one}))*"
        column["unit"] = "codes parted by blanks"
    elif field.pattern:
        column["pattern"] = field.pattern
    return column | ({"required": True} if field.required and field.when is None else {})


def record(responses: survey.Responses, inputs: list[dict[str, str]]) -> dict[str, object]:
    """Return the record; checksum and rows are filled in when the table is saved."""
    words = SIMULATED if responses.evidence == "simulated" else OBSERVED
    identity = {
        "name": "respondent_id",
        "type": "string",
        "meaning": "key; an id without meaning, never the name of a city or person",
        "unit": "code",
        "required": True,
        "pattern": "[A-Za-z0-9][A-Za-z0-9_-]{0,31}",
    }
    return {
        "id": FOLDER.name,
        **{name: words[name] for name in ("title", "summary", "producer")},
        "evidence_class": responses.evidence,
        "source_url": words["source_url"],
        "date_published": "2026",
        "date_accessed": "2026",
        **{name: words[name] for name in ("licence", "citation", "attribution")},
        "table": "survey_responses.csv",
        "sha256": "written by save",
        "rows": len(responses.table),
        "key": ["respondent_id"],
        "inputs": inputs,
        "columns": [identity, *map(described, responses.questionnaire.fields.values())],
        "known_faults": words["known_faults"],
        "processing": words["processing"],
        **({"withheld": words["withheld"]} if "withheld" in words else {}),
    }


def main() -> None:
    """Write table and record, or say what is wrong with the file and write nothing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--responses", type=Path, help="CSV or XLSX; simulated when left out")
    parser.add_argument("--encoding", help="of a CSV that is neither UTF-8 nor UTF-16")
    given = parser.parse_args()
    path = FOLDER / "record.yml"
    before = path.read_bytes() if path.is_file() else None
    try:
        responses, inputs = read(given.responses, given.encoding)
        text = yaml.safe_dump(
            record(responses, inputs), sort_keys=False, allow_unicode=True, width=100
        )
        catalog.write_whole(path, text.encode())
        try:
            saved = catalog.save(responses.table.reset_index(), FOLDER)
        except EqualCitiesError:
            if before is not None:
                catalog.write_whole(path, before)
            raise
    except EqualCitiesError as error:
        raise SystemExit(str(error)) from error
    print(f"{saved.table}: {saved.rows} rows, {saved.evidence_class}, sha256 {saved.sha256}")


if __name__ == "__main__":
    main()
