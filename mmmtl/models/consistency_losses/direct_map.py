"""Direct-Map: a prediction, mapped to another task, is compared with that task's label."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.label_mapping import LabelMappings
from mmmtl.models.consistency_losses.task_pairs import TaskPair, task_pairs
from mmmtl.models.supervision_role import select_images
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class DirectMap(ConsistencyLoss):
    """The baseline *Direct-Map* of MTPSL (Li, Liu, Bilen, CVPR 2022, section 3.2; after Zamir et al., CVPR 2020).

    For every image, unlabelled task s and labelled task t, the error of m^{s->t}(prediction of s) as a prediction of t.
    It trains both the mapping and the prediction.

    The error is that of task t, averaged over the label's valid pixels; the cosine distance of the joint spaces is
    meaningless for a map of one channel. Summed over the pairs of an image, averaged over the images. The networks run
    one after the other, each once with all of its images.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        weight: Factor of the term, >= 0, or the config of a `GradientShare`.
        network: Config of the network of every mapping, see `LabelMappings`.
        from_tasks: Tasks s: ``'unlabelled'``, or ``'all'`` for every task but t.

    Raises:
        ConfigError: ``from_tasks`` is unknown, there are fewer than two tasks, or a task has no encoding.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float | dict = 1.0,
        network: dict | None = None,
        from_tasks: str = 'unlabelled',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, strides, weight=weight, init_cfg=init_cfg)
        if from_tasks not in ('unlabelled', 'all'):
            raise ConfigError(f"DirectMap.from_tasks must be 'unlabelled' or 'all', found {from_tasks!r}")
        self.from_tasks = from_tasks
        self.mappings = LabelMappings(self.tasks, network)

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        pairs = task_pairs(samples, list(self.tasks), self.from_tasks)
        if not pairs:
            return self.per_image(self.zero(logits), samples, 0)
        total, compared = mapping_error(self.tasks, self.mappings, logits, targets, pairs)
        return self.per_image(total + self.mappings.connected_zero({pair.tasks for pair in pairs}), samples, compared)


def mapping_error(
    tasks: Mapping[str, Task],
    mappings: LabelMappings,
    logits: Mapping[str, Tensor],
    targets: Mapping[str, Tensor],
    pairs: Sequence[TaskPair],
) -> tuple[Tensor, Tensor]:
    """Sum the error of the mapped predictions over one or more pairs.

    Returns:
        Scalar, the sum over the pairs of the mean error of ``to_task``, 0 for a label without a valid pixel; and the
        number of pairs whose label has one.
    """
    errors, compared = [], []
    for one, other in dict.fromkeys(pair.tasks for pair in pairs):
        images = [pair.image for pair in pairs if pair.tasks == (one, other)]
        selected = select_images({'logits': logits[one], 'target': targets[other]}, images)
        mapped = mappings[one, other](mappings.encodings[one].encode(selected['logits']))
        error, count = tasks[other].error(mapped, selected['target'])
        errors.append((error / count.clamp(min=1)).sum())
        compared.append((count > 0).sum())
    return sum(errors[1:], errors[0]), sum(compared[1:], compared[0])
