"""Which domains first: ranked ballots, rules that turn them into an order, and how firm it is.

`read_ballots` or `simulate_ballots` gives ballots; `order` and `majority` give results by rule;
`rank_intervals`, `without_each_group` and `weight_sweep` say how much hangs on who was there.
"""

from equalcities.priorities.ballots import (
    DOMAINS,
    Ballots,
    ballot_faults,
    ballot_form,
    read_ballots,
    warnings_about,
)
from equalcities.priorities.rules import RULES, Majority, majority, order, pairwise
from equalcities.priorities.simulation import FICTIONAL_GROUPS, simulate_ballots
from equalcities.priorities.stability import (
    rank_intervals,
    turning_points,
    weight_sweep,
    without_each_group,
)

__all__ = [
    "DOMAINS",
    "FICTIONAL_GROUPS",
    "RULES",
    "Ballots",
    "Majority",
    "ballot_faults",
    "ballot_form",
    "majority",
    "order",
    "pairwise",
    "rank_intervals",
    "read_ballots",
    "simulate_ballots",
    "turning_points",
    "warnings_about",
    "weight_sweep",
    "without_each_group",
]
