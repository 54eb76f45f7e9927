"""T task losses -> one number."""

from mmmtl.models.loss_weighting.fixed_weighting import FixedWeighting

__all__ = ['FixedWeighting']
