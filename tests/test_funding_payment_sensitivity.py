"""Which assumption moves the payment experiment: cases where the answer is known."""

import numpy as np
import pandas as pd
import pytest

from equalcities.errors import DataError, UsageError
from equalcities.funding import ASSUMPTIONS, payment_sensitivity, vary_assumptions

GROUPS = pd.DataFrame(
    {
        "group": ["near", "far"],
        "people": [600, 400],
        "base_rate": [0.2, 0.1],
        "gain": [0.3, 0.2],
        "cost": [100.0, 200.0],
        "spread": 0.0,
    }
)
STILL = {
    "creaming": 0.0, "parking": 0.0, "false_claims": 0.0, "relabelling": 0.0, "sight": 0.5,
    "spread": 0.0, "places_share": 0.5, "margin": 0.2, "knowledge": 1.0, "gain_slope": 1.0,
    "audit_share": 0.1,
}  # fmt: skip


def ranges(**moving):
    return {name: moving.get(name, (value, value)) for name, value in STILL.items()}


def test_one_moving_assumption_gets_everything():
    table = payment_sensitivity(
        GROUPS, rng=1, n=64, n_resamples=20, ranges=ranges(false_claims=(0.0, 0.2))
    )
    error = table[table["output"] == "published_error"]
    moved = error["input"] == "false_claims"
    assert error[moved]["value"].to_numpy() == pytest.approx(1, abs=0.03)
    assert error[~moved]["value"].to_numpy() == pytest.approx(0, abs=1e-9)
    # Reach doesn't hang on claims, so there is nothing to attribute.
    assert "reach_gap" not in set(table["output"])


def test_reach_does_not_hang_on_claims_or_audits():
    table = payment_sensitivity(GROUPS, rng=1, n=64, n_resamples=20)
    reach = table[(table["output"] == "reach_gap") & (table["index"] == "total")]
    idle = reach["input"].isin(["false_claims", "relabelling", "audit_share"])
    assert set(reach["rule"]) == {
        "flat", "equity-weighted", "threshold", "value added", "flat, audited",
    }  # fmt: skip
    assert reach[idle]["value"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert reach.groupby("rule")["value"].max().min() > 0.2
    again = payment_sensitivity(GROUPS, rng=1, n=64, n_resamples=20)
    pd.testing.assert_frame_equal(table, again)


def test_draws_lie_in_their_ranges_and_still_ones_stand_still():
    drawn = vary_assumptions(GROUPS, rng=2, n=20)
    assert len(drawn) == 20 * 5
    for name, (low, high) in ASSUMPTIONS.items():
        assert drawn[name].between(low, high).all()
    # An honest, even-handed provider: 300 near and 200 far of 500 places,
    # 300 * 0.5 + 200 * 0.3 = 210 results, so a tenth of the others adds 29 / 210.
    still = vary_assumptions(GROUPS, rng=2, n=3, ranges=ranges(false_claims=(0.1, 0.1)))
    flat = still[still["rule"] == "flat"]
    np.testing.assert_allclose(flat["reach_gap"], 0, atol=1e-12)
    np.testing.assert_allclose(flat["published_error"], 29 / 210)


def test_equal_gains_for_all():
    # Mean gain 0.6 * 0.3 + 0.4 * 0.2 = 0.26; results 300 * 0.46 + 200 * 0.36 = 210 again.
    drawn = vary_assumptions(GROUPS, rng=2, n=1, ranges=ranges(gain_slope=(0.0, 0.0)))
    flat = drawn[drawn["rule"] == "flat"].iloc[0]
    # Outlay 1.2 * (300 * 100 + 200 * 200) = 84,000 for 500 * 0.26 = 130 extra results.
    assert flat["cost_per_extra"] == pytest.approx(84_000 / 130)


def test_a_cost_without_a_logarithm():
    # Everyone is parked, so no result is brought about and a cost per extra result is missing.
    limits = ranges(parking=(1.0, 1.0), margin=(0.0, 0.1), knowledge=(0.0, 0.1))
    costly = GROUPS.assign(gain=0.05)
    with pytest.raises(UsageError, match="no logarithm; narrow the ranges"):
        payment_sensitivity(costly, rng=1, n=4, n_resamples=2, ranges=limits)


@pytest.mark.parametrize(
    ("groups", "limits", "error"),
    [
        (GROUPS, {"creaming": (0.0, 1.0)}, UsageError),
        (GROUPS, ranges(margin=(0.4, 0.1)), UsageError),
        (GROUPS.assign(gain=[0.0, 0.1]), ASSUMPTIONS, DataError),
        (GROUPS.assign(base_rate=0.5), ASSUMPTIONS, DataError),
    ],
)
def test_what_cannot_be_varied(groups, limits, error):
    with pytest.raises(error):
        vary_assumptions(groups, rng=1, n=1, ranges=limits)
