"""Check a contributed study: ``python -m equalcities.abi check FILE.csv``."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from equalcities.abi.contribution import check_contribution, fields
from equalcities.errors import EqualCitiesError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit status is 1 if the file needs correction, 2 if it can't be read."""
    parser = argparse.ArgumentParser(
        prog="python -m equalcities.abi",
        description="Contribute a study to the synthesis of area-based initiatives.",
        epilog="Example: python -m equalcities.abi check my_study.csv",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="say what is missing in a file, and the cure")
    check.add_argument("file", type=Path)
    template = commands.add_parser("template", help="write an empty file with the heading")
    template.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    try:
        return (_check if given.command == "check" else _template)(given.file)
    except (EqualCitiesError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _check(file: Path) -> int:
    faults = check_contribution(file)
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} to correct.")
        return 1
    print(f"{file}: nothing to correct. Attach it to an issue or a pull request.")
    return 0


def _template(file: Path) -> int:
    with file.open("x", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerow(fields())
    print(f"{file}: written. Fill in one row per effect, then run check.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
