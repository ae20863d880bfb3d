"""Cluster-robust variance with the CR2 correction and Satterthwaite degrees of freedom.

Own code, because the kept Python libraries do not give it: statsmodels has CR0 and CR1 only, and
PyMARE's CR2 was measured to differ from clubSandwich by 3e-4. Checked against clubSandwich.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def cr2(
    design: Array, working: Array, residuals: Array, codes: Array, contrasts: Array
) -> tuple[Array, Array]:
    """Return the CR2 covariance of the coefficients and the df of each contrast.

    Parameters
    ----------
    design : ndarray, shape (k, p)
        Design matrix of the fitted model.
    working : ndarray, shape (k, k)
        Working covariance of the effects, block-diagonal by cluster; its inverse is the weight
        matrix of the fit.
    residuals : ndarray, shape (k,)
        Effects minus fitted values.
    codes : ndarray of int, shape (k,)
        Cluster of each effect, 0 to m - 1.
    contrasts : ndarray, shape (c, p)
        Combinations of coefficients that need degrees of freedom.

    Returns
    -------
    covariance : ndarray, shape (p, p)
    df : ndarray, shape (c,)

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28(2). Pustejovsky and Tipton (2018), JBES 36(4),
    doi:10.1080/07350015.2016.1247004. Tipton (2015), Psychological Methods 20(3).
    """
    weights = np.linalg.inv(working)
    bread = np.linalg.inv(design.T @ weights @ design)
    k, p = design.shape
    residual_maker = np.eye(k) - design @ bread @ design.T @ weights
    meat = np.zeros((p, p))
    directions = []  # per cluster, shape (k, c): how the contrast's variance uses the errors
    for code in range(codes.max() + 1):
        rows = codes == code
        x, phi = design[rows], working[np.ix_(rows, rows)]
        adjustment = _adjustment(phi, phi - x @ bread @ x.T)
        half = adjustment @ weights[np.ix_(rows, rows)] @ x
        scores = half.T @ residuals[rows]
        meat += np.outer(scores, scores)
        directions.append(residual_maker[rows].T @ half @ bread @ contrasts.T)
    stacked = np.stack(directions)
    cross = np.einsum("ikc,kl,jlc->cij", stacked, working, stacked, optimize=True)
    df = np.trace(cross, axis1=1, axis2=2) ** 2 / np.sum(cross**2, axis=(1, 2))
    return bread @ meat @ bread, df


def _adjustment(phi: Array, residual_cov: Array) -> Array:
    # A with A B A' = phi: residuals of the cluster regain the variance of the errors.
    root = np.linalg.cholesky(phi).T
    values, vectors = np.linalg.eigh(root @ residual_cov @ root.T)
    # A cluster that alone fixes a coefficient leaves a zero direction: leave it unadjusted.
    kept = values > values.max() * 1e-10
    inverse_root = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return root.T @ inverse_root @ root
