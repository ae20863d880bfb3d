"""Citing as a reader does it: without JavaScript, from files, at both widths."""

from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from test_browser import VIEWS, browser  # noqa: F401  (fixtures)

from equalcities.citation import bibtex, text
from equalcities.citation.command import book_references, find

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
KEYS = {
    "figure": ("notebooks/abi_directions.html", "#fig-directions-flow", "directions-flow"),
    "number": ("book/ledger.html", "#num-panel72-areas", "panel72.areas"),
}


@pytest.fixture(params=list(VIEWS))
def page(request, browser):  # noqa: F811
    width, height = VIEWS[request.param]
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=False, offline=True
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("what", list(KEYS))
def test_a_reference_is_two_clicks_away_without_scripts_or_network(page, site, root, what):
    path, place, key = KEYS[what]
    page.goto((site / path).as_uri())
    page.locator(place).get_by_role("link", name="Cite", exact=True).click()
    reference = find(key, book_references(root))
    assert page.locator("blockquote").inner_text() == text(reference)
    assert page.locator("pre").first.text_content() == bibtex(reference)
    wide = page.locator("pre, blockquote, code").all()
    assert all(box.bounding_box()["width"] <= page.viewport_size["width"] for box in wide)
    file = page.get_by_role("link", name="Download .bib").get_attribute("href")
    assert Path(unquote(urlsplit(urljoin(page.url, file)).path)).read_text() == bibtex(reference)
    page.get_by_role("link", name="where it stands" if what == "figure" else "entry").click()
    assert page.url.endswith(f"{path}{place}")
