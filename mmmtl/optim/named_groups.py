"""Named parameter groups with their own options of the optimizer."""

from collections.abc import Mapping
from typing import Any

from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIMIZERS
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS

REST = 'rest'


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class NamedGroups:
    """A ``constructor`` of ``optim_wrapper`` that sorts parameters into named groups.

    A parameter belongs to the first group with a key that is a part of its dotted name, such as ``film`` in
    ``consistency_losses.cross_task.space.stages.0.0.norm.film.gamma``; all others belong to the group ``'rest'``.
    MMEngine's default constructor makes a group per parameter, and its schedulers change all groups; `GroupStepLR`
    changes the groups that it names.

    Args:
        optim_wrapper_cfg: The ``optim_wrapper`` of the config.
        paramwise_cfg: ``{group: dict(keys=[...], lr=...)}``; all options but ``keys`` are passed to the optimizer.

    Raises:
        ConfigError: A group is called ``rest``, has no keys, or no trainable parameter matches.
    """

    def __init__(self, optim_wrapper_cfg: Mapping[str, Any], paramwise_cfg: Mapping[str, Any] | None = None) -> None:
        self.optim_wrapper_cfg, self.groups = dict(optim_wrapper_cfg), dict(paramwise_cfg or {})
        for name, group in self.groups.items():
            if name == REST or not isinstance(group, Mapping) or not group.get('keys'):
                raise ConfigError(
                    f"optim_wrapper.paramwise_cfg.{name}: expected dict(keys=['film'], lr=1e-3) under a "
                    f'name other than {REST!r}, found {group!r}'
                )

    def __call__(self, model: nn.Module) -> OptimWrapper:
        members: dict[str, list[nn.Parameter]] = {name: [] for name in (*self.groups, REST)}
        for name, parameter in unwrap_model(model).named_parameters():
            if parameter.requires_grad:
                members[self.group_of(name)].append(parameter)
        for name, group in self.groups.items():
            if not members[name]:
                raise ConfigError(
                    f'optim_wrapper.paramwise_cfg.{name}: no parameter has {" or ".join(group["keys"])} '
                    'in its name; remove the group'
                )
        settings = {
            name: {key: value for key, value in group.items() if key != 'keys'} for name, group in self.groups.items()
        }
        groups = [{'params': members[name], 'name': name, **settings.get(name, {})} for name in (REST, *self.groups)]
        config = {'type': OptimWrapper, **self.optim_wrapper_cfg}
        config['optimizer'] = OPTIMIZERS.build({**config['optimizer'], 'params': groups})
        return OPTIM_WRAPPERS.build(config)

    def group_of(self, name: str) -> str:
        """Return the group of a parameter by its dotted name."""
        parts = set(name.split('.'))
        return next((group for group, settings in self.groups.items() if parts & set(settings['keys'])), REST)
