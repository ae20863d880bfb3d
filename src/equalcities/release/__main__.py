"""Steps of a release, as ``make`` calls them.

Example: ``python -m equalcities.release freeze 2026.1``
"""

from __future__ import annotations

import argparse
import sys

from equalcities.catalog import project_root
from equalcities.errors import EqualCitiesError
from equalcities.release import freeze, record, tree
from equalcities.release.freeze import Order

LEAVABLE = [step.name for step in freeze.STEPS if step.name]


def main(arguments: list[str] | None = None) -> int:
    """Run one step and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m equalcities.release", description="Freeze and publish versions of the book."
    )
    choices = parser.add_subparsers(dest="step", required=True)
    make = choices.add_parser("freeze", help="make a release from a clean clone, and freeze it")
    make.add_argument("version", help="such as 2026.1; the one in pyproject.toml")
    make.add_argument(
        "--without", action="append", default=[], choices=LEAVABLE,
        help="leave a step out of a trial; the release records it",
    )  # fmt: skip
    choices.add_parser("site", help="assemble the public tree in _build/public")
    options = parser.parse_args(arguments)
    root = project_root()
    try:
        if options.step == "site":
            target = tree.assemble(root)
            names = sorted(path.name for path in (target / "v").iterdir())
            print(f"{target.relative_to(root)} holds {', '.join(names)}.")
        else:
            order = Order(root, options.version, tuple(options.without))
            target = freeze.release(order, lambda line: print(line, flush=True))
            told = freeze.summary(target)
            print(
                f"{target.relative_to(root)}: {told['files']} files, {told['megabytes']:.0f} MB. "
                f"Keep that folder where it lasts, commit {record.FOLDER}/, tag the commit "
                f"v{options.version}, and run 'make site'."
            )
    except EqualCitiesError as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
