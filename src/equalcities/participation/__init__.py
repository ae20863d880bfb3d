"""Who takes part, and which features of participation occur together."""

from equalcities.participation.example import drawn_panel, invented_city
from equalcities.participation.features import (
    FEATURES,
    FEWEST,
    feature_matrix,
    feature_pairs,
)
from equalcities.participation.representativeness import (
    SimpsonCheck,
    invitations,
    representation_gaps,
    simpson_check,
)

__all__ = [
    "FEATURES",
    "FEWEST",
    "SimpsonCheck",
    "drawn_panel",
    "feature_matrix",
    "feature_pairs",
    "invented_city",
    "invitations",
    "representation_gaps",
    "simpson_check",
]
