"""Learning rate schedulers for selected parameter groups."""

from collections.abc import Sequence

from mmengine.optim import BaseOptimWrapper, StepLR
from mmengine.optim.scheduler import CosineRestartLR
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler
from torch.optim import Optimizer

from mmmtl.errors import ConfigError
from mmmtl.optim.named_groups import REST
from mmmtl.registry import PARAM_SCHEDULERS


class NamedGroupScheduler(_ParamScheduler):
    """Mixin for MMEngine's schedulers that restricts them to some of the parameter groups of `NamedGroups`.

    Args:
        optimizer: Optimizer or wrapper; passed by the runner.
        groups: Names of the groups to schedule. ``'rest'`` is the group of all parameters that belong to no other
            group; its learning rate is logged as the base learning rate.
        **kwargs: Arguments of MMEngine's scheduler, such as ``by_epoch`` and ``begin``.

    Raises:
        ConfigError: The optimizer has no group of that name.
    """

    def __init__(self, optimizer: Optimizer | BaseOptimWrapper, *, groups: Sequence[str], **kwargs) -> None:
        self.groups = list(groups)
        known = {group.get('name', REST) for group in optimizer.param_groups}
        if not groups or set(groups) - known:
            raise ConfigError(
                f'param_scheduler: {type(self).__name__}.groups must be among '
                f'{", ".join(sorted(known))}, found {self.groups}'
            )
        super().__init__(optimizer, **kwargs)

    def _get_value(self) -> list[float]:
        return [
            value if group.get('name', REST) in self.groups else group[self.param_name]
            for group, value in zip(self.optimizer.param_groups, super()._get_value(), strict=True)
        ]


@PARAM_SCHEDULERS.register_module()
class GroupStepLR(NamedGroupScheduler, StepLR):
    """MMEngine's `StepLR` (``step_size``, ``gamma``) for the parameter groups ``groups``; see `NamedGroupScheduler`."""


@PARAM_SCHEDULERS.register_module()
class GroupCosineRestartLR(NamedGroupScheduler, CosineRestartLR):
    """MMEngine's `CosineRestartLR` (``periods``, ``restart_weights``, ``eta_min``) for the parameter groups ``groups``.

    See `NamedGroupScheduler`.
    """
