"""The picture of a point cloud in the documentation: views of a generated room, and their joint cloud from above.

benchmarks/point_cloud_picture.py FILE.png [--room N] [--views N] [--elevation DEGREES] [--turn DEGREES]
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmmtl.cli.command_line import command
from mmmtl.geometry import PointCloud, point_cloud
from mmmtl.synthetic_rooms.cameras import Neighbours, place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import REALISTIC

SIZE = 360, 480  # of a view
PICTURE = 480, 640  # of the cloud
OVERSAMPLING = 2
BACKGROUND = 250
MARGIN = 0.94  # fraction of the picture that the cloud fills
COLOURS = 200  # of the palette; fewer make the file smaller


def draw_cloud(cloud: PointCloud, elevation: float, azimuth: float) -> np.ndarray:
    """Draw the points that face the viewer, in parallel projection; z is up.

    Args:
        cloud: Points with normals.
        elevation: Height of the viewer above the horizon in degrees.
        azimuth: Horizontal direction of view in degrees, from the x axis towards the y axis.

    Returns:
        (H, W, 3) uint8.
    """
    up, around = np.radians(elevation), np.radians(azimuth)
    ahead = np.array([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), -np.sin(up)])
    right = np.array([np.sin(around), -np.cos(around), 0])
    down = np.cross(ahead, right)
    facing = cloud.normals @ ahead < 0
    points, colours = cloud.points[facing], cloud.colours[facing]
    across, along, depth = points @ right, points @ down, points @ ahead
    height, width = (length * OVERSAMPLING for length in PICTURE)
    spans = [np.percentile(values, [0.5, 99.5]) for values in (across, along)]
    scale = MARGIN * min(width / np.ptp(spans[0]), height / np.ptp(spans[1]))
    column = ((across - np.mean(spans[0])) * scale + width / 2).astype(int)
    row = ((along - np.mean(spans[1])) * scale + height / 2).astype(int)
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    draw_squares(picture, row, column, depth, colours)
    return cv2.resize(picture, PICTURE[::-1], interpolation=cv2.INTER_AREA)


def draw_squares(
    picture: np.ndarray, row: np.ndarray, column: np.ndarray, depth: np.ndarray, colours: np.ndarray
) -> None:
    """Draw N points as squares of 3 x 3 pixels, the nearest on top.

    Args:
        picture: (H, W, 3) uint8, changed in place.
        row: (N,) row of each point; may lie outside.
        column: (N,) column of each point; may lie outside.
        depth: (N,) distance from the viewer.
        colours: (N, 3) uint8.
    """
    height, width = picture.shape[:2]
    order = np.argsort(-depth)  # NumPy assigns in this order, so all pixels of a nearer point come later
    y, x = (offset.ravel() for offset in np.mgrid[-1:2, -1:2])
    rows, columns = (row[order, None] + y).ravel(), (column[order, None] + x).ravel()
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    picture[rows[inside], columns[inside]] = np.repeat(colours[order], len(y), axis=0)[inside]


def view_column(images: Sequence[np.ndarray]) -> np.ndarray:
    """Stack views, all of one size, in a column as high as the picture of the cloud."""
    column = np.vstack(images)
    width = round(column.shape[1] * PICTURE[0] / len(column))
    return cv2.resize(column, (width, PICTURE[0]), interpolation=cv2.INTER_AREA)


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('file', type=Path, help='the image file to write')
    parser.add_argument('--room', type=int, default=5, help='index in the test split (default: %(default)s)')
    parser.add_argument('--views', type=int, default=3, help='number of views (default: %(default)s)')
    parser.add_argument('--elevation', type=float, default=40, help='of the viewer, in degrees (default: %(default)s)')
    parser.add_argument(
        '--turn', type=float, default=25, help='of the viewer from the first camera, in degrees (default: %(default)s)'
    )
    options = parser.parse_args()
    scene = build_scene('test', options.room, REALISTIC)
    cameras = place_cameras(scene, options.views, SIZE, Neighbours((0.8, 2.5), 0.5))
    views = [render_view(scene, camera) for camera in cameras]
    cloud = PointCloud.merged(
        [
            point_cloud(
                view['image'],
                view['depth'],
                camera.intrinsics,
                normals=view['normal'],
                camera_T_world=camera.camera_T_world,
            )
            for view, camera in zip(views, cameras, strict=True)
        ]
    )
    forward = cameras[0].camera_T_world[2, :3]
    azimuth = np.degrees(np.arctan2(forward[1], forward[0])) + options.turn
    column = view_column([view['image'] for view in views])
    picture = np.hstack([column, draw_cloud(cloud, options.elevation, azimuth)])
    Image.fromarray(picture).quantize(COLOURS).save(options.file, optimize=True)
    print(f'{options.file}: {len(cloud)} points of {options.views} views')


if __name__ == '__main__':
    main()
