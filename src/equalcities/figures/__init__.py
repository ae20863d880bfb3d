"""House style, and the chart forms that chapters share.

Charts are drawn to be read alone: direct labels where they fit, colours that readers with
colour-blindness can tell apart, no colour that carries a meaning alone.
"""

from equalcities.figures.counts import (
    count_matrix,
    flow,
    gap_bubbles,
    signed_matrix,
    stacked_counts,
    verdict_matrix,
)
from equalcities.figures.evidence import contour_funnel, effect_directions, forest, studies_needed
from equalcities.figures.maps import (
    cluster_maps,
    label_points,
    points,
    world_and_europe,
    world_land,
)
from equalcities.figures.priorities import first_place_bands, ranks_by_rule
from equalcities.figures.programmes import event_years, label_reach, power_curves, widening
from equalcities.figures.spread import (
    cloud,
    distance_profiles,
    distributions,
    dots_by_panel,
    estimates,
    lines_by_size,
    medians_by_rule,
    rank_ranges,
    strips_by_country,
)
from equalcities.figures.style import (
    COLOURS,
    GREY,
    INK,
    LAND,
    MARKERS,
    RC,
    thousands,
    use_house_style,
)
from equalcities.figures.surveys import coverage_ranges, share_intervals

__all__ = [
    "COLOURS",
    "GREY",
    "INK",
    "LAND",
    "MARKERS",
    "RC",
    "cloud",
    "cluster_maps",
    "contour_funnel",
    "count_matrix",
    "coverage_ranges",
    "distance_profiles",
    "distributions",
    "dots_by_panel",
    "effect_directions",
    "estimates",
    "event_years",
    "first_place_bands",
    "flow",
    "forest",
    "gap_bubbles",
    "label_points",
    "label_reach",
    "lines_by_size",
    "medians_by_rule",
    "points",
    "power_curves",
    "rank_ranges",
    "ranks_by_rule",
    "share_intervals",
    "signed_matrix",
    "stacked_counts",
    "strips_by_country",
    "studies_needed",
    "thousands",
    "use_house_style",
    "verdict_matrix",
    "widening",
    "world_and_europe",
    "world_land",
]
