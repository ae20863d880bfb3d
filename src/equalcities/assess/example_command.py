"""``equalcities example-city``: the bundled invented city, copied to try things on."""

from __future__ import annotations

import argparse
from pathlib import Path

from equalcities.assess import example
from equalcities.assess.output import out_problems, write_folder
from equalcities.assess.problems import InputProblems

HELP = "Write the files of an invented city, to try 'equalcities assess' on."
EXAMPLE = "equalcities example-city --out fictionville/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--out", type=Path, required=True, help="folder to write; must be new")


def run(options: argparse.Namespace) -> int:
    """Write the files and say how to go on."""
    problems = out_problems(options.out, force=False)
    if problems:
        raise InputProblems(problems)
    units, services = example.paths()
    write_folder(options.out, {path.name: path.read_bytes() for path in (units, services)})
    print(
        f"{example.NAME} is invented; what you compute from it is evidence about no place. Try:\n"
        f"equalcities assess --units {options.out / units.name} "
        f"--groups {','.join(example.GROUPS)} --ordered --services {options.out / services.name} "
        "--capacity doctors --name name --by district --out report/"
    )
    return 0
