"""The workshop kit: what it quotes, what it prints, and the files that come with it."""

import base64
import io
import os
import re
import unicodedata
import zipfile

import docx
import pytest
import yaml
from bs4 import BeautifulSoup

from equalcities import __version__
from equalcities.build.prose import allowed, hand_typed
from equalcities.errors import DataError
from equalcities.ledger import anchor, read_results
from equalcities.site import workshop
from equalcities.survey.responses import read_responses


@pytest.fixture(scope="module")
def ledger(root):
    return read_results(root)


@pytest.fixture(scope="module")
def kit(root, ledger):
    return workshop.read_kit(root, ledger)


def soup(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def edited(tmp_path, root, **changes):
    raw = yaml.safe_load((root / workshop.KIT).read_text("utf-8"))
    raw["sheets"][0].update(changes)
    (tmp_path / workshop.FOLDER).mkdir(parents=True)
    (tmp_path / workshop.KIT).write_text(yaml.safe_dump(raw), encoding="utf-8")
    (tmp_path / "notebooks").symlink_to(root / "notebooks")
    return tmp_path


# --- the source ---------------------------------------------------------------------------


def test_no_number_is_typed_by_hand(root, kit):
    patterns = allowed(root)
    for sheet in kit.sheets:
        for text in (sheet.part, sheet.question, sheet.unknown, *sheet.messages, *sheet.discuss):
            assert hand_typed(text, patterns) == [], text
    for item in kit.agenda:
        assert hand_typed(f"{item.what} {item.how}", patterns) == []


def test_there_is_a_sheet_for_each_of_the_first_five_parts(root, kit):
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    parts = [part["caption"] for part in toc["parts"] if re.match(r"[IV]+\. ", part["caption"])]
    assert [sheet.part for sheet in kit.sheets] == parts[:5]
    for sheet in kit.sheets:
        assert len(sheet.keys) >= 3 and len(sheet.discuss) >= 3


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"messages": ["{num}`no.such.key`"]}, "no number 'no.such.key'"),
        ({"figure": "no-such-figure"}, "no figure 'no-such-figure'"),
        ({"chapters": ["no_such_chapter"]}, "no chapter 'no_such_chapter'"),
        ({"messages": ["Only words."]}, "no number on the sheet 'cities'"),
        ({"surprise": 1}, "not a workshop kit"),
    ],
)
def test_a_sheet_without_its_sources_is_refused(tmp_path, root, ledger, changes, fault):
    with pytest.raises(DataError, match=fault):
        workshop.read_kit(edited(tmp_path, root, **changes), ledger)


def test_the_agenda_is_half_a_day_without_gaps(kit):
    assert kit.agenda[0].begins == "09:00" and kit.agenda[-1].ends == "13:00"
    for one, after in zip(kit.agenda, kit.agenda[1:], strict=False):
        assert one.ends == after.begins
    assert sum(item.minutes for item in kit.agenda) == 240


# --- pages and slides ---------------------------------------------------------------------


def test_every_number_of_the_sheets_carries_value_class_and_source(site, kit, ledger):
    page = soup(site / "book" / "workshop" / "data_sheets.html")
    by_anchor = {anchor(key, "num"): number for key, number in ledger.numbers.items()}
    shown = page.select(".workshop-sheet a.ledger-link")
    assert len(shown) == sum(len(sheet.keys) for sheet in kit.sheets)
    for link in shown:
        number = by_anchor[link["href"].partition("#")[2]]
        assert link.text.startswith(number.text)
        assert link.find_next_sibling("span", class_="badge-class").text == number.evidence_class
    sheets = page.select(".workshop-sheet")
    for sheet, made in zip(sheets, kit.sheets, strict=True):
        assert (workshop.SIMULATED_NOTE in sheet.text) == workshop.has_simulated(made, ledger)
        assert f"version {__version__}" in sheet.text
        assert sheet.img["alt"] == ledger.figures[made.figure].alt
    assert {workshop.has_simulated(made, ledger) for made in kit.sheets} == {True, False}


def test_slides_show_every_number_with_its_class_and_need_no_other_file(site, kit, ledger):
    page = soup(site / "book" / "workshop" / "slides.html")
    keys = [key for sheet in kit.sheets for key in sheet.keys]
    shown = page.select(".num")
    assert len(shown) == len(keys)
    for key, number in zip(keys, shown, strict=True):
        assert number.text.startswith(ledger.numbers[key].text) and key in number["title"]
        assert number.find_next_sibling("span").text == ledger.numbers[key].evidence_class
    pictures = page.select("img")
    assert [p["alt"] for p in pictures] == [ledger.figures[s.figure].alt for s in kit.sheets]
    for picture, sheet in zip(pictures, kit.sheets, strict=True):
        content = base64.b64decode(picture["src"].partition("base64,")[2])
        assert content == (site / "figures" / f"{sheet.figure}.svg").read_bytes()
    assert not page.find_all("script") and not page.find_all("link", rel="stylesheet")
    assert str(page).count(workshop.SIMULATED_NOTE) == sum(
        workshop.has_simulated(sheet, ledger) for sheet in kit.sheets
    )


def test_slides_as_markdown_say_the_same(site, kit, ledger):
    text = (site / "book" / "workshop" / "slides.md").read_text("utf-8")
    assert text.startswith("---\nmarp: true\n") and "{num" not in text
    for sheet in kit.sheets:
        for key in sheet.keys:
            number = ledger.numbers[key]
            pattern = rf"\*\*{re.escape(number.text)}[^*]*\*\* \[{number.evidence_class}\]"
            assert re.search(pattern, text), key
    pictures = re.findall(r"\]\((\.\./\.\./figures/[^)]+)\)", text)
    assert len(pictures) == len(kit.sheets)
    for path in pictures:
        assert (site / "book" / "workshop" / path).is_file()


@pytest.mark.xdist_group("browser")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_printed_each_sheet_and_each_slide_takes_one_page(site, kit):
    from pypdf import PdfReader

    from equalcities.build import pdf

    try:
        browser = pdf.find_browser()
    except pdf.PdfError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    folder = site / "book" / "workshop"

    def pages(name):
        content = pdf.print_page(browser, folder / name)
        texts = (page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        # ligatures of the browser's typeface become letters again
        return [" ".join(unicodedata.normalize("NFKC", text).split()) for text in texts]

    slides = pages("slides.html")
    assert len(slides) == len(soup(folder / "slides.html").select(".slide"))
    assert all(f"{place} / {len(slides)}" in text for place, text in enumerate(slides, start=1))
    sheets = pages("data_sheets.html")
    assert len(sheets) == 1 + len(kit.sheets)
    for text, sheet in zip(sheets[1:], kit.sheets, strict=True):
        assert sheet.part in text and sheet.discuss[-1] in text and __version__ in text
    assert len(pages("survey_form.html")) == 1


# --- documents ----------------------------------------------------------------------------


def test_the_case_study_is_one_template_in_two_forms(site, kit):
    folder = site / "book" / "workshop"
    text = (folder / "case_study.md").read_text("utf-8")
    document = docx.Document(folder / "case_study.docx")
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings == re.findall(r"^## (.*)$", text, re.M) == [name for name, _ in kit.case_fields]
    body = [p.text for p in document.paragraphs]
    for _, ask in kit.case_fields:
        assert ask in body and f"*{ask}*" in text
    page = soup(folder / "kit.html")
    assert [row.td.text.strip() for row in page.select("table.case-study tbody tr")] == headings


def test_the_office_document_is_the_same_bytes_each_time(kit):
    content = workshop.case_document(kit)
    assert content == workshop.case_document(kit) and len(content) < 100_000
    dates = {part.date_time for part in zipfile.ZipFile(io.BytesIO(content)).infolist()}
    assert dates == {(2026, 1, 1, 0, 0, 0)}


def test_answers_to_the_survey_are_checked_by_the_survey_room(root, site, tmp_path):
    form = workshop.survey(root)
    header = (site / "book" / "workshop" / "survey.csv").read_text("utf-8")
    names = header.strip().split(",")
    assert names == ["respondent_id", *form.fields]
    answers = {name: "" for name in names} | {
        "respondent_id": "P1", "w01": "city", "w02": "funding participation", "w03_quote": "agree",
    }  # fmt: skip
    file = tmp_path / "answers.csv"
    file.write_text(header + ",".join(answers.values()) + "\n", encoding="utf-8")
    read = read_responses(file, form=form)
    assert read.table.loc["P1", "w03_quote"] == "agree"
    file.write_text(
        header + ",".join((answers | {"w02": "none funding"}).values()) + "\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="w02"):
        read_responses(file, form=form)


def test_the_printed_form_asks_everything_and_no_name(root, site):
    form = workshop.survey(root)
    text = soup(site / "book" / "workshop" / "survey_form.html").text
    for question in form.questions:
        assert question.text in text
        for field in question.fields:
            assert field.label in text
            assert all(label in text for label in field.choices.values())
    boxes = sum(len(f.choices) for f in form.fields.values())
    assert text.count(workshop.TICKS) == boxes
    assert not {"name", "city", "email"} & set(form.fields)


def test_the_kit_page_links_every_file(root, site, ledger, tmp_path):
    page = soup(site / "book" / "workshop" / "kit.html")
    linked = {link["href"].rpartition("/")[2] for link in page.select("article table a")}
    made = {path.name for path in workshop.write_files(root, tmp_path, ledger)}
    assert made <= linked
    for name in made:
        assert (site / "book" / "workshop" / name).read_bytes() == (tmp_path / name).read_bytes()
