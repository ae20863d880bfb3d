import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equalcities.abi import agreement, stricter_agreement
from equalcities.errors import UsageError


def codes(table):
    """Return the two codings behind a cross-table given as {(first, second): count}."""
    pairs = [pair for pair, count in table.items() for _ in range(count)]
    return tuple(pd.Series(list(side)) for side in zip(*pairs, strict=True))


def test_cohen_1960_example():
    # Cohen (1960), Educational and Psychological Measurement 20:37-46, Table 1, as counts of 200:
    # agreement .70 (140 of 200), by chance .41, kappa .492.
    table = {
        ("a", "a"): 88, ("a", "b"): 14, ("a", "c"): 18,
        ("b", "a"): 10, ("b", "b"): 40, ("b", "c"): 10,
        ("c", "a"): 2, ("c", "b"): 6, ("c", "c"): 12,
    }  # fmt: skip
    result = agreement(*codes(table))
    assert (result.n, result.n_agree, result.share) == (200, 140, 0.7)
    assert result.expected == pytest.approx(0.41)
    assert result.kappa == pytest.approx(0.492, abs=5e-4)
    assert result.interval == "asymptotic"
    assert result.table.to_numpy().tolist() == [[88, 14, 18], [10, 40, 10], [2, 6, 12]]


def test_kappa_interval_of_fleiss_cohen_and_everitt():
    # Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, Table 18.1:
    # 100 items, kappa .68, large-sample standard error .087 (here .0877).
    table = {("p", "p"): 75, ("p", "n"): 1, ("p", "o"): 4}
    table |= {("n", "p"): 5, ("n", "n"): 4, ("n", "o"): 1}
    table |= {("o", "o"): 10}
    result = agreement(*codes(table))
    assert result.kappa == pytest.approx(0.676, abs=1e-3)
    assert (result.kappa_high - result.kappa_low) / (2 * 1.959964) == pytest.approx(
        0.0875, abs=6e-4
    )


# The two extractions of this project's evidence table (agreement report, November 2026).
EXTRACTIONS = {(1, 1): 88, (0, 0): 13, (-1, -1): 13}


def test_perfect_agreement_still_has_an_interval():
    result = agreement(*codes(EXTRACTIONS))
    assert (result.n_agree, result.share, result.kappa) == (114, 1.0, 1.0)
    assert result.share_low == pytest.approx(0.968, abs=5e-4)
    assert result.expected == pytest.approx(0.622, abs=5e-4)
    assert result.interval == "exact share"
    assert (result.kappa_low, result.kappa_high) == (pytest.approx(0.916, abs=5e-4), 1.0)
    # Five of five prove little, and the interval says so.
    assert agreement([1, 0, 1, 0, 1], [1, 0, 1, 0, 1]).kappa_low < 0.1


def test_stricter_reading_of_the_extractions():
    first, second = codes(EXTRACTIONS)
    strict = stricter_agreement(first, second, {row: 0 for row in range(13)})
    assert strict.n_agree == 101
    assert strict.share == pytest.approx(0.886, abs=5e-4)
    assert strict.kappa == pytest.approx(0.75, abs=5e-3)
    assert strict.kappa_low < 0.65 < strict.kappa < 0.87 < strict.kappa_high
    assert (second.iloc[:13] == 1).all()  # the caller's coding is untouched


@settings(max_examples=25, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1])), min_size=2, max_size=40
    )
)
def test_order_coder_and_names_do_not_matter(pairs):
    first, second = map(list, zip(*pairs, strict=True))
    plain = agreement(first, second)
    names = {-1: "worse", 0: "same", 1: "better"}
    others = (
        agreement(second, first),
        agreement(first[::-1], second[::-1]),
        agreement([names[c] for c in first], [names[c] for c in second]),
    )
    for other in others:
        for name in ("share", "kappa", "kappa_low", "kappa_high", "expected"):
            np.testing.assert_allclose(getattr(other, name), getattr(plain, name), atol=1e-12)
    if not np.isnan(plain.kappa):
        assert -1 <= plain.kappa_low <= plain.kappa + 1e-12
        assert plain.kappa <= plain.kappa_high + 1e-12 and plain.kappa_high <= 1 + 1e-12


def test_one_class_only_leaves_kappa_missing():
    result = agreement([1, 1, 1], [1, 1, 1])
    assert np.isnan([result.kappa, result.kappa_low]).all() and result.share == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: agreement([1, 2], [1]), "first has 2 and second 1"),
        (lambda: agreement([], []), "first has 0"),
        (lambda: agreement([1, None], [1, 1]), r"first\[1\] is missing"),
        (lambda: agreement(pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0])), "different row"),
        (lambda: stricter_agreement([1], [1], {0: 0}), "must be a Series"),
        (lambda: stricter_agreement(pd.Series([1]), pd.Series([1]), {7: 0}), "row 7"),
        (lambda: stricter_agreement(pd.Series([1]), pd.Series([1]), {0: 1}), "changes nothing"),
    ],
)
def test_bad_input_is_named_with_its_cure(call, message):
    with pytest.raises(UsageError, match=message):
        call()
