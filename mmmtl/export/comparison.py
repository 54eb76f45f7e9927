"""Compare the maps of an exported network with those of the original."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mmmtl.models import MultiTaskModel
from mmmtl.models.original_size import resized_strips
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task

TOLERANCE = 1e-4


def largest_differences(
    tasks: Mapping[str, Task], values: Mapping[str, Tensor], found: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Return the largest difference of each task; infinite where shapes differ or a value is not finite.

    Positive quantities such as depth are compared relative to the value, or to a tenth of the largest value where that
    is more. A class index that differs counts as the difference of the probabilities of the two classes, as rounding
    decides between classes of equal probability. Other values are compared as they are.

    Args:
        tasks: The tasks, by name.
        values: Maps (N, C, H, W) of the original network, with probabilities for classes.
        found: Maps of the exported network; class indices, if they are uint8.
    """
    return {name: _largest(task, values[name], torch.from_numpy(found[name])) for name, task in tasks.items()}


@torch.inference_mode()
def original_values(model: MultiTaskModel, inputs: Mapping[str, Tensor], views: int) -> dict[str, Tensor]:
    """Compute the values ``{task: (N, C, height, width)}`` of a network as in evaluation.

    Args:
        model: The network.
        inputs: Inputs of an `ExportedNetwork`, by name.
        views: Number of views of a scene.
    """
    images = inputs['image']
    shape = images.shape[2], images.shape[3]
    samples = []
    for index in range(len(images)):
        view = index % views
        sample = MultiTaskDataSample(
            metainfo={'img_shape': shape, 'img_path': 'photograph', 'scene': '', 'view': view, 'num_views': views}
        )
        if views > 1:
            sample.intrinsics, sample.camera_T_world = inputs['intrinsics'][index], inputs['camera_T_world'][index]
        samples.append(sample)
    batch = model.data_preprocessor({'inputs': list(images), 'data_samples': samples})
    logits = model(batch['inputs'], samples)
    height, width = inputs.get('map_size', torch.zeros(2, dtype=torch.int64)).tolist()
    size = height or shape[0], width or shape[1]
    return {
        name: torch.cat(
            [
                task.activate(torch.cat(list(resized_strips(one[:, :, : shape[0], : shape[1]], size)), 2))
                for one in logits[name].split(1)
            ]
        )
        for name, task in model.tasks.items()
    }


def _largest(task: Task, values: Tensor, found: Tensor) -> float:
    if found.dtype == torch.uint8:
        if found.shape != values[:, :1].shape or found.max() >= values.shape[1]:
            return float('inf')
        return (values.amax(1, keepdim=True) - values.gather(1, found.long())).max().item()
    if found.shape != values.shape or not found.isfinite().all():
        return float('inf')
    difference = (found - values).abs()
    if task.loss_space == 'positive':
        difference = difference / values.abs().clamp(min=max(values.abs().max().item() / 10, 1e-9))
    return difference.max().item()
