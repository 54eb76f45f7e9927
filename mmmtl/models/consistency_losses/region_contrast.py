"""Region-aware distribution contrast: a region is similar across tasks and different from other regions."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.gaussian_distances import (
    kl_divergence,
    squared_distances,
    wasserstein,
    wasserstein_to,
)
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.noise_contrast import noise_contrast
from mmmtl.models.consistency_losses.region_bank import RegionBank
from mmmtl.models.consistency_losses.region_moments import RegionPixels
from mmmtl.models.consistency_losses.region_slots import RegionSlots
from mmmtl.models.nested_options import build_nested
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task

WIDTHS = (16, 24, 32, 32)  # widths of the paper's mapping network
COMPARISONS = ('wasserstein', 'kl', 'vector', 'pixel')
DOWNSAMPLING = 2  # regions are compared at half the size of the image, as published
RIDGE = 1e-2  # added to variances for the KL divergence
PIXELS = 8  # pixels per region in the pixel contrast


@MODELS.register_module()
class RegionContrast(JointSpaceLoss):
    """Region-aware distribution contrast (Li et al., ECCV 2024), equations (2) to (6).

    For each pair of an image, an unlabelled task s and a labelled task t, the prediction of s and the label of t are
    mapped into the pair's joint space and resized to half the image; each region becomes a Gaussian in both. With the
    distance W between Gaussians, the same region of the other task as the positive k+, and all other regions of both
    tasks as negatives k-, the loss of a region p is

        -log(sim(p, k+) / (sim(p, k+) + sum sim(p, k-))),    sim(p, k) = exp(-W(p, k) / temperature),

    averaged over regions and tasks, then over pairs and images.

    Where we differ from the released code, which converts to NumPy: gradients flow, and every other region is a
    negative instead of two of them. Where we differ from the paper: void pixels do not count in the label's Gaussian,
    so a region may exist in one task only, and is then a negative but no anchor; only the largest regions of an image
    are used.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        space: Config of the joint task space; widths 16-24-32-32 by default.
        compare: Representation and distance of regions. ``'wasserstein'`` or ``'kl'``: Gaussians by that distance;
            ``'vector'``: means; ``'pixel'``: 8 evenly spread pixels of each region, with the same pixel of the other
            task as the positive. The last two by squared Euclidean distance.
        regions: Which regions are compared, options of `RegionSlots`: ``max_regions`` (32), ``min_pixels`` (10, at half
            the size of the image), or ``patches=(rows, columns)`` for the cells of a regular grid.
        temperature: Divisor of the distances, > 0; the published one by default.
        bank: Number of regions of earlier images that are further negatives; 0 for none, as in equation (3). Every
            process fills its own bank, so two processes with half the batch each do not equal one exactly.
        **kwargs: ``weight``, ``from_tasks``, ``train_space``, ``centred`` and ``init_cfg`` of `JointSpaceLoss`;
            ``from_tasks='all'`` for fully labelled images, as in table 6.

    Raises:
        ConfigError: An argument is out of range.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        space: dict | None = None,
        compare: str = 'wasserstein',
        regions: dict | None = None,
        temperature: float = 5.4,
        bank: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, in_channels, strides, space={'widths': WIDTHS, **(space or {})}, **kwargs)
        if compare not in COMPARISONS:
            raise ConfigError(f'RegionContrast.compare must be one of {", ".join(COMPARISONS)}, found {compare!r}')
        if not temperature > 0 or bank < 0:
            raise ConfigError(f'RegionContrast needs temperature > 0 and bank >= 0, found {temperature} and {bank}')
        if bank and compare == 'pixel':
            raise ConfigError("RegionContrast.bank holds regions, not pixels: set bank=0 with compare='pixel'")
        self.compare, self.temperature = compare, temperature
        self.slots = build_nested(RegionSlots, regions or {}, 'RegionContrast.regions')
        self.bank = RegionBank(bank, self.space.out_channels) if bank else None

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        pairs, zero = self.pairs(samples), self.zero(logits)
        if not pairs:
            return self.mean(zero, 0)
        predictions, labels, _ = self.embed(logits, targets, pairs)
        height, width = (max(1, length // DOWNSAMPLING) for length in next(iter(logits.values())).shape[2:])
        with torch.autocast(predictions.device.type, enabled=False):
            mapped = torch.stack([predictions, labels], 1).float()  # (I, 2, C, h, w)
            mapped = mapped.flatten(0, 1).contiguous(memory_format=torch.channels_last)  # a pixel's channels together
            mapped = F.interpolate(mapped, (height, width), mode='bilinear', align_corners=False)
            slots = self.slots(pairs, self.tasks, targets, samples, (height, width))
            losses, compared = self.contrast(mapped.unflatten(0, (-1, 2)), slots)
        return self.mean(zero + losses.sum(), compared.float().sum())

    def contrast(self, mapped: Tensor, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Contrast the regions of I pairs.

        Args:
            mapped: Mapped prediction and label of each pair, (I, 2, C, h, w).
            slots: Slot of every pixel in either, (I, 2, h, w), -1 for none.

        Returns:
            Loss (I,), and bool (I,), whether the pair has a region in both.
        """
        count = self.slots.max_regions
        if slots.device.type == 'cpu':  # reading a value needs no synchronization here, so empty slots are skipped
            count = max(1, int(slots.max()) + 1)
        if self.compare == 'pixel':
            return self.contrast_pixels(mapped, slots, count)
        pixels = RegionPixels.of(slots.flatten(0, 1), count)
        means, covariances = (part.unflatten(0, (-1, 2)).flatten(1, 2) for part in pixels.moments(mapped.flatten(0, 1)))
        valid = (pixels.counts >= self.slots.min_pixels).view(len(slots), -1)  # (I, 2R)
        distances = self.distances(means, covariances)
        if self.bank is not None:
            *earlier, filled = self.bank.copies()
            distances = torch.cat([distances, self.distances(means, covariances, earlier)], 2)
            valid_columns = torch.cat([valid, filled.expand(len(valid), -1)], 1)
            if self.training:
                self.bank.add(means[:, count:], covariances[:, count:], valid[:, count:])
        else:
            valid_columns = valid
        return noise_contrast(distances / self.temperature, valid, valid_columns, members=1)

    def distances(self, means: Tensor, covariances: Tensor, others: Sequence[Tensor] | None = None) -> Tensor:
        """Return distances (P, M, M) to each other, or (P, M, K) to others: means (K, C) and covariances (K, C, C)."""
        if self.compare == 'wasserstein':
            return wasserstein(means, covariances) if others is None else wasserstein_to(means, covariances, *others)
        others = (means, covariances) if others is None else others
        if self.compare == 'vector':
            return squared_distances(means, others[0])
        return kl_divergence(means, covariances, *others, ridge=RIDGE)

    def contrast_pixels(self, mapped: Tensor, slots: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Contrast pixels that are valid in both tasks instead of regions; arguments and result as of `contrast`."""
        pixels = RegionPixels.of(slots[:, 1], count)
        indices = pixels.evenly_spread(PIXELS).flatten(1)  # (I, R * 8)
        points = RegionPixels.gather(mapped.flatten(0, 1), indices.repeat_interleave(2, 0)).unflatten(0, (-1, 2))
        points = points.flatten(1, 2)
        valid = (pixels.counts >= self.slots.min_pixels).repeat_interleave(PIXELS, 1).repeat(1, 2)
        return noise_contrast(squared_distances(points, points) / self.temperature, valid, valid, members=PIXELS)
