"""Depth of `rooms_lite0` for rooms seen through several lenses, with and without their intrinsics.

benchmarks/focal_lengths.py [--rooms 60] [--fields-of-view 45 60 75]

The first view of each room of the test split, rendered from one position with each horizontal field of view.
``unknown``: without intrinsics; ``given``: with them, for the range of fields of view of the training; ``corrected``:
with them, as for a network that was trained with 70 degrees only. All columns are over the part of the room that the
narrowest lens sees. ``abs-rel``: against the true depth, with its standard error. ``change``: mean |d / d_m - 1| of the
depth d of the same points, where d_m is predicted through the lens in the middle. ``scale``: geometric mean of
prediction / true depth.
"""

import math
from argparse import ArgumentParser
from collections import defaultdict
from dataclasses import replace

import cv2
import numpy as np

from mmmtl.apis import MultiTaskInferencer
from mmmtl.cli.command_line import command
from mmmtl.cli.options import at_least
from mmmtl.synthetic_rooms.cameras import Camera, place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import VARIETIES

SIZE = (384, 512)
MODES = {'unknown': None, 'given': (45, 95), 'corrected': 70}  # fields of view of the training


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rooms', type=at_least(1), default=60, help='number of rooms (default: %(default)s)')
    parser.add_argument(
        '--fields-of-view',
        type=float,
        nargs='+',
        default=[45, 60, 75],
        metavar='DEGREES',
        help='horizontal fields of view (default: 45 60 75)',
    )
    options = parser.parse_args()
    lenses = sorted(options.fields_of_view)
    infer = MultiTaskInferencer('rooms_lite0')
    found = defaultdict(list)
    for index in range(options.rooms):
        scene = build_scene('test', index, VARIETIES['realistic'])
        camera = place_cameras(scene, 1, SIZE)[0]
        depths = {}
        for degrees in lenses:
            seen = with_field_of_view(camera, degrees)
            view = render_view(scene, seen)
            truth = common_part(view['depth'], degrees, lenses[0])
            for mode, trained in MODES.items():
                infer.trained_for = dict(infer.trained_for, field_of_view=trained)
                predicted = infer(view['image'], intrinsics=seen.intrinsics if trained else None)['depth']
                depths[mode, degrees] = common_part(predicted, degrees, lenses[0]), truth
        for (mode, degrees), (depth, truth) in depths.items():
            middle = depths[mode, lenses[len(lenses) // 2]][0]
            row = (
                np.mean(np.abs(depth / truth - 1)),
                np.mean(np.abs(depth / middle - 1)),
                np.mean(np.log(depth / truth)),
            )
            found[mode, degrees].append(row)
    print(f'{"intrinsics":>12}{"field of view":>15}{"abs-rel":>9}{"±":>7}{"change":>8}{"scale":>7}')
    for (mode, degrees), rows in sorted(found.items()):
        (error, change, scale), spread = np.mean(rows, 0), np.std(rows, 0)[0] / math.sqrt(len(rows))
        print(f'{mode:>12}{degrees:15g}{error:9.3f}{spread:7.3f}{change:8.3f}{math.exp(scale):7.2f}')


def with_field_of_view(camera: Camera, degrees: float) -> Camera:
    """Return the camera with another lens, and its principal point in the centre of the image."""
    focal = camera.width / 2 / math.tan(math.radians(degrees) / 2)
    lens = np.array([[focal, 0, camera.width / 2], [0, focal, camera.height / 2], [0, 0, 1]], np.float32)
    return replace(camera, intrinsics=lens)


def common_part(values: np.ndarray, degrees: float, narrowest: float) -> np.ndarray:
    """Cut what the narrowest lens sees out of a map, at the size of the map."""
    scale = math.tan(math.radians(degrees) / 2) / math.tan(math.radians(narrowest) / 2)
    height, width = values.shape
    cut = np.float32([[scale, 0, (1 - scale) / 2 * width], [0, scale, (1 - scale) / 2 * height]])
    return cv2.warpAffine(values, cut, (width, height), flags=cv2.INTER_NEAREST)


if __name__ == '__main__':
    main()
