"""Perceptual-Map: a prediction is compared with its own label after both are mapped to another task."""

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
    """The baseline *Perceptual-Map* of MTPSL (Li, Liu, Bilen, CVPR 2022, section 3.2), the loss of X-task.

    For every image, labelled task s and other task t, the mean absolute difference of m^{s->t}(prediction of s) and
    m^{s->t}(label of s), both in the values of t: probabilities, metres or unit vectors (Zamir et al., CVPR 2020).

    X-task trains its mappings beforehand, on images with both labels. With partial labels there are few or none, so,
    as in MTPSL, the mappings are trained along with the network, from detached predictions to labels: the error of
    m^{s->t}(prediction of s) as a prediction of a labelled t. The perceptual term does not train them. Where the label
    of s is void, the encoded label replaces the prediction, so that the two are equal there. Both terms are summed
    over the pairs of an image and averaged over the images.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        weight: Factor of both terms, >= 0, or the config of a `GradientShare`.
        network: Config of the network of every mapping, see `LabelMappings`.

    Raises:
        ConfigError: There are fewer than two tasks, or a task has no encoding.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float | dict = 1.0,
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
        training_pairs = task_pairs(samples, names, 'all')
        if not training_pairs:
            return self.per_image(self.zero(logits), samples, 0)
        labels = sorted({(pair.image, pair.to_task) for pair in training_pairs})
        perceptual_pairs = [
            TaskPair(image, label, other) for image, label in labels for other in names if other != label
        ]
        detached = {name: values.detach() for name, values in logits.items()}
        total, compared = mapping_error(self.tasks, self.mappings, detached, targets, training_pairs)
        total = total + self.mappings.connected_zero({pair.tasks for pair in training_pairs})
        return self.per_image(total + self.difference(logits, targets, perceptual_pairs), samples, compared)

    def difference(
        self, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], pairs: Sequence[TaskPair]
    ) -> Tensor:
        """Return the sum over one or more pairs of the mean absolute difference of mapped prediction and label."""
        differences = []
        for one, other in dict.fromkeys(pair.tasks for pair in pairs):
            encoding, network = self.mappings.encodings[one], self.mappings[one, other]
            images = [pair.image for pair in pairs if pair.tasks == (one, other)]
            selected = select_images({'logits': logits[one], 'target': targets[one]}, images)
            label = encoding.encode_target(selected['target'])
            valid = self.tasks[one].valid(selected['target'])[:, None]
            prediction = torch.where(valid, encoding.encode(selected['logits']), label)
            frozen = {name: values.detach() for name, values in network.named_parameters()}
            mapped = functional_call(network, frozen, (torch.cat([prediction, label]),))
            mapped_prediction, mapped_label = self.tasks[other].activate(mapped).split(len(images))
            differences.append((mapped_prediction - mapped_label).abs().flatten(1).mean(1).sum())
        return sum(differences[1:], differences[0])
