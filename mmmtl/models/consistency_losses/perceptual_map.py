"""Perceptual-Map: a prediction looks like its label when both are mapped to another task."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.func import functional_call

from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.direct_map import mapping_error
from mmmtl.models.consistency_losses.label_mapping import LabelMappings
from mmmtl.models.consistency_losses.task_pairs import TaskPair, task_pairs
from mmmtl.models.supervision_role import select_images
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class PerceptualMap(ConsistencyLoss):
    """MTPSL's rival *Perceptual-Map* (section 3.2), X-task's loss (Zamir et al., CVPR 2020): for every image, labelled
    task s and other task t, the mean absolute difference of m^{s->t}(prediction of s) and m^{s->t}(label of s), both in
    t's own values (probabilities, metres, unit vectors).

    X-task learns its mappings beforehand, from images with both labels. There are few or none, so, as in MTPSL, they
    learn beside, from predictions to labels: the error of m^{s->t}(prediction of s), detached, as a prediction of a
    labelled t. In the perceptual term the mappings stand still. Where the label of s is void the prediction is
    replaced by what the label is encoded as, so that it is compared nowhere. Both terms are summed over the pairs of an
    image and averaged over the images.

    Args:
        tasks, in_channels, strides, weight: See `ConsistencyLoss`. The weight also scales what the mappings learn by.
        network: Of every mapping, see `LabelMappings`.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float = 1.0,
        network: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, strides, weight=weight, init_cfg=init_cfg)
        self.mappings = LabelMappings(self.tasks, network)

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        names = list(self.tasks)
        learnt = task_pairs(samples, names, 'all')
        if not learnt:
            return self.per_image(self.nothing(logits), samples, 0)
        labels = {(pair.image, pair.to_task) for pair in learnt}
        judged = [TaskPair(image, label, other) for image, label in sorted(labels) for other in names if other != label]
        detached = {name: values.detach() for name, values in logits.items()}
        total, met = mapping_error(self.tasks, self.mappings, detached, targets, learnt)
        total = total + self.mappings.idle({pair[1:] for pair in learnt}) + self.difference(logits, targets, judged)
        return self.per_image(total, samples, met)

    def difference(
        self, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], pairs: Sequence[TaskPair]
    ) -> Tensor:
        """Sum over the pairs of the mean absolute difference of mapped prediction and mapped label."""
        total = 0.0
        for source, target in dict.fromkeys(pair[1:] for pair in pairs):
            task, network = self.tasks[source], self.mappings[source, target]
            here = select_images(
                {'logits': logits[source], 'target': targets[source]},
                [pair.image for pair in pairs if pair[1:] == (source, target)],
            )
            label = task.encoding.encode_target(here['target'])
            said = torch.where(task.valid(here['target'])[:, None], task.encoding.encode(here['logits']), label)
            still = {name: values.detach() for name, values in network.named_parameters()}
            mapped = self.tasks[target].activate(functional_call(network, still, (torch.cat([said, label]),)))
            total = total + (mapped[: len(said)] - mapped[len(said) :]).abs().flatten(1).mean(1).sum()
        return total
