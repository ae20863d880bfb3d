"""The 72-city panel: selection rule, what is missing, and the analyses that rest on it."""

from equalcities.panel.selection import (
    CORE,
    COVERAGE_GROUPS,
    compare_rules,
    coverage_group,
    describe,
    larger_areas_left_out,
    missingness,
    select_panel,
)

__all__ = [
    "CORE",
    "COVERAGE_GROUPS",
    "compare_rules",
    "coverage_group",
    "describe",
    "larger_areas_left_out",
    "missingness",
    "select_panel",
]
