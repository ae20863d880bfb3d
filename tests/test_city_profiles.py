"""City profiles: percentiles by hand, one page per area, nothing missing left silent."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import percentileofscore

from equalcities import panel
from equalcities.catalog import Dataset, load
from equalcities.errors import UsageError
from equalcities.site import cities

TOY = pd.DataFrame(
    {
        "fua_code": list("abcdefg"),
        "iso3": ["X"] * 5 + ["Y"] * 2,
        "population": [100_000, 2e6, 2e6, 2e6, 2e6, 2e6, 9e6],
        "v": [1.0, 2.0, 2.0, 3.0, 4.0, 5.0, np.nan],
    }
)


def rank(code, peers):
    found = panel.peer_percentiles(TOY, TOY, ["v"]).set_index(["fua_code", "peers"])
    return tuple(found.loc[(code, peers), ["n", "percentile"]])


def test_percentiles_by_hand():
    assert rank("b", "country") == (5, 40.0)  # one lower, half of two equal, of five
    assert rank("f", "all") == (6, pytest.approx(100 * 5.5 / 6))
    assert rank("b", "size") == (5, 20.0)


def test_too_few_peers_and_missing_values_give_no_percentile():
    for code, peers in (("f", "country"), ("a", "size"), ("g", "all")):
        assert np.isnan(rank(code, peers)[1])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=5, max_size=30))
def test_percentiles_agree_with_scipy(values):
    table = TOY.iloc[[0] * len(values)].assign(fua_code=range(len(values)), v=values)
    ours = panel.peer_percentiles(table, table, ["v"]).query("peers == 'all'")["percentile"]
    theirs = [percentileofscore(values, value, kind="mean") for value in values]
    np.testing.assert_allclose(ours, theirs)


def test_size_classes_at_their_limits():
    sizes = panel.size_class(pd.Series([249_999, 250_000, 1_499_999, 1_500_000, 5_000_000]))
    assert [panel.SIZE_NAMES.index(name) for name in sizes] == [0, 1, 1, 2, 3]


def test_a_missing_column_is_refused():
    with pytest.raises(UsageError, match="w"):
        panel.peer_percentiles(TOY, TOY, ["w"])


@pytest.fixture(scope="module")
def datasets(root):
    return load("panel72", root), load("fua_candidates", root)


def test_adding_a_city_adds_a_page(datasets):
    few = Dataset(datasets[0].table.head(3), datasets[0].record)
    assert set(cities.city_pages(few, datasets[1])) == {"index", "aus01f", "aus02f", "aus03f"}
    assert len(cities.city_pages(*datasets)) == 73


def test_what_is_missing_is_visible_and_markup_in_names_is_escaped(datasets):
    table = datasets[0].table.head(1).assign(fua_name="<b>[x](y)", country="$a_b*")
    page = cities.city_pages(Dataset(table, datasets[0].record), datasets[1])["aus01f"]
    assert page.startswith("# \\<b\\>\\[x\\](y)\n\n\\$a\\_b\\*.")
    assert page.count("not observed") == 7  # GDP and six items on residents' views
    assert "**5 of 12** indicators are observed" in page


def test_a_suspicious_value_says_so(datasets):
    pages = cities.city_pages(*datasets)
    assert "It looks wrong" in pages["usa02f"]
    assert sum("It looks wrong" in page for page in pages.values()) == 1


def test_every_profile_is_on_the_site(site, datasets):
    for area in datasets[0].table.itertuples():
        path = site / "book" / "cities" / f"{area.fua_code.lower()}.html"
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        assert page.h1.text.startswith(area.fua_name.replace("'", "’"))
        rows = page.select("table.profile tbody tr")
        assert len(rows) == len(cities.INDICATORS)
        assert len(page.select("svg.strip[aria-label]")) == 12 - len(
            page.select("table.profile tr.missing")
        )
        assert f"{area.population:,}" in page.text and "Cite this page" in page.text
