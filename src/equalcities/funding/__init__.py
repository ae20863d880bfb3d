"""Result-based funding: who gains from what is counted and paid."""

from equalcities.funding.audit import (
    COSTS,
    STATUSES,
    Rubric,
    audit_indicators,
    by_ground,
    by_list,
    check_coding,
    code_from_text,
    parse_rubric,
    sample_for_margin,
    splits_by_law,
)
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
    "COSTS",
    "EXAMPLE_PLACES",
    "STATUSES",
    "Provider",
    "Rubric",
    "audit_indicators",
    "by_ground",
    "by_list",
    "check_coding",
    "code_from_text",
    "compare_behaviours",
    "example_groups",
    "parse_rubric",
    "payment_outcomes",
    "payment_sensitivity",
    "sample_for_margin",
    "splits_by_law",
    "standard_tariffs",
    "try_tariffs",
    "vary_assumptions",
]
