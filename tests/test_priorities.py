"""Ballots, rules and stability: textbook elections, invariances, and forms filled badly."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities import cli, priorities
from equalcities.errors import DataError, UsageError
from equalcities.priorities import Ballots
from equalcities.priorities.ballots import EXAMPLE
from equalcities.priorities.rules import batch_scores
from equalcities.priorities.stability import BATCH


def ballots_of(counts, domains, groups=None):
    """Expand ``{(order of domains): number}`` into ballots; what isn't named isn't ranked."""
    rows, labels = [], []
    for number, (chosen, times) in enumerate(counts.items()):
        places = {name: place for place, name in enumerate(chosen, start=1)}
        rows += [[places.get(name, np.nan) for name in domains]] * times
        labels += [groups[number] if groups else "all"] * times
    index = pd.Index([f"b{i}" for i in range(len(rows))], name="ballot")
    return Ballots(pd.DataFrame(rows, index, list(domains)), pd.Series(labels, index))


def firsts(ballots, weights=None):
    table = priorities.order(ballots, weights)
    return {
        rule: set(part.loc[part["rank"] == 1, "domain"]) for rule, part in table.groupby("rule")
    }


CAPITALS = ("Memphis", "Nashville", "Chattanooga", "Knoxville")


@pytest.fixture
def tennessee():
    """The textbook example of a capital for Tennessee, in per cent of voters."""
    memphis, nashville, chattanooga, knoxville = CAPITALS
    return ballots_of(
        {
            (memphis, nashville, chattanooga, knoxville): 42,
            (nashville, chattanooga, knoxville, memphis): 26,
            (chattanooga, knoxville, nashville, memphis): 15,
            (knoxville, chattanooga, nashville, memphis): 17,
        },
        CAPITALS,
        ["west", "middle", "south", "east"],
    )


@pytest.fixture
def condorcet_cycle():
    """Three equal camps, each order turned by one place."""
    return ballots_of({"abc": 5, "bca": 5, "cab": 5}, "abc", ["x", "y", "z"])


def test_tennessee(tennessee):
    found = firsts(tennessee)
    assert found["first places"] == {"Memphis"}
    for rule in ("Borda", "mean rank", "Copeland", "Kemeny"):
        assert found[rule] == {"Nashville"}, rule
    assert priorities.majority(tennessee) == priorities.Majority("Nashville", ())
    scores = priorities.order(tennessee).set_index(["rule", "domain"])["score"]
    # Borda totals of the textbook: 126, 194, 173, 107 for a hundred voters.
    assert [scores["Borda", name] for name in CAPITALS] == pytest.approx([1.26, 1.94, 1.73, 1.07])
    assert [scores["Copeland", name] for name in CAPITALS] == [-3, 3, 1, -1]
    # Kemeny's order of the textbook: Nashville, Chattanooga, Knoxville, Memphis.
    assert [scores["Kemeny", name] for name in CAPITALS] == [4, 1, 2, 3]
    assert priorities.pairwise(tennessee).loc["Nashville", "Memphis"] == 58


def test_a_circle_of_majorities_is_found_and_no_name_decides(condorcet_cycle):
    assert priorities.majority(condorcet_cycle) == priorities.Majority(None, (("a", "b", "c"),))
    table = priorities.order(condorcet_cycle)
    assert (table["rank"] == 1).all()
    assert table["tied"].all()
    assert (table.loc[table["rule"] == "Kemeny", "score"] == 2).all()


def test_condorcets_example_of_a_winner_whom_borda_passes_over():
    # Condorcet's own example (1785): 81 voters, A beats each by majority, Borda puts B first.
    election = ballots_of({"abc": 30, "acb": 1, "bac": 29, "bca": 10, "cab": 10, "cba": 1}, "abc")
    assert priorities.majority(election).winner == "a"
    assert firsts(election)["Borda"] == {"b"}
    assert firsts(election)["Kemeny"] == {"a"}


def test_ties_share_places_and_what_is_not_ranked_comes_last():
    index = pd.Index(["b1", "b2"])
    ranks = pd.DataFrame([[1.0, 1.0, 3.0, np.nan], [1.0, np.nan, np.nan, np.nan]], index,
                         list("abcd"))  # fmt: skip
    election = Ballots(ranks, pd.Series(["g", "g"], index))
    scores = batch_scores(election, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert scores["first places"].tolist() == [[0.5, 0.5, 0, 0], [1, 0, 0, 0]]
    assert scores["points for top three"].tolist() == [[2.5, 2.5, 1, 0], [3, 0, 0, 0]]
    assert scores["top three"].tolist() == [[1, 1, 1, 0], [1, 0, 0, 0]]
    assert scores["Borda"].tolist() == [[2.5, 2.5, 1, 0], [3, 1, 1, 1]]
    np.testing.assert_equal(scores["mean rank"], [[1.5, 1.5, 3, np.nan], [1] + [np.nan] * 3])


orders = st.lists(
    st.tuples(st.permutations("abcde"), st.integers(1, 5), st.sampled_from("xyz")),
    min_size=1, max_size=8,
)  # fmt: skip


def election_of(drawn):
    rows = [[chosen[:keep].index(d) + 1 if d in chosen[:keep] else np.nan for d in "abcde"]
            for chosen, keep, _ in drawn]  # fmt: skip
    index = pd.Index([f"b{i}" for i in range(len(rows))], name="ballot")
    return Ballots(pd.DataFrame(rows, index, list("abcde")), pd.Series([g for *_, g in drawn],
                                                                      index))  # fmt: skip


def table_of(ballots, weights=None):
    return priorities.order(ballots, weights).set_index(["rule", "domain"]).sort_index()


@settings(max_examples=40, deadline=None)
@given(orders, st.randoms(use_true_random=False))
def test_results_do_not_hang_on_names_order_or_number(drawn, random):
    election = election_of(drawn)
    before = table_of(election)
    mixed = list(election.ranks.index)
    random.shuffle(mixed)
    shuffled = Ballots(election.ranks.loc[mixed], election.group[mixed])
    pd.testing.assert_frame_equal(table_of(shuffled), before)
    twice = table_of(election_of(drawn * 2))
    pd.testing.assert_frame_equal(twice, before)
    double = table_of(election, election.weights({name: 2 for name in election.groups}))
    pd.testing.assert_frame_equal(double, before)
    names = dict(zip("abcde", random.sample("pqrst", 5), strict=True))
    renamed = election.ranks.rename(columns=names)[random.sample(sorted(names.values()), 5)]
    after = table_of(Ballots(renamed, election.group))
    back = after.rename(index={new: old for old, new in names.items()}, level="domain")
    pd.testing.assert_frame_equal(back.sort_index(), before)


@settings(max_examples=40, deadline=None)
@given(orders)
def test_kemeny_is_the_best_of_all_orders(drawn):
    election = election_of(drawn)
    wins = priorities.pairwise(election)
    cost = {
        chosen: sum(wins.loc[b, a] for k, a in enumerate(chosen) for b in chosen[k + 1 :])
        for chosen in permutations("abcde")
    }
    best = [chosen for chosen, price in cost.items() if price == min(cost.values())]
    expected = [np.mean([chosen.index(name) + 1 for chosen in best]) for name in "abcde"]
    found = table_of(election)["score"]["Kemeny"]
    assert found.reindex(list("abcde")).tolist() == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(orders)
def test_who_beats_everyone_is_first_by_majority_rules(drawn):
    election = election_of(drawn)
    winner = priorities.majority(election).winner
    if winner:
        assert firsts(election)["Copeland"] == {winner}
        assert firsts(election)["Kemeny"] == {winner}


@settings(max_examples=40, deadline=None)
@given(orders)
def test_a_unanimous_domain_is_first_and_stays_so(drawn):
    drawn = [(["a", *(d for d in chosen if d != "a")], keep, g) for chosen, keep, g in drawn]
    election = election_of(drawn)
    assert all("a" in first for first in firsts(election).values())
    assert firsts(election)["Borda"] == {"a"}
    again = priorities.rank_intervals(election, rng=1, replicates=20)
    assert (again.loc[again["domain"] == "a", ["ci_low", "ci_high"]] == 1).all(axis=None)


def test_ballot_weights(tennessee):
    switched = tennessee.weights({"west": 0})
    assert switched.sum() == 58
    assert firsts(tennessee, switched)["first places"] == {"Nashville"}
    equal = tennessee.weights(equal=True)
    assert equal.groupby(tennessee.group).sum().tolist() == pytest.approx([25] * 4)
    for bad in ({"nowhere": 1}, {"west": -1}, {"west": np.nan}, dict.fromkeys(
            ["west", "middle", "south", "east"], 0)):  # fmt: skip
        with pytest.raises(UsageError):
            tennessee.weights(bad)


def test_first_place_turns_where_arithmetic_says(tennessee):
    sweep = priorities.weight_sweep(tennessee)
    turns = priorities.turning_points(sweep)
    plural = turns[(turns["rule"] == "first places") & (turns["group"] == "west")]
    # 42 f overtakes 26 at f = 0.619; the grid has steps of 0.05.
    assert plural[["old", "new"]].to_numpy().tolist() == [["Nashville", "Memphis"]]
    assert plural["after"].item() == pytest.approx(0.60)
    assert plural["by"].item() == pytest.approx(0.65)
    majority_of_west = turns[(turns["rule"] == "Copeland") & (turns["group"] == "west")]
    # Nashville beats Chattanooga once 42 f + 26 > 32, at f = 0.143; Memphis has more than half
    # once 42 f > 58, at f = 1.381.
    assert majority_of_west["by"].tolist() == pytest.approx([0.15, 1.40])
    assert majority_of_west["new"].tolist() == ["Nashville", "Memphis"]
    now = sweep[sweep["factor"] == 1].groupby("rule")["first"].unique()
    assert now["first places"].tolist() == ["Memphis"]
    assert now["Kemeny"].tolist() == ["Nashville"]


def test_leaving_a_group_out_is_that_election_without_it(tennessee):
    left = priorities.without_each_group(tennessee)
    keep = tennessee.group != "west"
    without = Ballots(tennessee.ranks[keep], tennessee.group[keep])
    own = left[left["left_out"] == "west"].drop(columns="left_out").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, priorities.order(without))
    with pytest.raises(UsageError, match="two groups"):
        priorities.without_each_group(ballots_of({"ab": 3}, "ab"))


def test_intervals_hold_the_rank_and_narrow_with_more_ballots():
    few = priorities.simulate_ballots(3)
    many = priorities.simulate_ballots(3, groups={"amber": 700, "birch": 600, "coral": 500})
    widths = []
    for ballots in (few, many):
        table = priorities.rank_intervals(ballots, rng=5, replicates=BATCH + 50)
        assert table.groupby("rule")["first"].sum().to_numpy() == pytest.approx(1)
        # An interval by percentiles holds the middle of its draws, nearly always the estimate.
        assert table["rank"].between(table["ci_low"] - 1, table["ci_high"] + 1).all()
        widths.append((table["ci_high"] - table["ci_low"]).mean())
    assert widths[1] < widths[0]
    again = priorities.rank_intervals(few, rng=5, replicates=40)
    pd.testing.assert_frame_equal(again, priorities.rank_intervals(few, rng=5, replicates=40))
    other = priorities.rank_intervals(few, rng=6, replicates=40)
    assert not again["first"].equals(other["first"])


def test_bootstrap_of_an_even_split_is_the_binomial():
    split = ballots_of({"ab": 10, "ba": 9}, "ab")
    table = priorities.rank_intervals(split, rng=1, replicates=4000).set_index(["rule", "domain"])
    # P(X >= 10) for X binomial with 19 trials and chance 10/19: 0.5915 (scipy.stats.binom).
    assert table.loc[("Borda", "a"), "first"] == pytest.approx(0.5915, abs=0.025)


def test_made_up_ballots_follow_mallows():
    certain = priorities.simulate_ballots(1, {"one": 20}, spread=0, least_ranked=7)
    assert len(certain.ranks.drop_duplicates()) == 1
    agreed = priorities.simulate_ballots(1, between=0, spread=0, least_ranked=7)
    assert len(agreed.ranks.drop_duplicates()) == 1
    pair = priorities.simulate_ballots(1, {"one": 4000}, "ab", spread=0.5, least_ranked=2)
    share = max((pair.ranks["a"] == 1).mean(), (pair.ranks["b"] == 1).mean())
    assert share == pytest.approx(1 / 1.5, abs=0.03)  # two domains: 1 : spread
    same = priorities.simulate_ballots(8).ranks
    pd.testing.assert_frame_equal(same, priorities.simulate_ballots(8).ranks)
    assert set(priorities.simulate_ballots(8).groups) == set(priorities.FICTIONAL_GROUPS)
    with pytest.raises(UsageError):
        priorities.simulate_ballots(1, spread=1.5)


def test_too_many_or_empty_ballots_are_refused():
    index = pd.Index(["b1"])
    group = pd.Series(["g"], index)
    for ranks in (
        pd.DataFrame([[np.nan, np.nan]], index, list("ab")),
        pd.DataFrame([[1.0]], index, ["a"]),
        pd.DataFrame([range(1, 14)], index, list("abcdefghijklm")),
        pd.DataFrame([[1.0, 2.0]], index, ["a", "a"]),
    ):
        with pytest.raises(UsageError):
            Ballots(ranks, group)
    with pytest.raises(UsageError):
        priorities.order(ballots_of({"ab": 2}, "ab"), pd.Series([1.0], ["other"]))


# --- the form ------------------------------------------------------------------------------


def written(tmp_path, text, encoding="utf-8"):
    file = tmp_path / "ballots.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_the_form_on_the_site_is_the_one_made_and_its_example_is_refused(root):
    file = root / "book" / "_static" / "ballot_template.csv"
    assert file.read_text("utf-8") == priorities.ballot_form()
    ballots, faults = priorities.ballot_faults(file)
    assert ballots is None
    assert [(fault.row, fault.column) for fault in faults] == [(1, "ballot")]


def test_a_filled_form_is_read_with_commas_or_semicolons(tmp_path):
    text = "ballot,group,housing,mobility,health\n1,residents,1,2,\n2,staff,2,1,2\n"
    for form in (text, "\ufeff" + text.replace(",", ";").replace("\n", "\r\n") + ";;;;\r\n"):
        ballots = priorities.read_ballots(written(tmp_path, form))
        assert ballots.domains == ["housing", "mobility", "health"]
        assert ballots.groups == ["residents", "staff"]
        np.testing.assert_equal(ballots.ranks.to_numpy(), [[1, 2, np.nan], [2, 1, 2]])


def test_all_faults_are_named_at_once_with_their_place(tmp_path):
    file = written(
        tmp_path,
        "ballot,group,a,b,c\n"
        "1,x,1,2,3\n"
        "1,,first,0,9\n"
        "3,x,,,\n"
        "=1+1,x,1,2\n"
        f"{EXAMPLE},x,1.5,-1,\n"
        "@sum,x,1,2,3\n"
        ",x,1,2,3\n",
    )
    ballots, faults = priorities.ballot_faults(file)
    assert ballots is None
    assert [(fault.row, fault.column) for fault in faults] == [
        (2, "ballot"), (2, "group"), (2, "a"), (2, "b"), (2, "c"),
        (3, None),
        (4, None),
        (5, "ballot"), (5, "a"), (5, "b"),
        (6, "ballot"),
        (7, "ballot"),
    ]  # fmt: skip
    with pytest.raises(DataError) as error:
        priorities.read_ballots(file)
    for fault in faults:
        assert str(fault) in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("ballot,group,a,b\n", "one row per ballot"),
        ("group,a,b\nx,1,2\n", "missing"),
        ("ballot,group,a\n1,x,1\n", "1 domains"),
        ("ballot,group,a,a\n1,x,1,2\n", "2 times"),
        ("ballot,group,a,\n1,x,1,2\n", "no name"),
        ("ballot,group,=a,b\n1,x,1,2\n", "formula"),
        ('ballot,group,a,b\n1,"x,1,2\n', "quotation"),
        ("ballot,group,a,b\n\0,x,1,2\n", "not a text file"),
        ("ballot,group," + ",".join("abcdefghijklm") + "\n1,x" + ",1" * 13 + "\n", "13 domains"),
    ],
)
def test_files_that_are_no_form(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        priorities.read_ballots(written(tmp_path, text))


def test_other_encodings_and_missing_files(tmp_path):
    with pytest.raises(DataError, match="UTF-8"):
        priorities.read_ballots(written(tmp_path, "ballot,group,été,b\n1,x,1,2\n", "latin-1"))
    with pytest.raises(DataError, match="can't be read"):
        priorities.read_ballots(tmp_path / "none.csv")


def test_warnings_name_what_is_allowed_but_doubtful(tmp_path):
    rows = ["ballot,group,a,b,c"] + [f"{i},residents,1,2,3" for i in range(5)]
    assert priorities.warnings_about(
        priorities.read_ballots(written(tmp_path, "\n".join(rows)))) == []  # fmt: skip
    rows += ["10,Residents,2,3,3", "11,staff,1,,"]
    found = priorities.warnings_about(priorities.read_ballots(written(tmp_path, "\n".join(rows))))
    for words in ("'staff' has 1 ballot:", "differ only in writing", "1 ballot left", "equal",
                  "no 1 (first: '10')"):  # fmt: skip
        assert sum(words in sentence for sentence in found) == 1, words


# --- the command ---------------------------------------------------------------------------


def test_the_command_prints_orders_stability_and_warnings(tmp_path, capsys):
    west, *others = (["1,2,3,4"], ["4,1,2,3"], ["4,3,1,2"], ["4,3,2,1"])
    rows = ["ballot,group," + ",".join(CAPITALS)]
    for name, cells, times in [("west", west, 42), ("middle", others[0], 26),
                               ("south", others[1], 15), ("east", others[2], 4)]:  # fmt: skip
        rows += [f"{name}{i},{name},{cells[0]}" for i in range(times)]
    file, out = written(tmp_path, "\n".join(rows)), tmp_path / "table.csv"
    arguments = ["priorities", str(file), "--replicates", "50", "--out", str(out)]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "87 ballots, 4 domains" in printed
    assert "first places: Memphis (first in" in printed
    assert "Nashville beats each other domain" in printed
    assert "first places, west from 0.60 to 0.65: Nashville -> Memphis" in printed
    assert "Group 'east' has 4 ballots" in printed
    table = pd.read_csv(out)
    assert len(table) == len(CAPITALS) * len(priorities.RULES)
    assert cli.main([*arguments, "--weight", "west=0"]) == 0
    assert "west: 42, 0%" in capsys.readouterr().out
    assert cli.main([*arguments, "--equal-groups"]) == 0
    assert "west: 42, 25%" in capsys.readouterr().out


def test_the_command_refuses_with_a_cure(tmp_path, capsys):
    bad = written(tmp_path, "ballot,group,a,b\n1,x,9,2\n2,,1,2\n")
    assert cli.main(["priorities", str(bad), "--out", str(tmp_path / "t.csv")]) == 2
    said = capsys.readouterr().err
    assert "row 1, column 'a'" in said
    assert "row 2, column 'group'" in said
    assert not (tmp_path / "t.csv").exists()
    good = written(tmp_path, "ballot,group,a,b\n1,x,1,2\n")
    for wrong in (
        ["--weight", "x"],
        ["--weight", "=1"],
        ["--weight", "y=2"],
        ["--replicates", "0"],
    ):
        assert cli.main(["priorities", str(good), *wrong]) == 2
        assert capsys.readouterr().err.startswith("error: ")
    assert cli.main(["priorities"]) == 2
    assert cli.main(["priorities", "--form"]) == 0
    assert capsys.readouterr().out.endswith(priorities.ballot_form())


def test_one_group_only_is_said(tmp_path, capsys):
    good = written(tmp_path, "ballot,group,a,b\n1,x,1,2\n2,x,1,2\n")
    assert cli.main(["priorities", str(good), "--replicates", "10"]) == 0
    assert "There is one group only." in capsys.readouterr().out
