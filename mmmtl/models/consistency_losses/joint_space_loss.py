"""Base class of the losses in a joint task space, which map all task pairs of a batch in one forward pass."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.centring import centre, on_several_images
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.joint_task_space import JointTaskSpace
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index_tensor, task_pairs
from mmmtl.models.supervision_role import select_images
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


class JointSpaceLoss(ConsistencyLoss):
    """Base class: compares the prediction of one task with the label of another in the joint space of the two.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        weight: Factor of the term, >= 0, or the config of a `GradientShare`.
        space: Config of the mapping network; `JointTaskSpace` by default.
        from_tasks: Tasks whose predictions are compared: ``'unlabelled'``, those without a label on the image, or
            ``'all'``, every task but the labelled one itself, so that fully labelled images take part too.
        train_space: False to keep the mapping network as it is initialized, for example from weights that were trained
            on pairs of labels (``mmmtl consistency-oracle --pretrain``). The papers train it.
        centred: True to subtract from the mapped predictions and labels, at every position, their mean over the images
            of the batch with the same ordered pair of tasks, so that a mapping that depends only on the position and
            the pair, which the published losses allow, is of no use. A pair that occurs on a single image is skipped.
            The loss of an image then depends on the other images of its batch on this process. Ours; the papers do
            not centre.

    Raises:
        ConfigError: ``from_tasks`` is unknown.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float | dict = 1.0,
        space: dict | None = None,
        from_tasks: str = 'unlabelled',
        train_space: bool = True,
        centred: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, strides, weight=weight, init_cfg=init_cfg)
        if from_tasks not in ('unlabelled', 'all'):
            raise ConfigError(f"{type(self).__name__}.from_tasks must be 'unlabelled' or 'all', found {from_tasks!r}")
        self.from_tasks, self.centred = from_tasks, centred
        self.space: JointTaskSpace = MODELS.build({'type': JointTaskSpace, **(space or {}), 'tasks': self.tasks})
        self.space.requires_grad_(train_space)

    def pairs(self, samples: Sequence[MultiTaskDataSample]) -> list[TaskPair]:
        """Return the I pairs of a batch, in the order of all tensors (I, ...) below."""
        pairs = task_pairs(samples, list(self.tasks), self.from_tasks)
        return on_several_images(pairs) if self.centred else pairs

    def embed(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        pairs: Sequence[TaskPair],
        label_pairs: Sequence[TaskPair] | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Map predictions and labels of pairs into their joint spaces.

        The input layer of a task processes each map once, however many pairs the map belongs to; the shared network
        runs once, on all pairs.

        Args:
            logits: ``{task: (N, channels, H, W)}``.
            targets: ``{task: (N, target_channels, H, W)}``.
            pairs: I >= 1 pairs whose predictions are mapped.
            label_pairs: J >= 1 pairs whose labels are mapped; ``pairs`` by default.

        Returns:
            Mapped predictions (I, C, h, w), mapped labels (J, C, h, w), both centred if ``centred``, and bool (J,),
            whether the label has a valid pixel.
        """
        label_pairs = pairs if label_pairs is None else label_pairs
        device = next(iter(logits.values())).device
        maps, rows, pair_indices, valid = {}, {}, {}, []
        order: list[tuple[str, int]] = []  # (side, number of the pair) of each row that the network returns
        for name in self.tasks:
            predicted = [number for number, pair in enumerate(pairs) if pair.from_task == name]
            labelled = [number for number, pair in enumerate(label_pairs) if pair.to_task == name]
            if not predicted and not labelled:
                continue
            prediction_images = sorted({pairs[number].image for number in predicted})
            label_images = sorted({label_pairs[number].image for number in labelled})
            maps[name], map_valid = self._encode(name, logits, targets, prediction_images, label_images)
            prediction_row = {image: row for row, image in enumerate(prediction_images)}
            label_row = {image: row for row, image in enumerate(label_images, start=len(prediction_images))}
            rows[name] = index_tensor(
                [
                    *(prediction_row[pairs[number].image] for number in predicted),
                    *(label_row[label_pairs[number].image] for number in labelled),
                ],
                device,
            )
            row_pairs = [*(pairs[number] for number in predicted), *(label_pairs[number] for number in labelled)]
            pair_indices[name] = index_tensor([self.space.pair_index(*pair.tasks) for pair in row_pairs], device)
            valid.append(map_valid.index_select(0, rows[name]))
            order += [*(('prediction', number) for number in predicted), *(('label', number) for number in labelled)]
        mapped = torch.cat(list(self.space(maps, pair_indices, rows).values()))
        mapped_valid = torch.cat(valid)
        if self.centred:
            sides = {'prediction': pairs, 'label': label_pairs}
            mapped = centre(mapped, [sides[side][number].tasks for side, number in order], mapped_valid)
        row_of = {entry: row for row, entry in enumerate(order)}
        prediction_rows = index_tensor([row_of['prediction', number] for number in range(len(pairs))], device)
        label_rows = index_tensor([row_of['label', number] for number in range(len(label_pairs))], device)
        return (
            mapped.index_select(0, prediction_rows),
            mapped.index_select(0, label_rows),
            mapped_valid.index_select(0, label_rows),
        )

    def _encode(
        self,
        name: str,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        prediction_images: Sequence[int],
        label_images: Sequence[int],
    ) -> tuple[Tensor, Tensor]:
        """Encode the predictions of a task, then its labels.

        Returns:
            Encoded maps (M, C, H, W), and bool (M,), whether the map has a valid pixel (True for predictions).
        """
        encoding = self.space.encodings[name]
        logit, target = logits[name], select_images({name: targets[name]}, label_images)[name]
        maps = torch.cat(
            [
                encoding.encode(select_images({name: logit}, prediction_images)[name]),
                encoding.encode_target(target),
            ]
        )
        predictions_valid = torch.ones(len(prediction_images), dtype=torch.bool, device=logit.device)
        return maps, torch.cat([predictions_valid, self.tasks[name].valid(target).flatten(1).any(1)])
