"""The charts of values at growing sizes of area and at growing distances."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from equalcities import figures


@pytest.fixture
def table():
    rows = [("many", f"s{i}", 10.0**k, 50 - 10 * k + i) for i in range(6) for k in (2, 3)]
    rows += [("two", name, 10.0**k, 30 - k) for name in ("low", "high") for k in (2, 4)]
    return pd.DataFrame(rows, columns=["panel", "series", "people", "value"])


def test_every_value_is_drawn_and_only_the_outer_of_many_are_named(table):
    fig = figures.lines_by_size(table, "people", "value")
    many, two = fig.axes
    assert sum(len(line.get_xdata()) for ax in fig.axes for line in ax.lines) == len(table)
    assert [text.get_text() for text in many.texts] == ["s0", "s5"]
    assert {text.get_text() for text in two.texts} == {"low", "high"}
    plt.close(fig)


def test_names_of_equal_lines_do_not_lie_on_each_other(table):
    fig = figures.lines_by_size(table, "people", "value")
    fig.canvas.draw()
    one, other = (text.get_window_extent() for text in fig.axes[1].texts)
    assert not one.overlaps(other)
    plt.close(fig)


def test_a_profile_shows_each_distance_its_range_and_what_chance_gives():
    table = pd.DataFrame(
        [
            (panel, distance, 100 - distance, 90 - distance, 105 - distance, 10, 20)
            for panel in ("a", "b", "c")
            for distance in (2, 4)
        ],
        columns=["panel", "distance", "value", "ci_low", "ci_high", "chance_low", "chance_high"],
    )
    fig = figures.distance_profiles(table, "distance, km", "share left")
    assert [ax.get_title() or ax.get_title(loc="left") for ax in fig.axes] == ["a", "b", "c"]
    for ax in fig.axes:
        assert ax.lines[0].get_xydata().tolist() == [[2, 98], [4, 96]]
        band, ranges = ax.collections
        assert band.get_paths()[0].get_extents().extents.tolist() == [2, 10, 4, 20]
        ends = [segment[:, 1].tolist() for segment in ranges.get_segments()]
        assert ends == [[88, 103], [86, 101]]
    plt.close(fig)
