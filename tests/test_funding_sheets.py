"""Indicator sheets: a good one becomes page and document, a broken one gives one clear error."""

import io
import re
import subprocess
import sys
import zipfile
from decimal import Decimal

import docx
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.catalog import load
from equalcities.errors import DataError, UsageError
from equalcities.funding import __main__ as command
from equalcities.funding import sheets

GOOD = sheets.example().decode()


def changed(old, new, text=GOOD):
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the example"
    return text.replace(old, new)


def read(text):
    return sheets.read_sheet(text.encode() if isinstance(text, str) else text, "my.yml")


def line_of(piece, text):
    return text[: text.index(piece)].count("\n") + 1


# --- the good sheet ----------------------------------------------------------------------------


def test_the_example_holds_every_field_and_reads():
    sheet = read(GOOD)
    optional = {name for name, needed in sheets.TOP.items() if not needed}
    unused = {"no_breakdown_because"}  # excludes breakdowns
    for name in set(sheets.TOP) - unused:
        assert re.search(rf"^{name}:", GOOD, re.M), name
    assert optional > unused
    assert sheet.counts_people and sheet.target == sheets.Point(Decimal(560), 2029)
    assert sheet.breakdowns[0].groups[0] == sheets.Group("women", Decimal(150), Decimal(270))


def test_words_that_yaml_takes_for_something_else_stay_words():
    sheet = read(changed("name: Participants in work six months after guidance", "name: no"))
    assert sheet.name == "no"
    assert read(changed("unit: persons", "unit: 2029-01-01")).unit == "2029-01-01"


def test_page_and_document_hold_the_same_and_all_of_it():
    sheet = sheets.with_law(read(GOOD), ["sex"])
    page = BeautifulSoup(sheets.sheet_page(sheet), "html.parser")
    document = docx.Document(io.BytesIO(sheets.sheet_document(sheet)))
    on_page = [
        [[cell.text for cell in row.select("th, td")] for row in table.select("tr")]
        for table in page.select("table")
    ]
    in_document = [
        [[cell.text for cell in row.cells] for row in table.rows] for table in document.tables
    ]
    assert on_page == in_document
    headings = [p.text for p in document.paragraphs if p.style.name.startswith(("Head", "Title"))]
    assert headings == [h.text for h in page.select("h1, h2")]
    assert headings[1:] == [
        "What is measured", "Baseline and target", "Breakdowns", "Data and verification",
        "Equality check", "RACER test", "Open points", "Notes",
    ]  # fmt: skip
    words = page.get_text()
    for value in (sheet.definition, sheet.verification, sheet.notes, *sheet.equality.values()):
        assert value in words


def test_the_document_is_whole_and_says_the_same_bytes_each_time():
    made = sheets.sheet_document(read(GOOD))
    assert made == sheets.sheet_document(read(GOOD))
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert parts.testzip() is None
        assert {"[Content_Types].xml", "word/document.xml", "docProps/core.xml"} <= set(
            parts.namelist()
        )
        assert {part.date_time for part in parts.infolist()} == {(2020, 1, 1, 0, 0, 0)}
        body = parts.read("word/document.xml").decode()
    headed = sum(bool(section.heads) for section in sheets.sections(read(GOOD)))
    assert body.count("<w:tblHeader") == headed == 4
    properties = docx.Document(io.BytesIO(made)).core_properties
    assert properties.title.startswith("EX-R1: ") and properties.author == ""


def test_the_page_asks_no_other_file():
    page = BeautifulSoup(sheets.sheet_page(read(GOOD)), "html.parser")
    assert page.html["lang"] == "en" and page.title.text.startswith("EX-R1: ")
    assert not page.select("script, link, img, iframe, [src], [href]")


@settings(max_examples=15, deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Cf", "Co")),
        min_size=1, max_size=60,
    ).map(lambda text: " ".join(text.split())).filter(bool)
)  # fmt: skip
def test_any_printable_text_passes_through_unharmed(text):
    quoted = "'" + text.replace("'", "''") + "'"
    sheet = read(changed("responsible: Employment service of the city", f"responsible: {quoted}"))
    assert sheet.responsible == text
    assert BeautifulSoup(sheets.sheet_page(sheet), "html.parser").find("td", string=text)
    document = docx.Document(io.BytesIO(sheets.sheet_document(sheet)))
    assert text in [cell.text for table in document.tables for cell in table.columns[1].cells]


def test_markup_is_shown_and_never_run():
    nasty = '<script>alert(1)</script> & <b>"x"</b> \' ]]> <w:p/>'
    text = changed(
        "responsible: Employment service of the city",
        f"responsible: '{nasty.replace(chr(39), chr(39) * 2)}'",
    )
    text = text.replace("name: Participants in work six months after guidance", "name: </title><i>")
    sheet = read(text)
    page = BeautifulSoup(sheets.sheet_page(sheet), "html.parser")
    assert not page.select("script, b, i") and page.find("td", string=nasty)
    assert page.title.text == "EX-R1: </title><i>"
    document = docx.Document(io.BytesIO(sheets.sheet_document(sheet)))
    assert any(nasty == row.cells[1].text for row in document.tables[3].rows)


# --- the equality check --------------------------------------------------------------------------


def test_the_equality_check_by_hand():
    sheet = sheets.with_law(read(GOOD), ["sex", "age"])
    answers = {(q, text): a for q, a, text in sheets.equality_check(sheet)}
    assert answers[("Is it broken down by sex?", "women, men")] == "yes"
    assert (
        answers[("Does it hold the splits that the law asks for?", "Asked for EECR05: sex, age.")]
        == "yes"
    )
    moves = (
        "Sex: women 38% of the baseline, 48% of the target; "
        "men 62% of the baseline, 52% of the target."
    )
    assert ("What do the group targets do?", moves) in answers  # 150 and 270 of 400 and 560
    assert sheets.open_points(sheet) == [
        "RACER: easy is met in part. Linking with the register takes four weeks."
    ]


def shares(women, men, total):
    text = changed("unit: persons", "unit: per cent of participants")
    text = changed(
        "baseline: {value: 400, year: 2025}", f"baseline: {{value: {total[0]}, year: 2025}}", text
    )
    text = changed("milestone: {value: 470, year: 2027}\n", "", text)
    text = changed(
        "target: {value: 560, year: 2029}", f"target: {{value: {total[1]}, year: 2029}}", text
    )
    text = changed("baseline: 150, target: 270", f"baseline: {women[0]}, target: {women[1]}", text)
    text = changed("baseline: 250, target: 290", f"baseline: {men[0]}, target: {men[1]}", text)
    area = "{name: priority areas, baseline: 90, target: 190}", "priority areas"
    text = changed(*area, text)
    return changed("{name: rest of the city, baseline: 310, target: 370}", "rest of the city", text)


@pytest.mark.parametrize(
    ("women", "men", "says"),
    [
        ((30, 45), (42, 50.5), "narrows, from 12 to 5.5 points"),
        ((30, 40), (42, 60), "widens, from 12 to 20 points"),
        ((30, 40), (42, 52), "stays, from 12 to 12 points"),
    ],
)
def test_shares_say_whether_the_distance_narrows(women, men, says):
    sheet = read(shares(women, men, (36, 48)))
    assert any(says in text for *_, text in sheets.equality_check(sheet))


def test_open_points_name_what_lacks():
    start, end = GOOD.index("breakdowns:"), GOOD.index("data_source:")
    text = GOOD[:start] + "no_breakdown_because: Anonymous counter.\n" + GOOD[end:]
    text = changed("payment: groups ", "payment: total ", text)
    text = changed("relevant: {met: yes", "relevant: {met: no", text)
    points = sheets.open_points(sheets.with_law(read(text), ["sex"]))
    assert points == [
        "People are counted without a breakdown by sex.",
        "People are counted without a breakdown by age.",
        "People are counted without a breakdown by area.",
        "The law asks to split EECR05 by sex.",
        "Payment rests on the total alone: easy cases pay as well as hard ones.",
        "RACER: relevant is not met. Work after guidance is what the measure is for.",
        "RACER: easy is met in part. Linking with the register takes four weeks.",
    ]


def test_numbers_are_printed_plainly():
    for value, text in (("1200", "1,200"), ("0.50", "0.5"), ("100", "100"), ("3.0", "3")):
        assert sheets.shown(Decimal(value)) == text


# --- broken sheets -----------------------------------------------------------------------------

WHY = "relevant: {met: yes, why: Work after guidance is what the measure is for.}"
BROKEN = {
    "empty": ("", "", "the file is empty", None),
    "spaces only": ("", " \n\n", "the file is empty", None),
    "a list": ("", "- a\n- b\n", "no list of fields", 1),
    "plain text": ("", "just text", "no list of fields", 1),
    "latin-1": ("", GOOD.replace("yearly", "jährlich").encode("latin-1"), "not UTF-8", "yearly"),
    "too large": ("", GOOD + "#" * 100_000, "too many", None),
    "tab": ("  accepted:", "\taccepted:", "not valid YAML", "  accepted:"),
    "colon in text": ("fund: ESF+,", "fund: ESF+: x,", "not valid YAML", "fund:"),
    "open bracket": ("groups: [under 30, 30 to 54, 55 and over]", "groups: [under 30",
                     "not valid YAML", "  - ground: area"),
    "two sheets": ("", GOOD + "---\ncode: B\n", "second sheet", GOOD.count("\n") + 1),
    "anchor": ("code: EX-R1", "code: &a EX-R1", "anchors and aliases", "code:"),
    "alias": ("responsible: Employment service of the city", "responsible: *a",
              "anchors and aliases", "responsible:"),
    "tag": ("code: EX-R1", "code: !!python/name:os.system EX-R1", "the tag", "code:"),
    "unprintable": ("code: EX-R1", "code: EX\x07", "can't be printed", "code:"),
    "hidden by escape": ("code: EX-R1", 'code: "EX\\x01"', "hidden character U+0001", "code:"),
    "direction override": ("fund: ESF+", "fund: \u202eESF+", "hidden character U+202E", "fund:"),
    "lone surrogate": ("fund: ESF+, specific objective (a)", 'fund: "\\ud800"', "hidden character",
                       "fund:"),
    "repeated field": ("unit: persons", "unit: persons\nunit: homes", "stands here twice", None),
    "unknown field": ("verification: >-", "verificaton: >-", "Write 'verification' if",
                      "verification:"),
    "strange field": ("frequency: yearly", "frequency: yearly\nzzz: 1", "Take one of", None),
    "field is a list": ("code: EX-R1", "? [a, b]\n: 1\ncode: EX-R1", "is no word", "code:"),
    "missing field": ("frequency: yearly\n", "", "the field is missing", 1),
    "empty field": ("frequency: yearly", "frequency:", "it is empty", "frequency:"),
    "null": ("frequency: yearly", "frequency: null", "it is empty", "frequency:"),
    "list for text": ("responsible: Employment service of the city", "responsible: [a]",
                      "should be a text", "responsible:"),
    "text for fields": ("target: {value: 560, year: 2029}", "target: 560", "needs fields",
                        "target:"),
    "text for list": ("groups: [under 30, 30 to 54, 55 and over]", "groups: under 30",
                      "should be a list", "    groups: [under"),
    "empty list": ("groups: [under 30, 30 to 54, 55 and over]", "groups: []", "should be a list",
                   "    groups: [under"),
    "unknown kind": ("kind: result ", "kind: outcome ", "'outcome' is not known", "kind:"),
    "yes or no": ("counts_people: yes", "counts_people: maybe", "Take one of yes, no",
                  "counts_people:"),
    "bad code": ("code: EX-R1", "code: ../../etc/passwd", "can't be a code", "code:"),
    "long name": ("name: Participants in work", "name: " + "x" * 300, "too many", "name:"),
    "unit in value": ("value: 560,", "value: 560 persons,", "is no number", "target:"),
    "thousands": ("value: 560,", "value: '1,560',", "is no number", "target:"),
    "not a number": ("value: 560,", "value: .nan,", "is no number", "target:"),
    "exponent": ("value: 560,", "value: 1e9,", "is no number", "target:"),
    "below zero": ("value: 560,", "value: -5,", "below zero", "target:"),
    "no year": ("year: 2029", "year: end of 2029", "is no year", "target:"),
    "year out of range": ("year: 2029", "year: 2929", "is no year", "target:"),
    "year before": ("year: 2029", "year: 2024", "not after the baseline", "target:"),
    "no year given": ("{value: 560, year: 2029}", "{value: 560}", "the field is missing",
                      "target:"),
    "wrong way": ("value: 560,", "value: 360,", "is not 'up'", "target:"),
    "no change": ("value: 560,", "value: 400,", "is not 'up'", "target:"),
    "milestone late": ("year: 2027", "year: 2031", "not between 2025 and 2029", "milestone:"),
    "milestone high": ("value: 470,", "value: 570,", "not between baseline", "milestone:"),
    "share above 100": ("unit: persons ", "unit: per cent ", "above 100", "baseline:"),
    "unknown ground": ("ground: age", "ground: beauty", "'beauty' is not known", "  - ground: age"),
    "ground twice": ("ground: age", "ground: sex", "two breakdowns by 'sex'", "  - ground: age"),
    "one group": ("groups: [under 30, 30 to 54, 55 and over]", "groups: [everybody]",
                  "no breakdown", "    groups: [under"),
    "group twice": ("groups: [with a disability, without]", "groups: [a, A]", "stands here twice",
                    "    groups: [with"),
    "some groups valued": ("- {name: men, baseline: 250, target: 290}", "- men",
                           "others none", "      - {name: women"),
    "groups above total": ("baseline: 250, target: 290", "baseline: 250, target: 390",
                           "add up to 660", "  - ground: sex"),
    "group without target": ("{name: men, baseline: 250, target: 290}",
                             "{name: men, baseline: 250}",
                             "the field is missing", "      - {name: men"),
    "no consent": (GOOD[GOOD.index("personal_data:"):GOOD.index("smallest_count")], "",
                   "specially protected", "  - ground: disability"),
    "comma parts": (WHY, "relevant: {met: yes, why: Work, then more.}", "in quotes", "  relevant:"),
    "criterion missing": ("  " + WHY + "\n", "", "the field is missing", "  relevant:"),
    "no reason": (WHY, "relevant: {met: yes}", "the field is missing", "  relevant:"),
    "half met": (WHY, "relevant: {met: half, why: x}", "'half' is not known", "  relevant:"),
    "no equality answer": ("  counted_twice: Once a year at most; who returns counts in the later "
                           "year.\n", "", "the field is missing", "  who_is_missing:"),
    "smallest count": ("smallest_count: 10 ", "smallest_count: 0.5 ", "is no count",
                       "smallest_count:"),
    "unknown frequency": ("frequency: yearly", "frequency: often", "is not known", "frequency:"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_sheet_gives_one_clear_error_and_no_output(name, tmp_path, capsys):
    old, new, words, place = BROKEN[name]
    text = changed(old, new) if old else new
    content = text if isinstance(text, bytes) else text.encode()
    file = tmp_path / "my.yml"
    file.write_bytes(content)
    assert command.main(["sheet", str(file), "--out", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("error: ") == 1 and shown.err.count("\n") == 1
    assert words in shown.err and str(file) in shown.err and "Traceback" not in shown.err
    assert re.search(r"(\. [A-Z][^.]*.*|\?)\.?\n$", shown.err), "no cure at the end"
    assert not (tmp_path / "out").exists()
    if place is not None:
        line = place if isinstance(place, int) else line_of(place, GOOD)
        assert re.search(rf"my\.yml, line {line}[,:]", shown.err)


def contradiction(start, end, new):
    return GOOD[: GOOD.index(start)] + new + GOOD[GOOD.index(end) :]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (contradiction("breakdowns:", "data_source:", ""), "counts people and has no breakdown"),
        (GOOD + "no_breakdown_because: x\n", "there are breakdowns as well"),
        (
            contradiction(
                "breakdowns:", "data_source:", "breakdowns:\n- {ground: sex, groups: [a, b]}\n"
            ),
            "payment rests on groups, and no group has a target",
        ),
        (shares((30, 40), (42, 60), (50, 55)), "lies outside those of its groups"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(text, words):
    with pytest.raises(DataError, match=re.escape(words)):
        read(text)


def test_overlapping_groups_may_add_up_to_more():
    text = changed(
        "baseline: 250, target: 290}", "baseline: 250, target: 390}\n    overlapping: yes"
    )
    assert read(text).breakdowns[0].overlapping


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_sheet_is_read_or_refused_but_never_crashes(data):
    start = data.draw(st.integers(0, len(GOOD) - 1))
    length = data.draw(st.integers(0, 30))
    put = data.draw(st.text(max_size=8))
    damaged = GOOD[:start] + put + GOOD[start + length :]
    try:
        sheet = read(damaged.encode("utf-8", "surrogatepass"))
    except DataError as error:
        assert str(error).startswith("my.yml")
    else:
        assert sheets.sheet_page(sheet) and sheets.sheet_document(sheet)


def test_deep_nesting_is_refused():
    for deep in ("[" * 5000, "a: " + "{a: " * 3000):
        with pytest.raises(DataError):
            read(deep)


# --- the command -------------------------------------------------------------------------------


def test_the_command_writes_both_files_and_replaces_only_when_told(tmp_path, capsys):
    file, out = tmp_path / "my.yml", tmp_path / "a" / "out"
    file.write_text(GOOD, encoding="utf-8")
    assert command.main(["sheet", str(file), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["EX-R1.docx", "EX-R1.html"]
    assert "Asked for EECR05: sex." in (out / "EX-R1.html").read_text(encoding="utf-8")
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert command.main(["sheet", str(file), "--out", str(out)]) == 1
    assert "is there already" in capsys.readouterr().err
    file.write_text(GOOD.replace("560", "561"), encoding="utf-8")
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert command.main(["sheet", str(file), "--out", str(out), "--replace"]) == 0
    assert ">561<" in (out / "EX-R1.html").read_text(encoding="utf-8")


def test_wrong_paths_and_codes_are_refused(tmp_path):
    with pytest.raises(DataError, match="can't be read"):
        command.write_sheet(tmp_path / "none.yml", tmp_path)
    with pytest.raises(DataError, match="can't be read"):
        command.write_sheet(tmp_path, tmp_path)
    file = tmp_path / "my.yml"
    file.write_text(GOOD, encoding="utf-8")
    with pytest.raises(UsageError, match="is a file"):
        command.write_sheet(file, file)
    with pytest.raises(UsageError, match="can't be written"):
        command.write_sheet(file, file / "below")
    file.write_text(
        changed("common_indicator: EECR05", "common_indicator: EECR99"), encoding="utf-8"
    )
    with pytest.raises(DataError, match="'EECR99' is no common indicator"):
        command.write_sheet(file, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_law_comes_from_the_audit(root):
    table = load("eu_indicator_audit", root).table.set_index("code")
    assert command.law_of("", "x") is None
    assert command.law_of("EECR05", "x") == table.loc["EECR05", "splits"].split(";") == ["sex"]
    assert command.law_of("RCR65", "x") == []


def test_help_and_example_from_the_shell(tmp_path):
    run = [sys.executable, "-W", "error", "-m", "equalcities.funding"]
    told = subprocess.run([*run, "sheet", "--help"], capture_output=True, text=True, check=True)
    assert "--out" in told.stdout and "examples:" in told.stdout
    given_out = subprocess.run([*run, "example"], capture_output=True, check=True, cwd=tmp_path)
    assert given_out.stdout == sheets.example()
