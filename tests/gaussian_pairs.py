"""Wasserstein distances between Gaussians, pair by pair as in the equation."""

import numpy as np
import scipy.linalg
import torch


def by_hand(
    means: torch.Tensor, covariances: torch.Tensor, other_means: torch.Tensor, other_covariances: torch.Tensor
) -> np.ndarray:
    """Equation (5) with SciPy's square root of a product, a pair at a time."""
    table = np.zeros((len(means), len(other_means)))
    for i, (mean, covariance) in enumerate(zip(means.numpy(), covariances.numpy(), strict=True)):
        for j, (other, others) in enumerate(zip(other_means.numpy(), other_covariances.numpy(), strict=True)):
            root = scipy.linalg.sqrtm(covariance @ others)
            table[i, j] = ((mean - other) ** 2).sum() + np.trace(covariance + others - 2 * root).real
    return table
