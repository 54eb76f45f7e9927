"""T task losses -> one number."""

from mmmtl.models.loss_weighting.fixed_weighting import FixedWeighting
from mmmtl.models.loss_weighting.loss_weighting import LossWeighting

__all__ = ['FixedWeighting', 'LossWeighting']
