"""Optimizer wrappers that skip non-finite gradients, parameter groups, and learning rate schedulers."""

from mmmtl.optim.finite_optim_wrapper import FiniteOptimWrapper
from mmmtl.optim.group_step_lr import GroupCosineRestartLR, GroupStepLR
from mmmtl.optim.mixed_precision_optim_wrapper import MixedPrecisionOptimWrapper
from mmmtl.optim.named_groups import NamedGroups
from mmmtl.optim.warm_up_cosine_lr import WarmUpCosineLR

__all__ = [
    'FiniteOptimWrapper',
    'GroupCosineRestartLR',
    'GroupStepLR',
    'MixedPrecisionOptimWrapper',
    'NamedGroups',
    'WarmUpCosineLR',
]
