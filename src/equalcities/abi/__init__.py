"""Area-based initiatives: the map of programmes and where evidence is missing."""

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

__all__ = [
    "DOMAINS",
    "PARTICIPATION",
    "REGIONS",
    "co_occurrence",
    "count_by",
    "decade",
    "evidence_gap",
    "initiatives",
    "ranked_domains",
    "region",
]
