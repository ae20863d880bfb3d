import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equalcities import abi, figures
from equalcities.errors import UsageError

PROGRAMMES = pd.DataFrame(
    {"programme_id": ["p", "q"], "domains": ["housing;health", "health"]},
)
STUDIES = pd.DataFrame({"study_id": ["a", "b", "c"], "maryland_score": [5, 3, 4]})
EFFECTS = pd.DataFrame(
    {
        "study_id": ["a", "a", "b", "c"],
        "programme_id": ["p", "p", "p", "q"],
        "outcome_domain": ["crime", "crime", "crime", "income"],
    }
)


def cell(table, domain, outcome):
    row = table.set_index(["domain", "outcome"]).loc[(domain, outcome)]
    return row["programmes"], row["studies"], row["stronger"]


def test_a_study_counts_once_in_each_domain_of_its_programme():
    # by hand: a and b study p (housing, health), of which a is stronger; c studies q (health)
    table = abi.gap_map(EFFECTS, STUDIES, PROGRAMMES)
    assert cell(table, "housing", "crime") == (1, 2, 1)
    assert cell(table, "health", "crime") == (1, 2, 1)
    assert cell(table, "health", "income") == (1, 1, 1)
    assert table["studies"].sum() == 5


def test_empty_pairs_are_there():
    table = abi.gap_map(EFFECTS, STUDIES, PROGRAMMES)
    assert len(table) == len(abi.DOMAINS) * len(abi.OUTCOMES)
    assert (table["studies"] == 0).sum() == len(table) - 3


@given(st.permutations(range(4)))
def test_the_order_of_the_effects_does_not_matter(order):
    expected = abi.gap_map(EFFECTS, STUDIES, PROGRAMMES)
    pd.testing.assert_frame_equal(
        abi.gap_map(EFFECTS.iloc[list(order)], STUDIES, PROGRAMMES), expected
    )


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("study_id", "zz", "study_id 'zz'"),
        ("programme_id", "zz", "programme_id 'zz'"),
        ("outcome_domain", "luck", "outcome 'luck'"),
    ],
)
def test_what_is_unknown_is_named(column, value, said):
    effects = EFFECTS.assign(**{column: value})
    with pytest.raises(UsageError, match=said):
        abi.gap_map(effects, STUDIES, PROGRAMMES)


def test_a_domain_without_a_name_is_refused():
    with pytest.raises(UsageError, match="domain 'magic'"):
        abi.gap_map(EFFECTS, STUDIES, PROGRAMMES.assign(domains="magic"))


def test_the_map_shows_a_number_or_a_dash_in_every_cell():
    table = abi.gap_map(EFFECTS, STUDIES, PROGRAMMES)
    fig = figures.gap_bubbles(table, abi.OUTCOMES, abi.DOMAINS)
    shown = [text.get_text() for text in fig.axes[0].texts]
    assert shown.count("–") == (table["studies"] == 0).sum()
    assert sorted(text for text in shown if text != "–") == ["1", "2", "2"]
    areas = sorted(float(c.get_sizes()[0]) for c in fig.axes[0].collections)
    assert areas == [310, 310, 310, 310, 620, 620]  # area, not width, goes with the count


def test_a_map_with_a_pair_missing_is_refused():
    table = abi.gap_map(EFFECTS, STUDIES, PROGRAMMES)
    with pytest.raises(UsageError, match="one row"):
        figures.gap_bubbles(table.iloc[1:], abi.OUTCOMES, abi.DOMAINS)
