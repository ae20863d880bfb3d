"""Payment rules: cases worked by hand, conservation, invariances and limits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.errors import DataError, UsageError
from equalcities.funding import (
    BEHAVIOURS,
    EXAMPLE_PLACES,
    Provider,
    compare_behaviours,
    example_groups,
    payment_outcomes,
    standard_tariffs,
    try_tariffs,
)

# A is near the result, B is far from it. Half the people get a place: an even-handed provider
# enrols 50 and 50, and with help 50 * 0.6 = 30 and 50 * 0.4 = 20 of them reach the result,
# of whom 50 * 0.2 = 10 and 50 * 0.3 = 15 would not have without help.
GROUPS = pd.DataFrame(
    {
        "group": ["A", "B"],
        "people": [100, 100],
        "base_rate": [0.4, 0.1],
        "gain": [0.2, 0.3],
        "cost": [100.0, 300.0],
        "spread": [0.0, 0.0],
    }
)
PLACES = 100


def tariffs(a, b=None, kind="per result", **columns):
    frame = pd.DataFrame(
        {"rule": "r", "kind": kind, "group": ["A", "B"], "tariff": [float(a), float(b or a)]}
    )
    return frame.assign(**columns)


def outcome(rule, groups=GROUPS, places=PLACES, **behaviour):
    """Return expected outcomes as a function of measure and group."""
    table = payment_outcomes(groups, rule, places=places, provider=Provider(**behaviour))
    values = table.set_index(["measure", "group"])["value"]
    assert values.index.is_unique
    return lambda measure, group="all": pytest.approx(values[measure, group])


# --- worked by hand -----------------------------------------------------------------------


def test_even_handed_provider_under_a_flat_tariff():
    got = outcome(tariffs(1000))
    assert (50, 50) == (got("helped", "A"), got("helped", "B"))
    assert (30, 20) == (got("results", "A"), got("results", "B"))
    assert (10, 15) == (got("extra", "A"), got("extra", "B"))
    assert got("paid") == 50_000 == got("outlay")  # 50 results at 1000
    assert got("service_cost") == 20_000  # 50 * 100 + 50 * 300
    assert got("margin") == 30_000
    assert got("cost_per_result") == 1000
    assert got("cost_per_extra") == 2000  # 50,000 / 25
    assert got("extra_share") == 0.5
    assert got("reach_gap") == 0


def test_cream_skimming_takes_the_profitable_group():
    # Profit with help: A 1000 * 0.6 - 100 = 500, B 1000 * 0.4 - 300 = 100. All places go to A.
    got = outcome(tariffs(1000), creaming=1)
    assert (100, 0) == (got("enrolled", "A"), got("enrolled", "B"))
    assert got("results") == 60
    assert got("cost_per_extra") == 3000  # 60,000 / (100 * 0.2)
    assert got("reach_gap") == -1


def test_half_the_places_creamed_the_rest_by_lot():
    # 50 places to A; the other 50 by lot among 50 left in A and 100 in B: 16.67 and 33.33.
    got = outcome(tariffs(1000), creaming=0.5)
    assert got("enrolled", "A") == 50 + 50 / 3
    assert got("enrolled", "B") == 100 / 3


def test_parking_leaves_those_whose_help_does_not_pay():
    # Help brings A 500 * 0.2 = 100 and saves at most 80; B 500 * 0.3 = 150 against 240.
    got = outcome(tariffs(500), parking=1)
    assert (50, 0) == (got("helped", "A"), got("helped", "B"))
    assert got("results", "B") == 5  # 50 * 0.1
    assert got("paid") == 17_500
    assert got("service_cost") == 8_000  # 50 * 100, and 50 * 300 * 0.2 for the parked
    assert got("extra") == 10


def test_weights_can_end_parking():
    # B at 800: 800 * 0.3 = 240, exactly what help costs beyond parking.
    assert outcome(tariffs(500, 800), parking=1)("helped", "B") == 50
    assert outcome(tariffs(500, 799), parking=1)("helped", "B") == 0


def test_false_claims_are_published_and_paid():
    # 50 of 100 have no result; 10% of them are claimed.
    got = outcome(tariffs(1000), false_claims=0.1)
    assert got("published") == 55
    assert got("published_error") == 0.1
    assert got("paid") == 55_000
    assert got("results") == 50


def test_an_audit_deters_finds_and_fines():
    # A claim is worth 1 - 0.2 * (1 + 1) = 0.6 of itself: 50 * 0.1 * 0.6 = 3 invented, 0.6 found.
    rule = tariffs(1000, audit_share=0.2, audit_cost=10.0, penalty=1.0)
    got = outcome(rule, false_claims=0.1)
    assert got("published") == 52.4
    assert got("penalties") == 600  # 0.6 * 1000
    assert got("audit_cost") == 200  # 20 files at 10
    assert got("outlay") == 52_000  # 52,400 - 600 + 200
    assert got("margin") == 52_400 - 600 - 20_000


def test_files_move_to_the_better_paid_group():
    got = outcome(tariffs(500, 1000), relabelling=0.5)
    assert (15, 35) == (got("published", "A"), got("published", "B"))
    assert (25, 75) == (got("claimed_enrolled", "A"), got("claimed_enrolled", "B"))
    assert (30, 20) == (got("results", "A"), got("results", "B"))
    assert got("paid") == 42_500  # 15 * 500 + 35 * 1000, against 35,000 for true files
    assert got("published_error", "B") == 0.75
    assert got("published_error") == 0


def test_an_audit_deters_and_mends_false_labels():
    # Worth 0.6 as before, and a fifth of the moved files is put back: 0.5 * 0.6 * 0.8 = 0.24.
    rule = tariffs(500, 1000, audit_share=0.2, penalty=1.0)
    got = outcome(rule, relabelling=0.5)
    assert (22.8, 27.2) == (got("published", "A"), got("published", "B"))  # 30 * 0.24 = 7.2
    assert (38, 62) == (got("claimed_enrolled", "A"), got("claimed_enrolled", "B"))


def test_no_file_moves_where_all_are_paid_alike():
    assert outcome(tariffs(500), relabelling=1)("published", "A") == 30


def test_value_added_pays_what_is_above_the_expected():
    rule = tariffs(2000, kind="value added", expected=[0.4, 0.1])
    got = outcome(rule)
    assert (20_000, 30_000) == (got("paid", "A"), got("paid", "B"))  # 2000 * 10, 2000 * 15
    # A 2000 * 0.2 - 100 = 300 and B 2000 * 0.3 - 300 = 300: no one is preferred.
    assert outcome(rule, creaming=1)("reach_gap") == 0
    # An expectation that no one meets: nothing is paid, and nothing is clawed back.
    assert outcome(tariffs(2000, kind="value added", expected=0.9))("paid") == 0
    # Both groups expected to do as B does: A's files stay, B's files can't gain by moving.
    same = tariffs(2000, kind="value added", expected=0.1)
    assert outcome(same, relabelling=1)("claimed_enrolled", "A") == 50


def test_value_added_is_gamed_by_the_lower_expectation():
    # A's files under B's label: expected 0.1 instead of 0.4, so all 50 files of A move.
    rule = tariffs(2000, kind="value added", expected=[0.4, 0.1])
    got = outcome(rule, relabelling=1)
    assert (0, 100) == (got("claimed_enrolled", "A"), got("claimed_enrolled", "B"))
    assert got("paid") == 80_000  # 2000 * (50 - 0.1 * 100)


def test_threshold_pays_for_its_target_or_not_at_all():
    got = outcome(tariffs(1000, kind="threshold", target=40))
    assert got("paid") == 40_000
    assert (24_000, 16_000) == (got("paid", "A"), got("paid", "B"))  # in proportion to 30 and 20
    assert outcome(tariffs(1000, kind="threshold", target=50))("paid") == 50_000
    assert outcome(tariffs(1000, kind="threshold", target=51))("paid") == 0


def test_help_stops_at_the_target():
    # Aim 40 * 1.1 = 44; without help 50 * 0.4 + 50 * 0.1 = 25. Of the 19 missing, A gives 10 at
    # 500 each, B the other 9 of its 15 at 1000 each: 9 / 0.3 = 30 of B are helped.
    got = outcome(tariffs(1000, kind="threshold", target=40), parking=1, safety=0.1)
    assert (50, 30) == (got("helped", "A"), got("helped", "B"))
    assert got("results") == 44
    # 51 results are out of reach: no one is helped.
    assert outcome(tariffs(1000, kind="threshold", target=51), parking=1)("helped") == 0


def test_within_a_group_the_easier_half_is_creamed():
    # The easier 50 have 0.4 * 1.5 = 0.6 without help.
    one = GROUPS.assign(spread=0.5)[:1]
    rule = tariffs(1000)[:1]

    def results(**behaviour):
        return outcome(rule, groups=one, places=50, **behaviour)("results")

    assert results(creaming=1, sight=1) == 40  # 50 * (0.6 + 0.2)
    assert results(creaming=1, sight=0) == 30  # by lot: 50 * (0.4 + 0.2)
    assert results(creaming=1, sight=0.5) == 35  # 25 seen at 0.8, 25 unseen at 0.6
    got = outcome(rule, groups=one, places=50, creaming=1, sight=1)
    assert got("extra") == 10  # creaming within a group adds results, but no extra ones


def test_standard_tariffs():
    table = standard_tariffs(GROUPS, places=PLACES, margin=0.2, audit_share=0.1, audit_cost=40.0)
    paid = table.set_index(["rule", "group"])["tariff"]
    assert paid["flat"].tolist() == pytest.approx([480, 480])  # 1.2 * 20,000 / 50
    # Extra results cost 100 / 0.2 = 500 and 300 / 0.3 = 1000: 30 w + 20 * 2 w = 24,000.
    assert paid["equity-weighted"].tolist() == pytest.approx([24_000 / 70, 48_000 / 70])
    assert paid["value added"].tolist() == pytest.approx([960, 960])  # 24,000 / 25
    assert paid["threshold"].tolist() == pytest.approx([24_000 / 45] * 2)  # 0.9 * 50 = 45
    assert paid["flat, audited"].tolist() == pytest.approx([472, 472])  # 10 audits cost 400
    blind = standard_tariffs(GROUPS, places=PLACES, knowledge=0).set_index(["rule", "group"])
    assert blind.loc["equity-weighted", "tariff"].tolist() == pytest.approx([480, 480])
    assert blind.loc["value added", "expected"].tolist() == pytest.approx([0.25, 0.25])


def test_standard_rules_cost_the_same_under_an_even_handed_provider():
    table = standard_tariffs(GROUPS, places=PLACES, knowledge=0.3, audit_cost=40.0)
    got = payment_outcomes(GROUPS, table, places=PLACES, provider=Provider())
    outlay = got[got["measure"] == "outlay"].set_index("rule")["value"]
    assert len(outlay) == 5
    assert outlay.to_numpy() == pytest.approx(np.full(5, 24_000))


# --- conservation, invariances, limits ----------------------------------------------------

share = st.floats(0, 1)


@st.composite
def contracts(draw):
    n = draw(st.integers(1, 4))
    names = draw(st.permutations(["d", "c", "b", "a"]))[:n]
    groups = pd.DataFrame(
        {
            "group": names,
            "people": [draw(st.integers(1, 300)) for _ in names],
            "base_rate": [draw(st.floats(0, 0.4)) for _ in names],
            "gain": [draw(st.floats(0, 0.4)) for _ in names],
            "cost": [draw(st.floats(0, 900)) for _ in names],
            "spread": [draw(st.floats(0, 0.5)) for _ in names],
        }
    )
    places = draw(st.integers(1, int(groups["people"].sum())))
    kind = draw(st.sampled_from(["per result", "threshold", "value added"]))
    rule = pd.DataFrame(
        {
            "rule": "r",
            "kind": kind,
            "group": names,
            "tariff": [draw(st.floats(0, 5000)) for _ in names],
            "expected": [draw(st.floats(0, 0.6)) for _ in names],
            "target": float(draw(st.integers(1, 100))),
            "audit_share": draw(share),
            "audit_cost": draw(st.floats(0, 50)),
            "penalty": draw(st.floats(0, 2)),
        }
    )
    provider = Provider(
        creaming=draw(share), parking=draw(share), false_claims=draw(share),
        relabelling=draw(share), sight=draw(share), parked_cost=draw(share),
    )  # fmt: skip
    return groups, rule, places, provider


def wide(table):
    return table.pivot(index="group", columns="measure", values="value")  # noqa: PD010


def both_ways(contract, seed=1):
    """Return the expected contract and one that is drawn."""
    groups, rule, places, provider = contract
    expected = payment_outcomes(groups, rule, places=places, provider=provider)
    drawn = try_tariffs(groups, rule, places=places, provider=provider, rng=seed, replicates=1)
    return [wide(expected), wide(drawn)]


@settings(max_examples=40, deadline=None)
@given(contracts())
def test_nothing_is_lost(contract):
    groups, _, places, _ = contract
    for table in both_ways(contract):
        one = {"rel": 1e-9, "abs": 1e-6}
        parts, total = table.drop(index="all"), table.loc["all"]
        counted = ["people", "enrolled", "helped", "results", "extra", "claimed_enrolled",
                   "published", "paid", "penalties", "audit_cost", "service_cost"]  # fmt: skip
        assert parts[counted].sum().to_numpy() == pytest.approx(total[counted].to_numpy(), **one)
        assert total["people"] == groups["people"].sum()
        assert total["enrolled"] == pytest.approx(places)
        assert total["claimed_enrolled"] == pytest.approx(places)
        # Money in is money out: to the provider's services, its margin, and the auditor.
        out = total["service_cost"] + total["margin"] + total["audit_cost"]
        assert total["outlay"] == pytest.approx(out, **one)
        below = [("enrolled", "people"), ("helped", "enrolled"), ("results", "enrolled"),
                 ("extra", "results"), ("extra", "helped"),
                 ("published", "claimed_enrolled")]  # fmt: skip
        for less, more in below:
            assert (table[less] <= table[more] + 1e-6).all(), (less, more)
        assert total["results"] <= total["published"] + 1e-6
        assert (table[counted].to_numpy()[:, :7] >= -1e-9).all()


@settings(max_examples=20, deadline=None)
@given(contracts(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(contract, shuffler):
    groups, rule, places, provider = contract
    order = list(range(len(groups)))
    shuffler.shuffle(order)
    other = (groups.iloc[order], rule.iloc[order[::-1]], places, provider)
    for one, two in zip(both_ways(contract), both_ways(other), strict=True):
        pd.testing.assert_frame_equal(one, two.loc[one.index], check_exact=True)


@settings(max_examples=20, deadline=None)
@given(contracts(), st.sampled_from([2.0**-7, 1.95583, 8192.0]))
def test_the_currency_is_nothing(contract, rate):
    groups, rule, places, provider = contract
    other = (
        groups.assign(cost=groups["cost"] * rate),
        rule.assign(tariff=rule["tariff"] * rate, audit_cost=rule["audit_cost"] * rate),
        places,
        provider,
    )
    money = ["paid", "penalties", "audit_cost", "service_cost", "outlay", "margin",
             "cost_per_result", "cost_per_extra"]  # fmt: skip
    for one, two in zip(both_ways(contract), both_ways(other), strict=True):
        two[money] /= rate
        pd.testing.assert_frame_equal(one, two, rtol=1e-7, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(contracts())
def test_without_gaming_the_published_indicator_is_the_truth(contract):
    groups, rule, places, provider = contract
    honest = Provider(
        creaming=provider.creaming, parking=provider.parking, sight=provider.sight,
        parked_cost=provider.parked_cost,
    )  # fmt: skip
    for table in both_ways((groups, rule, places, honest)):
        np.testing.assert_allclose(table["published"], table["results"], atol=1e-9)
        np.testing.assert_allclose(table["claimed_enrolled"], table["enrolled"], atol=1e-9)
        assert table.loc["all", "penalties"] == 0


@settings(max_examples=20, deadline=None)
@given(contracts())
def test_if_every_file_is_checked_the_published_indicator_is_the_truth(contract):
    groups, rule, places, provider = contract
    for table in both_ways((groups, rule.assign(audit_share=1.0), places, provider)):
        np.testing.assert_allclose(table["published"], table["results"], atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(contracts())
def test_an_even_handed_provider_reaches_all_groups_alike(contract):
    groups, rule, places, _ = contract
    table = wide(payment_outcomes(groups, rule, places=places, provider=Provider()))
    np.testing.assert_allclose(table["reach"], places / groups["people"].sum())


@settings(max_examples=20, deadline=None)
@given(contracts(), st.floats(0, 0.5), st.floats(0, 0.5))
def test_more_false_claims_never_shrink_what_is_published(contract, one, more):
    groups, rule, places, _ = contract
    low, high = (
        wide(payment_outcomes(groups, rule, places=places, provider=Provider(false_claims=f))).loc[
            "all"
        ]
        for f in (one, one + more)
    )
    assert high["published"] >= low["published"] - 1e-9
    assert high["results"] == pytest.approx(low["results"])


FOUR = pd.DataFrame(
    {
        "group": ["w", "x", "y", "z"],
        "people": [400, 300, 200, 100],
        "base_rate": [0.2, 0.12, 0.07, 0.03],
        "gain": [0.4, 0.33, 0.25, 0.18],
        "cost": [1000.0, 1300, 1800, 2400],
        "spread": 0.5,
    }
)
ALL_THREE = Provider(creaming=0.7, parking=0.8, false_claims=0.15, relabelling=0.3)


def test_replicates_scatter_around_the_expectation():
    # A threshold is met or missed by chance, so its payment is left out.
    rules = standard_tariffs(FOUR, places=500, audit_cost=30.0).query("kind != 'threshold'")
    expected = payment_outcomes(FOUR, rules, places=500, provider=ALL_THREE)
    drawn = try_tariffs(FOUR, rules, places=500, provider=ALL_THREE, rng=5, replicates=400)
    keys = ["rule", "group", "measure"]
    both = drawn.merge(expected, on=keys, suffixes=("", "_expected"))
    assert len(both) == len(drawn) == len(expected)
    linear = both[~both["unit"].isin(["share", "currency per result"])]
    error = (linear["ci_high"] - linear["ci_low"]) / 3.92 / np.sqrt(400)
    off = (linear["value"] - linear["value_expected"]).abs()
    assert (off <= 4.5 * error + 1e-6).all(), linear[off > 4.5 * error + 1e-6]


def test_a_seed_is_an_answer_and_rules_do_not_disturb_each_other():
    rules = standard_tariffs(FOUR, places=500)
    settings_ = {"places": 500, "provider": ALL_THREE, "replicates": 5}
    first = try_tariffs(FOUR, rules, rng=3, **settings_)
    pd.testing.assert_frame_equal(first, try_tariffs(FOUR, rules, rng=3, **settings_))
    assert not first["value"].equals(try_tariffs(FOUR, rules, rng=4, **settings_)["value"])
    alone = try_tariffs(FOUR, rules.query("rule == 'threshold'"), rng=3, **settings_)
    together = first[first["rule"] == "threshold"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, together)


def test_the_table_is_tidy():
    rules = standard_tariffs(FOUR[::-1], places=500)
    table = try_tariffs(FOUR[::-1], rules, places=500, provider=ALL_THREE, rng=3, replicates=20)
    assert list(table.columns) == [
        "rule", "group", "measure", "unit", "value", "ci_low", "ci_high", "n",
    ]  # fmt: skip
    assert not table.duplicated(["rule", "group", "measure"]).any()
    assert table["group"].drop_duplicates().tolist() == ["z", "y", "x", "w", "all"]
    # A group without a result in some replicate has no error of its published results.
    blank = table["value"].isna()
    assert set(table[blank]["measure"]) <= {"published_error"}
    assert (table["ci_low"] <= table["ci_high"])[~blank].all()
    assert (table["n"] == 20).all()


def test_a_cost_per_nothing_is_missing():
    none = FOUR.assign(base_rate=0.0, gain=0.0)
    rule = pd.DataFrame(
        {"rule": "r", "kind": "per result", "group": list("wxyz"), "tariff": 1000.0}
    )
    table = payment_outcomes(none, rule, places=500, provider=Provider())
    values = table[table["group"] == "all"].set_index("measure")["value"]
    assert values[["cost_per_result", "cost_per_extra", "extra_share"]].isna().all()
    assert values["paid"] == 0


# --- frames that cannot be meant ----------------------------------------------------------


def put(frame, row, column, value):
    frame = frame.astype({column: "object"}) if isinstance(value, str) else frame.copy()
    frame.loc[row, column] = value
    return frame


BAD_GROUPS = {
    "missing column": (lambda g: g.drop(columns="gain"), "column gain is missing"),
    "unknown column": (lambda g: g.assign(gian=1), "column gian has no meaning"),
    "no rows": (lambda g: g[:0], "no rows"),
    "twice": (lambda g: put(g, 1, "group", "A"), "row 2, column 'group': group 'A' stands"),
    "no name": (lambda g: put(g, 1, "group", " "), "row 2, column 'group': there is no name"),
    "name of the total": (lambda g: put(g, 0, "group", "all"), "name of the total"),
    "text": (lambda g: put(g, 0, "cost", "100 EUR"), "column 'cost': the values are not numbers"),
    "missing value": (lambda g: put(g, 1, "gain", np.nan), "row 2, column 'gain': nan is no fin"),
    "infinite": (lambda g: put(g, 1, "cost", np.inf), "row 2, column 'cost': inf is no finite"),
    "negative": (lambda g: put(g, 1, "cost", -1.0), "row 2, column 'cost': -1 is out of range"),
    "per cent": (lambda g: put(g, 1, "base_rate", 10.0), "column 'base_rate': 10 is out of range"),
    "half a person": (
        lambda g: put(g.astype({"people": float}), 0, "people", 2.5), "2.5 is no whole number"),
    "nobody": (lambda g: put(g, 0, "people", 0), "row 1, column 'people': 0 is out of range"),
    "above certainty": (lambda g: put(g, 0, "gain", 0.7), "row 1, column 'gain': 1.1 is the chanc"),
    "spread": (lambda g: put(g, 0, "spread", 1.5), "column 'spread': 1.5 is out of range"),
    "column twice": (lambda g: pd.concat([g, g[["cost"]]], axis=1), "two columns bear one name"),
    "truth values": (lambda g: g.assign(cost=True), "column 'cost': the values are not numbers"),
}  # fmt: skip

BAD_TARIFFS = {
    "missing column": (lambda t: t.drop(columns="kind"), "column kind is missing"),
    "misspelt column": (lambda t: t.assign(**{"audit share": 0.1}), "audit share has no meaning"),
    "unknown kind": (lambda t: t.assign(kind="flat"), "row 1, column 'kind': 'flat' is no kind"),
    "unknown group": (lambda t: put(t, 1, "group", "C"), "row 2, column 'group': 'C' is no group"),
    "group left out": (lambda t: t[:1], "no tariff for B"),
    "twice": (lambda t: put(t, 1, "group", "A"), "row 2, column 'group': 'A' has a tariff"),
    "negative": (lambda t: put(t, 1, "tariff", -5.0), "row 2, column 'tariff': -5 is out"),
    "missing tariff": (lambda t: put(t, 1, "tariff", np.nan), "row 2, column 'tariff': nan is no"),
    "two kinds": (lambda t: put(t, 1, "kind", "threshold"), "several kinds"),
    "no expectation": (lambda t: t.assign(kind="value added"), "no column 'expected'"),
    "no target": (lambda t: t.assign(kind="threshold"), "no column 'target'"),
    "target of nothing": (lambda t: t.assign(kind="threshold", target=0), "target of 0 results"),
    "two targets": (
        lambda t: t.assign(kind="threshold", target=[4, 5]), "column 'target': rule 'r' has several"
    ),
    "audit in per cent": (
        lambda t: t.assign(audit_share=10.0), "column 'audit_share': 10 is out of range"),
    "expected a miracle": (
        lambda t: t.assign(kind="value added", expected=[0.1, 1.2]),
        "row 2, column 'expected': 1.2 is out of range",
    ),
    "no name of the rule": (lambda t: put(t, 0, "rule", None), "row 1, column 'rule': there is no"),
}  # fmt: skip


def play(groups, rules):
    return try_tariffs(groups, rules, places=PLACES, provider=Provider(), rng=1, replicates=1)


def test_the_good_frames_are_good():
    assert len(play(GROUPS, tariffs(1000)))


@pytest.mark.parametrize("case", BAD_GROUPS)
def test_bad_groups_get_one_clear_error(case):
    spoil, message = BAD_GROUPS[case]
    with pytest.raises(DataError) as error:
        play(spoil(GROUPS), tariffs(1000))
    assert message in str(error.value)
    assert str(error.value).startswith("groups")
    assert error.value.cure


@pytest.mark.parametrize("case", BAD_TARIFFS)
def test_bad_tariffs_get_one_clear_error(case):
    spoil, message = BAD_TARIFFS[case]
    with pytest.raises(DataError) as error:
        play(GROUPS, spoil(tariffs(1000)))
    assert message in str(error.value)
    assert str(error.value).startswith("tariffs")
    assert error.value.cure


@pytest.mark.parametrize("column", ["gain", "cost"])
def test_no_weight_without_gain_or_cost(column):
    with pytest.raises(DataError, match=f"column '{column}'.*no weight"):
        standard_tariffs(put(GROUPS, 0, column, 0.0), places=PLACES)


@pytest.mark.parametrize(
    "call",
    [
        lambda: play(GROUPS.to_dict(), tariffs(1000)),
        lambda: payment_outcomes(GROUPS, tariffs(1), places=201, provider=Provider()),
        lambda: payment_outcomes(GROUPS, tariffs(1), places=0, provider=Provider()),
        lambda: payment_outcomes(GROUPS, tariffs(1), places=2.5, provider=Provider()),
        lambda: payment_outcomes(GROUPS, tariffs(1), places=True, provider=Provider()),
        lambda: Provider(creaming=1.1),
        lambda: Provider(parking=-0.1),
        lambda: Provider(sight=float("nan")),
        lambda: standard_tariffs(GROUPS, places=PLACES, knowledge=2),
        lambda: standard_tariffs(GROUPS, places=PLACES, target_share=0),
        lambda: try_tariffs(GROUPS, tariffs(1), places=9, provider=Provider(), rng=1, replicates=0),
        lambda: try_tariffs(
            GROUPS, tariffs(1), places=9, provider=Provider(), rng=1, confidence=95
        ),
    ],
)
def test_arguments_that_cannot_be_meant(call):
    with pytest.raises(UsageError):
        call()


def test_the_book_s_groups_and_behaviours():
    groups = example_groups()
    assert groups["base_rate"].is_monotonic_decreasing
    assert (EXAMPLE_PLACES, BEHAVIOURS["even-handed"]) == (groups["people"].sum() / 2, Provider())
    rules = standard_tariffs(groups, places=EXAMPLE_PLACES)
    settings_ = {"places": EXAMPLE_PLACES, "rng": 1, "replicates": 3}
    table = compare_behaviours(groups, rules, BEHAVIOURS, **settings_)
    assert table["behaviour"].drop_duplicates().tolist() == list(BEHAVIOURS)
    alone = try_tariffs(groups, rules, provider=BEHAVIOURS["parking"], **settings_)
    part = table[table["behaviour"] == "parking"].drop(columns="behaviour")
    pd.testing.assert_frame_equal(part.reset_index(drop=True), alone)
