"""Terms that tie tasks or views to each other."""

from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.cross_task import CrossTaskConsistency
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.joint_task_space import JointTaskSpace, ResidualJointTaskSpace
from mmmtl.models.consistency_losses.region_contrast import RegionContrast

__all__ = ['ConsistencyLoss', 'CrossTaskConsistency', 'JointSpaceLoss', 'JointTaskSpace', 'RegionContrast',
           'ResidualJointTaskSpace']
