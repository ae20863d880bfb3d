"""Answer a command line with given subcommands; which there are is said in `equalcities.cli`.

Apart from it, so that a notebook can hand over the few that it shows: it then stands on those
modules, and runs again when one of them changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

from equalcities import __version__
from equalcities.errors import EqualCitiesError

FAILED = 2
"""Exit status when an error of the package's family stopped a command."""


def answer(arguments: Sequence[str], modules: Mapping[str, ModuleType]) -> int:
    """Run the subcommand that a command line names, and return its exit status.

    Parameters
    ----------
    arguments : sequence of str
        What stands after the program's name.
    modules : mapping of str to module
        Each subcommand's module, which offers ``HELP``, ``EXAMPLE``, ``add_arguments(parser)``
        and ``run(options) -> int``.

    Returns
    -------
    int
        The subcommand's own status; 2 if an error of ``equalcities.errors`` stopped it.
    """
    parser = argparse.ArgumentParser(
        prog="equalcities",
        description="Measures, citations and checks behind the book Cities of Equality.",
        epilog="Each subcommand has its own --help with an example.",
    )
    parser.add_argument("--version", action="version", version=f"equalcities {__version__}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in modules.items():
        _add_command(choices, name, module)
    options = parser.parse_args(arguments)
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
