"""Regions of earlier images, kept as further negatives."""

import torch
from torch import Tensor, nn

STAYS = 4  # steps after which a full bank has been replaced, at the earliest


class RegionBank(nn.Module):
    """A ring of Gaussians, part of the checkpoint so that a resumed run goes on where it stood.

    Of a step's regions it takes at most a quarter of its size, drawn at random among those that are there. Every
    process has its own.

    Args:
        size: How many regions it holds.
        channels: Of the joint space.
    """

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.register_buffer('means', torch.zeros(size, channels))
        self.register_buffer('covariances', torch.zeros(size, channels, channels))
        self.register_buffer('filled', torch.zeros(size, dtype=torch.bool))
        self.register_buffer('place', torch.zeros((), dtype=torch.long))  # the oldest

    def copies(self) -> tuple[Tensor, Tensor, Tensor]:
        """Means (K, C), covariances (K, C, C), bool (K,) where there is one; `take` does not change them."""
        return self.means.clone(), self.covariances.clone(), self.filled.clone()

    @torch.no_grad()
    def take(self, means: Tensor, covariances: Tensor, valid: Tensor) -> None:
        """Put some of the regions (P, R, C), (P, R, C, C), bool (P, R) in the place of the oldest ones."""
        valid = valid.flatten()
        count = min(max(1, len(self.filled) // STAYS), len(valid))
        chosen = (valid + torch.rand(len(valid), device=valid.device)).topk(count).indices  # those that are there first
        there = valid[chosen]
        indices = (self.place + torch.arange(count, device=valid.device)) % len(self.filled)
        for kept, new in ((self.means, means), (self.covariances, covariances)):
            new = new.flatten(0, 1)[chosen]
            kept[indices] = torch.where(there.view(-1, *[1] * (new.dim() - 1)), new, kept[indices])
        self.filled[indices] |= there
        self.place.copy_((self.place + there.sum()) % len(self.filled))
