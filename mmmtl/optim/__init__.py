"""Steps of the optimiser: skipped where gradients are not finite, in full or mixed precision; groups of parameters."""

from mmmtl.optim.finite_optim_wrapper import FiniteOptimWrapper
from mmmtl.optim.group_step_lr import GroupCosineRestartLR, GroupStepLR
from mmmtl.optim.mixed_precision_optim_wrapper import MixedPrecisionOptimWrapper
from mmmtl.optim.named_groups import NamedGroups

__all__ = ['FiniteOptimWrapper', 'GroupCosineRestartLR', 'GroupStepLR', 'MixedPrecisionOptimWrapper', 'NamedGroups']
