"""Direct-Map: a prediction, mapped to another task's label, is that label."""

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
    """MTPSL's rival *Direct-Map* (section 3.2, after Zamir et al., CVPR 2020): for every image, unlabelled source s and
    labelled target t, the error of m^{s->t}(prediction of s) as a prediction of t. It trains the mapping and the
    prediction alike.

    The error is the target task's own, a mean over the label's pixels; the cosine that the paper compares joint spaces
    by says nothing of a map of one channel. Summed over the pairs of an image, averaged over the images. The networks
    are run one after the other, each once with all of its images.

    Args:
        tasks, in_channels, strides, weight: See `ConsistencyLoss`.
        network: Of every mapping, see `LabelMappings`.
        from_tasks: ``'unlabelled'``, or ``'all'`` for every other task.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float = 1.0,
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
            return self.per_image(self.nothing(logits), samples, 0)
        total, met = mapping_error(self.tasks, self.mappings, logits, targets, pairs)
        return self.per_image(total + self.mappings.idle({pair[1:] for pair in pairs}), samples, met)


def mapping_error(
    tasks: Mapping[str, Task],
    mappings: LabelMappings,
    logits: Mapping[str, Tensor],
    targets: Mapping[str, Tensor],
    pairs: Sequence[TaskPair],
) -> tuple[Tensor, Tensor]:
    """Sum over the pairs of the target task's mean error of the mapped prediction, 0 where the label is all void; and
    over how many pairs it is not."""
    total, met = 0.0, 0
    for source, target in dict.fromkeys(pair[1:] for pair in pairs):
        indices = [pair.image for pair in pairs if pair[1:] == (source, target)]
        here = select_images({'logits': logits[source], 'target': targets[target]}, indices)
        mapped = mappings[source, target](tasks[source].encoding.encode(here['logits']))
        error, count = tasks[target].error(mapped, here['target'])
        total, met = total + (error / count.clamp(min=1)).sum(), met + (count > 0).sum()
    return total, met
