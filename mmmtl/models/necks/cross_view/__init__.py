"""CvM: cross-view matching, concatenated to the features of any backbone (arXiv 2511.20646, CVPR 2026).

image -> `SpatialEncoder` -> `MultiViewTransformer` -> `CostVolume`; `CrossViewModule` contains all three and
concatenates their output to the backbone's features.
"""

from mmmtl.models.necks.cross_view.cost_volume import CostVolume
from mmmtl.models.necks.cross_view.cross_view_module import CrossViewModule
from mmmtl.models.necks.cross_view.multi_view_transformer import MultiViewTransformer
from mmmtl.models.necks.cross_view.spatial_encoder import SpatialEncoder

__all__ = ['CostVolume', 'CrossViewModule', 'MultiViewTransformer', 'SpatialEncoder']
