"""Random streams that do not run into each other."""

from __future__ import annotations

import zlib

import numpy as np


def random_stream(rng: np.random.Generator | int, purpose: str) -> np.random.Generator:
    """Return a Generator for one purpose.

    Parameters
    ----------
    rng : Generator or int
        A Generator is used as it is. A seed is joined with the purpose, so that two functions
        called with the same seed do not draw the same numbers: a sample drawn with the seed that
        made its population would otherwise be anything but random.
    purpose : str
        Name of the use, such as ``"bootstrap"``.

    Returns
    -------
    Generator

    Notes
    -----
    Seeds are mixed by `numpy.random.SeedSequence`.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng([int(rng), zlib.crc32(purpose.encode())])
