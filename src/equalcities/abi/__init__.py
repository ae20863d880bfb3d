"""Evidence on area-based initiatives: agreement, directions, meta-analysis, targeting."""

from equalcities.abi.agreement import Agreement, agreement, stricter_agreement
from equalcities.abi.bias import (
    EggerTest,
    PetPeese,
    SelectionModel,
    TrimFill,
    egger_test,
    pet_peese,
    selection_model,
    trim_and_fill,
)
from equalcities.abi.calibration import interval_coverage
from equalcities.abi.cells import CellRule, pool_cell, poolable_cells
from equalcities.abi.comparable import candidate_cells, comparable_effects, narrow_cells
from equalcities.abi.conversions import (
    difference_to_sd,
    interval_offset,
    log_odds_to_log_risk,
    log_odds_to_points,
    log_odds_to_smd,
    log_points_to_percent,
    log_ratio,
    percent_to_log_points,
    points_to_log_odds,
    small_sample_smd,
    smd_to_log_odds,
    variance_from_interval,
)
from equalcities.abi.directions import direction_scenarios, sign_tests, study_directions
from equalcities.abi.influence import influence, leave_one_out
from equalcities.abi.pooling import Pooled, pool
from equalcities.abi.programmes import (
    DOMAINS,
    PARTICIPATION,
    REGIONS,
    co_occurrence,
    count_by,
    decade,
    evidence_gap,
    initiatives,
    ranked_domains,
    region,
)
from equalcities.abi.reach import participation_bounds, reach
from equalcities.abi.targeting import targeting, targeting_curve
from equalcities.abi.threelevel import ThreeLevel, pool_three_level

__all__ = [
    "DOMAINS",
    "PARTICIPATION",
    "REGIONS",
    "Agreement",
    "CellRule",
    "EggerTest",
    "PetPeese",
    "Pooled",
    "SelectionModel",
    "ThreeLevel",
    "TrimFill",
    "agreement",
    "candidate_cells",
    "co_occurrence",
    "comparable_effects",
    "count_by",
    "decade",
    "difference_to_sd",
    "direction_scenarios",
    "egger_test",
    "evidence_gap",
    "influence",
    "initiatives",
    "interval_coverage",
    "interval_offset",
    "leave_one_out",
    "log_odds_to_log_risk",
    "log_odds_to_points",
    "log_odds_to_smd",
    "log_points_to_percent",
    "log_ratio",
    "narrow_cells",
    "participation_bounds",
    "percent_to_log_points",
    "pet_peese",
    "points_to_log_odds",
    "pool",
    "pool_cell",
    "pool_three_level",
    "poolable_cells",
    "ranked_domains",
    "reach",
    "region",
    "selection_model",
    "sign_tests",
    "small_sample_smd",
    "smd_to_log_odds",
    "stricter_agreement",
    "study_directions",
    "targeting",
    "targeting_curve",
    "trim_and_fill",
    "variance_from_interval",
]
