"""The command ``equalcities``: which subcommands there are; what they do stays in their rooms.

Example: ``equalcities --help``
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from types import ModuleType

from equalcities import __version__
from equalcities.errors import EqualCitiesError

COMMANDS: dict[str, str] = {
    "assess": "equalcities.assess.command",
    "cite": "equalcities.citation.command",
    "diff": "equalcities.release.compare",
    "example-city": "equalcities.assess.example_command",
    "priorities": "equalcities.priorities.command",
    "verify": "equalcities.release.verify",
}
"""Subcommand to module, which offers ``HELP``, ``EXAMPLE``, ``add_arguments(parser)`` and
``run(options) -> int``."""
FAILED = 2
"""Exit status when an error of the package's family stopped a command."""


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand and return its exit status.

    Parameters
    ----------
    arguments : list of str, optional
        What stands after the program's name; by default taken from the command line.

    Returns
    -------
    int
        The subcommand's own status; 2 if an error of ``equalcities.errors`` stopped it.
    """
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="equalcities",
        description="Measures, citations and checks behind the book Cities of Equality.",
        epilog="Each subcommand has its own --help with an example.",
    )
    parser.add_argument("--version", action="version", version=f"equalcities {__version__}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Only the chosen room is imported: asking for help on one must not wait for all.
    chosen = next((word for word in given if word in COMMANDS), None)
    modules = {
        name: import_module(path)
        for name, path in COMMANDS.items()
        if chosen is None or name == chosen
    }
    for name, module in modules.items():
        _add_command(choices, name, module)
    options = parser.parse_args(given)
    try:
        return modules[options.command].run(options)
    except EqualCitiesError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED


def _add_command(choices: argparse._SubParsersAction, name: str, module: ModuleType) -> None:
    module.add_arguments(
        choices.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
