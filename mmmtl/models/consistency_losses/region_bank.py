"""A memory bank of regions of earlier images, used as additional negatives."""

import torch
from torch import Tensor, nn

MIN_STEPS = 4  # minimum number of steps to replace a full bank


class RegionBank(nn.Module):
    """A ring buffer of Gaussians, part of the checkpoint so that a resumed run continues with it.

    Each step adds at most a quarter of its size, drawn at random among the valid regions. Every process has its own.

    Args:
        size: Number of regions.
        channels: Channels of the joint space.
    """

    means: Tensor
    covariances: Tensor
    filled: Tensor
    place: Tensor

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.register_buffer('means', torch.zeros(size, channels))
        self.register_buffer('covariances', torch.zeros(size, channels, channels))
        self.register_buffer('filled', torch.zeros(size, dtype=torch.bool))
        self.register_buffer('place', torch.zeros((), dtype=torch.long))  # index of the oldest region

    def copies(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return copies of the means (K, C), the covariances (K, C, C), and bool (K,), which entries are filled."""
        return self.means.clone(), self.covariances.clone(), self.filled.clone()

    @torch.no_grad()
    def add(self, means: Tensor, covariances: Tensor, valid: Tensor) -> None:
        """Replace the oldest entries by regions drawn at random, from P images with R regions each.

        Args:
            means: (P, R, C).
            covariances: (P, R, C, C).
            valid: bool (P, R), which regions exist.
        """
        valid = valid.flatten()
        count = min(max(1, len(self.filled) // MIN_STEPS), len(valid))
        chosen = (valid + torch.rand(len(valid), device=valid.device)).topk(count).indices  # valid ones first
        added = valid[chosen]
        indices = (self.place + torch.arange(count, device=valid.device)) % len(self.filled)
        for buffer, new in ((self.means, means), (self.covariances, covariances)):
            new = new.flatten(0, 1)[chosen]
            buffer[indices] = torch.where(added.view(-1, *[1] * (new.dim() - 1)), new, buffer[indices])
        self.filled[indices] |= added
        self.place.copy_((self.place + added.sum()) % len(self.filled))
