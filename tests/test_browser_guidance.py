"""Guidance in a real browser: on paper, on a phone, with a keyboard, without scripts."""

import re
import unicodedata

import pytest
from pypdf import PdfReader
from test_browser import address, browser  # noqa: F401  (fixtures)

MESSAGES = "book/guidance/key_messages.html"
ONE = "book/recommendations/pay_for_time.html"

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def letters(text):
    """Return the letters of a text, without spaces and with no two in one sign."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("edition", ["", "fr/"])
def test_key_messages_fit_two_sides_of_a4(browser, address, tmp_path, edition):  # noqa: F811
    page = browser.new_page()
    page.goto(address + edition + MESSAGES, wait_until="load")
    page.pdf(path=tmp_path / "messages.pdf", format="A4")
    said = page.locator("article ol > li").all_inner_texts()
    page.close()
    sides = [side.extract_text() for side in PdfReader(tmp_path / "messages.pdf").pages]
    assert len(sides) <= 2
    assert len(said) == 10
    paper = letters("".join(sides))
    for message in said:
        assert letters(message.split(".")[0]) in paper
    if not edition:
        assert "2026" in sides[-1], "paper says of which version it is"


def test_a_phone_gets_the_drawing_that_fits_it(browser, address):  # noqa: F811
    for width, shown, hidden in ((390, "narrow", "wide"), (1280, "wide", "narrow")):
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.goto(address + ONE, wait_until="load")
        drawing = page.locator(f".graph-{shown} svg")
        box = drawing.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        drawn = float(drawing.get_attribute("width"))
        assert box["width"] > 0.9 * drawn, "letters keep their size"
        assert not page.locator(f".graph-{hidden}").is_visible()
        texts = drawing.locator("a, g").all()
        for text in texts:
            frame, words = (text.locator(part).bounding_box() for part in ("rect", "text"))
            assert frame["x"] <= words["x"]
            assert words["x"] + words["width"] <= frame["x"] + frame["width"]
        page.close()


def test_the_drawing_is_walked_with_a_keyboard_and_without_scripts(browser, address):  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + ONE, wait_until="load")
    links = page.locator(".graph-wide a")
    links.first.focus()
    seen = []
    for _ in range(links.count()):
        seen.append(page.evaluate("document.activeElement.getAttribute('href')"))
        page.keyboard.press("Tab")
    assert seen == [link.get_attribute("href") for link in links.all()]
    links.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/ledger.html#num-*")
    context.close()
