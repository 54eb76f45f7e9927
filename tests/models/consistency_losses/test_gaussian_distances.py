"""Distances between Gaussians: published numbers, SciPy pair by pair, gradients at the points where they are hard."""

from pathlib import Path

import numpy as np
import pytest
import torch
from gaussian_pairs import by_hand
from torch.distributions import MultivariateNormal
from torch.distributions import kl_divergence as kl_of_torch

from mmmtl.models.consistency_losses.gaussian_distances import (
    kl_divergence,
    squared_distances,
    wasserstein,
    wasserstein_to,
)
from mmmtl.models.consistency_losses.noise_contrast import noise_contrast
from mmmtl.models.consistency_losses.region_moments import RegionPixels

GOLDEN = Path(__file__).parents[2] / 'golden' / 'rdc_shared.npz'


def gaussians(*samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples (n_i, C) -> means (1, M, C), covariances (1, M, C, C)."""
    return torch.stack([x.mean(0) for x in samples])[None], torch.stack([x.T.cov() for x in samples])[None]


@pytest.fixture
def sets() -> tuple[torch.Tensor, torch.Tensor]:
    """Three sets of five Gaussians in 6 dimensions."""
    made = [
        gaussians(
            *(
                torch.randn(20, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(10 * i + j)) * (1 + j)
                + i
                for j in range(5)
            )
        )
        for i in range(3)
    ]
    return torch.cat([means for means, _ in made]), torch.cat([covariances for _, covariances in made])


@pytest.mark.parametrize(('dtype', 'tolerance'), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_the_published_distances(dtype, tolerance):
    golden = np.load(GOLDEN)
    means, covariances = gaussians(*(torch.from_numpy(golden[f'region{i}']) for i in range(6)))
    found = wasserstein(means.to(dtype), covariances.to(dtype))[0].double()
    assert (found - torch.from_numpy(golden['wasserstein'])).abs().max() < tolerance


def test_equal_to_scipy(sets):
    means, covariances = sets
    found = wasserstein(means, covariances)
    for i in range(3):
        expected = by_hand(means[i], covariances[i], means[i], covariances[i])
        assert np.abs(found[i].numpy() - expected).max() < 1e-6
    to = wasserstein_to(means, covariances, means[1], covariances[1])
    for i in range(3):
        assert np.abs(to[i].numpy() - by_hand(means[i], covariances[i], means[1], covariances[1])).max() < 1e-6


def test_a_distance(sets):
    found = wasserstein(*sets)
    assert torch.allclose(found, found.mT, rtol=0, atol=1e-10)
    assert torch.equal(found.diagonal(dim1=1, dim2=2), torch.zeros(3, 5, dtype=torch.float64))
    roots = found.sqrt()
    assert (roots[:, :, :, None] <= roots[:, :, None] + roots.mT[:, None] + 1e-9).all()  # d(i, j) <= d(i, k) + d(k, j)


def test_without_a_gradient_the_same(sets):
    means, covariances = sets
    with_graph = wasserstein(means, covariances.clone().requires_grad_())
    assert torch.allclose(with_graph, wasserstein(means, covariances), atol=1e-10)


def samples_of(kind: str) -> list[torch.Tensor]:
    """Three sets of samples (n, 5) whose covariances are hard in one way."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    if kind == 'regular':
        return [draw(12, 5), 2 * draw(15, 5) + 1, draw(11, 5)]
    if kind == 'rank deficient':  # fewer pixels than channels
        return [draw(3, 5), draw(4, 5), draw(12, 5)]
    if kind == 'one dead channel':
        return [
            draw(12, 5) * torch.tensor([1, 1, 0, 1, 1.0]),
            draw(12, 5) * torch.tensor([1, 1, 0, 1, 1.0]),
            draw(12, 5) * torch.tensor([1, 0.0, 0, 1, 1]),
        ]
    corners = torch.cat([torch.eye(5), -torch.eye(5)]).double()  # covariance: a multiple of the identity
    return [corners, 2 * corners + 1, corners.roll(1, 0) * 0.5]


@pytest.mark.parametrize('kind', ['regular', 'rank deficient', 'repeated eigenvalues'])
def test_gradient(kind):
    samples = [x.requires_grad_() for x in samples_of(kind)]
    assert torch.autograd.gradcheck(lambda *x: wasserstein(*gaussians(*x)), samples)


@pytest.mark.parametrize('distance', ['wasserstein', 'kl'])
def test_gradient_of_regions_one_pixel_over_the_minimum(distance):
    """From features of 12 channels, regions of 11 pixels and all, to the loss."""
    slots = torch.full((2, 3, 11), -1)
    slots[:, 0], slots[:, 2] = 0, 1
    pixels = RegionPixels.of(slots, 2)
    assert (pixels.counts == 11).all()

    def loss(features):
        means, covariances = (part.flatten(0, 1)[None] for part in pixels.moments(features))
        table = (
            wasserstein(means, covariances)
            if distance == 'wasserstein'
            else kl_divergence(means, covariances, means, covariances, ridge=0.1)
        )
        there = torch.ones(1, 4, dtype=torch.bool)
        return noise_contrast(table, there, there, members=1)[0]

    features = torch.randn(2, 12, 3, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(loss, (features.requires_grad_(),))


def test_gradient_to_others():
    samples = [x.requires_grad_() for x in samples_of('regular')]
    others = [part[0].detach() for part in gaussians(*samples_of('rank deficient'))]
    assert torch.autograd.gradcheck(lambda *x: wasserstein_to(*gaussians(*x), *others), samples)


@pytest.mark.parametrize('kind', ['one dead channel', 'rank deficient', 'repeated eigenvalues'])
@pytest.mark.parametrize('scale', [1e-6, 1.0, 1e4])
def test_the_gradient_stays_finite_in_single_precision(kind, scale):
    samples = [(scale * x).float().requires_grad_() for x in samples_of(kind)]
    wasserstein(*gaussians(*samples)).sum().backward()
    for x in samples:
        assert x.grad.isfinite().all()
        assert x.grad.abs().max() < 100 * scale  # it is of the order of the samples


@pytest.mark.parametrize('decay', [1.0, 0.5, 0.25])
def test_single_precision_where_channels_differ_widely(decay):
    """Deviations from 1 to 1 / 2^15 or less, as smooth maps have: value and gradient are those of double precision."""
    generator = torch.Generator().manual_seed(0)
    spread = decay ** torch.arange(16)
    samples = [torch.randn(40, 16, dtype=torch.float64, generator=generator) * spread * (1 + i) for i in range(4)]
    found, gradients = {}, {}
    for dtype in (torch.float64, torch.float32):
        leaves = [x.clone().to(dtype).requires_grad_() for x in samples]
        found[dtype] = wasserstein(*gaussians(*leaves))
        found[dtype].sum().backward()
        gradients[dtype] = torch.stack([x.grad for x in leaves]).double()
    assert torch.allclose(found[torch.float32].double(), found[torch.float64], rtol=1e-3, atol=1e-4)
    exact = gradients[torch.float64]
    assert (gradients[torch.float32] - exact).abs().max() < 0.02 * exact.abs().max()


def test_of_points():
    """Covariances of nothing: the distance is that of the means, and nothing is NaN."""
    means = torch.randn(2, 3, 4, requires_grad=True)
    covariances = torch.zeros(2, 3, 4, 4, requires_grad=True)
    found = wasserstein(means, covariances)
    assert torch.allclose(found, (means[:, :, None] - means[:, None]).square().sum(-1), atol=1e-5)
    found.sum().backward()
    assert means.grad.isfinite().all() and covariances.grad.isfinite().all()


def test_kl_is_that_of_torch(sets):
    means, covariances = (part[0] for part in sets)
    ridge = 0.1 * torch.eye(6)
    found = kl_divergence(means, covariances, means, covariances, ridge=0.1)
    expected = [
        [
            kl_of_torch(
                MultivariateNormal(means[i], covariances[i] + ridge),
                MultivariateNormal(means[j], covariances[j] + ridge),
            )
            for j in range(5)
        ]
        for i in range(5)
    ]
    assert torch.allclose(found, torch.tensor(expected, dtype=torch.float64), atol=1e-9)
    batched = kl_divergence(*sets, means, covariances, ridge=0.1)
    assert batched.shape == (3, 5, 5) and torch.allclose(batched[0], found)
    assert torch.allclose(kl_divergence(*sets, *sets, ridge=0.1)[0], found)


def test_gradient_of_kl():
    samples = [x.requires_grad_() for x in samples_of('rank deficient')]

    def table(*x):
        made = gaussians(*x)
        return kl_divergence(*made, *made, ridge=0.1)

    assert torch.autograd.gradcheck(table, samples)


def test_squared_distances_keep_their_digits():
    points = torch.randn(1, 4, 3) + 1000
    expected = (points.double()[:, :, None] - points.double()[:, None]).square().sum(-1)
    assert torch.allclose(squared_distances(points, points).double(), expected, atol=1e-4)
