"""The contract of a decode head, checked on random features."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.models import DecodeHead, HeadOutput
from mmmtl.tasks import Task
from mmmtl.testing import part_properties
from mmmtl.testing.batches import TASKS
from mmmtl.testing.contract import assert_close, properties_by_name, try_properties
from mmmtl.testing.part_properties import TOLERANCE, assert_size, outputs_of
from mmmtl.testing.part_trial import PartBatch, PartTrial

Build = Callable[..., DecodeHead]


class HeadTrial(PartTrial[DecodeHead]):
    """A decode head to check; see `check_decode_head` for the arguments."""

    base = DecodeHead

    def __init__(
        self,
        build: Build,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        one_map_per_task: bool,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        self.build, self.one_map_per_task = build, one_map_per_task

    def build_part(self) -> DecodeHead:
        """Build the head."""
        return self.build(tasks=self.tasks, in_channels=self.in_channels, strides=self.strides)

    def output(self, part: DecodeHead, batch: PartBatch) -> HeadOutput:
        """Run the head."""
        output = part(batch.features, batch.context)
        assert isinstance(output, HeadOutput), f'forward returns a {type(output).__name__}, expected a HeadOutput'
        return output

    def outputs(self, part: DecodeHead, batch: PartBatch) -> dict[str, Tensor]:
        """Run the head, and return all maps by a name for messages."""
        output = self.output(part, batch)
        return {
            **{f'the logits of {name}': x for name, x in output.logits.items()},
            **{f'{stage} of {name}': x for stage, maps in output.intermediate.items() for name, x in maps.items()},
            **{f'the auxiliary map {name}': x for name, x in output.aux.items()},
        }


def check_decode_head(
    build: Build,
    *,
    tasks: Mapping[str, Task] = TASKS,
    in_channels: Sequence[int] = (8, 12, 16),
    strides: Sequence[int] = (4, 8, 16),
    one_map_per_task: bool = False,
    properties: Collection[str] | None = None,
) -> None:
    """Check that a head follows the contract of `mmmtl.models.DecodeHead`.

    Args:
        build: Called with the keywords ``tasks``, ``in_channels`` and ``strides``; returns the head. For example a
            class, or ``functools.partial(PerTaskHead, head=dict(type=MyTaskHead))``.
        tasks: Tasks of the head; by default saliency, depth and normals.
        in_channels: Channels of the features, fine to coarse.
        strides: Strides of the features.
        one_map_per_task: Whether feature i belongs to task i, as with backbones that return one per task.
        properties: Names from ``DECODE_HEAD_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the head, the property that it violates, and what was found.
    """
    try_properties(
        DECODE_HEAD_PROPERTIES,
        properties,
        build,
        lambda: HeadTrial(build, tasks, in_channels, strides, one_map_per_task),
    )


def every_task_has_logits_of_its_channels(trial: HeadTrial) -> None:
    """The head returns floating point logits (N, task.channels, h, w) of every task and of no other."""
    head = trial.part()
    batch = trial.batch(head)
    logits = trial.output(head, batch).logits
    assert set(logits) == set(trial.tasks), f'it returns logits of {sorted(logits)}, expected {sorted(trial.tasks)}'
    for name, task in trial.tasks.items():
        check_logits(f'the logits of {name}', logits[name], len(batch.context.images), task)


def every_accepted_size_works(trial: HeadTrial) -> None:
    """Logits have one stride for all image sizes that ``size_constraint`` accepts."""
    head = trial.part()
    strides: dict[str, float] = {}
    for size in trial.sizes(head):
        for name, logits in trial.output(head, trial.batch(head, size)).logits.items():
            stride = strides.setdefault(name, size[0] / logits.shape[2])
            assert_size((logits.shape[2], logits.shape[3]), size, stride, f'the logits of {name}')


def every_task_is_trained(trial: HeadTrial) -> None:
    """The logits of every task have a gradient to the features and to a parameter."""
    for name in trial.tasks:
        head = trial.part()
        leaves = trial.batch(head).leaves()
        logits = trial.output(head.train(), leaves).logits[name]
        assert logits.requires_grad, f'the logits of {name} are not connected to the graph'
        (logits.float() * torch.randn(logits.shape)).sum().backward()
        reached = [x.grad for x in leaves.features if x.grad is not None]
        assert any(gradient.any() for gradient in reached), f'no feature has a gradient from the logits of {name}'
        assert any(p.grad is not None and p.grad.any() for p in head.parameters()), f'no parameter learns {name}'


def order_of_tasks_does_not_matter(trial: HeadTrial) -> None:
    """With the tasks in a different order and the same state dict, the logits of every task are the same."""
    head = trial.part()
    batch = trial.batch(head)
    names = [*reversed([*trial.tasks])]
    channels, features = list(trial.in_channels), list(batch.features)
    if trial.one_map_per_task:
        count = len(names)
        channels[:count], features[:count] = channels[:count][::-1], features[:count][::-1]
    tasks = {name: trial.tasks[name] for name in names}
    other = HeadTrial(trial.build, tasks, channels, trial.strides, trial.one_map_per_task)
    turned = other.part(seed=3)
    turned.load_state_dict(head.state_dict())
    expected = outputs_of(trial, head, batch)
    found = outputs_of(other, turned, PartBatch(tuple(features), batch.context))
    for name, values in expected.items():
        assert_close(found[name], values, f'{name} change with the order of the tasks', TOLERANCE)


def intermediate_predictions_are_those_declared(trial: HeadTrial) -> None:
    """``intermediate`` has the stages, tasks and channels of ``intermediate_stages``; in evaluation maybe fewer."""
    head = trial.part()
    batch, stages = trial.batch(head), head.intermediate_stages
    found = trial.output(head.train(), batch).intermediate
    assert set(found) == set(stages), f'in training, it returns the stages {sorted(found)}, not {sorted(stages)}'
    assert set(trial.output(head.eval(), batch).intermediate) <= set(stages), 'it returns an undeclared stage'
    for name, stage in stages.items():
        assert stage.weight > 0, f'the weight of {name} is {stage.weight:g}'
        assert set(stage.tasks) <= set(trial.tasks), f'{name} predicts {sorted(stage.tasks)}: not all are tasks'
        assert set(found[name]) == set(stage.tasks), f'{name} has logits of {sorted(found[name])}'
        for task_name, task in stage.tasks.items():
            check_logits(f'{name} of {task_name}', found[name][task_name], len(batch.context.images), task)
            assert found[name][task_name].requires_grad, f'{name} of {task_name} is not connected to the graph'


def auxiliary_maps_of_the_head_are_declared(trial: HeadTrial) -> None:
    """``aux`` has the names of ``aux_names``."""
    head = trial.part()
    found = set(trial.output(head, trial.batch(head)).aux)
    assert found == head.aux_names, f'it returns the auxiliary maps {sorted(found)}, not {sorted(head.aux_names)}'


def check_logits(name: str, logits: Tensor, images: int, task: Task) -> None:
    """Check the shape and the values of logits."""
    assert logits.dim() == 4 and logits.shape[:2] == (images, task.channels) and min(logits.shape) > 0, (
        f'{name} have shape {tuple(logits.shape)}, expected ({images}, {task.channels}, h, w)'
    )
    assert logits.dtype.is_floating_point, f'{name} are {logits.dtype}'
    assert logits.isfinite().all(), f'{name} are not finite'


DECODE_HEAD_PROPERTIES = properties_by_name(
    every_task_has_logits_of_its_channels,
    every_accepted_size_works,
    every_task_is_trained,
    intermediate_predictions_are_those_declared,
    auxiliary_maps_of_the_head_are_declared,
    *part_properties.PROPERTIES,
    order_of_tasks_does_not_matter,
)
