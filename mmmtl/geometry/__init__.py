"""Pure camera maths on tensors: no learning, no files, nothing of ours below it.

Conventions, the same in every file here. The pixel in column j and row i has its centre at (j + 0.5, i + 0.5), an image
spans [0, W] x [0, H]. Camera axes: x right, y down, z forward. A pose is ``target_T_source`` (4, 4): it takes
homogeneous points of the source frame to the target frame. Depth is metres along z, 0 where unknown. Intrinsics are in
pixels of the map that they travel with, their last row is (0, 0, 1).
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
from mmmtl.geometry.plane_sweep import DEPTH_RANGES, check_range, inverse_depth_planes, sweep_positions
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
    each_from_the_other,
    hidden_from_the_other,
    left_from_right,
    left_right_difference,
    right_from_left,
    stereo_rig,
)
from mmmtl.geometry.warping import correspondences, overlap, visible_pixels, warp

__all__ = [
    'DEPTH_RANGES',
    'StereoRig',
    'at_least_float32',
    'back_project',
    'camera_centres',
    'check_baseline',
    'check_camera',
    'check_range',
    'check_rectified',
    'correspondences',
    'crop_intrinsics',
    'each_from_the_other',
    'flip_intrinsics',
    'flip_pose',
    'hidden_from_the_other',
    'inverse_depth_planes',
    'invert_intrinsics',
    'invert_pose',
    'left_from_right',
    'left_right_difference',
    'normals_from_depth',
    'overlap',
    'pad_intrinsics',
    'pixel_centres',
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
