"""Learning rates for some of the parameters: one that falls in steps, one that follows a cosine and starts anew."""

from collections.abc import Sequence

from mmengine.optim import BaseOptimWrapper, StepLR
from mmengine.optim.scheduler import CosineRestartLR
from torch.optim import Optimizer

from mmmtl.errors import ConfigError
from mmmtl.optim.named_groups import REST
from mmmtl.registry import PARAM_SCHEDULERS


class OfGroups:
    """Before a scheduler of MMEngine among the ancestors: it moves the groups of `NamedGroups` that it names and
    leaves the others as they are.

    Args:
        optimizer: The optimiser, or its wrapper; given by the runner.
        groups: Names; ``'rest'`` are the parameters of no group, and what the log shows as the base learning rate.
        kwargs: Of MMEngine's scheduler: ``by_epoch``, ``begin`` ...

    Raises:
        ConfigError: The optimiser has no group of that name.
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
class GroupStepLR(OfGroups, StepLR):
    """MMEngine's `StepLR` for some groups: ``step_size``, ``gamma``."""


@PARAM_SCHEDULERS.register_module()
class GroupCosineRestartLR(OfGroups, CosineRestartLR):
    """MMEngine's `CosineRestartLR` for some groups: ``periods``, ``restart_weights``, ``eta_min``."""
