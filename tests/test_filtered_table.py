"""A table with filters that need no script."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from equalcities.errors import UsageError
from equalcities.site.filtered import filtered_table

TABLE = pd.DataFrame(
    {
        "name": ["A <b>", "B", "C"],
        "kind": ["x", "y", "x"],
        "fund": ["one", "one", "two"],
        "url": ["https://example.org/a?b=1&c=2"] * 3,
    }
)
FILTERS = {
    "kind": ("Kind", {"x": "kind x", "y": "kind <y>"}),
    "fund": ("Fund", {"one": "1st", "two": "2nd"}),
}


def made(table=TABLE, **changes):
    options = {"filters": FILTERS, "name": "toy", "link": ("name", "url"), **changes}
    return filtered_table(table, {"name": "Name", "kind": "Kind"}, "All & sundry", **options)


def test_every_row_is_there_and_escaped_and_nothing_runs():
    page = BeautifulSoup(made(), "html.parser")
    assert [row.td.text for row in page.select("tbody tr")] == ["A <b>", "B", "C"]
    assert not page.select("script, tbody b, label y")
    assert page.select("tbody a")[0]["href"] == "https://example.org/a?b=1&c=2"


def test_each_choice_hides_the_rows_of_other_values():
    page = BeautifulSoup(made(), "html.parser")
    rules = page.style.text.removesuffix(" { display: none; }").split(", ")
    assert len(rules) == 4
    for rule, shown in zip(rules, (["A <b>", "C"], ["B"], ["A <b>", "B"], ["C"]), strict=True):
        control, rows = rule.split(":checked) ")
        assert page.select_one(control.split(":has(")[1])["type"] == "radio"
        hidden = [row.td.text for row in page.select(f"#toy {rows}")]
        assert sorted(hidden + shown) == ["A <b>", "B", "C"]
    groups = {control["name"] for control in page.select("input")}
    assert groups == {"toy-0", "toy-1"}
    assert [c["id"] for c in page.select("input[checked]")] == ["toy-0-0", "toy-1-0"]


def test_faults_are_refused():
    with pytest.raises(UsageError, match="Give each value a label"):
        made(TABLE.assign(kind="z"))
    with pytest.raises(UsageError, match="lower-case letters"):
        made(name="a b")
