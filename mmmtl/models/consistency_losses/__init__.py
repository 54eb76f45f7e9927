"""Terms that tie tasks or views to each other."""

from mmmtl.models.consistency_losses.confident_regression import ConfidentRegression
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.stereo_depth_consistency import StereoDepthConsistency
from mmmtl.models.consistency_losses.stereo_segmentation_consistency import StereoSegmentationConsistency

__all__ = ['ConfidentRegression', 'ConsistencyLoss', 'StereoDepthConsistency', 'StereoSegmentationConsistency']
