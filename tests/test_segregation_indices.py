import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from scipy.spatial.distance import cdist

from equalcities import segregation
from equalcities.segregation import INDICES, local, measure, profile
from equalcities.segregation.indices import order_of_units

FIXTURES = Path(__file__).parent / "fixtures" / "segregation"
PYSAL = json.loads((FIXTURES / "pysal_reference.json").read_text())["datasets"]
PLACES = [name for name in PYSAL if not name.startswith("map")]
MAPS = [name for name in PYSAL if name.startswith("map")]
ORDINAL = ("ordinal_information", "ordinal_variation")
FROM_ZERO_TO_ONE = [name for name, index in INDICES.items() if index.unit_maximum]


def frame_of(counts):
    counts = np.asarray(counts)
    return pd.DataFrame(counts, columns=[f"g{k}" for k in range(counts.shape[1])])


def values_of(counts, **options):
    """Index values by (index, group) of units given as rows of counts."""
    frame = frame_of(counts)
    result = measure(frame, list(frame.columns), **options)
    return result.set_index(["index", "group"])["value"].sort_index()


def check_against_pysal(values, expected, groups):
    for index, value in expected.items():
        if index in ("location_quotient", "local_diversity"):
            continue
        found = values[index].loc[groups if isinstance(value, list) else ["all"]]
        np.testing.assert_allclose(found, value, rtol=0, atol=1e-9, err_msg=index)


@pytest.mark.parametrize("name", PLACES)
def test_point_indices_are_those_of_pysal(name):
    dataset = PYSAL[name]
    groups = [f"g{k}" for k in range(len(dataset["counts"][0]))]
    assert len(dataset["pysal"]) == 13
    check_against_pysal(values_of(dataset["counts"]), dataset["pysal"], groups)


def test_pysal_reference_has_whole_and_fractional_counts():
    whole = [np.mod(np.concatenate(PYSAL[name]["counts"]), 1).any() for name in PLACES]
    assert whole.count(False) >= 12 and whole.count(True) >= 12


@pytest.mark.parametrize("name", PLACES)
def test_local_indices_are_those_of_pysal(name):
    dataset = PYSAL[name]
    frame = frame_of(dataset["counts"])
    populated = frame.sum(axis=1).to_numpy() > 0
    values = (
        local(frame, list(frame.columns))
        .set_index(["index", "group", "unit"])["value"]
        .sort_index()
    )
    quotients = np.array(dataset["pysal"]["location_quotient"], dtype=float)[populated]
    found = values["location_quotient"].to_numpy().reshape(frame.shape[1], -1).T[populated]
    np.testing.assert_allclose(found, quotients, rtol=1e-12, atol=1e-12)
    diversity = np.array(dataset["pysal"]["local_diversity"], dtype=float)[populated]
    found = values["local_diversity", "all"][populated]
    np.testing.assert_allclose(found, diversity, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_indices_with_given_weights_are_those_of_pysal(name):
    dataset = PYSAL[name]
    points = np.array(dataset["points"])
    near = cdist(points, points) <= dataset["distance"]
    groups = [f"g{k}" for k in range(len(dataset["counts"][0]))]
    matrix = sparse.csc_matrix(near.astype(int))
    # Objects of libpysal hold their matrix in an attribute.
    for weights in (near.astype(float), matrix, SimpleNamespace(sparse=matrix)):
        values = values_of(dataset["counts"], weights=weights)
        check_against_pysal(values, dataset["pysal"], groups)


@pytest.mark.parametrize("name", MAPS)
def test_distance_scales_are_those_of_pysal(name):
    dataset = PYSAL[name]
    frame = frame_of(dataset["counts"])
    groups = list(frame.columns)
    frame[["x", "y"]] = dataset["points"]
    rows = measure(frame, groups, scales=[dataset["distance"]])
    rows = rows[rows["scale"] == dataset["distance"]]
    check_against_pysal(
        rows.set_index(["index", "group"])["value"].sort_index(), dataset["pysal"], groups
    )


def test_real_city_all_at_once_with_others():
    # Bradford, 310 areas: the same values alone and among other places, to the last bit.
    bradford = frame_of(PYSAL["bradford"]["counts"])
    other = bradford.iloc[::3] * 2
    both = pd.concat([other.assign(city="A"), bradford.assign(city="Bradford")])
    groups = list(bradford.columns)
    together = profile(both.sample(frac=1, random_state=1).sort_index(), groups, by="city")
    alone = profile(bradford.assign(city="Bradford"), groups, by="city")
    together = together[together["place"] == "Bradford"].reset_index(drop=True)
    pd.testing.assert_frame_equal(together, alone, rtol=1e-13)
    white = alone[(alone["index"] == "dissimilarity") & (alone["group"] == "g0")]
    assert white["value"].item() == pytest.approx(0.641, abs=5e-4)
    assert white["n_units"].item() == 310
    assert white["population"].item() == bradford.to_numpy().sum()


# Two examples with their results in the manual of the R package OasisR, function ordinalseg,
# which implements Reardon (2009); and two that the author of the Python package
# ReardonSegregationIndex calculated by hand (information, variation).
ORDINAL_EXAMPLES = [
    ([[0, 0, 30], [0, 20, 10], [10, 20, 0], [30, 0, 0]], 0.75, 0.75),
    ([[0, 30, 0], [0, 10, 20], [10, 0, 20], [30, 0, 0]], 0.625, 0.625),
    ([[7, 4, 3], [1, 2, 5]], 0.123308074, 0.154655612),
    ([[6, 4, 4], [2, 2, 4]], 0.029847988, 0.038903061),
]


@pytest.mark.parametrize(("counts", "information", "variation"), ORDINAL_EXAMPLES)
def test_ordinal_indices_have_published_values(counts, information, variation):
    values = values_of(counts)
    assert values["ordinal_information", "all"] == pytest.approx(information, abs=1e-8)
    assert values["ordinal_variation", "all"] == pytest.approx(variation, abs=1e-8)


def test_ordinal_indices_are_weighted_means_over_the_steps():
    # Reardon (2009), eq. 8: each step between classes is a segregation of two groups, weighted
    # by its variation. The two-group values come from PySAL.
    counts = np.array(PYSAL["bradford"]["counts"])
    steps = np.cumsum(counts, axis=1)[:, :-1]
    persons = counts.sum(axis=1)
    weights, shares = [], []
    for step in steps.T:
        share = step.sum() / persons.sum()
        weights.append(-share * np.log(share) - (1 - share) * np.log(1 - share))
        shares.append(values_of(np.column_stack([step, persons - step]))["theil_h", "g0"])
    expected = np.average(shares, weights=weights)
    assert values_of(counts)["ordinal_information", "all"] == pytest.approx(expected, abs=1e-12)


def test_two_classes_make_ordinal_indices_the_unordered_ones():
    values = values_of([[30, 5], [10, 25], [4, 40]])
    assert values["ordinal_information", "all"] == pytest.approx(values["theil_h", "g0"])
    assert values["ordinal_variation", "all"] == pytest.approx(values["normalised_exposure", "all"])


def test_hand_calculation():
    # 40 a and 60 b; D = (|30/40 - 10/60| + |10/40 - 50/60|) / 2.
    values = values_of([[30, 10], [10, 50]])
    assert values["dissimilarity", "g0"] == pytest.approx(7 / 12)
    assert values["isolation", "g0"] == pytest.approx((30 * 30 / 40 + 10 * 10 / 60) / 40)
    assert values["interaction", "g0"] == pytest.approx((30 * 10 / 40 + 10 * 50 / 60) / 40)
    assert values["atkinson", "g0"] == pytest.approx(1 - (300**0.5 + 500**0.5) ** 2 / 2400)


def test_pairs_of_interaction():
    counts = np.array([[10, 20, 5], [0, 30, 10], [40, 2, 8]])
    values = values_of(counts)["interaction"]
    # How many c the average a meets.
    expected = (counts[:, 0] / 50 * counts[:, 2] / counts.sum(axis=1)).sum()
    assert values["g0|g2"] == pytest.approx(expected)
    assert values["g0|g1"] + values["g0|g2"] == pytest.approx(values["g0"])
    assert len(values) == 3 + 6
    assert list(values_of(counts[:, :2])["interaction"].index) == ["g0", "g1"]


def test_identifiers_and_rows():
    frame = frame_of([[30, 10, 3], [10, 50, 9]]).assign(city=["x", "y"])
    result = profile(frame, ["g0", "g1", "g2"], by="city")
    assert list(result.columns) == [
        "place", "index", "group", "scale", "value", "ci_low", "ci_high", "null_mean", "p",
        "n_units", "population",
    ]  # fmt: skip
    assert list(result["index"].unique()) == [
        "dissimilarity", "gini", "isolation", "interaction", "theil_h", "atkinson",
        "multigroup_dissimilarity", "multigroup_gini", "multigroup_theil_h",
        "normalised_exposure", "divergence", "ordinal_information", "ordinal_variation",
    ]  # fmt: skip
    assert not result.duplicated(["place", "index", "group", "scale"]).any()
    assert result[["ci_low", "ci_high", "null_mean", "p"]].isna().all(axis=None)
    assert (result["scale"] == 0).all()


def test_extremes():
    apart = values_of([[50, 0, 0], [0, 20, 0], [0, 0, 30], [0, 10, 0]])
    even = values_of([[50, 20, 10], [5, 2, 1], [25, 10, 5]])
    for index in FROM_ZERO_TO_ONE:
        np.testing.assert_allclose(apart[index], 1, atol=1e-12, err_msg=index)
        np.testing.assert_allclose(even[index], 0, atol=1e-12, err_msg=index)
    assert even["divergence", "all"] == pytest.approx(0, abs=1e-12)
    assert apart["isolation", "g1"] == 1 and apart["interaction", "g1"] == 0


def test_undefined_values_are_missing():
    absent = values_of([[10, 0, 5], [20, 0, 10], [0, 0, 9]])
    assert absent.loc[(slice(None), "g1")].isna().all()
    assert np.isnan(absent["interaction", "g1|g0"])
    assert absent["interaction", "g0|g1"] == 0
    # The other two groups are as they are without the absent one.
    present = values_of([[10, 5], [20, 10], [0, 9]])
    for index in ("multigroup_dissimilarity", "multigroup_gini", "multigroup_theil_h"):
        assert absent[index, "all"] == pytest.approx(present[index, "all"])
    assert absent["normalised_exposure", "all"] == pytest.approx(
        present["normalised_exposure", "all"]
    )
    alone = values_of([[10, 0], [20, 0]])
    assert (
        alone.drop([("isolation", "g0"), ("interaction", "g0"), ("divergence", "all")]).isna().all()
    )
    empty = profile(frame_of([[0, 0], [0, 0]]), ["g0", "g1"])
    assert empty["value"].isna().all() and (empty["n_units"] == 0).all()


COUNTS = arrays(
    np.float64,
    st.tuples(st.integers(2, 12), st.integers(2, 4)),
    elements=st.integers(0, 400).map(lambda n: n / 4),
).filter(lambda counts: (counts.sum(axis=0) > 0).all())
MODEST = settings(max_examples=40, deadline=None)


def same(left, right):
    pd.testing.assert_series_equal(left, right, rtol=1e-9, atol=1e-9, check_names=False)


@MODEST
@given(COUNTS)
def test_values_stay_in_their_range(counts):
    values = values_of(counts)
    assert values.notna().all()
    assert (values > -1e-9).all()
    assert (values.drop("divergence") < 1 + 1e-9).all()
    assert (values["gini"] > values["dissimilarity"] - 1e-9).all()


@MODEST
@given(COUNTS, st.integers(0, 99))
def test_order_of_units_does_not_matter(counts, seed):
    same(values_of(np.random.default_rng(seed).permutation(counts)), values_of(counts))


@MODEST
@given(COUNTS, st.integers(0, 99))
def test_order_of_groups_does_not_matter_but_for_classes(counts, seed):
    order = np.random.default_rng(seed).permutation(counts.shape[1])
    frame = frame_of(counts)
    names = [frame.columns[k] for k in order]
    values = (
        measure(frame, names)
        .set_index(["index", "group"])["value"]
        .sort_index()
        .drop(list(ORDINAL))
    )
    expected = values_of(counts).drop(list(ORDINAL))
    same(values.loc[expected.index], expected)
    reverse = (
        measure(frame, list(frame.columns[::-1]))
        .set_index(["index", "group"])["value"]
        .sort_index()
    )
    same(reverse.loc[list(ORDINAL)], values_of(counts).loc[list(ORDINAL)])


@MODEST
@given(COUNTS, st.floats(0.1, 50))
def test_size_of_the_population_does_not_matter(counts, factor):
    same(values_of(counts * factor), values_of(counts))
    same(values_of(np.vstack([counts, counts])), values_of(counts))


@MODEST
@given(COUNTS, st.floats(0.1, 0.9), st.data())
def test_a_division_of_a_unit_into_alike_parts_does_not_matter(counts, part, data):
    row = data.draw(st.integers(0, len(counts) - 1))
    divided = np.vstack([counts, counts[row] * part])
    divided[row] *= 1 - part
    same(values_of(divided), values_of(counts))
    same(values_of(np.vstack([counts, np.zeros(counts.shape[1])])), values_of(counts))


@MODEST
@given(COUNTS, st.floats(0.1, 50))
def test_composition_does_not_matter_to_dissimilarity_gini_atkinson(counts, factor):
    two = counts[:, :2]
    more = two * [factor, 1]
    for index in ("dissimilarity", "gini", "atkinson"):
        same(values_of(more)[index], values_of(two)[index])


@MODEST
@given(COUNTS, st.floats(0.05, 1), st.data())
def test_exchanges_between_unequal_units_lower_segregation(counts, part, data):
    # Persons of the group leave a unit where its share is larger for one where it is smaller, and
    # as many others come back; shares must not cross.
    two = counts[:, :2]
    a, b = data.draw(st.permutations(range(len(two))))[:2]
    persons = two.sum(axis=1)
    if persons[a] == 0 or persons[b] == 0:
        return
    if two[a, 0] * persons[b] < two[b, 0] * persons[a]:
        a, b = b, a
    gap = two[a, 0] / persons[a] - two[b, 0] / persons[b]
    moved = part * gap / (1 / persons[a] + 1 / persons[b])
    after = two.copy()
    after[[a, b]] += moved * np.array([[-1, 1], [1, -1]])
    before, after = values_of(two), values_of(after.clip(0))
    names = ["gini", "theil_h", "atkinson", "multigroup_gini", "multigroup_theil_h", "divergence",
             "normalised_exposure", "isolation", *ORDINAL]  # fmt: skip
    clearly = moved > 0.5 and part > 0.2
    for index in names:
        lowered = (before[index] - after[index]).min()
        assert lowered > (1e-9 if clearly else -1e-9), index
    # Dissimilarity has the principle in its weak form only.
    assert (after["dissimilarity"] < before["dissimilarity"] + 1e-9).all()


@MODEST
@given(COUNTS)
def test_local_divergence_adds_up_to_the_divergence_index(counts):
    frame = frame_of(counts)
    rows = local(frame, list(frame.columns))
    rows = rows[rows["index"] == "local_divergence"].dropna()
    mean = np.average(rows["value"], weights=rows["population"])
    assert mean == pytest.approx(values_of(counts)["divergence", "all"], abs=1e-9)


def test_local_indices_by_place_keep_row_labels():
    frame = frame_of([[1, 3], [2, 2], [0, 4], [0, 0]]).assign(city=["b", "a", "b", "a"])
    frame.index = ["p", "q", "r", "s"]
    rows = local(frame, ["g0", "g1"], by="city")
    assert rows["place"].tolist() == ["a"] * 8 + ["b"] * 8
    assert rows["unit"].drop_duplicates().tolist() == ["q", "s", "p", "r"]
    values = rows.set_index(["unit", "index", "group"])["value"].sort_index()
    assert values["p", "location_quotient", "g0"] == pytest.approx(0.25 / 0.125)
    assert values["q", "local_diversity", "all"] == pytest.approx(np.log(2))
    assert values["r", "local_diversity", "all"] == 0
    assert values.loc["s"].isna().all()


def test_chosen_indices_are_those_of_the_profile():
    frame = frame_of(PYSAL["place03"]["counts"])
    groups = list(frame.columns)
    everything = profile(frame, groups)
    for index in INDICES:
        chosen = measure(frame, groups, indices=[index])
        expected = everything.loc[everything["index"] == index, chosen.columns]
        pd.testing.assert_frame_equal(chosen, expected.reset_index(drop=True))


def test_large_places_are_measured_in_batches(monkeypatch):
    frame = frame_of(np.arange(1, 241).reshape(80, 3)).assign(city=np.repeat(range(20), 4))
    whole = measure(frame, ["g0", "g1", "g2"], by="city")
    monkeypatch.setattr(segregation.tables, "BATCH_SIZE", 30)
    pd.testing.assert_frame_equal(measure(frame, ["g0", "g1", "g2"], by="city"), whole)
    sizes = whole.drop_duplicates("place")["population"].to_list()
    assert all(earlier < later for earlier, later in pairwise(sizes))


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(1, 40)),
        # Fractions of up to a thousand persons, equal ones among them.
        elements=st.builds(
            lambda part, rest: part / max(1, part + rest), *2 * [st.integers(0, 500)]
        ),
    )
)
def test_units_are_ordered_by_share_and_then_by_number(shares):
    expected = np.argsort(shares, axis=-1, kind="stable")
    assert (order_of_units(shares) == expected).all()


def test_the_order_of_a_million_units_still_tells_shares_of_a_large_city_apart():
    shares = np.random.default_rng(3).integers(0, 2000, 1_000_000) / 1999
    assert (order_of_units(shares) == np.argsort(shares, kind="stable")).all()
