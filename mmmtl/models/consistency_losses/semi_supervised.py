"""Semi-supervision: the prediction for a crop agrees with the crop of the prediction for the whole image."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import DataError
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.task_pairs import index_tensor
from mmmtl.models.supervision_role import indices_for
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample


@MODELS.register_module()
class SemiSupervised(ConsistencyLoss):
    """The semi-supervised baseline of MTPSL (Li, Liu, Bilen, CVPR 2022, eq. 2).

    For every image and task without a label, the mean square of

        e(prediction for the image) - prediction for e(image),    e: crop and enlarge,

    in the task's own values (probabilities, metres divided by the zoom, unit vectors), averaged over the image's
    unlabelled tasks and over the images. Gradients flow into both predictions. Needs `TwoCrops` in the pipeline.
    """

    compares_labels = False

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        """Return the term.

        Raises:
            DataError: A sample is not a crop of the sample before it.
        """
        indices = indices_for('consistency', samples)
        for index in indices:
            if 'window' not in samples[index]:
                raise DataError(
                    f'{samples[index].get("img_path", f"sample {index}")}: SemiSupervised compares two crops of an '
                    "image, found one; replace PackViews by TwoCrops in the training set's pipeline"
                )
        total = self.zero(logits)
        unlabelled = {index: [name for name in self.tasks if name not in samples[index].gt] for index in indices}
        for name in self.tasks:
            task_indices = [index for index in indices if name in unlabelled[index]]
            if task_indices:
                fractions = [1 / len(unlabelled[index]) for index in task_indices]
                task_samples = [samples[index] for index in task_indices]
                total = total + self.difference(name, logits[name], task_samples, task_indices, fractions)
        return self.per_image(total, samples, sum(map(len, unlabelled.values())))

    def difference(
        self,
        name: str,
        logits: Tensor,
        samples: Sequence[MultiTaskDataSample],
        indices: Sequence[int],
        fractions: Sequence[float],
    ) -> Tensor:
        """Sum the mean square difference of one task over some samples.

        Args:
            name: The task.
            logits: Logits of the task for the whole batch, (N, channels, H, W).
            samples: M samples without a label of the task.
            indices: Their M indices in the batch.
            fractions: Their M weights.
        """
        task = self.tasks[name]
        device = logits.device
        rows = [
            [*sample.window, *sample.img_shape, sample.zoom, fraction]
            for sample, fraction in zip(samples, fractions, strict=True)
        ]
        top, left, height, width, crop_height, crop_width, zoom, fraction = (
            torch.tensor(rows).to(device, non_blocking=True).unbind(1)
        )
        full_indices = [index - sample.get('num_views', 1) for index, sample in zip(indices, samples, strict=True)]
        predicted = task.activate(logits.index_select(0, index_tensor(indices, device)))
        grid_y, inside_y = sampling_positions(top, height, crop_height, logits.shape[2])
        grid_x, inside_x = sampling_positions(left, width, crop_width, logits.shape[3])
        grid = torch.stack(torch.broadcast_tensors(grid_x[:, None], grid_y[:, :, None]), dim=-1)  # (M, H, W, 2)
        expected = F.grid_sample(
            task.activate(logits.index_select(0, index_tensor(full_indices, device))),
            grid,
            mode='bilinear',
            padding_mode='border',
            align_corners=False,
        )
        zoom_values: Callable[[Tensor, Tensor], Tensor] = cast(Any, task.zoom)  # which takes arrays and tensors
        expected = zoom_values(expected, zoom.view(-1, 1, 1, 1))
        inside = (inside_y[:, :, None] & inside_x[:, None])[:, None]  # not in the padding
        square = torch.where(inside, expected - predicted, 0).square().mean(1).sum((1, 2)) / inside.sum((1, 2, 3))
        return (fraction * square).sum()


def sampling_positions(start: Tensor, length: Tensor, enlarged: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Locate the pixels of enlarged windows in the whole image, along one axis.

    Args:
        start: Start of each window (M,), in pixels of the whole image.
        length: Length of each window (M,), in pixels of the whole image.
        enlarged: Length (M,) to which each window was enlarged, in pixels.
        size: Length to which crops and images are padded.

    Returns:
        Positions (M, size), -1 to 1 as `grid_sample` takes them, and bool (M, size), True outside of the padding.
    """
    centre = torch.arange(size, device=start.device) + 0.5
    position = start[:, None] + centre * (length / enlarged)[:, None]
    return 2 * position / size - 1, centre < enlarged[:, None]
