from itertools import product
from math import factorial, prod

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from equalcities import segregation
from equalcities.segregation import bias_corrected, bootstrap_interval, measure, null_test, profile
from equalcities.segregation.draws import Step, bootstrap, chance_tables, steps
from equalcities.segregation.indices import INDICES, values_of

GROUPS = ["a", "b", "c"]
EVERYTHING = tuple(INDICES)


@pytest.fixture
def city():
    rng = np.random.default_rng(5)
    counts = rng.poisson(rng.gamma(0.8, 40, size=(30, 3)))
    counts[4] = 0
    return pd.DataFrame(counts, columns=GROUPS)


def table_of(frame):
    return frame[GROUPS].to_numpy(dtype=float).T


def cities():
    rng = np.random.default_rng(6)
    counts = rng.poisson(rng.gamma(1, 30, size=(90, 3)))
    frame = pd.DataFrame(counts, columns=GROUPS)
    frame[["x", "y"]] = rng.uniform(0, 3000, size=(90, 2))
    return frame.assign(city=np.repeat(["p", "q", "r"], [20, 45, 25]))


def test_bootstrap_gives_the_indices_of_the_sampled_units(city):
    # Sampling weights, the split of deviations and the weighted ranking against plain resampling.
    populated = table_of(city)[:, city.sum(axis=1) > 0]
    step = Step((8, 2), 50)
    values = bootstrap(table_of(city), EVERYTHING)(step)
    draws = np.random.default_rng((8, 2)).integers(0, 29, size=(50, 29))
    expected = np.stack([values_of(populated[:, drawn], EVERYTHING) for drawn in draws])
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)


def test_bootstrap_does_not_depend_on_the_size_of_blocks(city, monkeypatch):
    step = Step((8, 2), 40)
    whole = bootstrap(table_of(city), EVERYTHING)(step)
    monkeypatch.setattr(segregation.draws, "BLAS_BLOCK", 40 * 8 * 3)
    blocks = bootstrap(table_of(city), EVERYTHING)(step)
    np.testing.assert_allclose(blocks, whole, rtol=0, atol=1e-12)


def test_interval_of_a_mean_has_its_known_width():
    # With units of one size the isolation of the rest is nearly a mean; normal theory applies.
    rng = np.random.default_rng(9)
    share = rng.uniform(0.2, 0.6, size=400)
    frame = pd.DataFrame({"a": 1000 * share, "b": 1000 * (1 - share)})
    rows = bootstrap_interval(frame, ["a", "b"], replicates=2000, rng=1, indices=["isolation"])
    row = rows[rows["group"] == "a"].iloc[0]
    # Delta method for sum(s^2) / sum(s).
    influence = (share**2 - row["value"] * share) / share.mean()
    half = 1.96 * influence.std() / np.sqrt(len(share))
    assert row["ci_high"] - row["ci_low"] == pytest.approx(2 * half, rel=0.08)
    assert row["ci_low"] < row["value"] < row["ci_high"]


def chance(table, kind, replicates):
    return chance_tables(table, kind, Step((3, 1), replicates))


def test_persons_change_places_within_the_margins(city):
    table = table_of(city)
    tables = chance(table, "person", 200)
    assert tables.shape == (200, 3, 30)
    assert (tables.sum(axis=1) == table.sum(axis=0)).all()
    assert (tables.sum(axis=2) == table.sum(axis=1)).all()


def test_persons_change_places_with_the_hypergeometric_probabilities():
    # All tables with margins (4, 3, 2) and (3, 2, 2, 2) and their exact probabilities
    # (the multivariate hypergeometric: products of factorials of margins over cells).
    counts = np.array([[2, 1, 1, 0], [1, 1, 0, 1], [0, 0, 1, 1]])
    persons, sizes = counts.sum(axis=0), counts.sum(axis=1)
    drawn = chance(counts.astype(float), "person", 20_000).astype(int)
    columns = [
        [cell for cell in product(range(3 + 1), repeat=3) if sum(cell) == n] for n in persons
    ]
    exact = {
        cells: 1 / prod(factorial(n) for column in cells for n in column)
        for cells in product(*columns)
        if (np.sum(cells, axis=0) == sizes).all()
    }
    whole = sum(exact.values())
    seen = pd.Series([tuple(map(tuple, table.T)) for table in drawn]).value_counts()
    observed = np.array([seen.get(cells, 0) for cells in exact])
    assert observed.sum() == 20_000
    expected = 20_000 * np.array(list(exact.values())) / whole
    keep = expected >= 5
    observed = np.append(observed[keep], observed[~keep].sum())
    expected = np.append(expected[keep], expected[~keep].sum())
    assert stats.chisquare(observed[expected > 0], expected[expected > 0]).pvalue > 1e-4


def test_other_kinds_of_chance_have_their_margins_and_means(city):
    table = table_of(city)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    even, systematic = (chance(table, kind, 4000) for kind in ("evenness", "systematic"))
    assert (even.sum(axis=1) == table.sum(axis=0)).all()
    assert (systematic.sum(axis=2) == table.sum(axis=1)).all()
    for tables in (even, systematic, chance(table, "person", 4000)):
        error = tables.mean(axis=0) - expected
        assert (np.abs(error) <= 5 * tables.std(axis=0) / np.sqrt(4000) + 1e-9).all()
    resampled = chance(table, "resampled_groups", 4000)
    assert (resampled.sum(axis=2) == table.sum(axis=1)).all()
    error = resampled.mean(axis=0) - table
    assert (np.abs(error) <= 5 * resampled.std(axis=0) / np.sqrt(4000) + 1e-9).all()
    moved = chance(table, "geographic", 20)
    units = {tuple(unit) for unit in table.T}
    assert all({tuple(unit) for unit in one.T} == units for one in moved)
    assert len({one.tobytes() for one in moved}) == 20


def test_null_mean_of_two_groups_in_two_units_is_exact():
    # 6 a and 4 b in units of 5: all allocations are known.
    rows = null_test(
        pd.DataFrame({"a": [5, 1], "b": [0, 4]}),
        ["a", "b"],
        replicates=20_000,
        rng=2,
        indices=["dissimilarity", "interaction"],
    ).set_index(["index", "group"])
    drawn = np.arange(1, 6)
    probability = stats.hypergeom(10, 6, 5).pmf(drawn)
    dissimilarity = np.abs(drawn / 6 - (5 - drawn) / 4)
    expected = probability @ dissimilarity
    row = rows.loc[("dissimilarity", "a")]
    assert row["null_mean"] == pytest.approx(expected, abs=0.01)
    # Only 5 or 1 of the six a in the first unit are as unequal; the same draws for interaction,
    # where segregation is in the low tail.
    assert row["p"] == pytest.approx(probability[[0, 4]].sum(), abs=0.01)
    assert rows.loc[("interaction", "b"), "p"] == row["p"]


def test_p_is_large_without_and_smallest_with_segregation():
    rng = np.random.default_rng(11)
    mixed = pd.DataFrame(rng.multinomial(200, [0.5, 0.3, 0.2], size=60), columns=GROUPS)
    apart = pd.DataFrame(np.kron(np.eye(3, dtype=int) * 100, np.ones((5, 1), int)), columns=GROUPS)
    for kind in ("person", "evenness", "systematic"):
        assert null_test(mixed, GROUPS, kind=kind, replicates=99, rng=4)["p"].median() > 0.05
        p = null_test(apart, GROUPS, kind=kind, replicates=99, rng=4)["p"]
        np.testing.assert_allclose(p, 0.01)


def test_p_is_uniform_if_there_is_only_chance():
    rng = np.random.default_rng(12)
    counts = rng.multinomial(40, [0.6, 0.4], size=(300, 15)).reshape(-1, 2)
    frame = pd.DataFrame(counts, columns=["a", "b"]).assign(city=np.repeat(range(300), 15))
    rows = null_test(
        frame, ["a", "b"], by="city", replicates=99, rng=5, indices=["multigroup_theil_h"]
    )
    assert stats.kstest(rows["p"], "uniform").pvalue > 1e-3


def test_places_that_move_leave_point_indices_but_not_the_scale():
    frame = cities()
    frame["x"] = 100 * frame[GROUPS].rank()["a"]
    rows = null_test(
        frame, GROUPS, by="city", kind="geographic", scales=[800], replicates=99, rng=1,
        indices=["theil_h"],
    )  # fmt: skip
    units, around = rows[rows["scale"] == 0], rows[rows["scale"] == 800]
    np.testing.assert_allclose(units["null_mean"], units["value"], atol=1e-12)
    assert (units["p"] == 1).all()
    assert (around.loc[around["group"] == "a", "p"] <= 0.05).all()


def test_geographic_null_of_fractional_counts():
    frame = cities()
    frame[GROUPS] *= 0.37
    rows = null_test(frame, GROUPS, by="city", kind="geographic", scales=[800], replicates=9, rng=1)
    assert rows["p"].notna().all()


def test_small_units_are_corrected():
    # No segregation but by chance, in units of ten persons.
    rng = np.random.default_rng(13)
    frame = pd.DataFrame(rng.multinomial(10, [0.7, 0.3], size=400), columns=["a", "b"])
    raw = measure(frame, ["a", "b"], indices=["dissimilarity"])["value"].iloc[0]
    assert raw > 0.2
    rows = bias_corrected(frame, ["a", "b"], replicates=100, rng=1)
    assert (rows["corrected"].abs() < 0.05).all()
    assert set(rows["index"]) == {name for name in INDICES if INDICES[name].unit_maximum}
    rows = bias_corrected(frame, ["a", "b"], method="bootstrap", replicates=100, rng=1)
    row = rows.iloc[0]
    # Allen et al. (2015): the bootstrap removes only part of the bias.
    assert 0.5 * raw < row["corrected"] < 0.95 * raw
    draws = chance(frame.to_numpy(float).T, "resampled_groups", 400)
    mean = values_of(draws, ["dissimilarity"]).mean(axis=0)[0]
    assert row["corrected"] == pytest.approx(2 * raw - mean, abs=0.005)


def test_complete_segregation_needs_no_correction():
    frame = pd.DataFrame({"a": [12, 0, 7], "b": [0, 9, 0]})
    rows = bias_corrected(frame, ["a", "b"], replicates=20, rng=1)
    np.testing.assert_allclose(rows["corrected"], 1, atol=1e-12)


def test_profile_puts_the_parts_together(city):
    rows = profile(city, GROUPS, replicates=60, rng=7)
    intervals = bootstrap_interval(city, GROUPS, replicates=60, rng=7)
    nulls = null_test(city, GROUPS, replicates=60, rng=7)
    pd.testing.assert_frame_equal(rows[intervals.columns], intervals)
    shared = [name for name in rows.columns if name in nulls.columns]
    pd.testing.assert_frame_equal(rows[shared], nulls[shared])
    assert (rows["ci_low"] <= rows["ci_high"]).all()
    assert rows["p"].between(1 / 61, 1).all()


@pytest.mark.parametrize("scales", [None, [500, 1000]])
def test_same_seed_same_answer(scales, monkeypatch):
    frame = cities()
    options = {"by": "city", "scales": scales, "replicates": 30}
    rows = profile(frame, GROUPS, rng=1, **options)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    pd.testing.assert_frame_equal(profile(frame, GROUPS, rng=1, **options), rows, check_exact=True)
    generators = [profile(frame, GROUPS, rng=np.random.default_rng(3), **options) for _ in "12"]
    pd.testing.assert_frame_equal(*generators, check_exact=True)
    assert not rows["ci_low"].equals(profile(frame, GROUPS, rng=2, **options)["ci_low"])
    # A place has the same draws alone as among others.
    alone = profile(frame[frame["city"] == "q"], GROUPS, rng=1, **options)
    among = rows[rows["place"] == "q"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among, check_exact=True)


def test_draws_depend_on_seed_place_purpose_and_step():
    parts = [
        *steps(1, "a", "person", 50, 2**13),
        *steps(2, "a", "person", 50, 2**13),
        *steps(1, "b", "person", 50, 2**13),
        *steps(1, "a", "evenness", 50, 2**13),
    ]
    assert [part.size for part in parts] == [16, 16, 16, 2] * 4
    assert len({part.rng().random() for part in parts}) == 16
    assert parts[0].rng().random() == steps(1, "a", "person", 20, 2**13)[0].rng().random()


def test_uncertainty_is_missing_where_it_cannot_be_known():
    frame = pd.DataFrame(
        {"a": [3, 5, 1.5, 2], "b": [4, 1, 2, 2], "city": ["one", "two", "two", "x"]}
    )
    frame.loc[3, ["a", "b"]] = 0
    rows = profile(frame, ["a", "b"], by="city", replicates=20, rng=1).set_index("place")
    assert rows.loc["one", ["ci_low", "ci_high"]].isna().all(axis=None)
    assert rows.loc["one", "p"].eq(1).any()
    # Persons cannot be drawn from 1.5 of a person, units can.
    two = rows.loc["two"].set_index(["index", "group"]).loc[("isolation", "a")]
    assert np.isnan(two[["null_mean", "p"]].astype(float)).all()
    assert np.isfinite(two[["ci_low", "ci_high"]].astype(float)).all()
    columns = ["value", "ci_low", "ci_high", "null_mean", "p"]
    assert rows.loc["x", columns].isna().all(axis=None)
    assert (rows.loc["x", "n_units"] == 0).all()


def test_nothing_is_said_about_a_group_that_chance_may_lose():
    frame = pd.DataFrame({"a": [60, 80, 70], "b": [0, 1, 0], "c": [40, 20, 30]})
    rows = null_test(frame, GROUPS, kind="evenness", replicates=50, rng=1)
    rare = rows[rows["group"] == "b"]
    assert rare["value"].notna().all() and rare[["null_mean", "p"]].isna().all(axis=None)
    assert rows.loc[rows["group"] == "a", ["null_mean", "p"]].notna().all(axis=None)
    rows = bootstrap_interval(frame, GROUPS, replicates=50, rng=1)
    assert rows.loc[rows["group"] == "b", ["ci_low", "ci_high"]].isna().all(axis=None)


def test_surroundings_without_people_have_no_values(city):
    rows = profile(city, GROUPS, weights=np.zeros((30, 30)), replicates=5, rng=1)
    assert rows[["value", "ci_low", "ci_high", "null_mean", "p"]].isna().all(axis=None)


def test_units_that_change_places_keep_their_own_value_in_each_draw():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.poisson(20, size=(60, 2)), columns=["a", "b"])
    frame[["x", "y"]] = rng.uniform(0, 1000, size=(60, 2))
    found = null_test(
        frame, ["a", "b"], kind="geographic", replicates=30, rng=2, scales=[200, 400],
        indices=["multigroup_theil_h"],
    )  # fmt: skip
    own, *wider = found.sort_values("scale").itertuples()
    assert own.null_low == own.null_high == own.value
    assert own.null_mean == pytest.approx(own.value, rel=1e-14)
    assert own.p == 1
    assert all(row.null_low < row.null_high < own.value for row in wider)
    # The draws of a scale do not hang on which others are asked for.
    alone = null_test(
        frame, ["a", "b"], kind="geographic", replicates=30, rng=2, scales=[400],
        indices=["multigroup_theil_h"],
    ).sort_values("scale")  # fmt: skip
    assert alone["null_mean"].iloc[1] == pytest.approx(wider[1].null_mean, rel=1e-12)
