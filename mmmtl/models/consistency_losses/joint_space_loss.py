"""What losses in a joint task space share: the pairs of a batch, mapped by one run of the network."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.joint_task_space import JointTaskSpace
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index, task_pairs
from mmmtl.models.supervision_role import select_images
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


class JointSpaceLoss(ConsistencyLoss):
    """Compares, in the joint space of two tasks, the prediction of the source with the label of the target.

    Args:
        tasks, in_channels, strides, weight: See `ConsistencyLoss`.
        space: The mapping network; `JointTaskSpace` by default.
        from_tasks: ``'unlabelled'`` for tasks without a label on the image, ``'all'`` for every other task, so that
            fully labelled images take part too.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float = 1.0,
        space: dict | None = None,
        from_tasks: str = 'unlabelled',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, strides, weight=weight, init_cfg=init_cfg)
        if from_tasks not in ('unlabelled', 'all'):
            raise ConfigError(f"{type(self).__name__}.from_tasks must be 'unlabelled' or 'all', found {from_tasks!r}")
        self.from_tasks = from_tasks
        self.space = MODELS.build({'type': JointTaskSpace, **(space or {}), 'tasks': self.tasks})

    def pairs(self, samples: Sequence[MultiTaskDataSample]) -> list[TaskPair]:
        """Those of the batch; their order is that of all (I, ...) below."""
        return task_pairs(samples, list(self.tasks), self.from_tasks)

    def embed(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        pairs: Sequence[TaskPair],
        labels: Sequence[TaskPair] | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Predictions and labels of pairs in their joint spaces.

        Every map passes its input layer once, however many pairs it belongs to, and the shared network runs once.

        Args:
            logits, targets: See `ConsistencyLoss.forward`.
            pairs: I of them, whose predictions are mapped.
            labels: J of them, whose labels are mapped; the same by default.

        Returns:
            Mapped predictions of the from_tasks (I, C, h, w), mapped labels of the targets (J, C, h, w), and bool (J,):
            the label says something, it is not void all over.
        """
        sides = {'from_task': pairs, 'to_task': pairs if labels is None else labels}
        device = next(iter(logits.values())).device
        maps, rows, numbers, known = {}, {}, {}, {}
        indices: dict[tuple[str, int], int] = {}  # (side, pair) -> place among the rows of all tasks
        for name, task in self.tasks.items():
            predicted, labelled = (
                sorted({pair.image for pair in group if getattr(pair, side) == name}) for side, group in sides.items()
            )
            if not predicted and not labelled:
                continue
            target = select_images({name: targets[name]}, labelled)[name]
            maps[name] = torch.cat(
                [
                    task.encoding.encode(select_images({name: logits[name]}, predicted)[name]),
                    task.encoding.encode_target(target),
                ]
            )
            known[name] = torch.cat(
                [torch.ones(len(predicted), dtype=torch.bool, device=device), task.valid(target).flatten(1).any(1)]
            )
            entries = {
                'from_task': {image: row for row, image in enumerate(predicted)},
                'to_task': {image: len(predicted) + row for row, image in enumerate(labelled)},
            }
            wanted = [
                (side, number, pair)
                for side, group in sides.items()
                for number, pair in enumerate(group)
                if getattr(pair, side) == name
            ]
            indices |= {(side, number): len(indices) + place for place, (side, number, _) in enumerate(wanted)}
            rows[name] = index([entries[side][pair.image] for side, _, pair in wanted], device)
            numbers[name] = index([self.space.pair_number(pair.from_task, pair.to_task) for *_, pair in wanted], device)
        mapped = torch.cat(list(self.space(maps, numbers, rows).values()))
        said = torch.cat([known[name].index_select(0, rows[name]) for name in maps])
        source, target = (
            index([indices[side, number] for number in range(len(group))], device) for side, group in sides.items()
        )
        return mapped.index_select(0, source), mapped.index_select(0, target), said.index_select(0, target)
