"""Where cities lie in the main directions of their indicators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from equalcities.errors import UsageError
from equalcities.panel.columns import require_columns


def principal_plane(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, float]:
    """Place cities by their first two principal components.

    Parameters
    ----------
    frame : DataFrame
        One row per city, without gaps in ``columns``.
    columns : sequence of str
        Indicators, standardised here.

    Returns
    -------
    plane : DataFrame
        Columns ``first`` and ``second``, indexed as the frame. Signs are set so that the largest
        loading of each component is positive.
    share : float
        Share of the indicators' variance that the two components hold.

    Raises
    ------
    UsageError
        For missing values.
    """
    require_columns(frame, columns)
    table = frame[list(columns)].astype(float)
    if table.isna().any().any():
        raise UsageError("indicators have gaps; drop or fill those cities first.")
    z = ((table - table.mean()) / table.std()).to_numpy()
    _, sizes, axes = np.linalg.svd(z, full_matrices=False)
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    plane = pd.DataFrame(z @ axes[:2].T, columns=["first", "second"], index=frame.index)
    return plane, float((sizes[:2] ** 2).sum() / (sizes**2).sum())
