"""Normal random numbers that depend on the image, not on its position in the batch or on the number of processes."""

import math

import torch
from mmengine.dist import broadcast
from torch import Tensor

GOLDEN = 0x9E3779B97F4A7C15 - 2**64  # increment of SplitMix64; int64 products wrap around
FIRST, SECOND = 0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64


def noise_keys(images: Tensor) -> Tensor:
    """Return one int64 key per image, (N,), for `normal_noise`, different in every call.

    The key combines a number that rank 0 draws from its random generator, whose state a checkpoint contains, with the
    bits of the image. So a resumed run and a run with a different number of processes use the same noise.

    Args:
        images: (N, 3, H, W), float32.
    """
    draw = torch.randint(-(2**62), 2**62, (1,)).to(images.device, non_blocking=True)
    broadcast(draw)
    content = images.detach().float().view(torch.int32).sum((1, 2, 3), dtype=torch.int64)
    return _mix(_mix(content) + draw)


def normal_noise(keys: Tensor, stream: int, shape: tuple[int, ...]) -> Tensor:
    """Return standard normal float32 numbers (N, *shape), by SplitMix64 and the Box-Muller transform.

    Args:
        keys: int64 (N,), of `noise_keys`.
        stream: Index of the random stream, different for each layer that uses noise.
        shape: Shape of the numbers of one image.
    """
    counter = torch.arange(1, 1 + math.prod(shape), device=keys.device)
    seeds = _mix(keys + torch.full_like(keys, stream + 1) * GOLDEN)
    bits = _mix(seeds[:, None] + counter * GOLDEN)
    radius, angle = (((part & 0xFFFFFF) + 0.5) / 2**24 for part in (bits, bits >> 24))  # in (0, 1]
    return ((-2 * radius.log()).sqrt() * (2 * math.pi * angle).cos()).view(len(keys), *shape)


def _mix(values: Tensor) -> Tensor:
    """Apply the output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    values = (values ^ _shift(values, 30)) * FIRST
    values = (values ^ _shift(values, 27)) * SECOND
    return values ^ _shift(values, 31)


def _shift(values: Tensor, bits: int) -> Tensor:
    """Shift to the right and fill with zeros."""
    return (values >> bits) & (2 ** (64 - bits) - 1)
