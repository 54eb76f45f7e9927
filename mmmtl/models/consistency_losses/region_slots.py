"""Assign every pixel of a batch to one of the largest regions of its image."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.models.consistency_losses.region_moments import largest_regions
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index_tensor
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


class RegionSlots:
    """The regions of the samples, or the cells of a regular grid, as slots 0 to ``max_regions`` - 1 by falling size.

    Args:
        max_regions: Number of slots; smaller regions are ignored.
        min_pixels: Smallest region, in pixels of the map of slots.
        patches: (rows, columns) of a grid that replaces the regions of the samples; it has rows * columns slots.

    Raises:
        ConfigError: An option is out of range.
    """

    def __init__(self, max_regions: int = 32, min_pixels: int = 10, patches: tuple[int, int] | None = None) -> None:
        if max_regions < 1 or min_pixels < 2 or (patches and min(patches) < 1):
            raise ConfigError(
                'RegionContrast.regions needs max_regions >= 1, min_pixels >= 2 and positive patches, found '
                f'{max_regions}, {min_pixels}, {patches}'
            )
        self.max_regions = patches[0] * patches[1] if patches else max_regions
        self.min_pixels, self.patches = min_pixels, patches

    def __call__(
        self,
        pairs: Sequence[TaskPair],
        tasks: Mapping[str, Task],
        targets: Mapping[str, Tensor],
        samples: Sequence[MultiTaskDataSample],
        size: tuple[int, int],
    ) -> Tensor:
        """Return the slot of every pixel for the prediction and for the label of each pair, (I, 2, h, w).

        It is -1 for pixels outside of all slots, and in the label where the label is void.

        Args:
            pairs: I pairs.
            tasks: The model's tasks, by name.
            targets: ``{task: (N, target_channels, H, W)}``.
            samples: N samples.
            size: (h, w) of the result.

        Raises:
            DataError: A sample has no regions.
        """
        target = next(iter(targets.values()))
        regions = torch.full((len(samples), 1, *target.shape[2:]), -1.0, device=target.device)
        for image in {pair.image for pair in pairs}:
            unpadded = self._regions(samples[image], target.device)
            regions[image, :, : unpadded.shape[1], : unpadded.shape[2]] = unpadded
        slots = largest_regions(_resize_nearest(regions, size)[:, 0].long(), self.max_regions, self.min_pixels)
        slots = slots.index_select(0, index_tensor([pair.image for pair in pairs], target.device))
        valid = {
            name: _resize_nearest(tasks[name].valid(targets[name])[:, None].float(), size)[:, 0] > 0
            for name in {pair.to_task for pair in pairs}
        }
        pair_valid = torch.stack([valid[pair.to_task][pair.image] for pair in pairs])
        return torch.stack([slots, torch.where(pair_valid, slots, -1)], 1)

    def _regions(self, sample: MultiTaskDataSample, device: torch.device) -> Tensor:
        """Return the region ids (1, H, W) of an image without its padding."""
        if self.patches is None:
            if 'regions' not in sample:
                raise DataError(
                    f'{sample.get("img_path", "a sample")}: has no regions to contrast; give the dataset '
                    'regions=..., made by mmmtl regions, or set patches=(4, 4)'
                )
            return sample.regions
        row, column = (
            torch.arange(length, device=device) * number // length
            for length, number in zip(sample.img_shape, self.patches, strict=True)
        )
        return (row[:, None] * self.patches[1] + column)[None]


def _resize_nearest(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (N, 1, H, W) by the nearest pixel; float32 represents ids below 65536 exactly."""
    return F.interpolate(maps, size, mode='nearest-exact')
