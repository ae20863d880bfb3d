"""Residential segregation: indices, uncertainty, scale and decomposition, for any number of places.

`profile` gives everything about each place in tidy rows. Its siblings answer narrower questions:
`measure`, `bootstrap_interval`, `null_test` and `bias_corrected` take chosen indices, `local`
describes single units, `decompose` and `multilevel_dissimilarity` ask where segregation arises.
"""

from equalcities.segregation.decomposition import decompose, multilevel_dissimilarity
from equalcities.segregation.indices import INDICES
from equalcities.segregation.local import local
from equalcities.segregation.profiles import (
    bias_corrected,
    bootstrap_interval,
    measure,
    null_test,
    profile,
)

__all__ = [
    "INDICES",
    "bias_corrected",
    "bootstrap_interval",
    "decompose",
    "local",
    "measure",
    "multilevel_dissimilarity",
    "null_test",
    "profile",
]
