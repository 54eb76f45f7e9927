"""Semi-supervision: what is predicted for a part of the image is a part of what is predicted for the image."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import DataError
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.task_pairs import index
from mmmtl.models.supervision_role import indices_for
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample


@MODELS.register_module()
class SemiSupervised(ConsistencyLoss):
    """MTPSL's baseline (Li, Liu, Bilen, CVPR 2022, eq. 2): for every image and task without a label, the mean square of

        e(prediction for the image) - prediction for e(image),    e: cut out and enlarge,

    in the task's own values (probabilities, metres divided by the zoom, unit vectors), averaged over the image's
    unlabelled tasks and over the images. Both predictions learn. Needs `TwoCrops` in the pipeline.

    Raises:
        DataError: A sample for consistency does not say where it lies in the sample before it.
    """

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        indices = indices_for('consistency', samples)
        for place in indices:
            if 'window' not in samples[place]:
                raise DataError(
                    f'{samples[place].get("img_path", f"sample {place}")}: SemiSupervised compares two '
                    'crops of an image, and there is one; put TwoCrops in the place of PackViews in the '
                    "training set's pipeline"
                )
        total = self.nothing(logits)
        unlabelled = {place: [name for name in self.tasks if name not in samples[place].gt] for place in indices}
        for name in self.tasks:
            here = [place for place in indices if name in unlabelled[place]]
            if here:
                fractions = [1 / len(unlabelled[place]) for place in here]
                total = total + self.difference(name, logits[name], [samples[place] for place in here], here, fractions)
        return self.per_image(total, samples, sum(map(len, unlabelled.values())))

    def difference(
        self,
        name: str,
        logits: Tensor,
        samples: Sequence[MultiTaskDataSample],
        indices: Sequence[int],
        fractions: Sequence[float],
    ) -> Tensor:
        """Sum over the samples at ``places`` of one task's mean square, times its share."""
        task = self.tasks[name]
        device = logits.device
        rows = [
            [*sample.window, *sample.img_shape, sample.zoom, fraction]
            for sample, fraction in zip(samples, fractions, strict=True)
        ]
        top, left, height, width, tall, wide, zoom, fraction = (
            torch.tensor(rows).to(device, non_blocking=True).unbind(1)
        )
        whole = index(
            [place - sample.get('num_views', 1) for place, sample in zip(indices, samples, strict=True)], device
        )
        seen = task.activate(logits.index_select(0, index(indices, device)))
        grid_y, inside_y = look_up(top, height, tall, logits.shape[2])
        grid_x, inside_x = look_up(left, width, wide, logits.shape[3])
        grid = torch.stack(torch.broadcast_tensors(grid_x[:, None], grid_y[:, :, None]), dim=-1)  # (M, H, W, 2)
        expected = F.grid_sample(
            task.activate(logits.index_select(0, whole)),
            grid,
            mode='bilinear',
            padding_mode='border',
            align_corners=False,
        )
        expected = task.zoom(expected, zoom.view(-1, 1, 1, 1))
        inside = (inside_y[:, :, None] & inside_x[:, None])[:, None]  # not in the padding
        square = torch.where(inside, expected - seen, 0).square().mean(1).sum((1, 2)) / inside.sum((1, 2, 3))
        return (fraction * square).sum()


def look_up(start: Tensor, length: Tensor, enlarged: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Where the pixels of windows lie along one axis of the whole, padded to ``size`` pixels.

    Args:
        start, length: (M,), of the windows, pixels of the whole.
        enlarged: (M,), to how many pixels they have been enlarged.

    Returns:
        (M, size) in -1 .. 1 as `grid_sample` wants it, and bool (M, size): not in the padding.
    """
    centre = torch.arange(size, device=start.device) + 0.5
    place = start[:, None] + centre * (length / enlarged)[:, None]
    return 2 * place / size - 1, centre < enlarged[:, None]
