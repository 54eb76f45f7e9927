"""Stack the labels of samples into a batch, and write the maps of a batch into its samples."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.models.original_size import final_map
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


def stack_targets(
    tasks: Mapping[str, Task],
    data_samples: Sequence[MultiTaskDataSample],
    size: tuple[int, int],
    device: torch.device | str,
) -> dict[str, Tensor]:
    """Stack the labels of all samples.

    Args:
        tasks: The model's tasks, by name.
        data_samples: N samples.
        size: Size (H, W) of the batch.
        device: Device of the result.

    Returns:
        ``{task: (N, target_channels, H, W)}``, void in the padding and where a sample has no label.
    """
    targets = {}
    for name, task in tasks.items():
        shape = len(data_samples), task.target_channels, *size
        targets[name] = torch.full(shape, task.void, dtype=task.dtype, device=device)
        for target, sample in zip(targets[name], data_samples, strict=True):
            if name in sample.gt:
                label = sample.gt.get(name)
                target[:, : label.shape[1], : label.shape[2]] = label
    return targets


def write_predictions(
    tasks: Mapping[str, Task], logits: Mapping[str, Tensor], data_samples: Sequence[MultiTaskDataSample]
) -> None:
    """Write the final maps, at the image's own size and without padding, into ``sample.pred``.

    Args:
        tasks: The model's tasks, by name.
        logits: ``{task: (N, channels, H, W)}``.
        data_samples: N samples.
    """
    for index, sample in enumerate(data_samples):
        height, width = sample.img_shape
        own_logits = {name: logits[name][index : index + 1, :, :height, :width] for name in tasks}
        magnification = sample.get('magnification', 1.0)
        sample.pred = PixelData(
            **{
                name: final_map(task, own_logits[name], sample.output_shape, magnification)
                for name, task in tasks.items()
            }
        )


def write_aux_maps(
    maps: Mapping[str, Tensor], size: tuple[int, int], data_samples: Sequence[MultiTaskDataSample]
) -> None:
    """Write maps, resized to the image's own size, into ``sample.extra`` of the samples of multi-view scenes.

    Args:
        maps: ``{name: (N, 1, h, w)}``.
        size: (H, W) of the batch.
        data_samples: N samples.
    """
    maps = {name: F.interpolate(values.float(), size) for name, values in maps.items()}
    for index, sample in enumerate(data_samples):
        height, width = sample.img_shape
        if sample.get('num_views', 1) > 1:
            sample.extra = PixelData(
                **{
                    name: F.interpolate(values[index : index + 1, :, :height, :width], sample.output_shape)[0]
                    for name, values in maps.items()
                }
            )
