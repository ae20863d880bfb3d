"""Indicator sheets from the command line.

Example: ``python -m equalcities.funding sheet my_indicator.yml --out fiches``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from equalcities import catalog
from equalcities.errors import DataError, EqualCitiesError, UsageError
from equalcities.funding import sheets

EXAMPLES = """examples:
  python -m equalcities.funding example > my_indicator.yml
  python -m equalcities.funding sheet my_indicator.yml --out fiches
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m equalcities.funding",
        description="Make indicator sheets (fiches) from short YAML files.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("example", help="print an example sheet with every field explained")
    make = commands.add_parser(
        "sheet",
        help="make CODE.html and CODE.docx of a sheet",
        description="Check a sheet and make CODE.html and CODE.docx of it. If anything is wrong, "
        "one error says where and what to do, and nothing is written.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    make.add_argument("file", type=Path, help="the sheet, a YAML file")
    make.add_argument("--out", type=Path, required=True, help="folder for the fiche")
    make.add_argument("--replace", action="store_true", help="replace a fiche that is there")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "example":
            sys.stdout.write(sheets.example().decode())
        else:
            for path in write_sheet(chosen.file, chosen.out, chosen.replace):
                print(f"wrote {path}")
    except EqualCitiesError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def write_sheet(file: Path, out: Path, replace: bool = False) -> list[Path]:
    """Check a sheet and write its page and document, both or none.

    Parameters
    ----------
    file : Path
        The YAML.
    out : Path
        Folder to write to; made if it isn't there.
    replace : bool
        Whether a fiche that is there may be replaced.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        For a fault of the sheet.
    UsageError
        If ``out`` is no folder, or holds the fiche already.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(
            f"the file can't be read ({error.strerror})",
            cure="Check the name, or start from the example: python -m equalcities.funding example",
            file=file,
        ) from error
    sheet = sheets.read_sheet(content, str(file))
    sheet = sheets.with_law(sheet, law_of(sheet.common_indicator, str(file)))
    fiche = {
        out / f"{sheet.code}.html": sheets.sheet_page(sheet).encode(),
        out / f"{sheet.code}.docx": sheets.sheet_document(sheet),
    }
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file. Name a folder.")
    there = [path for path in fiche if path.exists()]
    if there and not replace:
        raise UsageError(f"{there[0]} is there already. Add --replace, or give another --out.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".") as waiting:
            for path, made in fiche.items():
                (Path(waiting) / path.name).write_bytes(made)
            for path in fiche:
                (Path(waiting) / path.name).replace(path)
    except OSError as error:
        raise UsageError(f"--out {out} can't be written to ({error.strerror}).") from error
    return list(fiche)


def law_of(code: str, file: str) -> list[str] | None:
    """Return the splits that the law asks of a common indicator, from the book's audit.

    Returns
    -------
    list of str or None
        ``None`` without a code, or outside a checkout of the book, where the audit is not at hand.

    Raises
    ------
    DataError
        If the audit has no such code.
    """
    if not code:
        return None
    try:
        root = catalog.project_root()
    except UsageError:
        return None
    table = catalog.load("eu_indicator_audit", root).table.set_index("code")
    if code not in table.index:
        raise DataError(
            f"'{code[:40]}' is no common indicator of the audit",
            cure="Give a code such as EECR05 or RCR65, or take the field out",
            file=f"{file}, field 'common_indicator'",
        )
    splits = table.loc[code, "splits"]
    return [] if splits == "none" else splits.split(";")


if __name__ == "__main__":
    sys.exit(main())
