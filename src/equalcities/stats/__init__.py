"""Statistics shared by the measures; nothing in here knows about cities or surveys."""

from equalcities.stats.bootstrap import bootstrap_percentile
from equalcities.stats.clusters import (
    WildBootstrap,
    cluster_bootstrap,
    cluster_robust,
    wild_cluster_bootstrap,
)
from equalcities.stats.components import VarianceComponents, variance_components
from equalcities.stats.inequality import theil, theil_decomposition, theil_from_gini
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
from equalcities.stats.sensitivity import sobol_indices

__all__ = [
    "PooledEstimate",
    "VarianceComponents",
    "WildBootstrap",
    "adjust_pvalues",
    "bootstrap_percentile",
    "cluster_bootstrap",
    "cluster_robust",
    "difference_interval",
    "effective_size",
    "fisher_pvalues",
    "hypergeometric_interval",
    "minimum_detectable_difference",
    "pool_rubin",
    "power_two_proportions",
    "proportion_interval",
    "random_stream",
    "sobol_indices",
    "theil",
    "theil_decomposition",
    "theil_from_gini",
    "variance_components",
    "wild_cluster_bootstrap",
    "wilson_pooled",
    "wilson_score",
]
