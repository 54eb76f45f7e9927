"""Optimizer wrappers that skip non-finite gradients, parameter groups, and schedulers of groups."""

from mmmtl.optim.finite_optim_wrapper import FiniteOptimWrapper
from mmmtl.optim.group_step_lr import GroupCosineRestartLR, GroupStepLR
from mmmtl.optim.mixed_precision_optim_wrapper import MixedPrecisionOptimWrapper
from mmmtl.optim.named_groups import NamedGroups

__all__ = ['FiniteOptimWrapper', 'GroupCosineRestartLR', 'GroupStepLR', 'MixedPrecisionOptimWrapper', 'NamedGroups']
