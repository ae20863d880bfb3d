import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from equalcities.errors import UsageError
from equalcities.panel import rank_correlations, with_and_without


@pytest.fixture
def frame():
    rng = np.random.default_rng(3)
    iso = np.repeat(np.arange(24), 3)
    shared = rng.normal(size=24)[iso]
    x = shared + rng.normal(size=72)
    return pd.DataFrame(
        {
            "code": [f"C{i:02}" for i in range(72)],
            "iso": iso,
            "x": x,
            "y": x + rng.normal(size=72),
            "z": rng.normal(size=24)[iso],
            "w": pd.Series(rng.normal(size=72)).mask(iso > 15),
        }
    )


def correlate(frame, x=("x",), y=("y", "z", "w"), **more):
    return rank_correlations(frame, x, y, group="iso", rng=1, n_resamples=299, **more)


def test_values_are_scipys_on_complete_pairs(frame):
    table = correlate(frame)
    for row in table.itertuples():
        used = frame[[row.x, row.y]].dropna()
        assert row.value == pytest.approx(spearmanr(used[row.x], used[row.y]).statistic)
        assert row.n == len(used)
        assert row.ci_low <= row.value <= row.ci_high
    assert table["n_groups"].tolist() == [24, 24, 16]


def test_family_is_the_whole_table(frame):
    table = correlate(frame, adjust="bonferroni")
    np.testing.assert_allclose(table["p_adjusted"], np.minimum(3 * table["p_value"], 1))


def test_all_pairs_of_one_list(frame):
    table = rank_correlations(frame, ["x", "y", "z"], group="iso", rng=1, n_resamples=99)
    assert list(zip(table["x"], table["y"], strict=True)) == [("x", "y"), ("x", "z"), ("y", "z")]


def test_only_ranks_matter(frame):
    stretched = frame.assign(y=np.exp(3 * frame["y"]))
    pd.testing.assert_frame_equal(correlate(frame), correlate(stretched))


def test_copies_of_a_city_add_no_evidence(frame):
    one = correlate(frame, y=["y"]).iloc[0]
    copied = correlate(pd.concat([frame] * 4), y=["y"]).iloc[0]
    width, width_copied = one["ci_high"] - one["ci_low"], copied["ci_high"] - copied["ci_low"]
    assert width_copied == pytest.approx(width, rel=0.02)
    assert copied["p_value"] == pytest.approx(one["p_value"], abs=0.01)


def test_too_few_countries_are_refused(frame):
    with pytest.raises(UsageError, match="in 4 countries"):
        correlate(frame[frame["iso"] < 4])


def test_with_and_without_masks_only_the_doubted_cell(frame):
    def table(sample):
        return sample[["x", "y"]].agg(["sum", "count"]).rename_axis("what").reset_index()

    before = frame.copy()
    both = with_and_without(frame, table, {"C05": ["x"]}, code="code")
    pd.testing.assert_frame_equal(frame, before)
    runs = both.set_index(["values", "what"])
    published, without = runs.loc["as published"], runs.loc["without suspicious values"]
    assert published.loc["sum", "x"] - without.loc["sum", "x"] == pytest.approx(frame["x"][5])
    assert without["x"]["count"] == 71
    assert published["y"].equals(without["y"])


def test_with_and_without_refuses_cells_that_are_not_there(frame):
    with pytest.raises(UsageError, match="0 rows have code 'X'"):
        with_and_without(frame, lambda f: f, {"X": ["x"]}, code="code")
    with pytest.raises(UsageError, match="already missing"):
        with_and_without(frame, lambda f: f, {"C71": ["w"]}, code="code")
    with pytest.raises(UsageError, match="no column"):
        with_and_without(frame, lambda f: f, {"C71": ["v"]}, code="code")
