"""Where several disadvantages fall on the same place, and where they cluster.

Overlap counts in how many domains a place is among the worst, and holds that count against
domains that know nothing of each other (`worst_places`, `stacking`, `variance_ratio`,
`pair_lift`). Clusters are places whose surroundings are alike (`nearest_neighbours`,
`local_clusters`).
"""

from equalcities.overlap.clusters import local_clusters, nearest_neighbours
from equalcities.overlap.stacks import pair_lift, stacking, variance_ratio, worst_places

__all__ = [
    "local_clusters",
    "nearest_neighbours",
    "pair_lift",
    "stacking",
    "variance_ratio",
    "worst_places",
]
