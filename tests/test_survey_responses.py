"""Good files are read whatever their encoding and column order; bad ones load nothing."""

import csv
import datetime
import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from equalcities.errors import DataError, UsageError
from equalcities.survey import (
    MAX_ROWS,
    Responses,
    questionnaire,
    read_responses,
    simulate,
    write_responses,
)

FORM = questionnaire()


@pytest.fixture(scope="module")
def responses():
    return simulate(24, rng=11).responses


@pytest.fixture
def real(responses):
    """The same answers under ids that don't say "simulated", with some letters beyond ASCII."""
    table = responses.table.copy()
    table.index = pd.Index([f"R{i:03d}" for i in range(1, len(table) + 1)], name="respondent_id")
    table.loc["R001", "q24_initiative"] = 'Écoles, "ouvertes"; 12 % de plus\nà Zürich'
    return Responses(table, FORM, "observed")


def grid(responses):
    buffer = io.StringIO()
    responses.table.reset_index().astype("object").to_csv(buffer, index=False)
    return list(csv.reader(io.StringIO(buffer.getvalue(), newline="")))


def write_csv(path, rows, delimiter=",", encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_xlsx(path, rows, change=None, titles=("responses",)):
    book = openpyxl.Workbook()
    book.active.title = titles[0]
    for title in titles[1:]:
        book.create_sheet(title)
    for row in rows:
        book.active.append(row)
    if change:
        change(book.active)
    book.save(path)
    return path


# ---- what is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.csv", {}),
        ("a.csv", {"encoding": "utf-8-sig"}),
        ("a.csv", {"encoding": "utf-16", "delimiter": "\t"}),
        ("a.csv", {"delimiter": ";"}),
        ("a.xlsx", {}),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_another_encoding_and_column_order_give_the_same_table(tmp_path, real, name, how, reverse):
    columns = ["respondent_id", *real.table.columns]
    path = write_responses(
        real, tmp_path / name, columns=columns[::-1] if reverse else columns, **how
    )
    back = read_responses(path)
    pd.testing.assert_frame_equal(back.table, real.table)
    assert back.evidence == "observed"
    assert list(tmp_path.iterdir()) == [path]


def test_a_legacy_encoding_is_read_when_named(tmp_path, real):
    path = write_responses(real, tmp_path / "a.csv", encoding="cp1252")
    pd.testing.assert_frame_equal(read_responses(path, encoding="cp1252").table, real.table)


def test_simulated_ids_make_simulated_responses(tmp_path, responses):
    back = read_responses(write_responses(responses, tmp_path / "a.csv"))
    assert back.evidence == responses.evidence == "simulated"
    pd.testing.assert_frame_equal(back.table, responses.table)


def test_numbers_that_excel_made_of_answers_are_read(tmp_path, responses):
    rows = grid(responses)
    column = rows[0].index("q20_share_own")
    for row in rows[1:]:
        row[column] = float(row[column]) if row[column] else None
    pd.testing.assert_frame_equal(
        read_responses(write_xlsx(tmp_path / "a.xlsx", rows)).table, responses.table
    )


def test_order_of_ticked_codes_and_blanks_around_do_not_matter(tmp_path, responses):
    rows = grid(responses)
    column = rows[0].index("q05")
    for row in rows[1:]:
        row[column] = "  " + "  ".join(reversed(row[column].split())) + " "
    rows += [[""] * len(rows[0])] * 3
    pd.testing.assert_frame_equal(
        read_responses(write_csv(tmp_path / "a.csv", rows)).table, responses.table
    )


@pytest.mark.parametrize("columns", [["respondent_id"], None])
def test_nothing_is_left_behind_when_writing_fails(tmp_path, responses, columns):
    with pytest.raises(UsageError):
        write_responses(responses, tmp_path / ("a.csv" if columns else "a.ods"), columns=columns)
    assert list(tmp_path.iterdir()) == []


# ---- what is refused: kind, and how to make such a file -----------------------------------------


def cell(column, value, where=lambda answers: True):
    """A change of one cell: the first row that fits."""

    def change(rows):
        header = rows[0]
        for number, row in enumerate(rows[1:], start=1):
            if where(dict(zip(header, row, strict=True))):
                row[header.index(column)] = value
                return number
        raise AssertionError("no row fits")

    return change


def drop_column(rows):
    for row in rows:
        del row[5]


def move(rows):
    rows[4] = [rows[4][0], "", *rows[4][1:-1]]
    return 4


def duplicate(rows):
    rows.append(list(rows[3]))
    return len(rows) - 1


def shares(rows):
    header = rows[0]
    for part, value in (("own", "60"), ("national", "60"), ("eu", ""), ("other", "")):
        rows[2][header.index(f"q20_share_{part}")] = value
    return 2


def without_strategy(answers):
    return answers["q08"] in ("none", "initiatives")


def with_strategy(answers):
    return answers["q08"] in ("standalone", "embedded")


def rename(old, new):
    def change(rows):
        rows[0][rows[0].index(old)] = new

    return change


def repeat_column(rows):
    for row in rows:
        row.append(row[6])


CELLS = {
    "code that the list lacks": ("wrong code", "q08", cell("q08", "perhaps")),
    "label for a code": ("wrong code", "q14", cell("q14", "Some joint measures")),
    "code in capitals": ("wrong code", "q08", cell("q08", "NONE", without_strategy)),
    "99 for missing": ("wrong code", "q14", cell("q14", "99")),
    "unknown code in a multiple choice": ("wrong code", "q16", cell("q16", "ngos churches")),
    "commas between codes": ("wrong separator", "q16", cell("q16", "ngos,unions")),
    "code twice": ("repeated code", "q16", cell("q16", "ngos ngos")),
    "four of three": ("too many choices", "q05", cell("q05", "housing work skills health")),
    "none and some": ("contradiction", "q16", cell("q16", "none ngos")),
    "required left blank": ("missing answer", "q08", cell("q08", "", without_strategy)),
    "routed and required left blank": ("missing answer", "q09", cell("q09", "", with_strategy)),
    "answer that was not asked": ("routing", "q09", cell("q09", "targets", without_strategy)),
    "over 100 per cent": ("out of range", "q20_share_own", cell("q20_share_own", "140")),
    "below 0": ("out of range", "q20_share_own", cell("q20_share_own", "-5")),
    "per cent sign": ("not a whole number", "q20_share_own", cell("q20_share_own", "40%")),
    "decimal comma": ("not a whole number", "q20_share_own", cell("q20_share_own", "12,5")),
    "digits of another script": (
        "not a whole number",
        "q20_share_own",
        cell("q20_share_own", "٤٠"),
    ),
    "shares that exceed the whole": ("shares over 100", "q20_shares", shares),
    "country in words": ("wrong pattern", "q01_country", cell("q01_country", "Belgium")),
    "text too long": ("too long", "q24_initiative", cell("q24_initiative", "x" * 2001)),
    "letters lost": ("garbled text", "q24_initiative", cell("q24_initiative", "d\ufffdj\ufffd")),
    "UTF-8 read as cp1252": ("garbled text", "q24_initiative", cell("q24_initiative", "dÃ©jÃ\xa0")),
    "control characters": ("control characters", "q24_initiative", cell("q24_initiative", "a\x07")),
    "formula in a CSV": ("formula", "q14", cell("q14", "=B2")),
    "no respondent": ("no respondent", "respondent_id", cell("respondent_id", "")),
    "name for an id": ("wrong respondent id", "respondent_id", cell("respondent_id", "St. John's")),
    "duplicate respondent": ("duplicate respondent", "respondent_id", duplicate),
    "shifted columns": ("shifted columns", None, move),
    "real among simulated": ("simulated and real", None, lambda rows: cell(
        "respondent_id", "R001")(rows) and None),
    "blank row between": ("blank row", None, lambda rows: rows.insert(
        3, [""] * len(rows[0])) or 3),
    "row too short": ("ragged row", None, lambda rows: rows.__setitem__(2, rows[2][:40]) or 2),
    "row too long": ("ragged row", None, lambda rows: rows[2].append("x") or 2),
    "column missing": ("missing column", "q02_size", drop_column),
    "column unnamed": ("unnamed column", None, lambda rows: [r.append("") for r in rows] and None),
    "column twice": ("duplicate column", "q02_coverage", repeat_column),
    "column nobody asked for": ("unknown column", "city", lambda rows: [
        r.append("city" if i == 0 else "x") for i, r in enumerate(rows)] and None),
    "header only": ("header only", None, lambda rows: rows.__delitem__(slice(1, None))),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_bad_answer_gives_one_clear_error(tmp_path, responses, name):
    kind, column, change = CELLS[name]
    rows = grid(responses)
    row = change(rows)
    path = write_csv(tmp_path / "bad.csv", rows)
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        read_responses(path)
    problems = caught.value.problems
    assert [(p.kind, p.column, p.row) for p in problems] == [(kind, column, row)]
    assert all(p.cure for p in problems)
    message = str(caught.value)
    assert str(path) in message and problems[0].problem in message
    assert message.endswith(f"{problems[0].cure}.")
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_mistyped_column_is_named_with_the_one_meant(tmp_path, responses):
    rows = grid(responses)
    rename("q12_supply", "q12_suply")(rows)
    with pytest.raises(DataError) as caught:
        read_responses(write_csv(tmp_path / "bad.csv", rows))
    kinds = [(p.kind, p.column) for p in caught.value.problems]
    assert kinds == [("unknown column", "q12_suply"), ("missing column", "q12_supply")]
    assert "rename it 'q12_supply'" in str(caught.value)


def test_a_label_is_answered_with_its_code(tmp_path, responses):
    rows = grid(responses)
    cell("q14", "Some joint measures")(rows)
    with pytest.raises(DataError, match="write 'some' if that is meant"):
        read_responses(write_csv(tmp_path / "bad.csv", rows))


def test_all_problems_are_collected(tmp_path, responses):
    rows = grid(responses)
    wanted = set()
    for number, row in enumerate(rows[1:], start=1):
        row[rows[0].index("q14")] = "perhaps"
        row[rows[0].index("q20_share_own")] = "140"
        wanted |= {(number, "q14"), (number, "q20_share_own")}
    with pytest.raises(DataError) as caught:
        read_responses(write_csv(tmp_path / "bad.csv", rows))
    assert {(p.row, p.column) for p in caught.value.problems} == wanted
    assert f"{len(wanted)} problems" in str(caught.value)
    assert f"and {len(wanted) - 20} more" in str(caught.value)


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def text(rows, delimiter=","):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue()


def mixed(rows):
    lines = text(rows).splitlines()
    lines[3] += "é"
    lines[5] += "é"
    return b"\n".join(s.encode("cp1252" if i == 5 else "utf-8") for i, s in enumerate(lines))


FILES = {
    "empty": ("empty file", "a.csv", lambda rows: b""),
    "blanks only": ("empty file", "a.csv", lambda rows: b"\xef\xbb\xbf\r\n ,,,\n\n"),
    "NUL bytes": ("NUL bytes", "a.csv", lambda rows: text(rows).encode()[:900] + b"\0\0"),
    "UTF-16 without mark": ("NUL bytes", "a.csv", lambda rows: text(rows).encode("utf-16-le")),
    "mixed encodings": ("mixed encodings", "a.csv", mixed),
    "legacy encoding unnamed": (
        "wrong encoding",
        "a.csv",
        lambda rows: (text(rows) + "R99,é").encode("cp1252"),
    ),
    "truncated UTF-16": (
        "wrong encoding",
        "a.csv",
        lambda rows: text(rows).encode("utf-16")[:-1],
    ),
    "pipes": ("wrong delimiter", "a.csv", lambda rows: text(rows, "|").encode()),
    "no header": ("no header", "a.csv", lambda rows: text(rows[1:]).encode()),
    "title above the header": (
        "no header",
        "a.csv",
        lambda rows: b"Survey 2026\n" + text(rows).encode(),
    ),
    "quote never closed": (
        "broken quotes",
        "a.csv",
        lambda rows: text(rows).encode() + b'"open,\n',
    ),
    "PDF": ("not a spreadsheet", "a.csv", lambda rows: b"%PDF-1.7\n%..."),
    "PDF called xlsx": ("not a spreadsheet", "a.xlsx", lambda rows: b"%PDF-1.7\n%..."),
    "image": ("not a spreadsheet", "a.xlsx", lambda rows: b"\x89PNG\r\n\x1a\n..."),
    "web page called xls": ("not a spreadsheet", "a.xls", lambda rows: b"<html><table></table>"),
    "JSON": ("not a spreadsheet", "a.csv", lambda rows: b'[{"respondent_id": "R1"}]'),
    "gzip": ("not a spreadsheet", "a.csv", lambda rows: b"\x1f\x8b\x08 "),
    "old Excel": ("old or locked workbook", "a.xls", lambda rows: b"\xd0\xcf\x11\xe0\xa1\xb1"),
    "OpenDocument": (
        "not a spreadsheet",
        "a.xlsx",
        lambda rows: zipped("content.xml", "<office/>"),
    ),
    "CSV called xlsx": (
        "name and content differ",
        "a.xlsx",
        lambda rows: text(rows).encode(),
    ),
    "XLSX called csv": (
        "name and content differ",
        "a.csv",
        lambda rows: zipped("xl/workbook.xml", "<workbook/>"),
    ),
    "cut workbook": (
        "broken workbook",
        "a.xlsx",
        lambda rows: zipped("xl/workbook.xml", "<workbook/>" * 99)[:80],
    ),
    "garbled workbook": ("broken workbook", "a.xlsx", lambda rows: garbled(rows)),
    "workbook with nothing in it": (
        "broken workbook",
        "a.xlsx",
        lambda rows: zipped("xl/workbook.xml", "<workbook"),
    ),
    "zip bomb": (
        "too large",
        "a.xlsx",
        lambda rows: bomb(),
    ),
    "a million rows": (
        "too large",
        "a.csv",
        lambda rows: (text(rows[:1]) + "R1,\n" * 1_000_000).encode(),
    ),
    "far too many bytes": ("too large", "a.csv", lambda rows: b"a," * 10_000_001),
}


def garbled(rows):
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(buffer)
    content = bytearray(buffer.getvalue())
    with zipfile.ZipFile(buffer) as archive:
        sheet = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[sheet + 100 : sheet + 300] = b"\xa5" * 200
    return bytes(content)


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for i in range(11):
            archive.writestr(f"xl/{i}.xml", b"0" * 10_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_response_file_gives_one_clear_error(tmp_path, responses, name):
    kind, filename, make = FILES[name]
    path = tmp_path / filename
    path.write_bytes(make(grid(responses)))
    with pytest.raises(DataError) as caught:
        read_responses(path)
    (problem,) = caught.value.problems
    assert problem.kind == kind
    assert str(path) in str(caught.value) and problem.cure in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_where_the_encoding_changes_is_said(tmp_path, responses):
    path = tmp_path / "a.csv"
    path.write_bytes(mixed(grid(responses)))
    with pytest.raises(DataError, match="row 5"):
        read_responses(path)


@pytest.mark.parametrize(("name", "kind"), [("none.csv", "no such file"), ("", "folder")])
def test_no_file_at_all(tmp_path, name, kind):
    with pytest.raises(DataError) as caught:
        read_responses(tmp_path / name)
    assert [p.kind for p in caught.value.problems] == [kind]


def test_an_encoding_nobody_knows(tmp_path, responses):
    path = write_responses(responses, tmp_path / "a.csv")
    with pytest.raises(DataError, match="no encoding is called 'latin-99'"):
        read_responses(path, encoding="latin-99")


def put(column, value):
    def change(sheet):
        names = [c.value for c in sheet[1]]
        sheet.cell(row=3, column=names.index(column) + 1).value = value

    return change


SHEETS = {
    "formula": ("formula", "q14", 2, put("q14", "=VLOOKUP(A3,Sheet2!A:B,2)"), ("responses",)),
    "Excel error": ("error value", "q14", 2, put("q14", "#REF!"), ("responses",)),
    "date": ("date", "q20_share_own", 2, put("q20_share_own", datetime.date(2026, 5, 1)),
             ("responses",)),
    "true": ("wrong code", "q14", 2, put("q14", True), ("responses",)),
    "half a number": ("not a whole number", "q20_share_own", 2, put("q20_share_own", 40.5),
                      ("responses",)),
    "notes beside the table": ("ragged row", None, 2,
                               lambda s: setattr(s.cell(row=3, column=120), "value", "ask again"),
                               ("responses",)),
    "which sheet": ("which sheet", None, None, None, ("one", "two")),
    "title above the header": ("no header", None, None, lambda s: s.insert_rows(1), ("responses",)),
    "rows without end": ("too large", None, None,
                         lambda s: [s.cell(row=i, column=1, value=f"R{i}")
                                    for i in range(30, MAX_ROWS + 10)], ("responses",)),
    "empty sheet": ("empty file", None, None, lambda s: s.delete_rows(1, 99), ("responses",)),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_a_bad_workbook_gives_one_clear_error(tmp_path, responses, name):
    kind, column, row, change, titles = SHEETS[name]
    path = write_xlsx(tmp_path / "a.xlsx", grid(responses), change, titles)
    with pytest.raises(DataError) as caught:
        read_responses(path)
    assert [(p.kind, p.column, p.row) for p in caught.value.problems] == [(kind, column, row)]


def test_there_are_more_than_thirty_kinds_of_bad_file():
    kinds = {case[0] for cases in (CELLS, FILES, SHEETS) for case in cases.values()}
    assert len(kinds) >= 30
    assert len(CELLS) + len(FILES) + len(SHEETS) >= 70
