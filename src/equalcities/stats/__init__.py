"""Statistics shared by the measures; nothing in here knows about cities or surveys."""

from equalcities.stats.bootstrap import bootstrap_percentile
from equalcities.stats.multiplicity import adjust_pvalues
from equalcities.stats.pooling import PooledEstimate, pool_rubin, wilson_pooled
from equalcities.stats.power import (
    fisher_pvalues,
    minimum_detectable_difference,
    power_two_proportions,
)
from equalcities.stats.proportions import (
    difference_interval,
    effective_size,
    hypergeometric_interval,
    proportion_interval,
    wilson_score,
)
from equalcities.stats.randomness import random_stream

__all__ = [
    "PooledEstimate",
    "adjust_pvalues",
    "bootstrap_percentile",
    "difference_interval",
    "effective_size",
    "fisher_pvalues",
    "hypergeometric_interval",
    "minimum_detectable_difference",
    "pool_rubin",
    "power_two_proportions",
    "proportion_interval",
    "random_stream",
    "wilson_pooled",
    "wilson_score",
]
