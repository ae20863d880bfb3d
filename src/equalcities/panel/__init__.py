"""The 72-city panel: grouping by country, gaps, correlations, composite index, types."""

from equalcities.panel.city_types import (
    CityTypes,
    city_types,
    cluster_stability,
    gap_statistic,
    partition,
    silhouette_widths,
)
from equalcities.panel.composite import (
    aggregate,
    impute,
    normalise,
    pca_weights,
    random_weights,
)
from equalcities.panel.correlations import rank_correlations, with_and_without
from equalcities.panel.grouped import (
    RandomInterceptFit,
    associations,
    country_shares,
    leave_one_out,
    random_intercept,
    theil_by_country,
    within_between,
)
from equalcities.panel.missing_bias import compare_missing, missing_bounds, predicted_gap
from equalcities.panel.ranks import (
    ChoiceSpace,
    RankUncertainty,
    Robustness,
    choice_space,
    dominance,
    league_table,
    rank_intervals,
    rank_sensitivity,
    rank_uncertainty,
    robustness,
)

__all__ = [
    "ChoiceSpace",
    "CityTypes",
    "RandomInterceptFit",
    "RankUncertainty",
    "Robustness",
    "aggregate",
    "associations",
    "choice_space",
    "city_types",
    "cluster_stability",
    "compare_missing",
    "country_shares",
    "dominance",
    "gap_statistic",
    "impute",
    "league_table",
    "leave_one_out",
    "missing_bounds",
    "normalise",
    "partition",
    "pca_weights",
    "predicted_gap",
    "random_intercept",
    "random_weights",
    "rank_correlations",
    "rank_intervals",
    "rank_sensitivity",
    "rank_uncertainty",
    "robustness",
    "silhouette_widths",
    "theil_by_country",
    "with_and_without",
    "within_between",
]
