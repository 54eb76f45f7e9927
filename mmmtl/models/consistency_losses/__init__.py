"""Terms that tie tasks or views to each other."""

from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss

__all__ = ['ConsistencyLoss']
