"""A depth map as a point cloud, and the part of the page in which it can be turned."""

import base64
import html
import math
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np
import torch

from mmmtl.geometry import back_project

MAX_POINTS = 60_000


@dataclass(frozen=True)
class ViewerPoints:
    """Coloured points in the camera frame.

    Args:
        points: (P, 3) float32 in metres.
        colours: (P, 3) uint8 sRGB.
        spacing: Distances (P,) in metres to the neighbours in the image, for a surface that faces the camera.
    """

    points: np.ndarray
    colours: np.ndarray
    spacing: np.ndarray


def viewer_points(
    image: np.ndarray, depth: np.ndarray, intrinsics: np.ndarray, max_points: int = MAX_POINTS
) -> ViewerPoints:
    """Back-project the pixels of a regular grid.

    Args:
        image: (H, W, 3) uint8 RGB.
        depth: (H, W) in metres along z; pixels whose depth is not positive and finite are omitted.
        intrinsics: (3, 3) in pixels.
        max_points: Approximate maximum number of points.
    """
    stride = max(1, math.ceil(math.sqrt(depth.size / max_points)))
    known = np.isfinite(depth) & (depth > 0)
    metres = torch.from_numpy(np.where(known, depth, 1).astype(np.float32))[None, None]
    matrix = torch.from_numpy(np.asarray(intrinsics, np.float32))[None]
    points = back_project(metres, matrix)[0].permute(1, 2, 0).numpy()
    start = min(stride, *depth.shape) // 2
    grid = (slice(start, None, stride), slice(start, None, stride))
    kept = points[grid][known[grid]]
    return ViewerPoints(kept, image[grid][known[grid]], kept[:, 2] * stride / float(intrinsics[0][0]))


def viewer(cloud: ViewerPoints, size: tuple[int, int], focal: float) -> str:
    """Return an ``<iframe>`` in which the point cloud can be turned; it loads nothing.

    Args:
        cloud: The points.
        size: Size (H, W) of the image.
        focal: Focal length in pixels.
    """
    values = np.concatenate([cloud.points, cloud.spacing[:, None]], 1).astype('<f4')
    page = Template((Path(__file__).parent / 'point_viewer.html').read_text(encoding='utf-8')).substitute(
        values=base64.b64encode(values.tobytes()).decode(),
        colours=base64.b64encode(np.ascontiguousarray(cloud.colours).tobytes()).decode(),
        focal=f'{focal / size[1]:.6f}',
        aspect=f'{size[1] / size[0]:.6f}',
    )
    return f'<iframe class="cloud" title="point cloud" sandbox="allow-scripts" srcdoc="{html.escape(page)}"></iframe>'
