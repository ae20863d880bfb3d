"""Result-based funding: who gains from what is counted and paid."""

from equalcities.funding.payment_example import BEHAVIOURS, EXAMPLE_PLACES, example_groups
from equalcities.funding.payment_inputs import standard_tariffs
from equalcities.funding.payment_sensitivity import (
    ASSUMPTIONS,
    payment_sensitivity,
    vary_assumptions,
)
from equalcities.funding.payments import Provider, compare_behaviours, payment_outcomes, try_tariffs

__all__ = [
    "ASSUMPTIONS",
    "BEHAVIOURS",
    "EXAMPLE_PLACES",
    "Provider",
    "compare_behaviours",
    "example_groups",
    "payment_outcomes",
    "payment_sensitivity",
    "standard_tariffs",
    "try_tariffs",
    "vary_assumptions",
]
