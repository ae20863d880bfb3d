import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equalcities.errors import DataError, UsageError
from equalcities.stats import difference_interval, proportion_interval, wilson_score
from equalcities.survey import (
    Responses,
    compare_groups,
    coverage_study,
    draw_respondents,
    hidden_cells,
    impute_categories,
    impute_indicators,
    linearised_share,
    ordered_answers,
    ordinal_model,
    rake,
    shares,
    simulate,
    simulate_universe,
    suppress,
    weighted_interval,
)
from equalcities.survey.weighting import margin_dummies


@pytest.fixture(scope="module")
def simulation():
    return simulate(rng=72)


@pytest.fixture(scope="module")
def responses(simulation):
    return simulation.responses


def units(table):
    """One unit per count of a two-way table."""
    rows, columns = np.indices(np.shape(table))
    counts = np.ravel(table).astype(int)
    return pd.DataFrame(
        {"row": np.repeat(rows.ravel(), counts), "column": np.repeat(columns.ravel(), counts)}
    )


# ---- raking ------------------------------------------------------------------------------------


# Fitted by ipfn 1.4.4: first the table that R's TeachingSampling::IPFP takes from Ardilly and
# Tillé, then the 4 x 4 example of Wikipedia's "Iterative proportional fitting".
RAKED = [
    (
        [[80, 170, 150], [90, 80, 210], [10, 80, 130]],
        [430, 360, 210],
        [150, 300, 550],
        [
            [73.00821133, 167.6406191, 189.35116953],
            [69.39038868, 66.64927211, 223.96033925],
            [7.60139999, 65.71010879, 136.68849122],
        ],
    ),
    (
        [[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]],
        [150, 300, 400, 150],
        [200, 300, 400, 100],
        [
            [64.55850978, 46.23245971, 35.38429827, 3.82473225],
            [49.96791942, 68.15935407, 156.49854642, 25.37418009],
            [56.7219436, 144.42822556, 145.08248143, 53.7673494],
            [28.7516272, 41.17996065, 63.03467388, 17.03373826],
        ],
    ),
]


@pytest.mark.parametrize(("table", "rows", "columns", "fitted"), RAKED)
def test_raking_as_other_software(table, rows, columns, fitted):
    frame = units(table)
    weights = rake(frame, {"row": pd.Series(rows), "column": pd.Series(columns)})
    ours = weights.values.groupby([frame["row"], frame["column"]]).sum().to_numpy()
    assert ours.reshape(np.shape(fitted)) == pytest.approx(np.array(fitted), rel=1e-7)
    assert weights.population == sum(rows)


@settings(max_examples=25, deadline=None)
@given(
    table=st.lists(st.integers(1, 6), min_size=6, max_size=6),
    rows=st.lists(st.integers(1, 90), min_size=2, max_size=2),
)
def test_raking_meets_margins_and_keeps_odds_ratios(table, rows):
    counts = np.reshape(table, (2, 3))
    frame = units(counts)
    columns = np.array([0.2, 0.3, 0.5]) * sum(rows)
    weights = rake(frame, {"row": pd.Series(rows), "column": pd.Series(columns)}).values
    cells = weights.groupby([frame["row"], frame["column"]]).sum().to_numpy().reshape(2, 3)
    assert cells.sum(axis=1) == pytest.approx(rows) and cells.sum(axis=0) == pytest.approx(columns)

    def odds(c):
        return c[0, 0] * c[1, 2] / (c[0, 2] * c[1, 0])

    assert odds(cells) == pytest.approx(odds(counts), rel=1e-6)


def test_one_margin_is_poststratification():
    frame = pd.DataFrame({"h": list("aaab")})
    weights = rake(frame, {"h": pd.Series({"a": 30, "b": 70})})
    assert weights.values.tolist() == pytest.approx([10, 10, 10, 70])
    assert weights.effective_size == pytest.approx(100**2 / (3 * 100 + 4900))


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ({}, "one margin"),
        ({"h": pd.Series({"a": 1, "b": 1}), "g": pd.Series({"u": 3})}, "different totals"),
        ({"k": pd.Series({"a": 1})}, "no column 'k'"),
        ({"h": pd.Series({"a": 1, "b": 0})}, "0 or less"),
        ({"h": pd.Series({"a": 1, "b": 1, "c": 1})}, "merge categories"),
        ({"h": pd.Series({"a": 1})}, "no target for b"),
        ({"m": pd.Series({"x": 2})}, "missing for some"),
        ({"h": pd.Series({"a": 5, "b": 1}), "i": pd.Series({"a": 1, "b": 5})}, "not converge"),
    ],
)
def test_margins_that_cannot_be_met_are_refused(targets, says):
    frame = pd.DataFrame({"h": list("ab"), "g": list("uu"), "m": ["x", None], "i": list("ab")})
    with pytest.raises(UsageError, match=says):
        rake(frame, targets)


# ---- variance of weighted shares ---------------------------------------------------------------


def test_poststratified_variance_is_the_textbook_one():
    # Cochran (1977), equation 5A.42: proportional allocation, and what chance sizes of strata add
    n_h, yes = np.array([36, 22, 14]), np.array([9, 13, 12])
    strata = np.repeat([0, 1, 2], n_h)
    answers = np.concatenate([np.arange(n) < k for n, k in zip(n_h, yes, strict=True)]) * 1.0
    share, variance, df = linearised_share(
        answers, np.full(72, 600 / 72), margins=margin_dummies([strata])
    )
    part, spread = n_h / 72, yes / n_h * (1 - yes / n_h) * n_h / (n_h - 1)
    textbook = np.sum(part * spread) / 72 + np.sum((1 - part) * spread) / 72**2
    assert (share, df) == (pytest.approx(yes.sum() / 72), 69)
    assert variance == pytest.approx(textbook, rel=0.002)
    with_fpc = linearised_share(
        answers, np.full(72, 600 / 72), margins=margin_dummies([strata]), population=600
    )
    assert with_fpc[1] == pytest.approx(variance * (1 - 72 / 600))


def test_equal_weights_give_the_simple_random_variance():
    answers = np.array([1.0] * 18 + [0.0] * 54)
    share, variance, df = linearised_share(answers, np.ones(72))
    assert (share, variance, df) == pytest.approx((0.25, 0.25 * 0.75 / 71, 71))


def test_clustered_variance_as_samplics():
    # samplics 0.6.1, TaylorEstimator(PopParam.mean) with these weights and clusters
    answers = np.array([1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0.0])
    weights = np.array([2, 2, 3, 3, 1, 1, 4, 4, 2, 2, 5, 5.0])
    share, variance, df = linearised_share(answers, weights, clusters=np.repeat(np.arange(6), 2))
    assert share == pytest.approx(0.6176470588235294)
    assert np.sqrt(variance) == pytest.approx(0.10982548517098055)
    assert df == 5


def test_a_domain_is_as_good_as_its_own_sample():
    rng = np.random.default_rng(1)
    answers, inside = (rng.random(200) < 0.4) * 1.0, rng.random(200) < 0.5
    whole = linearised_share(answers, np.ones(200), domain=inside)
    alone = linearised_share(answers[inside], np.ones(inside.sum()))
    assert whole[0] == alone[0]
    assert whole[1] == pytest.approx(alone[1], rel=0.03)


def test_interval_of_a_weighted_share_nobody_ticked():
    low, high = weighted_interval(0.0, 0.0, 60, np.ones(72))
    assert low == 0 and 0.04 < high < 0.07
    narrow = weighted_interval(0.0, 0.0, 60, np.ones(72), population=100)
    assert narrow[1] < high


def test_a_rare_weighted_share_does_not_trust_its_own_small_variance():
    weights = np.linspace(1, 3, 72)
    kish = weights.sum() ** 2 / (weights**2).sum()
    low, high = weighted_interval(0.03, 0.03 * 0.97 / 400, 60, weights)
    trusting = wilson_score(0.03, 400, stats.t.ppf(0.975, 60))
    careful = wilson_score(0.03, kish, stats.t.ppf(0.975, 60))
    assert careful[0] < low < trusting[0] and trusting[1] < high < careful[1]
    # a variance larger than Kish's is believed
    wide = weighted_interval(0.03, 0.03 * 0.97 / 30, 60, weights)
    assert wide == pytest.approx(wilson_score(0.03, 30, stats.t.ppf(0.975, 60)))


# ---- imputation --------------------------------------------------------------------------------


def test_imputation_keeps_what_was_answered_and_fills_the_rest():
    codes = np.array([0, 1, 2, -1, 0, -1, 2, 2])
    drawn = impute_categories(codes, np.array([0, 0, 0, 0, 1, 1, 1, 1]), 3, m=50,
                              rng=np.random.default_rng(1))  # fmt: skip
    assert drawn.shape == (50, 8) and set(np.unique(drawn)) == {0, 1, 2}
    assert (drawn[:, codes >= 0] == codes[codes >= 0]).all()
    assert len(np.unique(drawn[:, 3])) > 1


def test_imputation_follows_the_cell():
    cells = np.repeat([0, 1], 200)
    codes = np.where(cells == 0, 0, 1)
    codes[[5, 300]] = -1
    drawn = impute_categories(codes, cells, 2, m=400, rng=np.random.default_rng(1))
    assert drawn[:, 5].mean() < 0.05 and drawn[:, 300].mean() > 0.95


def test_imputation_has_the_variance_of_the_posterior():
    # beta-binomial: one missing of a cell with 3 yes and 1 no, prior 2 answers at the overall share
    codes = np.array([1, 1, 1, 0, -1])
    drawn = impute_categories(codes, np.zeros(5, int), 2, m=40_000, rng=np.random.default_rng(2))
    overall = 3.5 / 5
    assert drawn[:, 4].mean() == pytest.approx((3 + 2 * overall) / 6, abs=0.01)


def test_imputed_single_choices_have_one_code_each(responses):
    drawn = impute_indicators(responses, "q14", m=5, rng=1)
    observed = responses.indicators("q14")
    assert drawn.shape == (5, *observed.shape)
    assert (drawn.sum(axis=2) == 1).all()
    known = observed.notna().all(axis=1)
    assert (drawn[:, known] == observed[known].to_numpy()).all()
    assert (impute_indicators(responses, "q14", m=5, rng=1) == drawn).all()


# ---- shares ------------------------------------------------------------------------------------


def test_shares_count_whoever_answered(responses):
    table = shares(responses, "q12_area").set_index("code")
    answers = responses.table["q12_area"]
    answered = answers[answers.notna() & ~answers.isin(["dk", "not_ours"])]
    assert table["n"].unique().tolist() == [len(answered)]
    assert table["base"].unique().tolist() == [(answers != "not_ours").sum()]
    for code, row in table.iterrows():
        k = (answered == code).sum()
        assert (row["count"], row["value"]) == (k, k / len(answered))
        assert np.allclose([row["ci_low"], row["ci_high"]], proportion_interval(k, len(answered)))
    assert (table["evidence"] == "simulated").all()


def test_a_routed_item_has_the_base_that_was_asked(responses):
    table = shares(responses, "q09")
    asked = responses.table["q08"].isin(["standalone", "embedded"]).sum()
    assert (table["base"] == asked).all() and (table["n"] == asked).all()


@pytest.mark.parametrize("method", ["wilson", "jeffreys", "clopper-pearson", "wald"])
def test_shares_take_the_method_and_the_universe(responses, method):
    row = shares(responses, "q08", method=method, population=600).iloc[0]
    wanted = proportion_interval(row["count"], row["n"], method=method, population=600)
    assert np.allclose([row["ci_low"], row["ci_high"]], wanted)


def test_groups_add_up(responses):
    whole = shares(responses, "q08").set_index("code")["count"]
    parts = shares(responses, "q08", by="q02_size")
    assert parts.groupby("code")["count"].sum().to_dict() == whole.to_dict()
    assert parts["group"].drop_duplicates().tolist() == [
        c for c in responses.questionnaire.field("q02_size").values
        if (responses.table["q02_size"] == c).any()
    ]  # fmt: skip


def test_imputed_shares_are_wider_than_if_all_had_answered(responses):
    complete = shares(responses, "q14")
    imputed = shares(responses, "q14", missing="impute", rng=3)
    assert imputed["value"].sum() == pytest.approx(1)
    assert (imputed["n"] == complete["n"]).all()
    base = int(imputed["base"].iloc[0])
    low, high = proportion_interval(imputed["value"] * base, base)
    assert (imputed["ci_high"] - imputed["ci_low"] > high - low).all()
    again = shares(responses, "q14", missing="impute", rng=3)
    pd.testing.assert_frame_equal(again, imputed)


def test_with_nothing_missing_imputing_changes_the_value_not_at_all(responses):
    plain, imputed = shares(responses, "q08"), shares(responses, "q08", missing="impute", rng=1)
    assert imputed["value"].tolist() == pytest.approx(plain["value"].tolist())
    assert np.allclose(imputed["ci_low"], plain["ci_low"], atol=0.005)


@pytest.fixture(scope="module")
def weights(simulation):
    table = simulation.responses.table
    return rake(table, {"q02_size": simulation.universe.margin("q02_size")})


@pytest.mark.parametrize("missing", ["complete", "impute"])
def test_weighted_shares_reproduce_the_margin(simulation, weights, missing):
    table = shares(simulation.responses, "q02_size", weights=weights, missing=missing, rng=1)
    margin = simulation.universe.margin("q02_size")
    assert table.set_index("code")["value"].to_dict() == pytest.approx((margin / 600).to_dict())


def test_raked_shares_lie_nearer_the_truth_over_many_surveys():
    universe = simulate_universe(600, rng=9)
    form = universe.answers.questionnaire
    margin = universe.margin("q02_size").rename(index=str)
    margin["500k_1_5m"] += margin.pop("over_1_5m")
    truth = universe.answers.indicators("q08")["standalone"].mean()
    raked, plain = [], []
    for seed in range(40):
        drawn = draw_respondents(universe, 72, selection="by_size", rng=seed)
        responses = Responses(universe.answers.table.iloc[drawn], form, "simulated")
        merged = responses.table["q02_size"].astype(str).replace("over_1_5m", "500k_1_5m")
        weights = rake(merged.to_frame(), {"q02_size": margin})
        for store, how in ((raked, {"weights": weights}), (plain, {})):
            estimate = shares(responses, "q08", **how).set_index("code")["value"]["standalone"]
            store.append(estimate - truth)
    assert abs(np.mean(raked)) < 0.03 < np.mean(plain)


def test_weighted_groups_and_imputation_work_together(responses, weights):
    table = shares(responses, "q14", by="q07_designated", weights=weights, missing="impute", rng=1)
    assert table.groupby("group")["value"].sum().tolist() == pytest.approx([1, 1])
    assert (table["ci_low"] < table["value"]).all() and (table["value"] < table["ci_high"]).all()
    assert table["method"].unique().tolist() == ["raked+imputed+wilson"]


@pytest.mark.parametrize(
    "how",
    [
        {"missing": "drop"},
        {"missing": "impute"},
        {"missing": "impute", "rng": 1, "method": "jeffreys"},
        {"missing": "impute", "rng": 1, "given": "q14"},
        {"missing": "impute", "rng": 1, "imputations": 1},
        {"by": "q05"},
        {"method": "exact"},
    ],
)
def test_shares_refuse_what_cannot_be_meant(responses, how):
    with pytest.raises(UsageError):
        shares(responses, "q15_region", **how)


def test_weights_of_other_respondents_are_refused(responses, weights):
    table = responses.table.rename(index={"SIM-0001": "SIM-9999"})
    with pytest.raises(UsageError, match="rake the same"):
        shares(Responses(table, responses.questionnaire, "simulated"), "q08", weights=weights)


# ---- comparisons and models --------------------------------------------------------------------


def test_comparisons_are_adjusted_over_the_whole_family(responses):
    table = compare_groups(responses, ["q08", "q14"], "q07_designated", adjust="bonferroni")
    assert len(table) == 4 + 3
    wanted = np.minimum(table["p_value"] * 7, 1)
    assert table["p_adjusted"].tolist() == pytest.approx(wanted.tolist())
    row = table.iloc[0]
    assert row["difference"] == row["count_1"] / row["n_1"] - row["count_2"] / row["n_2"]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        difference_interval(row["count_1"], row["n_1"], row["count_2"], row["n_2"])
    )
    cells = [table["count_1"], table["n_1"] - table["count_1"], table["count_2"]]
    cells.append(table["n_2"] - table["count_2"])
    assert table["shown"].tolist() == (pd.concat(cells, axis=1).min(axis=1) >= 5).tolist()
    with pytest.raises(UsageError, match="two groups"):
        one = responses.table[responses.table["q07_designated"] == "yes"]
        compare_groups(
            Responses(one, responses.questionnaire, "simulated"), ["q08"], "q07_designated"
        )


def housing():
    """Copenhagen housing survey, 1 681 residents: R's MASS::housing (Madsen 1976)."""
    frequencies = [
        21, 21, 28, 34, 22, 36, 10, 11, 36, 61, 23, 17, 43, 35, 40, 26, 18, 54,
        13, 9, 10, 8, 8, 12, 6, 7, 9, 18, 6, 7, 15, 13, 13, 7, 5, 11,
        14, 19, 37, 17, 23, 40, 3, 5, 23, 78, 46, 43, 48, 45, 86, 15, 25, 62,
        20, 23, 20, 10, 22, 24, 7, 10, 21, 57, 23, 13, 31, 21, 13, 5, 6, 13,
    ]  # fmt: skip
    cells = pd.MultiIndex.from_product(
        [["Low", "High"], ["Tower", "Apartment", "Atrium", "Terrace"],
         ["Low", "Medium", "High"], ["Low", "Medium", "High"]],
        names=["contact", "type", "influence", "satisfaction"],
    ).to_frame(index=False)  # fmt: skip
    frame = cells.loc[cells.index.repeat(frequencies)].reset_index(drop=True)
    outcome = pd.Series(
        pd.Categorical(frame["satisfaction"], ["Low", "Medium", "High"], ordered=True)
    )
    predictors = pd.DataFrame(
        {
            f"{name} {level}": (frame[name] == level) * 1.0
            for name, level in [
                ("influence", "Medium"), ("influence", "High"), ("type", "Apartment"),
                ("type", "Atrium"), ("type", "Terrace"), ("contact", "High"),
            ]
        }
    )  # fmt: skip
    return outcome, predictors


def test_ordinal_model_as_published():
    # Venables and Ripley (2002), Modern Applied Statistics with S, section 7.3: polr on housing
    table = ordinal_model(*housing())
    assert table["estimate"].tolist() == pytest.approx(
        [0.5664, 1.2888, -0.5724, -0.3662, -1.0910, 0.3603, -0.4961, 0.6907], abs=2e-4
    )
    assert table["std_error"].tolist()[:6] == pytest.approx(
        [0.1047, 0.1272, 0.1192, 0.1552, 0.1515, 0.0955], abs=2e-4
    )
    assert table["term"].tolist()[-2:] == ["Low|Medium", "Medium|High"]
    assert (table["n"] == 1681).all()


def test_ordinal_model_on_the_survey(responses):
    outcome = ordered_answers(responses, "q14")
    assert outcome.cat.categories.tolist() == ["separate", "some", "integrated"]
    size = responses.table["q02_size"].cat.codes.astype(float).rename("size").to_frame()
    table = ordinal_model(outcome, size.loc[outcome.index])
    assert table.loc[0, "n"] == outcome.notna().sum()
    assert table.loc[0, "ci_low"] < table.loc[0, "odds_ratio"] < table.loc[0, "ci_high"]


def test_ordinal_model_refuses_too_little_and_what_separates(responses):
    outcome = ordered_answers(responses, "q14")
    many = pd.DataFrame(
        np.random.default_rng(1).normal(size=(len(outcome), 9)), index=outcome.index
    )
    with pytest.raises(UsageError, match="fewer predictors"):
        ordinal_model(outcome, many)
    with pytest.raises(UsageError, match="ordered"):
        ordinal_model(responses.table["q14"], many.iloc[:, :1])
    with pytest.raises(UsageError, match="no order"):
        ordered_answers(responses, "q03_housing")
    answers = pd.Series(pd.Categorical([0, 0, 0, 1, 1, 1, 2, 2, 2] * 4, ordered=True))
    perfect = pd.DataFrame({"x": answers.cat.codes.astype(float)})
    with pytest.raises(DataError, match="drop predictors"):
        ordinal_model(answers, perfect)


# ---- disclosure --------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    rows=st.integers(1, 5), columns=st.integers(2, 5), seed=st.integers(0, 10_000),
    level=st.integers(2, 30),
)  # fmt: skip
def test_no_small_cell_is_shown_or_follows_by_subtraction(rows, columns, seed, level):
    counts = np.random.default_rng(seed).poisson(level, (rows, columns))
    hidden = hidden_cells(counts)
    assert not (counts[~hidden] < 5).any()
    for lines, masks in ((counts, hidden), (counts.T, hidden.T)):
        for line, mask in zip(lines, masks, strict=True):
            if len(line) > 1 and mask.any():
                assert mask.sum() >= 2
                assert line[mask].sum() >= 5 or mask.all()


def test_hidden_cells_by_hand():
    assert not hidden_cells(np.array([[10, 20], [30, 12]])).any()
    # a lone 3 takes the next smallest of its row and column with it, and these each other's
    found = hidden_cells(np.array([[3, 20, 30], [10, 25, 40], [15, 35, 50]]))
    assert found.tolist() == [[True, True, False], [True, True, False], [False, False, False]]


def test_suppression_blanks_numbers_but_keeps_rows(responses):
    table = shares(responses, "q08", by="q01_region")
    hidden = suppress(table, disjoint=True)
    assert len(hidden) == len(table)
    blanked = hidden.loc[~hidden["shown"], ["value", "ci_low", "ci_high", "count"]]
    assert blanked.isna().to_numpy().all()
    assert (hidden.loc[hidden["shown"], "count"] >= 5).all()
    assert hidden["shown"].any() and not hidden["shown"].all()


def test_ticked_by_almost_everyone_is_hidden_too():
    table = pd.DataFrame(
        {"field": "q16", "group": "all", "code": ["a", "b", "c"], "count": [70, 40, 2], "n": 72,
         "base": 72, "value": [70 / 72, 40 / 72, 2 / 72], "ci_low": 0.0, "ci_high": 1.0}
    )  # fmt: skip
    assert suppress(table, disjoint=False)["shown"].tolist() == [False, True, False]


def test_a_group_under_five_is_hidden_with_its_size():
    table = pd.DataFrame(
        {"field": "q", "group": ["a", "a", "b", "b", "c", "c"], "code": list("xy") * 3,
         "count": [20, 21, 2, 1, 9, 8], "n": [41, 41, 3, 3, 17, 17], "base": [41, 41, 3, 3, 17, 17],
         "value": 0.5, "ci_low": 0.1, "ci_high": 0.9}
    )  # fmt: skip
    hidden = suppress(table, disjoint=True)
    assert hidden.groupby("group")["shown"].all().to_dict() == {"a": True, "b": False, "c": False}
    assert hidden.groupby("group")["n"].first().isna().to_dict() == {
        "a": False, "b": True, "c": True
    }  # fmt: skip
    with pytest.raises(UsageError):
        suppress(pd.concat([table, table]), disjoint=True)


# ---- coverage study ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study():
    """2 100 surveys per scenario in three universes, whose seeds no choice was made on."""
    seeds = (501, 502, 503)
    return pd.concat([coverage_study(rng=s, simulations=700).assign(seed=s) for s in seeds])


def test_recommended_intervals_cover_as_they_say(study):
    recommended = study[study["kind"] == "recommended"]
    by_estimator = recommended.groupby("estimator")["coverage"].mean()
    assert len(by_estimator) == 5
    assert by_estimator.between(0.93, 0.97).all()
    # single items: five standard errors of 2 100 surveys around the band
    by_item = recommended.groupby(["estimator", "field"])["coverage"].mean()
    assert by_item.between(0.93 - 0.025, 0.97 + 0.02).all()


def test_shortcuts_fail_where_they_are_said_to(study):
    worst = study[study["kind"] == "shortcut"].groupby("estimator")["coverage"].min()
    assert (worst.drop("wald") < 0.93).all()
    assert worst["blank counted as no, wilson"] < 0.2
    limit = study[study["kind"] == "limit"]
    assert limit["coverage"].min() < 0.8
    selected = study[study["scenario"] == "larger cities answer more"]
    bias = selected.assign(bias=selected["bias"].abs()).groupby("estimator")["bias"].max()
    assert bias["raked, linearised wilson"] < 0.015
    assert bias["wilson, selection ignored"] > 0.05


def test_coverage_study_repeats_and_accounts_for_itself(study):
    small = coverage_study(rng=1, simulations=20, imputations=5)
    pd.testing.assert_frame_equal(small, coverage_study(rng=1, simulations=20, imputations=5))
    assert not study.duplicated(["seed", "scenario", "estimator", "field"]).any()
    assert (study["simulations"] == 700).all() and (study["evidence"] == "simulated").all()
    expected = np.sqrt(study["coverage"] * (1 - study["coverage"]) / 700)
    assert study["coverage_se"].to_numpy() == pytest.approx(expected.to_numpy())
