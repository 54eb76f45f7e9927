"""Consistency losses: terms between tasks or between views."""

from mmmtl.models.consistency_losses.confident_regression import ConfidentRegression
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.contrastive import ContrastiveLoss
from mmmtl.models.consistency_losses.cross_task import CrossTaskConsistency
from mmmtl.models.consistency_losses.direct_map import DirectMap
from mmmtl.models.consistency_losses.discriminator import DiscriminatorLoss
from mmmtl.models.consistency_losses.expert_balance import ExpertBalance
from mmmtl.models.consistency_losses.feature_distillation import FeatureDistillation
from mmmtl.models.consistency_losses.gradient_share import GradientShare
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.joint_task_space import JointTaskSpace, ResidualJointTaskSpace
from mmmtl.models.consistency_losses.perceptual_map import PerceptualMap
from mmmtl.models.consistency_losses.plane_matching import PlaneMatching
from mmmtl.models.consistency_losses.region_contrast import RegionContrast
from mmmtl.models.consistency_losses.semi_supervised import SemiSupervised
from mmmtl.models.consistency_losses.stereo_depth_consistency import StereoDepthConsistency
from mmmtl.models.consistency_losses.stereo_segmentation_consistency import StereoSegmentationConsistency

__all__ = [
    'ConfidentRegression',
    'ConsistencyLoss',
    'ContrastiveLoss',
    'CrossTaskConsistency',
    'DirectMap',
    'DiscriminatorLoss',
    'ExpertBalance',
    'FeatureDistillation',
    'GradientShare',
    'JointSpaceLoss',
    'JointTaskSpace',
    'PerceptualMap',
    'PlaneMatching',
    'RegionContrast',
    'ResidualJointTaskSpace',
    'SemiSupervised',
    'StereoDepthConsistency',
    'StereoSegmentationConsistency',
]
