"""Camera geometry on tensors.

Conventions: The pixel in column j and row i has its centre at (j + 0.5, i + 0.5); an image
spans [0, W] x [0, H]. Camera axes: x right, y down, z forward. A pose is ``target_T_source`` (4, 4): it maps
homogeneous points of the source frame to the target frame. Depth is metres along z, 0 where void. Intrinsics are in
pixels of the map to which they belong; their last row is (0, 0, 1).
"""

from mmmtl.geometry.camera import (
    camera_centres,
    check_baseline,
    check_camera,
    crop_intrinsics,
    flip_intrinsics,
    flip_pose,
    invert_intrinsics,
    invert_pose,
    pad_intrinsics,
    relative_pose,
    resize_intrinsics,
    scale_translation,
)
from mmmtl.geometry.normals import normals_from_depth
from mmmtl.geometry.plane_sweep import DEPTH_RANGES, inverse_depth_planes, sweep_positions, warn_outside_planes
from mmmtl.geometry.point_cloud import PointCloud, intrinsics_of_field_of_view, point_cloud
from mmmtl.geometry.projection import (
    at_least_float32,
    back_project,
    pixel_centres,
    project,
    sampling_grid,
    transform_points,
    view_rays,
)
from mmmtl.geometry.stereo import (
    StereoRig,
    check_rectified,
    left_from_right,
    left_right_difference,
    occluded_in_other_view,
    right_from_left,
    stereo_rig,
    warp_to_other_view,
)
from mmmtl.geometry.warping import correspondences, overlap, visible_pixels, warp

__all__ = [
    'DEPTH_RANGES',
    'PointCloud',
    'StereoRig',
    'at_least_float32',
    'back_project',
    'camera_centres',
    'check_baseline',
    'check_camera',
    'warn_outside_planes',
    'check_rectified',
    'correspondences',
    'crop_intrinsics',
    'warp_to_other_view',
    'flip_intrinsics',
    'flip_pose',
    'occluded_in_other_view',
    'inverse_depth_planes',
    'intrinsics_of_field_of_view',
    'invert_intrinsics',
    'invert_pose',
    'left_from_right',
    'left_right_difference',
    'normals_from_depth',
    'overlap',
    'pad_intrinsics',
    'pixel_centres',
    'point_cloud',
    'project',
    'relative_pose',
    'resize_intrinsics',
    'right_from_left',
    'sampling_grid',
    'scale_translation',
    'stereo_rig',
    'sweep_positions',
    'transform_points',
    'view_rays',
    'visible_pixels',
    'warp',
]
