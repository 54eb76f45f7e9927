"""The picture of a point cloud in the documentation: views of a generated room, and their joint cloud from above.

benchmarks/point_cloud_picture.py FILE.png [--room N] [--views N]
"""

from argparse import ArgumentParser
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


def draw_cloud(cloud: PointCloud, elevation: float, azimuth: float) -> np.ndarray:
    """Draw the points that face the viewer, in parallel projection, (H, W, 3) uint8; the world has z upwards."""
    up, around = np.radians(elevation), np.radians(azimuth)
    ahead = np.array([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), -np.sin(up)])
    right = np.array([np.sin(around), -np.cos(around), 0])
    down = np.cross(ahead, right)
    facing = cloud.normals @ ahead < 0
    points, colours = cloud.points[facing], cloud.colours[facing]
    across, along, depth = points @ right, points @ down, points @ ahead
    height, width = (length * OVERSAMPLING for length in PICTURE)
    spans = [np.percentile(values, [0.5, 99.5]) for values in (across, along)]
    scale = 0.94 * min(width / np.ptp(spans[0]), height / np.ptp(spans[1]))
    column = ((across - np.mean(spans[0])) * scale + width / 2).astype(int)
    row = ((along - np.mean(spans[1])) * scale + height / 2).astype(int)
    order = np.argsort(-depth)  # the nearest point is drawn last
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    for y in range(-1, 2):
        for x in range(-1, 2):
            inside = (row[order] + y >= 0) & (row[order] + y < height) & (column[order] + x >= 0)
            inside &= column[order] + x < width
            kept = order[inside]
            picture[row[kept] + y, column[kept] + x] = colours[kept]
    return cv2.resize(picture, PICTURE[::-1], interpolation=cv2.INTER_AREA)


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('file', type=Path, help='the image file to write')
    parser.add_argument('--room', type=int, default=5, help='index in the test split')
    parser.add_argument('--views', type=int, default=3, help='number of views (default: %(default)s)')
    parser.add_argument('--elevation', type=float, default=40, help='of the viewer, in degrees')
    parser.add_argument('--turn', type=float, default=25, help='of the viewer from the first camera, in degrees')
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
    height = PICTURE[0] // options.views
    column = [
        cv2.resize(view['image'], (height * SIZE[1] // SIZE[0], height), interpolation=cv2.INTER_AREA) for view in views
    ]
    picture = np.hstack([np.vstack(column), draw_cloud(cloud, options.elevation, azimuth)])
    Image.fromarray(picture).quantize(200).save(options.file, optimize=True)
    print(f'{options.file}: {len(cloud)} points of {options.views} views')


if __name__ == '__main__':
    main()
