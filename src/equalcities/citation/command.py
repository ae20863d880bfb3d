"""``equalcities cite``: the same references as on the site."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from equalcities import __version__, catalog
from equalcities.citation.formats import FORMATS
from equalcities.citation.pages import TABLE_LIST
from equalcities.citation.reference import Reference, references
from equalcities.citation.source import read_book
from equalcities.citation.titles import all_titles
from equalcities.errors import UsageError
from equalcities.ledger import read_results

HELP = "Print the reference to a number, figure, dataset, page, or to the book."
EXAMPLE = "equalcities cite panel72.areas --format bibtex"
TABLES = Path("_build") / "html" / TABLE_LIST
"""Tables are known once the pages that hold them are built."""
ORDER = ("num", "fig", "data", "page", "table")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the key and the format."""
    parser.add_argument(
        "key", metavar="KEY",
        help="key of a number, figure or table, id of a dataset, path of a page such as "
        "notebooks/abi_map, or 'book'",
    )  # fmt: skip
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print the reference and return 0."""
    print(FORMATS[options.format](find(options.key, book_references())), end="")
    return 0


def book_references(root: Path | None = None) -> dict[str, Reference]:
    """List everything that can be cited in a checkout, by the place of its references."""
    root = root or catalog.project_root()
    records = [catalog.read_record(name, root) for name in catalog.datasets(root)]
    built = root / TABLES
    tables = json.loads(built.read_text(encoding="utf-8")) if built.is_file() else {}
    return references(
        read_book(root, __version__), read_results(root), records, all_titles(root), tables
    )


def find(key: str, known: dict[str, Reference]) -> Reference:
    """Return the reference with a key.

    Raises
    ------
    UsageError
        If nothing has it.
    """
    wanted = key.removesuffix(".html").removesuffix(".md").strip("/")
    names = ["cite/book"] if wanted == "book" else []
    names += [f"cite/{kind}/{wanted}" for kind in ORDER]
    names += [f"cite/page/{folder}/{wanted}" for folder in ("notebooks", "book")]
    for name in names:
        if name in known:
            return known[name]
    raise UsageError(
        f"Nothing that can be cited is called '{key}'. Take a key from the ledger, the id of a "
        "dataset, the path of a page such as notebooks/abi_map, or 'book'. Pages made from data "
        "and tables are known after 'make book'."
    )
