"""Distances between Gaussians: the squared 2-Wasserstein distance and the Kullback-Leibler divergence."""

import torch
from torch import Tensor

from mmmtl.models.consistency_losses.matrix_roots import SquareRootFactor, TraceOfRoot


def wasserstein(means: Tensor, covariances: Tensor) -> Tensor:
    """Compute the squared 2-Wasserstein distances (E, M, M) between the M Gaussians of each of E sets.

    |m_a - m_b|^2 + Tr S_a + Tr S_b - 2 Tr (S_a S_b)^(1/2), equation (5) of Li et al., "Region-aware Distribution
    Contrast", ECCV 2024. With factors L L^T = S the last trace is the sum of the singular values of L_a^T L_b. Half of
    the pairs are computed, the other half follow by symmetry.

    Args:
        means: (E, M, C).
        covariances: (E, M, C, C).
    """
    sets, members, _ = means.shape
    first, second = torch.triu_indices(members, members, 1, device=means.device)
    rows = torch.arange(sets, device=means.device)[:, None] * members
    factors = SquareRootFactor.apply(covariances.flatten(0, 1))
    half = TraceOfRoot.apply(factors, factors, (rows + first).flatten(), (rows + second).flatten())
    entries = first * members + second, second * members + first
    root_traces = half.new_zeros(sets, members * members)
    root_traces = root_traces.index_copy(1, torch.cat(entries), half.view(sets, -1).repeat(1, 2)).view(
        sets, members, members
    )
    trace = covariances.diagonal(dim1=-2, dim2=-1).sum(-1)  # (E, M)
    off_diagonal = 1 - torch.eye(members, dtype=means.dtype, device=means.device)  # the diagonal is exactly 0
    distances = squared_distances(means, means) + trace[:, :, None] + trace[:, None] - 2 * root_traces
    return distances.clamp(min=0) * off_diagonal


def wasserstein_to(means: Tensor, covariances: Tensor, other_means: Tensor, other_covariances: Tensor) -> Tensor:
    """Compute the squared 2-Wasserstein distances (E, M, K) from the M Gaussians of each of E sets to K shared others.

    Args:
        means: (E, M, C).
        covariances: (E, M, C, C).
        other_means: (K, C).
        other_covariances: (K, C, C).
    """
    sets, members, _ = means.shape
    others = len(other_means)
    own_index = torch.arange(sets * members, device=means.device).repeat_interleave(others)
    other_index = torch.arange(others, device=means.device).repeat(sets * members)
    root_traces = TraceOfRoot.apply(
        SquareRootFactor.apply(covariances.flatten(0, 1)),
        SquareRootFactor.apply(other_covariances),
        own_index,
        other_index,
    )
    trace_sums = covariances.diagonal(dim1=-2, dim2=-1).sum(-1)[:, :, None] + other_covariances.diagonal(
        dim1=-2, dim2=-1
    ).sum(-1)
    return (squared_distances(means, other_means) + trace_sums - 2 * root_traces.view(sets, members, others)).clamp(
        min=0
    )


def kl_divergence(
    means: Tensor, covariances: Tensor, other_means: Tensor, other_covariances: Tensor, *, ridge: float
) -> Tensor:
    """Compute the Kullback-Leibler divergences KL(own || other), (..., M, K), from M to K Gaussians.

    Args:
        means: (..., M, C).
        covariances: (..., M, C, C).
        other_means: (..., K, C).
        other_covariances: (..., K, C, C).
        ridge: Added to each variance. Without it the divergence is infinite for a region with fewer pixels than
            channels.
    """
    channels = means.shape[-1]
    identity = ridge * torch.eye(channels, dtype=means.dtype, device=means.device)
    own, other = covariances + identity, other_covariances + identity
    own_root, other_root = torch.linalg.cholesky(own), torch.linalg.cholesky(other)
    precision = torch.cholesky_inverse(other_root)
    overlap = own.flatten(-2) @ precision.flatten(-2).mT  # Tr (S_other^-1 S_own)
    difference = means[..., :, None, :] - other_means[..., None, :, :]  # (..., M, K, C)
    whitened = torch.linalg.solve_triangular(other_root, difference.movedim(-3, -1), upper=False)  # (..., K, C, M)
    own_log_det, other_log_det = (2 * root.diagonal(dim1=-2, dim2=-1).log().sum(-1) for root in (own_root, other_root))
    mahalanobis = whitened.square().sum(-2).mT  # squared, (..., M, K)
    return 0.5 * (overlap + mahalanobis - channels + other_log_det[..., None, :] - own_log_det[..., None])


def squared_distances(points: Tensor, others: Tensor) -> Tensor:
    """Compute |a - b|^2, (..., M, K), of points (..., M, C) and (..., K, C); a common offset costs no precision."""
    centre = others.detach().mean(-2, keepdim=True)
    points, others = points - centre, others - centre
    norms = points.square().sum(-1)[..., :, None] + others.square().sum(-1)[..., None, :]
    return (norms - 2 * points @ others.mT).clamp(min=0)
