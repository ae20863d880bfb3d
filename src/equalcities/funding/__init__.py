"""Result-based funding: audit of result indicators for equality, and indicator sheets."""

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

__all__ = [
    "COSTS",
    "STATUSES",
    "Rubric",
    "audit_indicators",
    "by_ground",
    "by_list",
    "check_coding",
    "code_from_text",
    "parse_rubric",
    "sample_for_margin",
    "splits_by_law",
]
