"""The made-up people and providers of the book's thought experiment."""

from __future__ import annotations

import pandas as pd

from equalcities.funding.payments import Provider

EXAMPLE_PLACES = 5000
"""Places of the made-up contract, for half of the people in need."""

BEHAVIOURS = {
    "even-handed": Provider(),
    "cream-skimming": Provider(creaming=0.8),
    "parking": Provider(parking=0.8),
    "gaming": Provider(false_claims=0.15, relabelling=0.2),
    "all three": Provider(creaming=0.8, parking=0.8, false_claims=0.15, relabelling=0.2),
}


def example_groups() -> pd.DataFrame:
    """Return four made-up groups, from least to most need.

    Returns
    -------
    DataFrame
        As `equalcities.funding.try_tariffs` takes it. The numbers are of our choice: chances
        without help fall with need, so does what help adds, and costs rise.
    """
    return pd.DataFrame(
        {
            "group": ["least need", "some need", "more need", "most need"],
            "people": [4000, 3000, 2000, 1000],
            "base_rate": [0.20, 0.12, 0.07, 0.03],
            "gain": [0.40, 0.33, 0.25, 0.18],
            "cost": [1000.0, 1300.0, 1800.0, 2400.0],
            "spread": 0.5,
        }
    )
