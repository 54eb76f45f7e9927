"""The standard multi-task head: a separate head per task on shared features."""

from collections.abc import Mapping, Sequence
from typing import cast

from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput, IntermediateStage
from mmmtl.models.decode_heads.task_head import TaskHead
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class PerTaskHead(DecodeHead):
    """One head per task, all from one config, with ``task.channels`` output channels.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h, w)}.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        head: Config of a `TaskHead`, such as ``dict(type=ConvHead)``; it also gets ``in_channels``, ``strides`` and
            ``out_channels``.
        overrides: ``{task: options}`` that differ from ``head``; options with a ``type`` replace ``head`` entirely.
        maps_per_task: Number of features that belong to one task, for backbones with ``needs_tasks = True``: the i-th
            head gets the i-th feature only (1, as for `MTANSegNet`), or the i-th group of features (4 for `SAK` with
            four taps). By default (0) each head gets all features.

    Raises:
        ConfigError: ``overrides`` names an unknown task, ``maps_per_task`` is set with fewer features than tasks, or a
            head is not a `TaskHead`.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        head: dict,
        overrides: Mapping[str, dict] | None = None,
        maps_per_task: int = 0,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        overrides = overrides or {}
        unknown = sorted(set(overrides) - set(tasks))
        if unknown:
            raise ConfigError(f'PerTaskHead.overrides names {unknown}, but the tasks are {sorted(tasks)}')
        self.maps_per_task = maps_per_task
        if self.maps_per_task < 0 or len(in_channels) < len(tasks) * self.maps_per_task:
            raise ConfigError(
                f'PerTaskHead.maps_per_task: there are {len(tasks)} tasks, but only {len(in_channels)} maps; '
                f'use a backbone that returns {"one" if maps_per_task == 1 else maps_per_task} per task'
            )
        self.heads = nn.ModuleDict()
        for index, (name, task) in enumerate(tasks.items()):
            used = self._features_of(index)
            override = overrides.get(name, {})
            config = dict(override) if 'type' in override else {**head, **override}
            self.heads[name] = MODELS.build(
                dict(config, in_channels=in_channels[used], strides=strides[used], out_channels=task.channels)
            )
            if not isinstance(self.heads[name], TaskHead):
                raise ConfigError(
                    f'PerTaskHead: {type(self.heads[name]).__name__} is not a TaskHead; derive it from '
                    'mmmtl.models.TaskHead'
                )
        self.size_constraint = SizeConstraint.joint({name: head.size_constraint for name, head in self._named_heads()})

    @property
    def intermediate_stages(self) -> dict[str, IntermediateStage]:
        """The stages of the heads; each has the tasks whose head has a stage of that name.

        Raises:
            ConfigError: The heads of several tasks have a stage of one name with different weights.
        """
        weights: dict[str, dict[str, float]] = {}
        for name, head in self._named_heads():
            for stage, weight in head.stage_weights.items():
                weights.setdefault(stage, {})[name] = weight
        for stage, by_task in weights.items():
            if len(set(by_task.values())) > 1:
                raise ConfigError(f'PerTaskHead: the weights of {stage!r} must be equal for all tasks, found {by_task}')
        return {
            stage: IntermediateStage({name: self.tasks[name] for name in by_task}, next(iter(by_task.values())))
            for stage, by_task in weights.items()
        }

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return logits (N, task.channels, h, w) of every task, and their intermediate predictions."""
        logits: dict[str, Tensor] = {}
        intermediate: dict[str, dict[str, Tensor]] = {}
        for index, (name, head) in enumerate(self._named_heads()):
            logits[name], stages = head.predictions(features[self._features_of(index)])
            for stage, values in stages.items():
                intermediate.setdefault(stage, {})[name] = values
        return HeadOutput(logits, intermediate)

    def _named_heads(self) -> list[tuple[str, TaskHead]]:
        return [(name, cast(TaskHead, head)) for name, head in self.heads.items()]

    def _features_of(self, index: int) -> slice:
        """Return the indices of the features of a head."""
        count = self.maps_per_task
        return slice(index * count, (index + 1) * count) if count else slice(None)
