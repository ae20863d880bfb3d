"""From a file to a grid of text: everything that can be wrong before a question is looked at."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from equalcities.errors import DataError
from equalcities.survey.schema import RESPONDENT

#: Larger than any survey of cities; a file beyond is another file.
MAX_ROWS, MAX_BYTES, MAX_UNPACKED_BYTES = 5_000, 20_000_000, 100_000_000
SHEET = "responses"

_FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x1f\x8b": "a gzip archive",
    b"{": "JSON",
    b"[": "JSON",
    b"<": "HTML or XML",
}
_OLE = b"\xd0\xcf\x11\xe0"
# what zipfile and openpyxl raise on a workbook that is cut, garbled or half written
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    EOFError,
)
_DELIMITERS = (",", ";", "\t")
_MULTIBYTE_UTF8 = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a response file.

    Attributes
    ----------
    kind : str
        Short name of the kind of problem, such as ``"wrong code"``.
    problem, cure : str
        What is wrong and what to do, one sentence each without a full stop.
    row : int or None
        Data row, counted from 1 after the header.
    column : str or None
        Name of the column; its part before the first underscore is the question.
    """

    kind: str
    problem: str
    cure: str
    row: int | None = None
    column: str | None = None


class ResponseFileError(DataError):
    """A response file cannot be read; nothing of it was loaded.

    Parameters
    ----------
    problems : sequence of Problem
        All of them, in the order of the file.
    file : path-like

    Attributes
    ----------
    problems : tuple of Problem
    """

    _SHOWN = 20

    def __init__(self, problems: list[Problem] | tuple[Problem, ...], file: Path | str) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            one = self.problems[0]
            super().__init__(one.problem, cure=one.cure, file=file, row=one.row, column=one.column)
            return
        lines = [
            str(DataError(p.problem, cure=p.cure, row=p.row, column=p.column))
            for p in self.problems[: self._SHOWN]
        ]
        if len(self.problems) > self._SHOWN:
            lines.append(f"and {len(self.problems) - self._SHOWN} more, see .problems")
        super().__init__(
            f"{len(self.problems)} problems, nothing was loaded:\n- " + "\n- ".join(lines) + "\n",
            cure="Mend each of them and read the file again",
            file=file,
        )


@dataclass(frozen=True)
class Grid:
    """Header and rows of text, and what was found wrong with single cells on the way."""

    header: list[str]
    rows: list[list[str]]
    problems: list[Problem]


def _refuse(path: Path, kind: str, problem: str, cure: str, row: int | None = None) -> NoReturn:
    raise ResponseFileError([Problem(kind, problem, cure, row)], path)


def _too_many(path: Path) -> NoReturn:
    _refuse(
        path,
        "too large",
        f"the file has more than {MAX_ROWS:,} rows or is far larger than a survey of cities",
        "check that this is the response file, one row per respondent",
    )


def _read_bytes(path: Path) -> bytes:
    if not path.exists():
        _refuse(path, "no such file", "there is no such file", "check the path")
    if path.is_dir():
        _refuse(path, "folder", "this is a folder", "give the path of one CSV or XLSX file")
    if path.stat().st_size > MAX_BYTES:
        _too_many(path)
    content = path.read_bytes()
    if not content.strip(b"\x00\r\n\t ,;\xef\xbb\xbf"):
        _refuse(path, "empty file", "the file is empty", "export the responses again")
    return content


def _refuse_foreign(path: Path, content: bytes) -> None:
    if content.startswith(_OLE):
        _refuse(
            path,
            "old or locked workbook",
            "this is an Excel file of the old format, or one locked by a password",
            "save it as .xlsx without a password, or as CSV in UTF-8",
        )
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            _refuse(
                path,
                "not a spreadsheet",
                f"this is {what}, not a spreadsheet, whatever its name says",
                "export the responses as CSV or XLSX",
            )


def _decode(path: Path, content: bytes, encoding: str | None) -> str:
    if encoding is None and content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\x00" in content and (encoding is None or "16" not in encoding):
        _refuse(
            path,
            "NUL bytes",
            "the file holds NUL bytes, so it is not plain text (or UTF-16 without its mark)",
            "export it again as CSV in UTF-8",
            content[: content.index(b"\x00")].count(b"\n") or None,
        )
    try:
        return content.decode(encoding or "utf-8-sig")
    except LookupError:
        _refuse(path, "unknown encoding", f"no encoding is called '{encoding}'", "name another one")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") or None
        if encoding is None and _MULTIBYTE_UTF8.search(content):
            _refuse(
                path,
                "mixed encodings",
                "some lines are UTF-8 and others are not",
                "open each source in its own encoding, save as UTF-8, and put them together then",
                row,
            )
        _refuse(
            path,
            "wrong encoding",
            f"the text is not {encoding or 'UTF-8'}",
            "save it as UTF-8, or name its encoding, such as encoding='cp1252'",
            row,
        )


def _delimiter(path: Path, first_line: str) -> str:
    for delimiter in _DELIMITERS:
        names = [name.strip(' "') for name in first_line.split(delimiter)]
        if RESPONDENT in names and len(names) > 1:
            return delimiter
    if RESPONDENT in first_line:
        _refuse(
            path,
            "wrong delimiter",
            "the columns are not divided by commas, semicolons or tabs",
            "export the file as CSV with commas",
        )
    _refuse(
        path,
        "no header",
        f"the first line has no column '{RESPONDENT}', so it is not the header of a response file",
        "keep the line of column names first, with nothing above it",
    )


def _read_csv(path: Path, content: bytes, encoding: str | None) -> Grid:
    text = _decode(path, content, encoding)
    lines = text.splitlines()
    delimiter = _delimiter(path, lines[0] if lines else "")
    rows: list[list[str]] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = next(reader)
        for row in reader:
            rows.append([cell.strip() for cell in row])
            if len(rows) > MAX_ROWS:
                _too_many(path)
    except csv.Error as error:
        _refuse(
            path,
            "broken quotes",
            f"a quotation mark opens or closes in the wrong place ({error})",
            "double each quotation mark inside an answer, or export the file again",
            len(rows) + 1,
        )
    problems = []
    for number, row in enumerate(rows, start=1):
        if any(row) and len(row) != len(header):
            problems.append(
                Problem(
                    "ragged row",
                    f"the row has {len(row)} cells and the header {len(header)}",
                    "look for a delimiter or a line break inside an answer without quotes",
                    number,
                )
            )
        problems += [
            _formula(number, header[i])
            for i, cell in enumerate(row[: len(header)])
            if cell.startswith("=")
        ]
    return Grid([name.strip() for name in header], rows, problems)


def _formula(row: int, column: str) -> Problem:
    return Problem(
        "formula",
        "the cell holds a formula",
        "paste the value in place of the formula",
        row,
        column,
    )


def _cell(cell, row: int, column: str) -> tuple[str, Problem | None]:
    """Text of one Excel cell, and what is wrong with it."""
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "f":
        return "", _formula(row, column)
    if cell.data_type == "e":
        return "", Problem(
            "error value",
            f"the cell holds the Excel error {value}",
            "type the answer in its place",
            row,
            column,
        )
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return "", Problem(
            "date",
            "Excel turned the answer into a date",
            "format the column as text and type the answer again",
            row,
            column,
        )
    if isinstance(value, bool):
        return str(value).upper(), None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip(), None


def _read_xlsx(path: Path) -> Grid:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
        if "xl/workbook.xml" not in {part.filename for part in parts}:
            _refuse(
                path,
                "not a spreadsheet",
                "this is an archive or another office format, not an Excel workbook",
                "export the responses as CSV or XLSX",
            )
        if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            _too_many(path)
        # opened here, since openpyxl leaves the file open when the workbook is damaged
        with warnings.catch_warnings(), path.open("rb") as file:
            # openpyxl warns about styling it drops; only the values matter here
            warnings.simplefilter("ignore")
            return _read_sheet(path, openpyxl.load_workbook(file, read_only=True))
    except _DAMAGED as error:
        raise ResponseFileError(
            [
                Problem(
                    "broken workbook",
                    f"the workbook is damaged ({error})",
                    "open it in a spreadsheet program, save it again as .xlsx, or fetch it again",
                )
            ],
            path,
        ) from error


def _read_sheet(path: Path, book: openpyxl.Workbook) -> Grid:
    if SHEET in book.sheetnames:
        sheet = book[SHEET]
    elif len(book.sheetnames) == 1:
        sheet = book.worksheets[0]
    else:
        _refuse(
            path,
            "which sheet",
            f"the workbook has {len(book.sheetnames)} sheets and none is called '{SHEET}'",
            f"call the sheet with the responses '{SHEET}'",
        )
    header: list[str] = []
    rows: list[list[str]] = []
    problems: list[Problem] = []
    for number, cells in enumerate(sheet.iter_rows()):
        if number > MAX_ROWS:
            _too_many(path)
        if number == 0:
            header = [_cell(cell, 0, "")[0] for cell in cells]
            while header and not header[-1]:
                header.pop()
            continue
        row = []
        for i, cell in enumerate(cells):
            text, problem = _cell(cell, number, header[i] if i < len(header) else f"number {i + 1}")
            row.append(text)
            if problem:
                problems.append(problem)
        row += [""] * (len(header) - len(row))
        if any(row[len(header) :]):
            problems.append(
                Problem(
                    "ragged row",
                    "the row goes on beyond the last column of the header",
                    "look for cells that slipped to the right, or notes beside the table",
                    number,
                )
            )
        rows.append(row[: len(header)])
    if not header and not any(any(row) for row in rows) and not problems:
        _refuse(path, "empty file", "the sheet is empty", "export the responses again")
    if RESPONDENT not in header:
        _refuse(
            path,
            "no header",
            f"the first row has no column '{RESPONDENT}', so it is not the header",
            "keep the row of column names first, with nothing above it",
        )
    return Grid(header, rows, problems)


def read_grid(path: Path | str, *, encoding: str | None = None) -> Grid:
    """Read a CSV or XLSX file as text, or refuse it.

    Parameters
    ----------
    path : path-like
        CSV (comma, semicolon or tab) in UTF-8 or in UTF-16 with its mark, or XLSX.
    encoding : str, optional
        Encoding of a CSV in anything else. It is never guessed: several 8-bit encodings read the
        same bytes as different letters, and no error would tell.

    Returns
    -------
    Grid

    Raises
    ------
    ResponseFileError
        If the file is not a table that can be read whole.
    """
    path = Path(path)
    content = _read_bytes(path)
    is_zip = content.startswith(b"PK")
    named_xlsx = path.suffix.lower() in (".xlsx", ".xlsm")
    _refuse_foreign(path, content)
    if is_zip != named_xlsx:
        _refuse(
            path,
            "name and content differ",
            f"the name ends in '{path.suffix}' but the content is "
            + ("a zip archive such as XLSX" if is_zip else "not an Excel workbook"),
            "give the file the ending that fits its content",
        )
    grid = _read_xlsx(path) if is_zip else _read_csv(path, content, encoding)
    while grid.rows and not any(grid.rows[-1]):
        grid.rows.pop()
    return grid
