import pandas as pd
import pytest
from bs4 import BeautifulSoup

from equalcities.errors import UsageError
from equalcities.site.tables import html_table

TABLE = pd.DataFrame(
    {"name": ["<b>Ada</b>", "B & C"], "n": [1, None], "url": ["https://example.org/?a=1&b=2"] * 2}
)


def shown(**more):
    return BeautifulSoup(
        html_table(TABLE, {"name": "Name", "n": 'How "many"'}, "Two <rows>", **more), "html.parser"
    )


def test_values_headings_and_caption_are_escaped():
    page = shown()
    assert page.caption.text == "Two <rows>"
    texts = [cell.text for cell in page.find_all("td")]
    assert texts == ["<b>Ada</b>", "1.0", "B & C", "not known"]
    assert page.find("b") is None


def test_each_value_carries_its_heading_for_narrow_screens():
    assert [cell["data-label"] for cell in shown().find_all("td")] == ["Name", 'How "many"'] * 2


def test_links_keep_their_address():
    links = shown(link=("name", "url")).find_all("a")
    assert {link["href"] for link in links} == {"https://example.org/?a=1&b=2"}


def test_what_is_no_web_address_is_refused():
    with pytest.raises(UsageError, match="no web address"):
        html_table(TABLE.assign(url="javascript:alert(1)"), {"name": "N"}, "c", ("name", "url"))
