"""Build the parts of a model, each with the channels and strides of the part before it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from mmengine.model import ModuleDict
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.decode_heads.decode_head import DecodeHead
from mmmtl.models.necks.neck import Neck
from mmmtl.registry import MODELS
from mmmtl.tasks import Task

Part = TypeVar('Part', Backbone, Neck, DecodeHead)


def build_backbone(config: dict, tasks: Mapping[str, Task]) -> Backbone:
    """Build a backbone; a class with ``needs_tasks = True`` also gets the names of the tasks.

    Raises:
        ConfigError: The class is not a `Backbone`.
    """
    part_type = _class_of('backbone', config, Backbone)
    return MODELS.build({**config, 'tasks': tuple(tasks)} if part_type.needs_tasks else config)


def build_neck(config: dict | None, backbone: Backbone) -> Neck:
    """Build a neck; by default one that passes on the features of the backbone.

    Raises:
        ConfigError: The class is not a `Neck`.
    """
    config = config or {'type': Neck}
    _class_of('neck', config, Neck)
    return build_after(config, backbone)


def build_decode_head(config: dict, neck: Neck, tasks: Mapping[str, Task]) -> DecodeHead:
    """Build a decode head.

    Raises:
        ConfigError: The class is not a `DecodeHead`, or an intermediate prediction is of an unknown task.
    """
    _class_of('decode_head', config, DecodeHead)
    head: DecodeHead = build_after(config, neck, tasks=tasks)
    for name, stage in head.intermediate_stages.items():
        if unknown := sorted(set(stage.tasks) - set(tasks)):
            raise ConfigError(
                f'model.decode_head: the intermediate predictions {name!r} are of {", ".join(unknown)}, which the '
                f'model does not have; its tasks are {", ".join(tasks)}'
            )
    return head


def build_after(config: dict, previous: Backbone | Neck, **options: Any) -> Any:
    """Build a part that takes the features of a previous one."""
    return MODELS.build({**config, **options, 'in_channels': previous.out_channels, 'strides': previous.strides})


def build_consistency_losses(
    configs: Mapping[str, dict], tasks: Mapping[str, Task], backbone: Backbone, aux_names: frozenset[str]
) -> nn.ModuleDict:
    """Build the consistency losses, which take the features of the backbone.

    Args:
        configs: ``{name: config}``.
        tasks: The model's tasks, by name.
        backbone: The model's backbone.
        aux_names: Names of the auxiliary maps of neck and decode head.

    Raises:
        ConfigError: A loss reads a map that neither neck nor decode head returns.
    """
    losses: dict[str, ConsistencyLoss] = {
        name: build_after(config, backbone, tasks=tasks) for name, config in configs.items()
    }
    for name, loss in losses.items():
        loss.connect(backbone)
        if missing := [aux_name for aux_name in loss.reads if aux_name not in (*aux_names, 'rgb')]:
            raise ConfigError(
                f'model.consistency_losses.{name}: {type(loss).__name__} reads {", ".join(map(repr, missing))}, but '
                f'neck and decode head return {", ".join(map(repr, sorted(aux_names))) or "no auxiliary maps"}; '
                'use a neck or head that returns it, or remove the loss'
            )
    return ModuleDict(losses)  # MMEngine's, which applies the `init_cfg` of its members


def _class_of(key: str, config: dict, base: type[Part]) -> type[Part]:
    """Return the class of a config, after checking that it has the base class that the contract asks for."""
    found = MODELS.get(config['type']) if isinstance(config['type'], str) else config['type']
    if isinstance(found, type) and not issubclass(found, base):
        raise ConfigError(
            f'model.{key}: {found.__name__} is not a {base.__name__}; derive it from mmmtl.models.{base.__name__}'
        )
    return found if found is not None else base  # the registry names the nearest class when it builds
