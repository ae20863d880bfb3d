"""Result-based funding: who gains from what is counted and paid."""

from equalcities.funding.payment_inputs import standard_tariffs
from equalcities.funding.payment_sensitivity import (
    ASSUMPTIONS,
    payment_sensitivity,
    vary_assumptions,
)
from equalcities.funding.payments import Provider, payment_outcomes, try_tariffs

__all__ = [
    "ASSUMPTIONS",
    "Provider",
    "payment_outcomes",
    "payment_sensitivity",
    "standard_tariffs",
    "try_tariffs",
    "vary_assumptions",
]
