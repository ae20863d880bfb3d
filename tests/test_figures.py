"""Chart forms: they draw what the data hold, and refuse what they can't name."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from matplotlib.text import Text

from equalcities import figures, ledger
from equalcities.errors import UsageError
from equalcities.site.tables import html_table


@pytest.fixture(autouse=True)
def in_house_style():
    figures.use_house_style()
    yield
    plt.close("all")


PLACES = pd.DataFrame(
    {
        "fua_name": ["Paris", "Tokyo", "Lyon"],
        "lat": [48.9, 35.7, 45.8],
        "lon": [2.4, 139.7, 4.8],
        "population": [13.0e6, 37.0e6, 2.0e6],
        "kind": ["x", "y", "x"],
        "value": [1.0, 2.0, None],
    }
)


def texts(fig):
    return {text.get_text() for ax in fig.axes for text in ax.texts}


def test_all_places_stand_on_the_map():
    fig = figures.world_and_europe(PLACES, "kind", ["x", "y"])
    world, europe = fig.axes
    assert sum(len(c.get_offsets()) for c in world.collections[1:]) == 3
    assert sum(len(c.get_offsets()) for c in europe.collections[1:]) == 2
    assert texts(fig) == {"Paris", "Tokyo", "Lyon"}
    with pytest.raises(UsageError, match="does not name"):
        figures.world_and_europe(PLACES, "kind", ["x"])


def test_the_outline_is_land_without_antarctica():
    land = figures.world_land("EPSG:4326")
    assert land.total_bounds[1] > -60
    paris, sea = (
        figures.points(PLACES.iloc[[0]].assign(lon=lon), "EPSG:4326") for lon in (2.4, -30)
    )
    assert land.contains(paris.geometry.iloc[0]).any()
    assert not land.contains(sea.geometry.iloc[0]).any()


def test_names_do_not_collide():
    close = PLACES.iloc[[0, 0, 0]].assign(
        fua_name=["First", "Second", "Third"], lon=[2.4, 2.6, 2.8]
    )
    ax = plt.subplots()[1]
    ax.set(xlim=(0, 20), ylim=(40, 60))
    figures.label_points(ax, figures.points(close, "EPSG:4326"), "fua_name")
    boxes = [Text.get_window_extent(text) for text in ax.texts]  # without leader lines
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_distributions_count_what_is_present():
    fig = figures.distributions(PLACES, {"value": "Value"})
    assert fig.axes[0].get_title(loc="left") == "Value  (n = 2)"
    assert {"Paris", "Tokyo", "median 1.5"} <= texts(fig)


def test_stacked_counts_label_every_part():
    table = pd.DataFrame({"g": ["a", "b"], "yes": [3, 0], "no": [1, 2]})
    assert texts(figures.stacked_counts(table, "g", {"yes": "yes", "no": "no"}, "n")) == set("312")


def test_matrix_shows_its_texts_and_leaves_zero_white():
    counts = pd.DataFrame([[0, 5]], index=["r"], columns=["a", "b"])
    fig = figures.count_matrix(counts, pd.DataFrame([["none", "5"]]), "n")
    assert texts(fig) == {"none", "5"}
    assert fig.axes[0].images[0].get_array().mask.tolist() == [[True, False]]


def test_rules_are_drawn_one_chart_each():
    rules = pd.DataFrame(
        {"rule": ["p", "q"], "areas": [1, 2], "column": "x", "q25": 1, "median": 2, "q75": 3}
    )
    fig = figures.medians_by_rule(rules, {"x": "X"})
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()] == ["p (1)", "q (2)"]


def test_house_style_draws_the_same_bytes_twice():
    drawn = [
        ledger.draw(figures.world_and_europe(PLACES, "kind", ["x", "y"]), "k") for _ in range(2)
    ]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("value", "text"), [(1234.0, "1,234"), (-2.0, "−2"), (0.25, "0.2"), (2.5, "2.5")]
)
def test_axis_numbers(value, text):
    assert figures.thousands(value) == text


def test_tables_escape_everything():
    table = pd.DataFrame({"n": ["<script>x</script>"], "v": [None], "u": ["https://e.org/?a=1&b"]})
    page = BeautifulSoup(html_table(table, {"n": "N", "v": "V"}, "<b>", ("n", "u")), "html.parser")
    assert page.find("script") is None and page.find("b") is None
    assert page.td.a["href"] == "https://e.org/?a=1&b"
    assert page.find_all("td")[1].text == "not known"
    with pytest.raises(UsageError, match="no web address"):
        html_table(table.assign(u="javascript:x"), {"n": "N"}, "c", ("n", "u"))
