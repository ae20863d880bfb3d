"""The site in a real browser: nothing fails, nothing leaves, navigation and search work."""

import functools
import http.server
import os
import re
import shutil
import threading

import pytest

FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run --disable-quic"
).split()
VIEWS = {"desktop": (1280, 900), "phone": (390, 844)}

pytestmark = [
    pytest.mark.xdist_group("browser"),
    # Playwright's own event loop is torn down by the interpreter.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def browser():
    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        message = "No Chromium found: install it (Debian: apt-get install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=list(VIEWS))
def tab(request, browser, address):
    """A tab that notes everything that goes wrong, and what leaves the machine."""
    width, height = VIEWS[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.wrong = []
    page.view = request.param
    page.on(
        "console", lambda m: page.wrong.append(m.text) if m.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on(
        "response", lambda r: page.wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None
    )
    page.on(
        "request",
        lambda r: (
            page.wrong.append(f"left: {r.url}")
            if not r.url.startswith((address, "data:", "blob:"))
            else None
        ),
    )
    yield page
    page.close()


WIDEST = 12


def names(site):
    """Every page, and of the thousands of references those of each kind that are hardest to fit."""
    found = [
        path.relative_to(site).as_posix()
        for path in site.rglob("*.html")
        if not {"_static", "cite"} & set(path.relative_to(site).parts)
    ]
    for kind in sorted(path for path in (site / "cite").iterdir() if path.is_dir()):
        pages = sorted(kind.rglob("*.html"), key=longest_word, reverse=True)
        found += [path.relative_to(site).as_posix() for path in pages[:WIDEST]]
    return sorted(found)


def longest_word(path):
    """Return the length of a page's longest word, tags left out: what could make it too wide."""
    text = re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8"))
    return max(map(len, text.split())), path.as_posix()


def test_every_page_loads_without_an_error_or_outside_request(tab, site, address):
    found = names(site)
    assert sum(name.startswith("cite/") for name in found) > 3 * WIDEST and len(found) > 200
    for name in found:
        if name == "index.html":
            continue  # leads on at once, which the next test waits for
        tab.goto(address + name, wait_until="load")
        tab.wait_for_timeout(60)
        wide, room = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room, f"{name} is wider than a {tab.view}"
        assert tab.wrong == [], name


def test_the_front_door_leads_to_the_first_page(tab, address):
    # "commit": the page may have been left before it has loaded.
    tab.goto(address, wait_until="commit")
    tab.wait_for_url(f"{address}book/intro.html", wait_until="load")
    assert tab.wrong == []


def test_the_figures_are_drawn_and_described(tab, address):
    for name, least in (("the_72_cities", 3), ("abi_map", 5)):
        tab.goto(f"{address}notebooks/{name}.html", wait_until="networkidle")
        images = tab.query_selector_all("figure.published img")
        assert len(images) >= least
        for image in images:
            image.scroll_into_view_if_needed()
            drawn = image.evaluate("i => i.decode().then(() => [i.naturalWidth, i.width])")
            assert min(drawn) > 200
            assert len(image.get_attribute("alt")) >= 30


def test_formulas_are_set_with_the_vendored_script(tab, address):
    tab.goto(f"{address}book/ledger.html", wait_until="networkidle")
    tab.wait_for_selector("mjx-container svg", timeout=15_000)
    assert tab.wrong == []


def test_a_number_leads_to_its_entry(tab, address):
    tab.goto(f"{address}notebooks/the_72_cities.html", wait_until="networkidle")
    link = tab.locator("a.ledger-link[href$='#num-panel72-gdp-areas']").first
    assert "evidence class: observed" in link.get_attribute("title")
    value = link.inner_text()
    link.click()
    tab.wait_for_url("**/book/ledger.html#num-panel72-gdp-areas")
    row = tab.locator("tr:target")
    assert (
        row.is_visible() and value in row.inner_text() and "panel72.gdp.areas" in row.inner_text()
    )


def test_navigation_works(tab, address):
    tab.goto(f"{address}index.html", wait_until="networkidle")
    tab.wait_for_url("**/book/intro.html")
    if tab.view == "phone":
        tab.locator("button.primary-toggle").first.click()
    tab.locator(
        "nav.bd-links a:visible, dialog a:visible", has_text="A map of area-based"
    ).first.click()
    tab.wait_for_url("**/notebooks/abi_map.html")
    assert "A map of area-based initiatives" in tab.locator("h1:visible").first.inner_text()


def test_search_finds_the_chapter(tab, address):
    tab.goto(f"{address}search.html?q=commuting", wait_until="networkidle")
    result = tab.locator("#search-results a", has_text="The 72 cities").first
    result.wait_for(timeout=15_000)
    assert tab.wrong == []
    result.click()
    tab.wait_for_url("**/notebooks/the_72_cities.html**")


def test_run_times_are_filled_in(tab, address):
    tab.goto(f"{address}book/status.html", wait_until="networkidle")
    tab.wait_for_function(
        "[...document.querySelectorAll('[data-seconds]')].every(c => / s$/.test(c.textContent))"
    )


def test_dark_mode_is_readable(tab, address):
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{address}notebooks/abi_map.html", wait_until="networkidle")
    mode = tab.evaluate("document.documentElement.dataset.theme")
    assert mode == "dark"
    background = tab.locator("figure.published img").first.evaluate(
        "i => getComputedStyle(i).backgroundColor"
    )
    assert background == "rgb(255, 255, 255)"
