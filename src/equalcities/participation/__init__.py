"""Who takes part, and which features of participation occur together."""

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
    "feature_matrix",
    "feature_pairs",
    "invitations",
    "representation_gaps",
    "simpson_check",
]
