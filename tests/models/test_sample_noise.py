"""Noise per image: normal, independent of batch and position, different in every call and for every stream."""

import torch

from mmmtl.models.sample_noise import noise_keys, normal_noise


def images(count: int) -> torch.Tensor:
    return torch.randn(count, 3, 6, 8, generator=torch.Generator().manual_seed(0))


def keys(batch: torch.Tensor, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return noise_keys(batch)


def test_numbers_are_standard_normal_and_uncorrelated():
    numbers = normal_noise(keys(images(4)), 3, (5, 64, 64))
    assert numbers.dtype == torch.float32 and numbers.isfinite().all()
    for power, expected in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert abs(numbers.pow(power).mean() - expected) < 0.05
    assert ((numbers.abs() < 1).float().mean() - 0.6827).abs() < 0.005
    flat = numbers.flatten(2).reshape(20, -1)
    assert (torch.corrcoef(flat) - torch.eye(20)).abs().max() < 0.08
    assert (flat[:, 1:] * flat[:, :-1]).mean().abs() < 0.01
    assert len(numbers.unique()) > 0.99 * numbers.numel()


def test_an_image_has_its_numbers_in_any_batch():
    batch = images(6)
    expected = normal_noise(keys(batch), 1, (2, 3))
    order = [4, 1, 0]
    assert torch.equal(normal_noise(keys(batch[order]), 1, (2, 3)), expected[order])
    channels_last = batch.contiguous(memory_format=torch.channels_last)
    assert torch.equal(normal_noise(keys(channels_last), 1, (2, 3)), expected)


def test_images_calls_and_streams_differ():
    batch = images(2)
    first = normal_noise(keys(batch), 0, (50,))
    assert not torch.equal(first[0], first[1])
    for other in (normal_noise(keys(batch), 1, (50,)), normal_noise(keys(batch, seed=1), 0, (50,))):
        assert torch.corrcoef(torch.stack([first[0], other[0]]))[0, 1].abs() < 0.5
    torch.manual_seed(0)
    assert not torch.equal(noise_keys(batch), noise_keys(batch))


def test_the_state_of_the_generator_restores_the_numbers():
    batch = images(2)
    torch.manual_seed(3)
    noise_keys(batch)
    state = torch.get_rng_state()
    expected = noise_keys(batch)
    torch.manual_seed(9)
    torch.set_rng_state(state)
    assert torch.equal(noise_keys(batch), expected)
