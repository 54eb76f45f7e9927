"""Square roots of covariances and of products of two, batched, with gradients that are finite for all eigenvalues."""

import math
from functools import cache

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 256  # matrices that fit into a core's cache during all steps of the iteration
STABLE = 1.69770248526  # a larger scale would cancel the largest singular values to nearly 0


class SquareRootFactor(torch.autograd.Function):
    """A factor L (..., C, C) of a positive semi-definite S = L L^T: eigenvectors times square roots of eigenvalues.

    The gradient is valid for functions of L L^T only, for which all factors are equivalent. It needs no gaps between
    eigenvalues: with S = V diag(r^2) V^T and the gradient G with respect to L, that with respect to S is V H V^T where

        H = 1/2 V^T G diag(1 / r),

    which is symmetric. Of two mirrored entries the one divided by the larger r is used. Eigenvalues below rounding
    count as 0. If S is estimated from fewer samples than channels, some r are always 0; a function of S need not be
    differentiable there, but as a function of the samples it may be, and omitting the 1 / r gives that gradient.
    """

    @staticmethod
    def forward(ctx, covariances: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(covariances)  # ascending
        roots = values.where(values > values.shape[-1] * torch.finfo(values.dtype).eps * values[..., -1:], 0).sqrt()
        ctx.save_for_backward(vectors, roots)
        return (vectors * roots[..., None, :]).contiguous()  # LAPACK has them transposed

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> Tensor:
        vectors, roots = ctx.saved_tensors
        with torch.autocast(gradient.device.type, enabled=False):
            inverse = torch.where(roots > 0, 0.5 / roots, 0)
            inner = (vectors.mT @ gradient * inverse[..., None, :]).triu()
            return vectors @ (inner + inner.triu(1).mT) @ vectors.mT


class TraceOfRoot(torch.autograd.Function):
    """Tr (S_a S_b)^(1/2), (P,), for P pairs of factors (A, C, C) and (B, C, C) given by two index tensors (P,).

    It is the sum of the singular values of X = L_a^T L_b. Its gradient is the polar factor of X, which needs no gaps
    between singular values either. Those below sqrt(eps) of the largest count with a factor between 0 and 1. The
    backward pass gathers the factors again instead of saving them: there are many more pairs than regions.
    """

    @staticmethod
    def forward(ctx, factors: Tensor, others: Tensor, first: Tensor, second: Tensor) -> Tensor:
        products = factors.index_select(0, first).mT @ others.index_select(0, second)
        blocks = products.split(BLOCK if products.device.type == 'cpu' else max(1, len(products)))
        polar = torch.cat([polar_factor(block) for block in blocks])
        ctx.save_for_backward(factors, others, first, second, polar)
        return (polar * products).sum((-2, -1))

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        factors, others, first, second, polar = ctx.saved_tensors
        of_factors = of_others = None
        with torch.autocast(gradient.device.type, enabled=False):
            of_products = gradient[:, None, None] * polar
            if ctx.needs_input_grad[0]:
                of_factors = torch.zeros_like(factors).index_add_(
                    0, first, others.index_select(0, second) @ of_products.mT
                )
            if ctx.needs_input_grad[1]:
                of_others = torch.zeros_like(others).index_add_(0, second, factors.index_select(0, first) @ of_products)
        return of_factors, of_others, None, None


def polar_factor(matrices: Tensor) -> Tensor:
    """Compute U V^T of matrices U diag(s) V^T (P, C, C), without a graph.

    Uses matrix products only, which are many times as fast as a decomposition for thousands of small matrices:
    Newton-Schulz steps, each scaled so that the range of the singular values, lowest <= s <= 1, becomes as narrow as a
    cubic can make it (Chen and Chow, "A stable scaling of Newton-Schulz for improving the sign function
    computation of a Hermitian matrix", 2014),

        X <- a X (3 - a^2 X^T X) / 2,    a = min(1.6977, (3 / (1 + lowest + lowest^2))^(1/2)).

    Singular values above sqrt(eps) of the largest become 1 up to rounding, smaller ones a value between 0 and 1, and
    zeros stay 0. Float32 products must not use TF32.
    """
    largest = matrices.abs().amax((-2, -1), keepdim=True)
    x = matrices / largest.clamp(min=torch.finfo(matrices.dtype).tiny)  # otherwise the products may underflow
    gram = x.mT @ x
    bound = gram.abs().sum(-1).amax(-1)[:, None, None].clamp(min=1)  # on the largest squared singular value
    x, gram, other = x / bound.sqrt(), gram / bound, torch.empty_like(x)
    for number, (linear, cubic) in enumerate(scaled_steps(torch.finfo(x.dtype).eps)):
        if number:
            torch.bmm(x.mT, x, out=gram)
        torch.baddbmm(x, x, gram, beta=linear, alpha=cubic, out=other)
        x, other = other, x
    return x


@cache
def scaled_steps(rounding: float) -> list[tuple[float, float]]:
    """Return the factors of X and X X^T X per step, until all s above sqrt(rounding) are 1 up to rounding."""
    lowest, steps = math.sqrt(rounding), []
    while 1 - lowest > rounding:
        scale = min(STABLE, math.sqrt(3 / (1 + lowest + lowest**2)))
        steps.append((1.5 * scale, -0.5 * scale**3))
        lowest = min(scale * x * (3 - (scale * x) ** 2) / 2 for x in (lowest, 1.0))
    return steps
