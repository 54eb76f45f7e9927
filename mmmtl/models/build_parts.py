"""Build the parts of a model, each with the channels and strides of the part before it."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


def build_backbone(config: dict, tasks: Mapping[str, Task]) -> Any:
    """Build a backbone; a class with ``needs_tasks = True`` also gets the names of the tasks."""
    backbone_type = MODELS.get(config['type']) if isinstance(config['type'], str) else config['type']
    needs_tasks = getattr(backbone_type, 'needs_tasks', False)
    return MODELS.build({**config, 'tasks': tuple(tasks)} if needs_tasks else config)


def build_after(config: dict, previous: Any, **options: Any) -> Any:
    """Build a part that takes the features of a previous one, which has ``out_channels`` and ``strides``."""
    return MODELS.build({**config, **options, 'in_channels': previous.out_channels, 'strides': previous.strides})


def build_consistency_losses(
    configs: Mapping[str, dict], tasks: Mapping[str, Task], backbone: Any, neck: Any
) -> nn.ModuleDict:
    """Build the consistency losses, which take the features of the backbone.

    Args:
        configs: ``{name: config}``.
        tasks: The model's tasks, by name.
        backbone: The model's backbone.
        neck: The model's neck, if any.

    Raises:
        ConfigError: A loss needs a cost volume, and the neck has none.
    """
    losses = nn.ModuleDict({name: build_after(config, backbone, tasks=tasks) for name, config in configs.items()})
    for name, loss in losses.items():
        if loss.needs_matches and getattr(neck, 'cost_volume', None) is None:
            raise ConfigError(
                f'model.consistency_losses.{name}: {type(loss).__name__} needs a neck with a cost volume; '
                'use CrossViewModule, or remove the loss'
            )
    return losses
