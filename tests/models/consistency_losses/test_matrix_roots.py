"""Roots of covariances: against decompositions in double precision, also where singular values repeat or vanish."""

import pytest
import torch

from mmmtl.models.consistency_losses.matrix_roots import SquareRootFactor, TraceOfRoot, polar_factor, scaled_steps


def with_singular_values(values: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """(C, C) float64."""
    generator = torch.Generator().manual_seed(seed)
    left, right = (
        torch.linalg.qr(torch.randn(len(values), len(values), dtype=torch.float64, generator=generator))[0]
        for _ in range(2)
    )
    return left * values @ right.T


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('scale', [1e-12, 1.0, 1e8])
@pytest.mark.parametrize('lowest', [1.0, 0.1, 1e-3])
def test_the_polar_factor(dtype, scale, lowest):
    exact = torch.stack([with_singular_values(torch.linspace(lowest, 1, 16, dtype=torch.float64), i) for i in range(5)])
    left, _, right = torch.linalg.svd(exact)
    found = polar_factor((scale * exact).to(dtype))
    assert (found.double() - left @ right).abs().max() < 2000 * torch.finfo(dtype).eps / lowest**0.5


def test_zeros_stay():
    """In a zero matrix, and in the null space of another."""
    values = torch.tensor([2.0, 1, 1, 0, 0], dtype=torch.float64)
    found = polar_factor(torch.stack([with_singular_values(values), torch.zeros(5, 5, dtype=torch.float64)]).float())
    assert torch.allclose(torch.linalg.svdvals(found[0]), torch.tensor([1.0, 1, 1, 0, 0]), atol=1e-3)
    assert torch.equal(found[1], torch.zeros(5, 5))


def test_steps_end_when_the_lowest_is_one():
    for rounding in (1e-7, 2e-16):
        lowest, bound = rounding**0.5, 1.0
        for linear, cubic in scaled_steps(rounding):
            lowest, bound = (linear * x + cubic * x**3 for x in (lowest, bound))
        assert lowest == pytest.approx(1, abs=2 * rounding) and bound == pytest.approx(1, abs=2 * rounding)


def test_blocks_do_not_matter():
    factors = torch.randn(24, 4, 4)
    first, second = torch.triu_indices(24, 24, 1)  # 276 pairs, more than a block
    found = TraceOfRoot.apply(factors, factors, first, second)
    expected = torch.linalg.svdvals(factors[first].mT @ factors[second]).sum(-1)
    assert torch.allclose(found, expected, rtol=1e-4)


def test_a_factor():
    samples = torch.randn(3, 7, 5, dtype=torch.float64)
    covariances = samples.mT @ samples
    factors = SquareRootFactor.apply(covariances)
    assert torch.allclose(factors @ factors.mT, covariances) and factors.is_contiguous()


@pytest.mark.parametrize('rows', [3, 9])
def test_gradient_of_what_depends_on_the_product_only(rows):
    """Through the samples, also where there are fewer of them than channels."""
    samples = torch.randn(2, rows, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    other = torch.randn(5, 5, dtype=torch.float64)

    def of_the_product(x):
        return (SquareRootFactor.apply(x.mT @ x).mT @ other).square().sum((-2, -1))

    assert torch.autograd.gradcheck(of_the_product, (samples.requires_grad_(),))


def test_gradient_of_two_kinds_of_factors():
    """Only the first wants one, then only the second: a bank has none."""
    first, second = torch.tensor([0, 1, 1]), torch.tensor([2, 0, 2])
    factors = torch.randn(2, 4, 4, dtype=torch.float64)
    others = torch.randn(3, 4, 4, dtype=torch.float64)
    for part in (factors, others):
        part.requires_grad_()
        assert torch.autograd.gradcheck(TraceOfRoot.apply, (factors, others, first, second))
        part.requires_grad_(False)
