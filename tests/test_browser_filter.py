"""The table of practices: whole without scripts, and searched without a request."""

import pytest
from test_browser import address, browser  # noqa: F401  (fixtures)

PAGE = "notebooks/participation_practices.html"
ROWS = "table.filterable tbody tr"

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def visible(page):
    return page.locator(f"{ROWS}:visible").count()


def test_rows_are_chosen_by_words_and_codes_without_a_request(browser, address):  # noqa: F811
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address + PAGE, wait_until="networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    every = page.locator(ROWS).count()
    assert visible(page) == every > 60
    page.get_by_label("Search", exact=True).last.fill("paris assembl")
    assert 0 < visible(page) < 5
    page.get_by_label("Search", exact=True).last.fill("")
    page.get_by_label("Features seen").select_option("childcare")
    assert visible(page) == 1
    assert page.locator("form.table-filter output").inner_text() == f"1 of {every} rows"
    page.get_by_label("Features seen").select_option("")
    assert visible(page) == every and asked == []
    page.close()


def test_without_scripts_the_whole_table_shows_and_leads_to_case_and_source(browser, address):  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    assert visible(page) == page.locator(ROWS).count() > 60
    row = page.locator(ROWS).filter(has_text="Lien social")
    assert row.locator("a").last.get_attribute("href").startswith("https://")
    row.locator("a").first.click()
    assert "Lien social" in page.locator("article h1").inner_text()
    context.close()
