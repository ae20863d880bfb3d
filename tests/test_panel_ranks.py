from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.errors import UsageError
from equalcities.panel import (
    aggregate,
    choice_space,
    dominance,
    impute,
    league_table,
    normalise,
    pca_weights,
    rank_intervals,
    rank_sensitivity,
    rank_uncertainty,
    robustness,
)
from equalcities.panel.ranks import FACTORS

DIRECTIONS = {"gdp": 1, "green": 1, "heat": -1, "transit": 1}


def cities(seed=1, n=20, gaps=4):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)) + 5, columns=list(DIRECTIONS))
    frame.loc[: gaps - 1, "gdp"] = np.nan
    return frame.assign(code=[f"C{i:02}" for i in range(n)])


def ordered(n=10):
    """Cities of which each is better than the next on everything."""
    best = np.arange(n, 0, -1.0)
    return pd.DataFrame(
        {"code": [f"C{i}" for i in range(n)], "gdp": best, "green": best**2, "heat": -best,
         "transit": np.log(best)}
    )  # fmt: skip


def space_of(frame, **more):
    return choice_space(
        frame, DIRECTIONS, code="code", rng=1, n_weights=200, n_imputations=5, **more
    )


def test_every_combination_is_what_the_single_steps_give():
    frame = cities()
    options = {
        "imputations": ["nearest", "median", "available"],
        "normalisations": ["min-max", "z-score", "rank"],
        "weights": ["pca", "equal", "panel"],
        "aggregations": ["geometric", "arithmetic", "copeland"],
    }
    own = {"gdp": 10.0, "green": 20.0, "heat": 30.0, "transit": 40.0}
    space = space_of(frame, own_weights={"panel": own}, **options)
    counts = [len(space.options[factor]) for factor in FACTORS]
    assert counts == [3, 3, 3, 3, 5]
    columns = list(DIRECTIONS)
    indexed = frame.set_index("code")
    signed = indexed[columns] * pd.Series(DIRECTIONS)
    vectors = {"equal": pd.Series(1.0, columns), "pca": pca_weights(signed), "panel": own}
    combinations = list(product(*(range(count) for count in counts)))
    points = (np.array(combinations) + 0.5) / counts
    ranks, choices = space.ranks(points), space.index_values(points)[1]
    rows = list(choices.itertuples(index=False))
    for found, row in zip(ranks[::7], rows[::7], strict=True):
        table = impute(indexed, columns, row.imputation, rng=1)[0]
        scores = normalise(table, DIRECTIONS, row.normalisation)
        weights = dict(vectors[row.weights])
        if row.indicators != "all":
            weights[row.indicators.removeprefix("without ")] = 0
        index = aggregate(scores, weights, row.aggregation).round(9)
        assert found.tolist() == index.rank(ascending=False).tolist()
    first = [options[key][0] for key in ("imputations", "normalisations", "weights")]
    assert list(rows[0])[:3] == first and rows[0].indicators == "all"
    assert space.baseline_ranks().tolist() == ranks[0].tolist()


def test_options_are_drawn_equally_often():
    result = rank_uncertainty(space_of(cities()), rng=2, n=6000)
    for factor in FACTORS:
        shares = result.choices[factor].value_counts(normalize=True)
        np.testing.assert_allclose(shares, 1 / len(shares), atol=0.02)


def test_intervals_hold_the_share_of_draws_they_claim():
    result = rank_uncertainty(space_of(cities()), rng=2, n=2000)
    table = rank_intervals(result, confidence=0.8).set_index("code")
    for city in table.index:
        ranks = result.ranks[city]
        inside = ranks.between(table.loc[city, "ci_low"], table.loc[city, "ci_high"]).mean()
        assert inside >= 0.8
    assert (table["best"] <= table["ci_low"]).all() and (table["ci_high"] <= table["worst"]).all()
    assert result.ranks.sum(axis=1).eq(20 * 21 / 2).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_certain_pairs_are_never_reversed(seed):
    frame = cities(seed, n=12, gaps=2)
    columns = list(DIRECTIONS)
    frame.loc[5, columns] = frame.loc[4, columns] + np.array([0.1, 0, -0.2, 0.3])
    result = rank_uncertainty(space_of(frame), rng=seed, n=300)
    pairs = dominance(result)
    certain = pairs[pairs["certain"]]
    assert ((certain["ahead"] == "C05") & (certain["behind"] == "C04")).any()
    for pair in certain.itertuples():
        assert (result.ranks[pair.ahead] <= result.ranks[pair.behind]).all()


def test_dominance_shares_are_counts_of_draws():
    result = rank_uncertainty(space_of(cities()), rng=2, n=500)
    pairs = dominance(result)
    assert len(pairs) == 20 * 19 / 2
    for pair in pairs.sample(10, random_state=1).itertuples():
        ahead, behind = result.ranks[pair.ahead], result.ranks[pair.behind]
        share = (ahead < behind).mean() + 0.5 * (ahead == behind).mean()
        assert pair.share == pytest.approx(share) and share >= 0.5
        assert pair.always == (ahead < behind).all()


def test_cities_ordered_on_everything_get_a_league_table():
    result = rank_uncertainty(space_of(ordered()), rng=1, n=500)
    verdict = robustness(result)
    assert verdict.robust and verdict.share_always == verdict.share_certain == 1
    assert verdict.median_width == 0
    assert league_table(result, verdict)["code"].tolist() == [f"C{i}" for i in range(10)]


@pytest.mark.parametrize("rule", [{"max_width": -0.1}, {"min_ordered": 1.1}])
def test_both_parts_of_the_rule_count(rule):
    result = rank_uncertainty(space_of(ordered()), rng=1, n=50)
    assert not robustness(result, **rule).robust


def test_cities_without_order_get_no_league_table():
    result = rank_uncertainty(space_of(cities()), rng=1, n=500)
    verdict = robustness(result)
    assert not verdict.robust
    assert "not robust, so no league table" in verdict.statement
    with pytest.raises(UsageError, match="no league table is given"):
        league_table(result, verdict)


def test_indifferent_choices_have_no_sensitivity():
    # Each indicator is a permutation of equal steps, and all three normalisations are then the
    # same up to one linear change: only weights and dropped indicators can move a weighted mean.
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({name: rng.permutation(15) for name in DIRECTIONS})
    space = space_of(frame.assign(code=list("abcdefghijklmno")), aggregations=["arithmetic"])
    table = rank_sensitivity(space, rng=1, n=256, n_resamples=20).set_index(["factor", "index"])
    assert "aggregation" not in table.index.get_level_values("factor")
    # Nothing is missing, so the imputations agree as well.
    for factor in ("normalisation", "imputation"):
        assert table.loc[(factor, "total"), "value"] == pytest.approx(0, abs=1e-12)
    assert table.loc[("weights", "total"), "value"] > 0.3


def test_sensitivity_is_the_share_of_variance_in_the_full_grid():
    # Two factors with fixed options: exact first-order indices by averaging over the grid.
    frame = cities()
    fixed = {"imputations": ["median"], "weights": ["equal"], "drop_one": False}
    space = space_of(frame, **fixed)
    grid = np.array(list(product([0.0], [0.2, 0.5, 0.8], [0.0], [0.2, 0.5, 0.8], [0.0])))
    shift = np.abs(space.ranks(grid) - space.baseline_ranks().to_numpy()).mean(axis=1)
    shift = shift.reshape(3, 3)
    exact = {
        ("normalisation", "first"): shift.mean(axis=1).var() / shift.var(),
        ("aggregation", "first"): shift.mean(axis=0).var() / shift.var(),
        ("normalisation", "total"): shift.var(axis=0).mean() / shift.var(),
        ("aggregation", "total"): shift.var(axis=1).mean() / shift.var(),
    }
    table = rank_sensitivity(space, rng=1, n=4096, n_resamples=20)
    found = table.set_index(["factor", "index"])["value"]
    assert set(found.index) == set(exact)
    for key, value in exact.items():
        assert found[key] == pytest.approx(value, abs=0.02)


def test_sensitivity_of_one_citys_rank():
    space = space_of(cities())
    table = rank_sensitivity(space, rng=1, n=64, n_resamples=10, cities=["C03"])
    assert table["output"].unique().tolist() == ["mean rank shift", "C03"]
    with pytest.raises(UsageError, match="not in the index"):
        rank_sensitivity(space, rng=1, cities=["Z"])


def test_same_seed_same_ranks():
    runs = [rank_uncertainty(space_of(cities()), rng=9, n=100) for _ in range(2)]
    assert runs[0].ranks.equals(runs[1].ranks) and runs[0].choices.equals(runs[1].choices)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": ["experts"]}, "own_weights"),
        ({"weights": ["p"], "own_weights": {"p": {"gdp": 1}}}, "need a value for each"),
        ({"aggregations": ["median"]}, "unknown"),
        ({"aggregations": []}, "at least one"),
        ({"imputations": ["zero"]}, "unknown"),
        ({"normalisations": ["distance"]}, "need a reference"),
    ],
)
def test_unusable_options_are_refused(change, message):
    with pytest.raises(UsageError, match=message):
        space_of(cities(), **change)


def test_unusable_tables_are_refused():
    with pytest.raises(UsageError, match="each city once"):
        space_of(cities().assign(code="C"))
    thin = cities()
    thin.loc[7, ["gdp", "green", "heat"]] = np.nan
    assert space_of(thin, imputations=["available"], drop_one=False).baseline_ranks().notna().all()
    with pytest.raises(UsageError, match="no weighted indicator left"):
        space_of(thin, imputations=["available"])
    with pytest.raises(UsageError, match="too few for an index"):
        choice_space(cities(), {"gdp": 1, "green": 1}, code="code", rng=1)
