"""The public tree in a real browser: versions, banner, notices, old links, feeds."""

import functools
import http.server
import shutil
import threading

import pytest
from test_browser import address, browser, tab  # noqa: F401  (fixtures)
from two_releases import ADDRESS, NEW, OLD, two_releases

from equalcities.release import tree

PAGE = "notebooks/the_72_cities.html"
FIGURE = "panel72-distributions"
FIGURE_ENTRY = f"""
- id: 2026-2
  date: 2026-12-03
  class: minor
  title: A strip was drawn twice
  what: One strip of the figure was drawn twice.
  who: Nobody that we know of.
  since: "2026.2"
  figures: [{FIGURE}]
"""

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, root):
    built = root / "_build" / "html"
    if not (built / "index.html").is_file():
        pytest.fail("No site in _build/html. Run 'make test', which builds it first.")
    return two_releases(tmp_path_factory.mktemp("versions") / "checkout", built)


@pytest.fixture(scope="module")
def site(checkout):
    """What these tests open: all versions, with a correction made known after both."""
    text = (checkout / "CORRECTIONS.md").read_text(encoding="utf-8")
    begin = text.index("```yaml\n") + len("```yaml\n")
    changed = text[:begin] + FIGURE_ENTRY.lstrip() + text[begin:]
    (checkout / "CORRECTIONS.md").write_text(changed, encoding="utf-8")
    return tree.assemble(checkout)


def open_page(tab, url):  # noqa: F811
    tab.goto(url, wait_until="load")
    tab.wait_for_selector("nav.versions", state="attached")


def test_an_old_version_says_so_and_leads_to_the_newest(tab, address):  # noqa: F811
    open_page(tab, f"{address}v/{OLD}/{PAGE}")
    banner = tab.locator(".version-banner")
    assert f"You are reading version {OLD}. The newest is {NEW}" in banner.inner_text()
    banner.locator("a").first.click()
    tab.wait_for_url(f"**/v/{NEW}/{PAGE}")
    tab.wait_for_selector("nav.versions", state="attached")
    assert tab.locator(".version-banner").count() == 0
    assert tab.wrong == []


def test_the_list_of_versions_leads_to_each(tab, address):  # noqa: F811
    open_page(tab, f"{address}v/{NEW}/{PAGE}")
    if tab.view == "phone":
        tab.locator("button.primary-toggle").first.click()
    menu = tab.locator("nav.versions:visible, dialog nav.versions:visible").first
    menu.locator("summary").click()
    assert f"Version {NEW}" in menu.locator("summary").inner_text()
    assert NEW in menu.locator("strong").inner_text()
    menu.locator("a", has_text=OLD).click()
    tab.wait_for_url(f"**/v/{OLD}/{PAGE}")
    tab.wait_for_selector(".version-banner")
    assert tab.wrong == []


def test_a_page_that_another_version_lacks_leads_to_its_first_page(tab, address):  # noqa: F811
    tab.route(
        f"**/v/{OLD}/{PAGE}",
        lambda route: route.fulfill(status=404 if route.request.method == "HEAD" else 200),
    )
    open_page(tab, f"{address}v/{NEW}/{PAGE}")
    tab.evaluate("document.querySelector('nav.versions li:nth-child(2) a').click()")
    tab.wait_for_url(f"**/v/{OLD}/book/intro.html")


def test_a_corrected_number_is_marked_where_it_stood(tab, address):  # noqa: F811
    open_page(tab, f"{address}v/{OLD}/{PAGE}")
    mark = tab.locator("article .correction-mark").first
    assert mark.inner_text().startswith("corrected: ")
    before = mark.evaluate("m => m.previousElementSibling.getAttribute('href')")
    assert before.endswith(f"#{ADDRESS}")
    assert "should read" in mark.get_attribute("title")
    assert tab.locator(".correction-note", has_text="substantial").count() == 1
    mark.click()
    tab.wait_for_url("**/corrections.html#correction-2026-1")
    assert "One area was counted twice" in tab.locator("h2:target").inner_text()
    assert tab.wrong == []


def test_the_entry_in_the_ledger_is_marked_too(tab, address):  # noqa: F811
    open_page(tab, f"{address}v/{OLD}/book/ledger.html#{ADDRESS}")
    row = tab.locator(f"#{ADDRESS}")
    assert row.locator(".correction-mark").count() == 1
    assert row.is_visible()
    wide, room = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= room
    assert tab.locator(".correction-mark").count() == 1


def test_the_version_that_is_right_has_no_mark(tab, address):  # noqa: F811
    open_page(tab, f"{address}v/{NEW}/book/ledger.html")
    assert tab.locator(".correction-mark").count() == 0


def test_a_correction_made_known_later_reaches_a_frozen_figure(tab, address):  # noqa: F811
    open_page(tab, f"{address}v/{NEW}/{PAGE}#fig-{FIGURE}")
    note = tab.locator(f"#fig-{FIGURE} .correction-note")
    assert note.is_visible() and "correction 2026-2" in note.inner_text()
    open_page(tab, f"{address}v/{OLD}/{PAGE}")
    assert tab.locator(f"#fig-{FIGURE} .correction-note").count() == 0


def test_latest_leads_on_and_keeps_the_place(tab, address):  # noqa: F811
    tab.goto(f"{address}latest/book/ledger.html?x=1#{ADDRESS}", wait_until="commit")
    tab.wait_for_url(f"**/v/{NEW}/book/ledger.html?x=1#{ADDRESS}")
    tab.goto(address, wait_until="commit")
    tab.wait_for_url(f"**/v/{NEW}/book/intro.html")
    assert tab.wrong == []


def test_latest_leads_on_without_scripts(browser, address):  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}latest/{PAGE}", wait_until="commit")
    page.wait_for_url(f"**/v/{NEW}/{PAGE}")
    context.close()


def test_the_plain_pages_at_the_root_fit_and_load_nothing_else(tab, address):  # noqa: F811
    for name in ("versions.html", "corrections.html"):
        tab.goto(address + name, wait_until="networkidle")
        wide, room = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room
    assert tab.wrong == []


def test_a_version_alone_asks_for_nothing_and_shows_nothing(browser, checkout, tmp_path):  # noqa: F811
    """Served at another address, or opened as a file: no notice, no error, no request."""
    handler = functools.partial(Quiet, directory=str(checkout / "dist" / OLD))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    copy = tmp_path / "v" / OLD
    shutil.copytree(checkout / "dist" / OLD, copy, ignore=shutil.ignore_patterns("figures"))
    addresses = (f"http://127.0.0.1:{server.server_port}/{PAGE}", (copy / PAGE).as_uri())
    for url in addresses:
        page = browser.new_page()
        wrong, asked = [], []
        page.on("console", lambda m, wrong=wrong: wrong.append(m.text) if m.type == "error" else 0)
        page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
        page.on("request", lambda r, asked=asked: asked.append(r.url))
        page.goto(url, wait_until="networkidle")
        assert page.locator(".version-banner, nav.versions, .correction-mark").count() == 0
        assert not [u for u in asked if u.endswith(("switcher.json", "corrections.json"))]
        assert wrong == []
        page.close()
    server.shutdown()
    server.server_close()


def test_without_the_files_at_the_root_a_version_stays_as_it_is(browser, address):  # noqa: F811
    page = browser.new_page()
    thrown = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    for answer in (
        lambda route: route.fulfill(status=404),
        lambda route: route.fulfill(status=200, body="no json"),
        lambda route: route.abort(),
    ):
        for name in ("switcher", "corrections"):
            page.route(f"**/{name}.json", answer)
        page.goto(f"{address}v/{OLD}/{PAGE}", wait_until="networkidle")
        assert page.locator("h1").first.inner_text()
        assert page.locator(".version-banner, .correction-mark").count() == 0
        page.unroute_all()
    assert thrown == []
    page.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that says nothing."""

    def log_message(self, *_):
        pass
