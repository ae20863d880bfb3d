"""Check a file of new practices, and add it to the collection if asked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from equalcities.catalog import load, project_root
from equalcities.errors import EqualCitiesError
from equalcities.participation.intake import DATASET, practice_faults, take_in


def main(arguments: list[str] | None = None) -> int:
    """Check the file and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m equalcities.participation",
        description=__doc__,
        epilog="Example: python -m equalcities.participation book/_static/practice_template.csv "
        "(names the example row as what to replace)",
    )
    parser.add_argument("file", type=Path, help="the filled template, a CSV file in UTF-8")
    parser.add_argument("--append", action="store_true", help="add the rows if all are in order")
    given = parser.parse_args(arguments)
    try:
        root = project_root()
        table, record = load(DATASET, root)
        new, faults = practice_faults(given.file, record, set(table["practice_id"]))
        for fault in faults:
            print(fault, file=sys.stderr)
        if faults:
            return 1
        print(f"{given.file}: in order, new practices: {', '.join(new['practice_id'])}")
        if given.append:
            take_in(given.file, root)
            print("Added. Now run 'make results' and 'make book', and look at the new pages.")
    except EqualCitiesError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
