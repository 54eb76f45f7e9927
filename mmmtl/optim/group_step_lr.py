"""A learning rate that falls in steps, for some of the parameters."""

from collections.abc import Sequence

from mmengine.optim import BaseOptimWrapper, StepLR
from torch.optim import Optimizer

from mmmtl.errors import ConfigError
from mmmtl.optim.named_groups import REST
from mmmtl.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class GroupStepLR(StepLR):
    """MMEngine's `StepLR` for the groups of `NamedGroups` that it names; the others stay as they are.

    Args:
        optimizer: The optimiser, or its wrapper; given by the runner.
        groups: Names; ``'rest'`` are the parameters of no group, and what the log shows as the base learning rate.
        kwargs: Of `StepLR`: ``step_size``, ``gamma``, ``by_epoch`` ...

    Raises:
        ConfigError: The optimiser has no group of that name.
    """

    def __init__(self, optimizer: Optimizer | BaseOptimWrapper, *, groups: Sequence[str], **kwargs) -> None:
        self.groups = list(groups)
        known = {group.get('name', REST) for group in optimizer.param_groups}
        if not groups or set(groups) - known:
            raise ConfigError(f'param_scheduler: GroupStepLR.groups must be among {", ".join(sorted(known))}, found '
                              f'{self.groups}')
        super().__init__(optimizer, **kwargs)

    def _get_value(self) -> list[float]:
        return [value if group.get('name', REST) in self.groups else group[self.param_name]
                for group, value in zip(self.optimizer.param_groups, super()._get_value(), strict=True)]
