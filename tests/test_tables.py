"""Tables of chapters: links to pages of the site, filters, labels for the phone."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from equalcities.errors import UsageError
from equalcities.site.tables import html_table

TABLE = pd.DataFrame(
    {"n": ["a", "b"], "k": ["x, y", "x"], "p": ["../book/a.html"] * 2, "u": ["https://e.org/"] * 2}
)


def test_several_columns_lead_to_pages_and_to_the_web():
    made = html_table(TABLE, {"n": "N", "k": "K"}, "c", {"n": "p", "k": "u"})
    page = BeautifulSoup(made, "html.parser")
    assert [a["href"] for a in page.tr.find_next("tr").find_all("a")] == list(
        TABLE.loc[0, ["p", "u"]]
    )
    assert page.td["data-label"] == "N"
    assert page.table["class"] == ["table", "chapter-table"]


@pytest.mark.parametrize("bad", ["//e.org/a.html", "javascript:a.html", "../a.html?x", "/a.txt"])
def test_other_addresses_are_refused(bad):
    with pytest.raises(UsageError, match="no web address"):
        html_table(TABLE.assign(p=bad), {"n": "N"}, "c", {"n": "p"})


def test_filters_mark_their_columns_and_the_table():
    page = BeautifulSoup(html_table(TABLE, {"n": "N", "k": "K"}, "c", filters=["k"]), "html.parser")
    assert "filterable" in page.table["class"]
    assert [th.text for th in page.select("th[data-filter]")] == ["K"]
