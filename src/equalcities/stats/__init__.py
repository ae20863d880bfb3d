"""Shared statistics that know nothing of cities."""

from equalcities.stats.clusters import (
    WildBootstrap,
    cluster_bootstrap,
    cluster_robust,
    wild_cluster_bootstrap,
)
from equalcities.stats.components import VarianceComponents, variance_components
from equalcities.stats.inequality import theil, theil_decomposition
from equalcities.stats.sensitivity import sobol_indices

__all__ = [
    "VarianceComponents",
    "WildBootstrap",
    "cluster_bootstrap",
    "cluster_robust",
    "sobol_indices",
    "theil",
    "theil_decomposition",
    "variance_components",
    "wild_cluster_bootstrap",
]
