"""Depth of `rooms_lite0` for rooms seen through lenses of three focal lengths, with and without their intrinsics.

benchmarks/focal_lengths.py [--rooms 20]

The first view of each room of the test split, rendered from one position with horizontal fields of view of 45, 60 and
75 degrees. All columns are over the part of the room that the narrowest lens sees. ``abs-rel``: against the true depth.
``change``: mean |d / d60 - 1| of the depth d of the same points, where d60 is predicted through the lens of 60 degrees.
"""

import math
from argparse import ArgumentParser
from collections import defaultdict
from dataclasses import replace

import cv2
import numpy as np

from mmmtl.apis import MultiTaskInferencer
from mmmtl.cli.command_line import command
from mmmtl.synthetic_rooms.cameras import Camera, place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import VARIETIES

SIZE = (384, 512)
FIELDS_OF_VIEW = (45, 60, 75)


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rooms', type=int, default=20)
    options = parser.parse_args()
    infer = MultiTaskInferencer('rooms_lite0')
    errors, changes = defaultdict(list), defaultdict(list)
    for index in range(options.rooms):
        scene = build_scene('test', index, VARIETIES['photographs'])
        camera = place_cameras(scene, 1, SIZE)[0]
        depths = {}
        for degrees in FIELDS_OF_VIEW:
            seen = with_field_of_view(camera, degrees)
            view = render_view(scene, seen)
            for known in (True, False):
                predicted = infer(view['image'], intrinsics=seen.intrinsics if known else None)['depth']
                depth, truth = (common_part(values, degrees) for values in (predicted, view['depth']))
                errors[degrees, known].append(np.mean(np.abs(depth - truth) / truth))
                depths[degrees, known] = depth
        for (degrees, known), depth in depths.items():
            changes[degrees, known].append(np.mean(np.abs(depth / depths[60, known] - 1)))
    print(f'{"field of view":>14}{"intrinsics":>12}{"abs-rel":>9}{"change":>8}')
    for (degrees, known), values in sorted(errors.items(), key=lambda item: (not item[0][1], item[0][0])):
        change = np.mean(changes[degrees, known])
        print(f'{degrees:14}{"given" if known else "unknown":>12}{np.mean(values):9.3f}{change:8.3f}')


def with_field_of_view(camera: Camera, degrees: float) -> Camera:
    """Return the camera with another lens, and its principal point in the centre of the image."""
    focal = camera.width / 2 / math.tan(math.radians(degrees) / 2)
    lens = np.array([[focal, 0, camera.width / 2], [0, focal, camera.height / 2], [0, 0, 1]], np.float32)
    return replace(camera, intrinsics=lens)


def common_part(values: np.ndarray, degrees: float) -> np.ndarray:
    """Cut what the narrowest lens sees out of a map, at the size of the map."""
    scale = math.tan(math.radians(degrees) / 2) / math.tan(math.radians(FIELDS_OF_VIEW[0]) / 2)
    height, width = values.shape
    cut = np.float32([[scale, 0, (1 - scale) / 2 * width], [0, scale, (1 - scale) / 2 * height]])
    return cv2.warpAffine(values, cut, (width, height), flags=cv2.INTER_NEAREST)


if __name__ == '__main__':
    main()
