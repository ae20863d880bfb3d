import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.errors import UsageError
from equalcities.panel import aggregate, impute, normalise, pca_weights, random_weights
from equalcities.panel.composite import AGGREGATIONS, aggregate_many

TABLE = pd.DataFrame({"up": [1.0, 2, 3, 6], "down": [40.0, 30, 20, 10]}, index=list("abcd"))
DIRECTIONS = {"up": 1, "down": -1}


def test_normalisations_by_hand():
    scores = normalise(TABLE, DIRECTIONS, "min-max")
    np.testing.assert_allclose(scores["up"], [1, 20.8, 40.6, 100])
    np.testing.assert_allclose(scores["down"], [1, 34, 67, 100])
    scores = normalise(TABLE, DIRECTIONS, "rank")
    np.testing.assert_allclose(scores["down"], [12.5, 37.5, 62.5, 87.5])
    scores = normalise(TABLE, DIRECTIONS, "z-score")
    np.testing.assert_allclose(scores.mean(), 100)
    np.testing.assert_allclose(scores.std(), 10)
    scores = normalise(TABLE, DIRECTIONS, "distance", references={"up": 2, "down": 20})
    np.testing.assert_allclose(scores["up"], [50, 100, 150, 300])
    np.testing.assert_allclose(scores["down"], [50, 200 / 3, 100, 200])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 50), min_size=3, max_size=12, unique=True),
    st.sampled_from(["z-score", "min-max", "rank", "distance"]),
    st.sampled_from([1, -1]),
)
def test_normalising_keeps_the_order_and_the_gaps(values, method, sign):
    frame = pd.DataFrame({"x": [*values, np.nan]})
    scores = normalise(frame, {"x": sign}, method, references={"x": 10})["x"]
    assert scores.rank().equals((sign * frame["x"]).rank())
    assert np.isnan(scores.iloc[-1])


@pytest.mark.parametrize(
    ("frame", "directions", "method", "message"),
    [
        (TABLE, {"up": 2}, "rank", "direction"),
        (TABLE, {}, "rank", "direction"),
        (TABLE, DIRECTIONS, "logistic", "unknown"),
        (TABLE, {"other": 1}, "rank", "no column"),
        (TABLE.assign(up=1.0), DIRECTIONS, "rank", "do not vary"),
        (TABLE, DIRECTIONS, "distance", "need a reference"),
        (TABLE - 1, {"up": 1}, "distance", "means nothing"),
    ],
)
def test_meaningless_normalisations_are_refused(frame, directions, method, message):
    references = {"up": 2} if message == "means nothing" else None
    with pytest.raises(UsageError, match=message):
        normalise(frame, directions, method, references=references)


def test_aggregations_by_hand():
    scores = pd.DataFrame({"a": [1.0, 4, 9], "b": [16.0, 4, 1], "c": [3.0, 2, 1]}, list("xyz"))
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}
    np.testing.assert_allclose(aggregate(scores, weights, "arithmetic"), [5.9, 3.6, 5.0])
    np.testing.assert_allclose(
        aggregate(scores, weights, "geometric"),
        [16**0.3 * 3**0.2, 4**0.8 * 2**0.2, 3.0],
    )
    # a puts z > y > x with half the weight, b and c together x > y > z: all duels are drawn.
    np.testing.assert_allclose(aggregate(scores, weights, "copeland"), [0, 0, 0])
    np.testing.assert_allclose(
        aggregate(scores, {"a": 0.6, "b": 0.2, "c": 0.2}, "copeland"), [-2, 0, 2]
    )


def test_copeland_winner_of_a_known_election():
    # Capital of Tennessee, the usual example: Memphis 42 %, Nashville 26 %, Chattanooga 15 %,
    # Knoxville 17 %. Nashville wins every duel, then Chattanooga, Knoxville, Memphis.
    ballots = pd.DataFrame(
        {"M": [4, 3, 2, 1], "N": [1, 4, 3, 2], "C": [1, 2, 4, 3], "K": [1, 2, 3, 4]},
        index=["Memphis", "Nashville", "Chattanooga", "Knoxville"],
    )
    index = aggregate(ballots, {"M": 0.42, "N": 0.26, "C": 0.15, "K": 0.17}, "copeland")
    assert index.to_dict() == {"Memphis": -3, "Nashville": 3, "Chattanooga": 1, "Knoxville": -1}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(AGGREGATIONS))
def test_better_on_everything_is_never_worse(seed, method):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(1, 100, size=(8, 4))
    scores[1] = scores[0] + rng.uniform(0, 5, size=4)
    values = aggregate_many(scores, rng.dirichlet(np.ones(4), size=20), method)
    assert (values[:, 1] >= values[:, 0]).all()


@pytest.mark.parametrize("method", ["arithmetic", "geometric"])
def test_missing_indicators_do_not_count(method):
    scores = pd.DataFrame({"a": [2.0, 3], "b": [np.nan, 5], "c": [8.0, 5]})
    weights = {"a": 1, "b": 1, "c": 3}
    alone = aggregate(scores[["a", "c"]], {"a": 1, "c": 3}, method)[0]
    assert aggregate(scores, weights, method)[0] == pytest.approx(alone)


def test_a_city_without_any_weighted_indicator_has_no_index():
    scores = pd.DataFrame({"a": [np.nan, 3], "b": [4.0, 5]})
    for method in AGGREGATIONS:
        values = aggregate(scores, {"a": 1, "b": 0}, method)
        assert np.isnan(values[0]) and np.isfinite(values[1])


def test_unfit_weights_and_scores_are_refused():
    for weights in ({"up": 1}, {"up": 1, "down": -1}, {"up": 0, "down": 0}):
        with pytest.raises(UsageError, match="one weight"):
            aggregate(TABLE, weights, "arithmetic")
    with pytest.raises(UsageError, match="above zero"):
        aggregate(TABLE - 1, {"up": 1, "down": 1}, "geometric")


def test_pca_weights_are_those_of_r():
    # R 4.2.2 on `longley`: eigen(cor()), two values above 1, varimax(normalize = FALSE), largest
    # squared loading of each column, scaled to sum to 1.
    weights = pca_weights(sm.datasets.longley.load_pandas().data)
    reference = {"GNPDEFL": 0.15666784720, "GNP": 0.15734549989, "UNEMP": 0.08766037141,
                 "ARMED": 0.13001393541, "POP": 0.16055876384, "YEAR": 0.16079443550,
                 "TOTEMP": 0.14695914675}  # fmt: skip
    np.testing.assert_allclose(weights[list(reference)], list(reference.values()), atol=2e-6)


def test_pca_weights_do_not_depend_on_direction_or_need_rows():
    data = sm.datasets.longley.load_pandas().data
    np.testing.assert_allclose(pca_weights(data), pca_weights(-data), atol=1e-6)
    with pytest.raises(UsageError, match="too few complete"):
        pca_weights(data.head(7))


def test_random_weights_have_the_moments_of_their_distribution():
    flat = random_weights(list("abcd"), 20000, "dirichlet", rng=1)
    np.testing.assert_allclose(flat.sum(axis=1), 1)
    np.testing.assert_allclose(flat.mean(), 0.25, atol=0.01)
    np.testing.assert_allclose(flat.var(), 0.25 * 0.75 / 5, rtol=0.05)
    budget = random_weights(list("abc"), 20000, "budget", rng=1, step=20)
    # 5 portions among 3 with one each: C(4, 2) = 6 splits, equally likely.
    counts = (budget * 5).round().astype(int).value_counts(normalize=True)
    assert len(counts) == 6
    np.testing.assert_allclose(counts, 1 / 6, atol=0.01)
    assert budget.min().min() == pytest.approx(0.2)
    with pytest.raises(UsageError, match="smaller divisor"):
        random_weights(list("abcdef"), 1, "budget", rng=1, step=20)


GAPPY = pd.DataFrame(
    {"gdp": [10.0, 20, 40, np.nan, 12], "x": [0.0, 1, 5, 4.9, 0.1], "y": [0.0, 1, 5, 5.0, 0.2]}
)


def test_imputations_by_hand():
    columns = list(GAPPY)
    assert np.isnan(impute(GAPPY, columns, "available", rng=1)[0].loc[3, "gdp"])
    assert impute(GAPPY, columns, "median", rng=1)[0].loc[3, "gdp"] == 16
    assert impute(GAPPY, columns, "nearest", rng=1, neighbours=1)[0].loc[3, "gdp"] == 40
    assert impute(GAPPY, columns, "nearest", rng=1, neighbours=2)[0].loc[3, "gdp"] == 30
    for method in ("median", "nearest"):
        filled = impute(GAPPY, columns, method, rng=1)[0]
        pd.testing.assert_frame_equal(filled.drop(index=3), GAPPY.drop(index=3))


def test_regression_draws_have_the_spread_of_a_prediction():
    rng = np.random.default_rng(4)
    x = rng.normal(size=15)
    frame = pd.DataFrame({"x": x, "y": 3 * x + rng.normal(size=15)})
    frame.loc[0, "y"] = np.nan
    draws = impute(frame, ["x", "y"], "regression", rng=1, n_draws=4000)
    values = np.array([table.loc[0, "y"] for table in draws])
    known = frame.dropna()
    fit = sm.OLS(known["y"], sm.add_constant(known["x"])).fit()
    forecast = fit.get_prediction([1, frame.loc[0, "x"]])
    assert values.mean() == pytest.approx(forecast.predicted_mean[0], abs=0.1)
    # The posterior predictive is the prediction error times a t with 12 degrees of freedom.
    assert values.std() == pytest.approx(forecast.se_obs[0] * np.sqrt(12 / 10), rel=0.05)


def test_imputing_from_nothing_is_refused():
    with pytest.raises(UsageError, match="none can predict"):
        impute(GAPPY[["gdp"]], ["gdp"], "nearest", rng=1)
    with pytest.raises(UsageError, match="unknown"):
        impute(GAPPY, ["gdp"], "zero", rng=1)
