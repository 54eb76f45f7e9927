"""Steps of the optimiser: skipped where gradients are not finite, in full or mixed precision."""

from mmmtl.optim.finite_optim_wrapper import FiniteOptimWrapper
from mmmtl.optim.mixed_precision_optim_wrapper import MixedPrecisionOptimWrapper

__all__ = ['FiniteOptimWrapper', 'MixedPrecisionOptimWrapper']
