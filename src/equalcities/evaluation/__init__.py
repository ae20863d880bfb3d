"""Designs for evaluating an area-based initiative, tried where the truth is known.

The estimators come from kept libraries (pyfixest, rdrobust, pysyncon), which the extra
``equalcities[evaluation]`` installs. Simulation and power need nothing beyond the core.
"""

from equalcities.evaluation.designs import (
    Estimate,
    boundary_discontinuity,
    event_study,
    pretrend_test,
    synthetic_control,
    two_stage,
    two_way_fixed_effects,
)
from equalcities.evaluation.power import (
    areas_needed,
    averaging_variance,
    minimum_detectable_effect,
    power_did,
    sampling_sd,
    variance_from_history,
)
from equalcities.evaluation.simulation import (
    THREATS,
    City,
    Process,
    generating_process,
    simulate_city,
)
from equalcities.evaluation.study import DESIGNS, replicate, study, summarise

__all__ = [
    "DESIGNS",
    "THREATS",
    "City",
    "Estimate",
    "Process",
    "areas_needed",
    "averaging_variance",
    "boundary_discontinuity",
    "event_study",
    "generating_process",
    "minimum_detectable_effect",
    "power_did",
    "pretrend_test",
    "replicate",
    "sampling_sd",
    "simulate_city",
    "study",
    "summarise",
    "synthetic_control",
    "two_stage",
    "two_way_fixed_effects",
    "variance_from_history",
]
