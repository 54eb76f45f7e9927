"""Regions as slots, their pixels in blocks, their moments: against NumPy, one region at a time."""

import numpy as np
import pytest
import torch

from mmmtl.models.consistency_losses.region_moments import RegionPixels, largest_regions


def random_slots(sets: int, count: int, size: tuple[int, int], seed: int = 0) -> torch.Tensor:
    return torch.randint(-1, count, (sets, *size), generator=torch.Generator().manual_seed(seed))


def test_the_largest_come_first():
    regions = torch.tensor([[[7, 7, 7, 3], [65535, 65535, -1, 3], [0, 65535, -1, 3], [3, 65535, -1, 7]]])
    assert largest_regions(regions, 4, min_pixels=1).tolist() == [
        [[1, 1, 1, 0], [2, 2, -1, 0], [3, 2, -1, 0], [0, 2, -1, 1]]
    ]


def test_ids_of_one_size_by_their_number():
    regions = torch.tensor([[[9, 9, 4, 4], [2, 2, 2, -1]]])
    assert largest_regions(regions, 3, min_pixels=2).tolist() == [[[2, 2, 1, 1], [0, 0, 0, -1]]]
    assert largest_regions(regions, 2, min_pixels=2).tolist() == [[[-1, -1, 1, 1], [0, 0, 0, -1]]]
    assert largest_regions(regions, 3, min_pixels=3).tolist() == [[[-1, -1, -1, -1], [0, 0, 0, -1]]]
    assert largest_regions(torch.full((1, 2, 2), -1), 3, min_pixels=2).tolist() == [[[-1, -1], [-1, -1]]]


def test_each_image_has_ids_of_its_own():
    regions = torch.tensor([[[5, 5, 6]], [[6, 6, 5]]])
    assert largest_regions(regions, 2, min_pixels=1).tolist() == [[[0, 0, 1]], [[0, 0, 1]]]


@pytest.mark.parametrize('size', [(1, 5), (64, 64), (37, 29)])
def test_moments_are_those_of_numpy(size):
    slots = random_slots(3, 4, size)
    slots[1][slots[1] == 2] = -1  # a region that is not there
    slots[2] = -1  # nor any other
    features = torch.randn(3, 6, *size, dtype=torch.float64)
    means, covariances = RegionPixels.of(slots, 5).moments(features)
    assert means.shape == (3, 5, 6) and covariances.shape == (3, 5, 6, 6)
    for e in range(3):
        for r in range(5):
            pixels = features[e][:, slots[e] == r].numpy()
            count = pixels.shape[1]
            expected = np.atleast_2d(np.cov(pixels)) if count > 1 else np.zeros((6, 6))
            assert np.allclose(means[e, r], pixels.mean(1) if count else 0)
            assert np.allclose(covariances[e, r], expected)


def test_counts_and_places():
    slots = random_slots(2, 3, (20, 30))
    found = RegionPixels.of(slots, 4)
    for e in range(2):
        for r in range(4):
            assert found.counts[e, r] == (slots[e] == r).sum()
            begin, end = found.starts[e, r], found.starts[e, r] + found.counts[e, r]
            assert set(found.pixels[e, begin:end].tolist()) == set((slots[e].flatten() == r).nonzero()[:, 0].tolist())


def test_a_common_offset_costs_no_digits():
    slots = random_slots(1, 3, (24, 24))
    features = torch.randn(1, 4, 24, 24)
    _, expected = RegionPixels.of(slots, 3).moments(features)
    _, found = RegionPixels.of(slots, 3).moments(features + 1000)
    assert torch.allclose(found, expected, atol=2e-3)


def test_gradient_with_few_pixels():
    slots = torch.full((1, 3, 4), -1)
    slots[0, 0, :2], slots[0, 1] = 0, 1
    features = torch.randn(1, 3, 3, 4, dtype=torch.float64, requires_grad=True)
    pixels = RegionPixels.of(slots, 3)
    assert torch.autograd.gradcheck(pixels.moments, (features,))
    sum(part.square().sum() for part in pixels.moments(features)).backward()
    assert ((features.grad.abs().sum((0, 1)) > 0) == (slots[0] >= 0)).all()  # nothing else is reached


def test_pixels_outside_regions_may_be_nan():
    slots = torch.zeros(1, 4, 4, dtype=torch.long)
    slots[0, 0] = -1
    features = torch.randn(1, 2, 4, 4)
    features[..., 0, :] = torch.nan
    assert all(part.isfinite().all() for part in RegionPixels.of(slots, 2).moments(features))
    nothing = RegionPixels.of(torch.full_like(slots, -1), 2).moments(features)
    assert all(torch.equal(part, torch.zeros_like(part)) for part in nothing)


def test_pixels_spread_over_their_region():
    slots = random_slots(2, 3, (16, 16))
    found = RegionPixels.of(slots, 3)
    indices = found.evenly_spread(5)
    assert indices.shape == (2, 3, 5)
    for e in range(2):
        for r in range(3):
            assert (slots[e].flatten()[indices[e, r]] == r).all() and len(indices[e, r].unique()) == 5
    values = torch.arange(512.0).view(2, 1, 16, 16)
    assert torch.equal(found.gather(values, indices)[..., 0], indices + torch.tensor([0, 256]).view(2, 1, 1))
