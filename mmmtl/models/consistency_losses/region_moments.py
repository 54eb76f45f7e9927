"""The pixels of regions in feature maps, their means and covariances, for all regions of a batch at once."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

IDS = 1 << 16  # of regions, 0 .. IDS - 1


def largest_regions(regions: Tensor, count: int, min_pixels: int) -> Tensor:
    """(N, h, w) ids, negative where there is none -> slots 0..count-1 by falling size, -1 for all other pixels.

    Ids must be below 65536; what is smaller than ``min_pixels`` is no region. Of two of one size the lower id comes
    first. No shape depends on the data, so nothing waits for the device.
    """
    ids = regions.flatten(1).long()
    sizes = torch.zeros(len(ids), IDS, dtype=torch.long, device=ids.device).scatter_add_(
        1, ids.clamp(min=0), (ids >= 0).long()
    )
    ranking = sizes * IDS + torch.arange(IDS - 1, -1, -1, device=ids.device)
    order = ranking.topk(count, dim=1).indices
    taken = torch.where(sizes.gather(1, order) >= min_pixels, torch.arange(count, device=ids.device), -1)
    slot_of_id = torch.full((len(ids), IDS), -1, device=ids.device).scatter_(1, order, taken)
    return torch.where(ids >= 0, slot_of_id.gather(1, ids.clamp(min=0)), -1).view_as(regions)


@dataclass(frozen=True)
class RegionPixels:
    """The pixels of E maps in the order of their regions, in blocks that belong to one region each.

    With B pixels in a block, a map of P pixels with R regions fills at most P / B + R blocks, so that the products over
    its regions cost little more than one product over all its pixels, and no shape depends on the data.
    """

    pixels: Tensor  # (E, P), places in the map in the order of the regions
    counts: Tensor  # (E, R)
    starts: Tensor  # (E, R), where a region begins in ``pixels``
    place: Tensor  # (E, blocks, B), places in the map
    inside: Tensor  # (E, blocks, B, 1) bool, False where a block is longer than what it holds
    member: Tensor  # (E, R, blocks) bool, True where a block belongs to a region

    @classmethod
    def of(cls, slots: Tensor, count: int) -> 'RegionPixels':
        """From slots (E, h, w) in -1..count-1."""
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
        owner = torch.searchsorted(ends, number, right=True)  # count where nothing is left
        known = owner.clamp(max=count - 1)
        first = (number - (ends - blocks).gather(1, known)) * block
        offset = first[..., None] + torch.arange(block, device=device)
        inside = (offset < counts.gather(1, known)[..., None]) & (owner < count)[..., None]
        rank = torch.where(inside, starts.gather(1, known)[..., None] + offset, 0)
        member = owner[:, None] == torch.arange(count, device=device)[:, None]
        return cls(pixels, counts, starts, pixels.gather(1, rank.flatten(1)).view_as(rank), inside[..., None], member)

    def moments(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features (E, C, h, w) -> means (E, R, C) and unbiased covariances (E, R, C, C), 0 for an empty region.

        The mean is taken off first, so that a large common offset does not cost digits. Fastest for features in the
        memory format ``channels_last``.
        """
        return Moments.apply(features, self)

    @staticmethod
    def taken(features: Tensor, place: Tensor) -> Tensor:
        """Features (E, C, h, w) at places (E, ...) of the maps -> (E, ..., C)."""
        sets, channels, length = *features.shape[:2], features[0, 0].numel()
        rows = torch.arange(sets, device=place.device).view(-1, *[1] * (place.dim() - 1)) * length + place
        pixels = features.flatten(2).mT.reshape(-1, channels)
        return pixels.index_select(0, rows.flatten()).view(*place.shape, channels)

    def evenly_spread(self, count: int) -> Tensor:
        """Places in the map (E, R, count) of ``count`` pixels of each region, evenly spread over its rows.

        A smaller region gives some twice; for an empty one they mean nothing.
        """
        step = (torch.arange(count, device=self.counts.device) + 0.5) / count
        rank = self.starts[..., None] + (self.counts[..., None] * step).long()
        return self.pixels.gather(1, rank.flatten(1).clamp(max=self.pixels.shape[1] - 1)).view_as(rank)


class Moments(torch.autograd.Function):
    """The moments and their gradient, in as few passes over the pixels as there can be.

    With G_m and G_S the gradients with respect to a region's mean and covariance, that of its pixel x is

        G_m / n + (G_S + G_S^T) (x - m) / (n - 1),

    for what the covariance owes to the mean cancels over the region.
    """

    @staticmethod
    def forward(ctx, features: Tensor, regions: RegionPixels) -> tuple[Tensor, Tensor]:
        sets, channels = features.shape[:2]
        length = features[0, 0].numel()
        first = torch.arange(sets, device=features.device).view(-1, 1, 1) * length
        pixels = features.flatten(2).mT.reshape(-1, channels)  # no copy where the channels come last
        values = pixels.index_select(0, (first + regions.place).flatten()).view(*regions.place.shape, channels)
        rows = torch.where(regions.inside[..., 0], first + regions.place, sets * length).flatten()
        inside, member, counts = (
            part.to(values) for part in (regions.inside, regions.member, regions.counts[..., None])
        )
        values.mul_(inside)  # (E, blocks, B, C); what is outside stands on a region's pixel, if there is a region
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
        of_pixels.index_copy_(0, rows, of_values.flatten(0, 2))  # what stands for no pixel falls on the last row
        return of_pixels[:-1].view(sets, -1, channels).mT.unflatten(2, size), None
