"""Dissimilarity on the book's tables, against values that others computed from the raw files."""

import pytest

from equalcities import segregation
from equalcities.catalog import load


@pytest.mark.parametrize(
    ("dataset", "groups", "value"),
    [
        ("nyc_tracts2020", ["black", "white"], 0.776),
        ("berlin_residents2022", ["foreign", "german"], 0.226),
        ("amsterdam_education2019", ["low", "high"], 0.323),
    ],
)
def test_two_groups_of_one_city(dataset, groups, value):
    found = segregation.measure(load(dataset).table, groups, indices=["dissimilarity"])
    assert found["value"].iloc[0] == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize(
    ("dataset", "place", "group", "value"),
    [
        ("lsoas_england", "Birmingham", "white_british", 0.517),
        ("lsoas_england", "Bradford", "white_british", 0.641),
        ("tracts_spain", "Madrid", "foreign_born", 0.275),
        ("tracts_spain", "Barcelona", "foreign_born", 0.223),
    ],
)
def test_one_group_against_the_rest(dataset, place, group, value):
    table = load(dataset).table
    groups = [name for name in table.columns if name not in ("place", "unit", "middle_area")]
    found = segregation.measure(table, groups, "place", indices=["dissimilarity"])
    found = found[(found["place"] == place) & (found["group"] == group)]
    assert found["value"].iloc[0] == pytest.approx(value, abs=5e-4)
