"""Access to services: what people reach at what cost, and how evenly that is shared out.

First a table of travel costs between people and places (`straight_line`, `street_network` or
`travel_times`), then a measure of access per row of people, then its equity between groups.
"""

from equalcities.access.costs import (
    Costs,
    snap,
    straight_line,
    street_network,
    travel_times,
)
from equalcities.access.equity import concentration_index, group_gaps, palma_ratio, share_short
from equalcities.access.measures import (
    cumulative_opportunities,
    enhanced_two_step,
    exponential,
    gaussian,
    gravity,
    nearest_cost,
    power,
    steps,
    sufficiency,
    three_step,
    two_step,
)
from equalcities.access.within import equal_groups, gaps_within

__all__ = [
    "Costs",
    "concentration_index",
    "cumulative_opportunities",
    "enhanced_two_step",
    "equal_groups",
    "exponential",
    "gaps_within",
    "gaussian",
    "gravity",
    "group_gaps",
    "nearest_cost",
    "palma_ratio",
    "power",
    "share_short",
    "snap",
    "steps",
    "straight_line",
    "street_network",
    "sufficiency",
    "three_step",
    "travel_times",
    "two_step",
]
