"""How far one Gaussian is from another: the squared 2-Wasserstein distance and the Kullback-Leibler divergence."""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def wasserstein(means: Tensor, covariances: Tensor) -> Tensor:
    """Squared 2-Wasserstein distances (E, M, M) between M Gaussians (E, M, C), (E, M, C, C) of each of E sets.

    |m_a - m_b|^2 + Tr S_a + Tr S_b - 2 Tr (S_a S_b)^(1/2), equation (5) of Li et al., "Region-aware Distribution
    Contrast", ECCV 2024. Half of the pairs are computed, the other half mirrored.
    """
    sets, members, channels = means.shape
    first, second = torch.triu_indices(members, members, 1, device=means.device)
    rows = torch.arange(sets, device=means.device)[:, None] * members
    flat = covariances.flatten(0, 1)
    half = _pairs(flat, square_root_factor(flat), flat, (rows + first).flatten(), (rows + second).flatten())
    place = first * members + second, second * members + first
    traces = flat.new_zeros(sets, members * members)
    traces = traces.index_copy(1, torch.cat(place), half.view(sets, -1).repeat(1, 2)).view(sets, members, members)
    own = covariances.diagonal(dim1=-2, dim2=-1).sum(-1)
    apart = 1 - torch.eye(members, dtype=means.dtype, device=means.device)  # the distance to oneself is 0, exactly
    return (squared_distances(means, means) + own[:, :, None] + own[:, None] - 2 * traces).clamp(min=0) * apart


def wasserstein_to(means: Tensor, covariances: Tensor, other_means: Tensor, other_covariances: Tensor) -> Tensor:
    """The same (E, M, K) from M Gaussians of each of E sets to K others (K, C), (K, C, C) that all sets share."""
    sets, members, _ = means.shape
    flat, others = covariances.flatten(0, 1), len(other_means)
    own = torch.arange(sets * members, device=means.device).repeat_interleave(others)
    other = torch.arange(others, device=means.device).repeat(sets * members)
    # the others come first: a pair's cheap gradient is that of its second member
    traces = _pairs(other_covariances, square_root_factor(other_covariances), flat, other, own)
    spread = covariances.diagonal(dim1=-2, dim2=-1).sum(-1)[:, :, None] + other_covariances.diagonal(
        dim1=-2, dim2=-1).sum(-1)
    return (squared_distances(means, other_means) + spread - 2 * traces.view(sets, members, others)).clamp(min=0)


def kl_divergence(means: Tensor, covariances: Tensor, other_means: Tensor, other_covariances: Tensor, *,
                  ridge: float) -> Tensor:
    """KL(own || other) (..., M, K) of Gaussians (..., M, C) and (..., K, C), ``ridge`` added to each variance.

    Without the ridge it is infinite for a region with fewer pixels than channels.
    """
    channels = means.shape[-1]
    identity = ridge * torch.eye(channels, dtype=means.dtype, device=means.device)
    own, other = covariances + identity, other_covariances + identity
    own_root, other_root = torch.linalg.cholesky(own), torch.linalg.cholesky(other)
    precision = torch.cholesky_inverse(other_root)
    overlap = own.flatten(-2) @ precision.flatten(-2).mT  # Tr (S_other^-1 S_own)
    difference = means[..., :, None, :] - other_means[..., None, :, :]  # (..., M, K, C)
    whitened = torch.linalg.solve_triangular(other_root, difference.movedim(-3, -1), upper=False)  # (..., K, C, M)
    volume = [2 * root.diagonal(dim1=-2, dim2=-1).log().sum(-1) for root in (own_root, other_root)]
    return 0.5 * (overlap + whitened.square().sum(-2).mT - channels + volume[1][..., None, :] - volume[0][..., None])


def squared_distances(points: Tensor, others: Tensor) -> Tensor:
    """(..., M, C), (..., K, C) -> (..., M, K); the common offset is taken off first, to keep digits."""
    centre = others.detach().mean(-2, keepdim=True)
    points, others = points - centre, others - centre
    norms = points.square().sum(-1)[..., :, None] + others.square().sum(-1)[..., None, :]
    return (norms - 2 * points @ others.mT).clamp(min=0)


def square_root_factor(covariances: Tensor) -> Tensor:
    """L with L L^T = S, without a graph: the trace below does not depend on which of these factors is taken."""
    values, vectors = torch.linalg.eigh(covariances.detach())
    return vectors * above_rounding(values).sqrt()[..., None, :]


def above_rounding(values: Tensor) -> Tensor:
    """Eigenvalues (..., C), rising, of a positive semi-definite matrix, 0 where they are below C eps of the largest."""
    return values.where(values > values.shape[-1] * torch.finfo(values.dtype).eps * values[..., -1:], 0)


def _pairs(firsts: Tensor, factors: Tensor, seconds: Tensor, first: Tensor, second: Tensor) -> Tensor:
    return TraceOfRoot.apply(firsts.index_select(0, first), factors.index_select(0, first),
                             seconds.index_select(0, second))


class TraceOfRoot(torch.autograd.Function):
    """Tr (A B)^(1/2) of pairs (P, C, C) of symmetric positive semi-definite matrices, given L with L L^T = A.

    It is the sum of the roots s_k of the eigenvalues of L^T B L = Q diag(s^2) Q^T. The gradients are analytic,

        with respect to B    1/2 (L Q) diag(1 / s) (L Q)^T
        with respect to A    1/2 (B L Q) diag(1 / s^3) (B L Q)^T,

    so that repeated eigenvalues, over whose gaps the gradient of an eigendecomposition divides, are no special case.
    What is below rounding counts as 0, in the value and in the gradient. Where A or B comes from fewer samples than
    channels, some s_k are 0 whatever the samples. Then the trace is not differentiable as a function of A and B, but as
    a function of the samples it is (the nuclear norm of X_a X_b^T); leaving out these s_k gives that gradient.
    """

    @staticmethod
    def forward(ctx, first: Tensor, factor: Tensor, second: Tensor) -> Tensor:
        inner = factor.mT @ second @ factor
        if not any(ctx.needs_input_grad):
            return above_rounding(torch.linalg.eigvalsh(inner)).sqrt().sum(-1)
        values, vectors = torch.linalg.eigh(inner)
        roots = above_rounding(values).sqrt()
        ctx.save_for_backward(roots, factor @ vectors, second)
        return roots.sum(-1)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, None, Tensor | None]:
        roots, directions, second = ctx.saved_tensors
        inverse = torch.where(roots > 0, 1 / roots, 0)
        with torch.autocast(gradient.device.type, enabled=False):
            weights = (0.5 * gradient[:, None] * inverse)[:, None]
            of_first = of_second = None
            if ctx.needs_input_grad[0]:
                moved = second @ directions * inverse[:, None]
                of_first = (moved * weights) @ moved.mT
            if ctx.needs_input_grad[2]:
                of_second = (directions * weights) @ directions.mT
        return of_first, None, of_second
