"""What a composite can say of a city: halves, ordered pairs, and the plane of cities."""

import numpy as np
import pandas as pd
import pytest

from equalcities import panel
from equalcities.errors import UsageError


def test_a_city_is_placed_in_a_half_only_if_its_whole_interval_lies_there():
    intervals = pd.DataFrame({"ci_low": [1, 1, 3, 2.5], "ci_high": [2, 3, 4, 2.5]})
    upper, lower, either = panel.HALVES
    assert list(panel.rank_halves(intervals)) == [upper, either, lower, either]


def test_pairs_are_counted_once_each_by_how_they_are_ordered():
    frame = pd.DataFrame(
        {"city": list("abc"), "x": [3.0, 2.0, 1.0], "y": [3.0, 1.0, 2.0], "z": [3.0, 1.0, 2.0]}
    )
    space = panel.choice_space(
        frame, {"x": 1, "y": 1, "z": 1}, code="city", rng=1, weights=("equal", "dirichlet")
    )
    counts = panel.ordered_pairs(panel.rank_uncertainty(space, rng=2, n=400))
    # a leads on everything; b and c trade places with the weights.
    assert counts == {"certain": 2, "ordered": 0, "open": 1}


def test_the_plane_holds_all_variance_where_there_are_two_dimensions_and_ignores_their_units():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.standard_normal((30, 2)) @ [[1, 2, 0.5], [0, 1, 3]], columns=[*"abc"])
    plane, share = panel.principal_plane(frame, ["a", "b", "c"])
    again, _ = panel.principal_plane(frame * [10, 0.1, 3] + 5, ["a", "b", "c"])
    assert share == pytest.approx(1)
    assert np.allclose(plane, again)
    assert abs(np.corrcoef(plane.T)[0, 1]) < 1e-9
    assert plane.var().sum() == pytest.approx(3)


def test_the_plane_refuses_gaps():
    with pytest.raises(UsageError, match="gaps"):
        panel.principal_plane(pd.DataFrame({"a": [1, np.nan, 2], "b": [1.0, 2, 3]}), ["a", "b"])
