"""The command ``equalcities``: which subcommands there are; what they do stays in their rooms.

Example: ``equalcities --help``
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from equalcities.commands import answer

COMMANDS: dict[str, str] = {
    "assess": "equalcities.assess.command",
    "cite": "equalcities.citation.command",
    "diff": "equalcities.release.compare",
    "example-city": "equalcities.assess.example_command",
    "priorities": "equalcities.priorities.command",
    "verify": "equalcities.release.verify",
}
"""Subcommand to the module that answers it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands after the program's name; by default taken from the command line.

    Returns
    -------
    int
        As `equalcities.commands.answer` gives it.
    """
    given = sys.argv[1:] if arguments is None else arguments
    # Only the chosen room is imported: asking for help on one must not wait for all.
    chosen = next((word for word in given if word in COMMANDS), None)
    wanted = COMMANDS if chosen is None else {chosen: COMMANDS[chosen]}
    return answer(given, {name: import_module(path) for name, path in wanted.items()})
