"""The plain multi-task head: every task has a head of its own on the shared maps."""

from collections.abc import Mapping, Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class PerTaskHead(BaseModule):
    """One head for each task, all from one config; a task tells how many channels its head ends in.

    ``forward``: features, tuple of (N,in_channels[i],h_i,w_i) -> {task: logits (N,task.channels,h,w)}.

    Args:
        head: config of a head for one task, such as ``dict(type=ConvHead)``; it is given ``in_channels``, ``strides``
            and ``out_channels``.
        overrides: task -> what its head has otherwise; an override with a ``type`` of its own replaces ``head`` whole.
        own_maps: the i-th head gets the i-th map and no other, as `MTANSegNet` and `CrossStitchSegNet` give them.

    Raises:
        ConfigError: an override for a task that is not there, or fewer maps than tasks that want their own.
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
            raise ConfigError(f'overrides for {unknown}, but the tasks are {sorted(tasks)}')
        if own_maps and len(in_channels) < len(tasks):
            raise ConfigError(
                f'PerTaskHead.own_maps: there are {len(tasks)} tasks, but only {len(in_channels)} maps; '
                'take a backbone that gives one per task'
            )
        self.own_maps = own_maps
        self.heads = nn.ModuleDict()
        for number, (name, task) in enumerate(tasks.items()):
            seen = self._seen(number)
            override = overrides.get(name, {})
            config = dict(override) if 'type' in override else {**head, **override}
            self.heads[name] = MODELS.build(
                dict(config, in_channels=in_channels[seen], strides=strides[seen], out_channels=task.channels)
            )

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        return {name: head(features[self._seen(number)]) for number, (name, head) in enumerate(self.heads.items())}

    def _seen(self, number: int) -> slice:
        """Which maps a head sees."""
        return slice(number, number + 1) if self.own_maps else slice(None)
