"""The pixels of regions in feature maps, their means and covariances, for all regions of a batch at once."""

from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 64  # pixels that are multiplied at once
IDS = 1 << 16  # of regions, 0 .. IDS - 1


def largest_regions(regions: Tensor, count: int, min_pixels: int) -> Tensor:
    """(N, h, w) ids, negative where there is none -> slots 0..count-1 by falling size, -1 for all other pixels.

    Ids must be below 65536; what is smaller than ``min_pixels`` is no region. Of two of one size the lower id comes
    first. No shape depends on the data, so nothing waits for the device.
    """
    ids = regions.flatten(1).long()
    sizes = torch.zeros(len(ids), IDS, dtype=torch.long, device=ids.device).scatter_add_(
        1, ids.clamp(min=0), (ids >= 0).long())
    ranking = sizes * IDS + torch.arange(IDS - 1, -1, -1, device=ids.device)
    order = ranking.topk(count, dim=1).indices
    taken = torch.where(sizes.gather(1, order) >= min_pixels, torch.arange(count, device=ids.device), -1)
    slot_of_id = torch.full((len(ids), IDS), -1, device=ids.device).scatter_(1, order, taken)
    return torch.where(ids >= 0, slot_of_id.gather(1, ids.clamp(min=0)), -1).view_as(regions)


@dataclass(frozen=True)
class RegionPixels:
    """The pixels of E maps in the order of their regions, in blocks that belong to one region each.

    A map of P pixels with R regions fills at most P / 64 + R blocks, so that the products over its regions cost what
    one product over all its pixels costs, and no shape depends on the data.
    """

    pixels: Tensor  # (E, P), places in the map in the order of the regions
    counts: Tensor  # (E, R)
    starts: Tensor  # (E, R), where a region begins in ``pixels``
    place: Tensor  # (E, blocks, 64), places in the map
    inside: Tensor  # (E, blocks, 64, 1) bool, False where a block is longer than what it holds
    member: Tensor  # (E, R, blocks) bool, True where a block belongs to a region

    @classmethod
    def of(cls, slots: Tensor, count: int) -> 'RegionPixels':
        """From slots (E, h, w) in -1..count-1."""
        slots = slots.flatten(1)
        length, device = slots.shape[1], slots.device
        pixels = torch.where(slots < 0, count, slots).argsort(1)
        counts = torch.zeros(len(slots), count + 1, dtype=torch.long, device=device).scatter_add_(
            1, torch.where(slots < 0, count, slots), torch.ones_like(slots))[:, :count]
        starts = counts.cumsum(1) - counts
        blocks = (counts + BLOCK - 1) // BLOCK
        ends = blocks.cumsum(1)
        number = torch.arange(length // BLOCK + count, device=device).expand(len(slots), -1).contiguous()
        owner = torch.searchsorted(ends, number, right=True)  # count where nothing is left
        known = owner.clamp(max=count - 1)
        first = (number - (ends - blocks).gather(1, known)) * BLOCK
        offset = first[..., None] + torch.arange(BLOCK, device=device)
        inside = (offset < counts.gather(1, known)[..., None]) & (owner < count)[..., None]
        rank = torch.where(inside, starts.gather(1, known)[..., None] + offset, 0)
        member = owner[:, None] == torch.arange(count, device=device)[:, None]
        return cls(pixels, counts, starts, pixels.gather(1, rank.flatten(1)).view_as(rank), inside[..., None], member)

    def moments(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features (E, C, h, w) -> means (E, R, C) and unbiased covariances (E, R, C, C), 0 for an empty region.

        The mean is taken off first, so that a large common offset does not cost digits.
        """
        values = self.taken(features, self.place)  # (E, blocks, 64, C)
        channels = values.shape[-1]
        values = torch.where(self.inside, values, 0)
        inside, member, counts = (part.to(values) for part in (self.inside, self.member, self.counts[..., None]))
        means = member @ values.sum(2) / counts.clamp(min=1)
        centred = values - (member.mT @ means)[:, :, None] * inside
        products = (centred.mT @ centred).flatten(2)
        covariances = member @ products / (counts - 1).clamp(min=1)
        return means, covariances.unflatten(2, (channels, channels))

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
