"""The standard multi-task head: a separate head per task on shared features."""

from collections.abc import Mapping, Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class PerTaskHead(BaseModule):
    """One head per task, all from one config, with ``task.channels`` output channels.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h, w)}.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        head: Config of a head of one task, such as ``dict(type=ConvHead)``; it also gets ``in_channels``, ``strides``
            and ``out_channels``.
        overrides: ``{task: options}`` that differ from ``head``; options with a ``type`` replace ``head`` entirely.
        own_maps: Whether the i-th head gets the i-th feature only, for backbones with ``needs_tasks = True`` such as
            `MTANSegNet`.

    Raises:
        ConfigError: ``overrides`` names an unknown task, or ``own_maps`` is set with fewer features than tasks.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        head: dict,
        overrides: Mapping[str, dict] | None = None,
        own_maps: bool = False,
    ) -> None:
        super().__init__()
        overrides = overrides or {}
        unknown = sorted(set(overrides) - set(tasks))
        if unknown:
            raise ConfigError(f'PerTaskHead.overrides names {unknown}, but the tasks are {sorted(tasks)}')
        if own_maps and len(in_channels) < len(tasks):
            raise ConfigError(
                f'PerTaskHead.own_maps: there are {len(tasks)} tasks, but only {len(in_channels)} maps; '
                'use a backbone that returns one per task'
            )
        self.own_maps = own_maps
        self.heads = nn.ModuleDict()
        for index, (name, task) in enumerate(tasks.items()):
            used = self._features_of(index)
            override = overrides.get(name, {})
            config = dict(override) if 'type' in override else {**head, **override}
            self.heads[name] = MODELS.build(
                dict(config, in_channels=in_channels[used], strides=strides[used], out_channels=task.channels)
            )

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return ``{task: logits (N, task.channels, h, w)}``."""
        return {name: head(features[self._features_of(index)]) for index, (name, head) in enumerate(self.heads.items())}

    def _features_of(self, index: int) -> slice:
        """Return the indices of the features of a head."""
        return slice(index, index + 1) if self.own_maps else slice(None)
