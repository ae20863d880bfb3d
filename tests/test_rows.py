"""A stranger's CSV file: what can be read is read, all else is named with place and cure."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equalcities import rows
from equalcities.errors import DataError
from equalcities.rows import Fault, as_number, code_fault, formula_fault, read_sheet

COLUMNS = {"name": "what it is called", "year": "when it began"}


@pytest.fixture
def read(tmp_path):
    def read(content, **options):
        file = tmp_path / "table.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_sheet(file, COLUMNS, entry="thing", **options)

    return read


def places(faults):
    return [(fault.row, fault.column) for fault in faults]


@pytest.mark.parametrize(
    "content",
    [
        "name,year\nÉcole,2020\n",
        "\ufeffname,year\r\nÉcole,2020\r\n",
        "name;year\nÉcole;2020\n",
        "name\tyear\nÉcole\t2020\n",
        "year,name\n2020,École",
        ' name , year \n"École", 2020 \n',
        "\n,,\nname,year\nÉcole,2020\n,,,\n",
        "name,year\rÉcole,2020\r",
    ],
)
def test_whatever_the_spreadsheet_made_of_it_the_same_cells_are_read(read, content):
    sheet = read(content)
    assert sheet.faults == []
    assert sheet.rows == {1: {"name": "École", "year": "2020"}}


def test_commas_line_breaks_and_semicolons_stay_inside_quotation_marks(read):
    sheet = read('name,year\n"a;b, ""c""\nd",2020\n')
    assert sheet.rows == {1: {"name": 'a;b, "c"\nd', "year": "2020"}}
    assert read("name;year\na,b,c;2020\n").rows[1]["name"] == "a,b,c"


BROKEN = {
    "nothing": (b"", "the file is empty", "Start from the template", None),
    "only a mark": (b"\xef\xbb\xbf", "the file is empty", "Start from the template", None),
    "only spaces": (b" \r\n \n", "the file is empty", "Start from the template", None),
    "only marks": (b",;\n,\n", "no rows below the header", "Write one row per thing", None),
    "only a header": (b"name,year\n", "no rows below the header", "Write one row per thing", None),
    "blank rows": (b"name,year\n,\n,,\n", "no rows below the header", "one row per thing", None),
    "Latin-1": ("name,year\na,1\né,2\n".encode("latin-1"), "not UTF-8 text, see line 3",
                "'CSV UTF-8'", None),
    "UTF-16": ("name,year\na,1\n".encode("utf-16"), "not UTF-8 text, see line 1",
               "'CSV UTF-8'", None),
    "UTF-16 without its mark": ("name,year\na,1\n".encode("utf-16-le"), "not a text file",
                                "'CSV UTF-8'", None),
    "a workbook": (b"PK\x03\x04\x00\x00", "not a text file", "'CSV UTF-8'", None),
    "NUL in a cell": (b"name,year\na\0,1\n", "not a text file", "'CSV UTF-8'", None),
    "parted by bars": (b"name|year\na|1\n", "not parted by commas", "'CSV UTF-8'", None),
    "open quotation": (b'\nname,year\na,1\n"b,2\nc,3\n', "can't be parted into cells",
                       "Close each quotation mark", 2),
    "text after a quotation": (b'name,year\n"a"b,1\n', "can't be parted into cells",
                               "double each one inside", 1),
    "open header": (b'"name,year\na,1\n', "can't be parted into cells", "Close each", None),
    "huge cell": (b"name,year\na,1\n" + b"x" * 200_000 + b",2\n", "field larger than",
                  "Close each quotation mark", 2),
    "huge file": (b"name,year\n" + b"a,1\n" * 1_300_000, "more than 5,000,000 bytes",
                  "the filled template alone", None),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_no_table_is_refused_with_place_and_cure(read, tmp_path, case):
    content, problem, cure, row = BROKEN[case]
    with pytest.raises(DataError) as error:
        read(content)
    assert problem in error.value.problem and cure in error.value.cure
    assert error.value.row == row
    assert str(error.value).startswith(str(tmp_path / "table.csv"))


def test_the_limit_is_the_first_size_refused(read, monkeypatch):
    content = "name,year\na,2020\n"
    monkeypatch.setattr(rows, "MAX_BYTES", len(content))
    assert read(content).rows
    with pytest.raises(DataError, match="more than"):
        read(content + "\n")


def test_what_is_not_there_or_no_file_is_refused(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path, str(tmp_path / "none.csv")):
        with pytest.raises(DataError, match=r"can't be read .*Correct the file's name") as error:
            read_sheet(path, COLUMNS, entry="thing")
        assert error.value.file == path


@pytest.mark.skipif(os.name != "posix", reason="needs a file without an end")
def test_a_file_without_an_end_is_left_after_the_limit():
    with pytest.raises(DataError, match="more than"):
        read_sheet("/dev/zero", COLUMNS, entry="thing")


HEADERS = {
    "missing": ("name,colour", [("year", "this column is missing"),
                                ("colour", "this column is unknown")]),
    "misspelt": ("name,YEARS", [("YEARS", "this column is unknown, 'year' perhaps")]),
    "twice": ("name,year,name", [("name", "this column is there 2 times")]),
    "three times": ("year,name,year,year", [("year", "this column is there 3 times")]),
    "nameless": ("name,year,,", [(None, "a column has no name")]),
}  # fmt: skip


@pytest.mark.parametrize("case", HEADERS)
def test_all_faults_of_the_header_are_named_and_no_cell_is_guessed(read, case):
    header, expected = HEADERS[case]
    sheet = read(header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")
    assert [(fault.column, fault.problem) for fault in sheet.faults] == expected
    assert all(fault.row is None and fault.cure for fault in sheet.faults)
    assert sheet.rows == {}


def test_a_missing_column_says_what_it_means(read):
    (fault,) = read("name,other\na,1\n", free=True).faults
    assert (fault.column, fault.cure) == ("year", "Add it: when it began")


def test_one_column_too_many_does_not_hide_the_cells(read):
    sheet = read("name,year,colour\na,2020,red\n")
    assert places(sheet.faults) == [(None, "colour")]
    assert sheet.rows[1]["year"] == "2020"


def test_free_columns_have_any_name_but_a_formula(read):
    sheet = read("name,year,parks,=A1\na,2020,1,2\n", free=True)
    assert places(sheet.faults) == [(None, "=A1")]
    assert read("name,year,parks\na,2020,1\n", free=True).faults == []


def test_rows_too_long_or_short_are_named_by_the_number_a_spreadsheet_shows(read):
    sheet = read("name,year\na,2020\n\nDoe, Roe,2021\nb\n,\nc,2022\n")
    assert places(sheet.faults) == [(3, None), (4, None)]
    assert [fault.problem for fault in sheet.faults] == [
        "3 cells, the header has 2",
        "1 cells, the header has 2",
    ]
    assert {number: row["name"] for number, row in sheet.rows.items()} == {1: "a", 6: "c"}


def test_faults_stand_in_the_order_of_the_file(read):
    sheet = read("name,year,colour\na,x,\nb,2020\nc,y,\n")

    def check(number, row):
        if not row["year"].isdigit():
            yield Fault("year", f"{row['year']} in {number}", "Write digits")

    found = sheet.checked(check)
    assert places(found) == [(None, "colour"), (1, "year"), (2, None), (3, "year")]
    assert str(found[1]) == f"{sheet.file}, row 1, column 'year': x in 1. Write digits."


@pytest.mark.parametrize("text", ["=1+1", "= A1", "@SUM(A1)", "+A1", "-A1", "-1+cmd|x", "-inf"])
def test_a_formula_is_refused(text):
    fault = formula_fault("note", text)
    assert fault.column == "note" and text in fault.problem and "no sign before" in fault.cure


@pytest.mark.parametrize("text", ["", "-", "-4.5", "+3", "-1e3", "a=b", "a@b.org", "1-2"])
def test_signed_numbers_and_signs_within_are_no_formula(text):
    assert formula_fault("note", text) is None


def test_a_code_is_listed_or_the_nearest_is_offered():
    codes = ("employment", "health")
    assert code_fault("domain", "health", codes) is None
    near, far = code_fault("domain", "HELTH", codes), code_fault("domain", "x", codes)
    assert near.problem == "'HELTH' is not a listed code, 'health' perhaps"
    assert far.problem == "'x' is not a listed code"
    assert near.cure == far.cure == "Take one of: employment, health"


def test_only_finite_numbers_are_numbers():
    assert [as_number(text) for text in ("-4.5", "1e3", "0")] == [-4.5, 1000.0, 0.0]
    assert [as_number(text) for text in ("", "1,2", "nan", "inf", "4 m")] == [None] * 5


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_cure(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(b"name,year\n" + content)
    try:
        sheet = read_sheet(file, COLUMNS, entry="thing")
    except DataError as error:
        assert error.cure and error.file == file
    else:
        assert sheet.rows or sheet.faults
