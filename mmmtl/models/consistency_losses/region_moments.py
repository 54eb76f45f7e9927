"""Means and covariances of feature maps within regions, for all regions of a batch at once."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

IDS = 1 << 16  # region ids are 0 to IDS - 1


def largest_regions(regions: Tensor, count: int, min_pixels: int) -> Tensor:
    """Number the largest regions of each image in descending order of size.

    Of two regions of one size the lower id comes first. No shape depends on the data, so there is no host-device
    synchronization.

    Args:
        regions: Region ids (N, h, w) below 65536, negative outside of all regions.
        count: Number of regions to keep.
        min_pixels: Size of the smallest region that is kept.

    Returns:
        Slots (N, h, w), 0 to count - 1, and -1 for all other pixels.
    """
    ids = regions.flatten(1).long()
    sizes = torch.zeros(len(ids), IDS, dtype=torch.long, device=ids.device).scatter_add_(
        1, ids.clamp(min=0), (ids >= 0).long()
    )
    ranking = sizes * IDS + torch.arange(IDS - 1, -1, -1, device=ids.device)
    order = ranking.topk(count, dim=1).indices
    slots = torch.where(sizes.gather(1, order) >= min_pixels, torch.arange(count, device=ids.device), -1)
    slot_of_id = torch.full((len(ids), IDS), -1, device=ids.device).scatter_(1, order, slots)
    return torch.where(ids >= 0, slot_of_id.gather(1, ids.clamp(min=0)), -1).view_as(regions)


@dataclass(frozen=True)
class RegionPixels:
    """The pixels of E maps sorted by region, in blocks of B pixels that belong to one region each.

    A map of P pixels with R regions fills at most P / B + R blocks, so that the matrix products over its regions cost
    little more than one over all its pixels, and no shape depends on the data.
    """

    pixels: Tensor  # (E, P), flat pixel indices sorted by region
    counts: Tensor  # (E, R), pixels of each region
    starts: Tensor  # (E, R), start of each region in ``pixels``
    indices: Tensor  # (E, blocks, B), flat pixel indices
    inside: Tensor  # (E, blocks, B, 1) bool, False where a block is longer than its region
    member: Tensor  # (E, R, blocks) bool, whether a block belongs to a region

    @classmethod
    def of(cls, slots: Tensor, count: int) -> 'RegionPixels':
        """Sort the pixels of slots (E, h, w), -1 to count - 1, for ``count`` regions per map."""
        slots = slots.flatten(1)
        length, device = slots.shape[1], slots.device
        block = min(256, max(32, length // 64))
        pixels = torch.where(slots < 0, count, slots).argsort(1)
        counts = torch.zeros(len(slots), count + 1, dtype=torch.long, device=device).scatter_add_(
            1, torch.where(slots < 0, count, slots), torch.ones_like(slots)
        )[:, :count]
        starts = counts.cumsum(1) - counts
        blocks = (counts + block - 1) // block
        ends = blocks.cumsum(1)
        number = torch.arange(length // block + count, device=device).expand(len(slots), -1).contiguous()
        owner = torch.searchsorted(ends, number, right=True)  # count for an unused block
        known = owner.clamp(max=count - 1)
        first = (number - (ends - blocks).gather(1, known)) * block
        offset = first[..., None] + torch.arange(block, device=device)
        inside = (offset < counts.gather(1, known)[..., None]) & (owner < count)[..., None]
        rank = torch.where(inside, starts.gather(1, known)[..., None] + offset, 0)
        member = owner[:, None] == torch.arange(count, device=device)[:, None]
        return cls(pixels, counts, starts, pixels.gather(1, rank.flatten(1)).view_as(rank), inside[..., None], member)

    def moments(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Compute means (E, R, C) and unbiased covariances (E, R, C, C) of features (E, C, h, w).

        Both are 0 for an empty region. The mean is subtracted first, so that a large common offset does not cost
        precision. Fastest for features in the memory format ``channels_last``.
        """
        return _Moments.apply(features, self)

    @staticmethod
    def gather(features: Tensor, indices: Tensor) -> Tensor:
        """Gather features (E, C, h, w) at flat pixel indices (E, ...) as (E, ..., C)."""
        sets, channels, length = *features.shape[:2], features[0, 0].numel()
        rows = torch.arange(sets, device=indices.device).view(-1, *[1] * (indices.dim() - 1)) * length + indices
        pixels = features.flatten(2).mT.reshape(-1, channels)
        return pixels.index_select(0, rows.flatten()).view(*indices.shape, channels)

    def evenly_spread(self, count: int) -> Tensor:
        """Return flat indices (E, R, count) of ``count`` pixels of each region, evenly spread over its rows.

        A region of fewer pixels repeats some; the indices of an empty region are arbitrary.
        """
        step = (torch.arange(count, device=self.counts.device) + 0.5) / count
        rank = self.starts[..., None] + (self.counts[..., None] * step).long()
        return self.pixels.gather(1, rank.flatten(1).clamp(max=self.pixels.shape[1] - 1)).view_as(rank)


class _Moments(torch.autograd.Function):
    """The moments and their gradient, in few passes over the pixels.

    With G_m and G_S the gradients with respect to a region's mean and covariance, that of its pixel x is

        G_m / n + (G_S + G_S^T) (x - m) / (n - 1);

    the gradient of the covariance through the mean cancels over the region.
    """

    @staticmethod
    def forward(ctx, features: Tensor, regions: RegionPixels) -> tuple[Tensor, Tensor]:
        sets, channels = features.shape[:2]
        length = features[0, 0].numel()
        first = torch.arange(sets, device=features.device).view(-1, 1, 1) * length
        pixels = features.flatten(2).mT.reshape(-1, channels)  # no copy where the channels come last
        values = pixels.index_select(0, (first + regions.indices).flatten()).view(*regions.indices.shape, channels)
        rows = torch.where(regions.inside[..., 0], first + regions.indices, sets * length).flatten()
        inside, member, counts = (
            part.to(values) for part in (regions.inside, regions.member, regions.counts[..., None])
        )
        values.mul_(inside)  # (E, blocks, B, C); entries outside of a region hold one of its pixels
        means = torch.where(counts > 0, member @ values.sum(2) / counts.clamp(min=1), 0)
        values.addcmul_((member.mT @ means)[:, :, None], inside, value=-1)
        products = member @ (values.mT @ values).flatten(2) / (counts - 1).clamp(min=1)
        covariances = torch.where(counts > 0, products, 0).unflatten(2, (channels, channels))
        ctx.save_for_backward(rows, values, member, counts)
        ctx.shape = features.shape
        return means, covariances

    @staticmethod
    @once_differentiable
    def backward(ctx, of_means: Tensor, of_covariances: Tensor) -> tuple[Tensor, None]:
        rows, values, member, counts = ctx.saved_tensors
        sets, channels, *size = ctx.shape
        with torch.autocast(values.device.type, enabled=False):
            slopes = (of_covariances + of_covariances.mT) / (counts - 1).clamp(min=1)[..., None]
            shifts = member.mT @ (of_means / counts.clamp(min=1))
            slopes = (member.mT @ slopes.flatten(2)).unflatten(2, (channels, channels))
            of_values = torch.matmul(values, slopes).add_(shifts[:, :, None])
        of_pixels = values.new_zeros(sets * size[0] * size[1] + 1, channels)
        of_pixels.index_copy_(0, rows, of_values.flatten(0, 2))  # entries without a pixel go to the last row
        return of_pixels[:-1].view(sets, -1, channels).mT.unflatten(2, size), None
