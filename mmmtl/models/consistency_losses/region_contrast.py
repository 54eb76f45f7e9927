"""Regions that look the same to all tasks and different from each other: contrast of their distributions."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.models.consistency_losses.gaussian_distances import (
    kl_divergence,
    squared_distances,
    wasserstein,
    wasserstein_to,
)
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.region_bank import RegionBank
from mmmtl.models.consistency_losses.region_moments import RegionPixels, largest_regions
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task

WIDTHS = (16, 24, 32, 32)  # of the paper's mapping network
COMPARISONS = ('wasserstein', 'kl', 'vector', 'pixel')
FINER = 2  # regions are compared at half the size of the image, as published
RIDGE = 1e-2  # added to variances for the KL divergence
PIXELS = 8  # of a region in the pixel contrast


@MODELS.register_module()
class RegionContrast(JointSpaceLoss):
    """Region-aware distribution contrast (Li et al., ECCV 2024), equations (2) to (6).

    For each pair of an image, an unlabelled task s and a labelled task t, the prediction of s and the label of t are
    mapped into the pair's joint space and resized to half the image; each region becomes a Gaussian in both. With the
    distance W between Gaussians, the same region of the other task as the positive k+, and all other regions of both
    tasks as negatives k-, a region p costs

        -log(sim(p, k+) / (sim(p, k+) + sum sim(p, k-))),    sim(p, k) = exp(-W(p, k) / temperature),

    averaged over regions and tasks, then over pairs and images.

    Where we differ from the released code, which converts to NumPy: there is a gradient; every other region is a
    negative, not two of them. Where from the paper: pixels without a label do not count for the label's Gaussian, so
    that a region may be there in one task only, and then is a negative but no anchor; of an image's regions only the
    largest are taken.

    Args:
        space: The joint task space; 16-24-32-32 by default.
        compare: What stands for a region: its Gaussian, by ``'wasserstein'`` or ``'kl'`` distance; its mean,
            ``'vector'``; or 8 of its pixels, evenly spread, each with the same pixel of the other task for a positive,
            ``'pixel'``. The last two by squared Euclidean distance.
        patches: Compare the (rows, columns) of a regular grid instead of regions; then samples need none.
        max_regions: How many regions of an image, the largest first.
        min_pixels: Of a region at half the size of the image; smaller ones are skipped.
        temperature: As published.
        bank: How many regions of earlier images are further negatives; 0 for those of the image alone, as equation (3)
            has it. Every process fills a bank of its own: they need not be equal, and two processes then do not equal
            one exactly.
        kwargs: Those of `JointSpaceLoss`; ``from_tasks='all'`` where all labels are shown, as in table 6.

    Raises:
        ConfigError: An argument is out of its range.
        DataError: A sample has no regions (when called).
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        space: dict | None = None,
        compare: str = 'wasserstein',
        patches: tuple[int, int] | None = None,
        max_regions: int = 32,
        min_pixels: int = 10,
        temperature: float = 5.4,
        bank: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(tasks, in_channels, strides, space={'widths': WIDTHS, **(space or {})}, **kwargs)
        if compare not in COMPARISONS:
            raise ConfigError(f'RegionContrast.compare must be one of {", ".join(COMPARISONS)}, found {compare!r}')
        if max_regions < 1 or min_pixels < 2 or not temperature > 0 or bank < 0 or (patches and min(patches) < 1):
            raise ConfigError(
                'RegionContrast needs max_regions >= 1, min_pixels >= 2, temperature > 0, bank >= 0 and '
                f'positive patches, found {max_regions}, {min_pixels}, {temperature}, {bank}, {patches}'
            )
        if bank and compare == 'pixel':
            raise ConfigError("RegionContrast.bank keeps regions, not pixels: leave it out with compare='pixel'")
        self.compare, self.temperature, self.min_pixels = compare, temperature, min_pixels
        self.patches = tuple(patches) if patches else None
        self.max_regions = patches[0] * patches[1] if patches else max_regions
        self.bank = RegionBank(bank, self.space.out_channels) if bank else None

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        pairs, nothing = self.pairs(samples), self.nothing(logits)
        if not pairs:
            return self.mean(nothing, 0)
        source, target, _ = self.embed(logits, targets, pairs)
        size = tuple(max(1, length // FINER) for length in next(iter(logits.values())).shape[2:])
        with torch.autocast(source.device.type, enabled=False):
            mapped = torch.stack([source, target], 1).float()  # (I, 2, C, h, w)
            mapped = mapped.flatten(0, 1).contiguous(memory_format=torch.channels_last)  # a pixel's channels together
            mapped = F.interpolate(mapped, size, mode='bilinear', align_corners=False)
            slots = self.slots(pairs, targets, samples, size)
            losses, compared = self.contrast(mapped.unflatten(0, (-1, 2)), slots)
        return self.mean(nothing + losses.sum(), compared.float().sum())

    def slots(
        self,
        pairs: Sequence[TaskPair],
        targets: Mapping[str, Tensor],
        samples: Sequence[MultiTaskDataSample],
        size: tuple[int, int],
    ) -> Tensor:
        """(I, 2, h, w): which region a pixel belongs to in the source and in the target, -1 for none."""
        height, width = next(iter(targets.values())).shape[2:]
        device = next(iter(targets.values())).device
        regions = torch.full((len(samples), 1, height, width), -1.0, device=device)
        for place in {pair.image for pair in pairs}:
            own = self.regions_of(samples[place], device)
            regions[place, :, : own.shape[1], : own.shape[2]] = own
        image = largest_regions(thinned(regions, size)[:, 0].long(), self.max_regions, self.min_pixels)
        found = image.index_select(0, index([pair.image for pair in pairs], device))
        known = {
            name: thinned(self.tasks[name].valid(targets[name])[:, None].float(), size)[:, 0] > 0
            for name in {pair.to_task for pair in pairs}
        }
        labelled = torch.stack([known[pair.to_task][pair.image] for pair in pairs])
        return torch.stack([found, torch.where(labelled, found, -1)], 1)

    def regions_of(self, sample: MultiTaskDataSample, device: torch.device) -> Tensor:
        """(1, H, W) of the image without its padding."""
        if self.patches is None:
            if 'regions' not in sample:
                raise DataError(
                    f'{sample.get("img_path", "a sample")}: has no regions to contrast; give the data set '
                    'regions=..., made by mmmtl regions, or set patches=(4, 4)'
                )
            return sample.regions
        row, column = (
            torch.arange(length, device=device) * number // length
            for length, number in zip(sample.img_shape, self.patches, strict=True)
        )
        return (row[:, None] * self.patches[1] + column)[None]

    def contrast(self, mapped: Tensor, slots: Tensor) -> tuple[Tensor, Tensor]:
        """(I, 2, C, h, w), (I, 2, h, w) -> loss (I,), bool (I,): whether there was anything to compare."""
        count = self.max_regions
        if slots.device.type == 'cpu':  # where looking costs nothing, empty places are left out
            count = max(1, int(slots.max()) + 1)
        if self.compare == 'pixel':
            return self.contrast_pixels(mapped, slots, count)
        pixels = RegionPixels.of(slots.flatten(0, 1), count)
        means, covariances = (part.unflatten(0, (-1, 2)).flatten(1, 2) for part in pixels.moments(mapped.flatten(0, 1)))
        valid = (pixels.counts >= self.min_pixels).view(len(slots), -1)  # (I, 2R)
        distances = self.distances(means, covariances)
        if self.bank is not None:
            *kept, filled = self.bank.copies()
            distances = torch.cat([distances, self.distances(means, covariances, kept)], 2)
            valid_columns = torch.cat([valid, filled.expand(len(valid), -1)], 1)
            if self.training:
                self.bank.take(means[:, count:], covariances[:, count:], valid[:, count:])
        else:
            valid_columns = valid
        return noise_contrast(distances / self.temperature, valid, valid_columns, members=1)

    def distances(self, means: Tensor, covariances: Tensor, others: Sequence[Tensor] | None = None) -> Tensor:
        """(P, M, M) to each other, or (P, M, K) to the means (K, C) and covariances (K, C, C) of others."""
        if self.compare == 'wasserstein':
            return wasserstein(means, covariances) if others is None else wasserstein_to(means, covariances, *others)
        others = (means, covariances) if others is None else others
        if self.compare == 'vector':
            return squared_distances(means, others[0])
        return kl_divergence(means, covariances, *others, ridge=RIDGE)

    def contrast_pixels(self, mapped: Tensor, slots: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """The same with pixels that are known to both tasks."""
        pixels = RegionPixels.of(slots[:, 1], count)
        indices = pixels.evenly_spread(PIXELS).flatten(1)  # (I, R * 8)
        points = RegionPixels.taken(mapped.flatten(0, 1), indices.repeat_interleave(2, 0)).unflatten(0, (-1, 2))
        points = points.flatten(1, 2)
        valid = (pixels.counts >= self.min_pixels).repeat_interleave(PIXELS, 1).repeat(1, 2)
        return noise_contrast(squared_distances(points, points) / self.temperature, valid, valid, members=PIXELS)


def noise_contrast(distances: Tensor, valid: Tensor, valid_columns: Tensor, *, members: int) -> tuple[Tensor, Tensor]:
    """Equations (3) and (6) of I pairs of tasks.

    Args:
        distances: (I, M, M + K), over the temperature. The first M / 2 members are of one task, the others the same
            ones of the other task; ``members`` at a time belong to one region. The K are negatives to all.
        valid: bool (I, M), which members there are.
        valid_columns: bool (I, M + K).

    Returns:
        The mean over the anchors (I,), that is members there are in both tasks, 0 without any; and bool (I,), whether
        there are any.
    """
    count = distances.shape[1]
    half = count // 2
    number = torch.arange(count, device=distances.device)
    region = number % half // members
    negative = torch.ones(distances.shape[1:], dtype=torch.bool, device=distances.device)
    negative[:, :count] = region[:, None] != region
    positive = -distances.gather(2, ((number + half) % count).expand(len(distances), -1)[..., None])[..., 0]
    others = (-distances).masked_fill(~(negative & valid_columns[:, None]), torch.finfo(distances.dtype).min / 2)
    losses = F.softplus(others.logsumexp(2) - positive)
    anchors = valid & valid.roll(half, 1)
    counts = anchors.sum(1)
    return torch.where(anchors, losses, 0).sum(1) / counts.clamp(min=1), counts > 0


def thinned(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, 1, H, W) to another size, each pixel the nearest one; float32 holds ids below 65536 exactly."""
    return F.interpolate(maps, size, mode='nearest-exact')
