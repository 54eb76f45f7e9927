"""The sheet of `rooms_lite0` in the documentation: unseen rooms with their ground truth, and photographs below.

benchmarks/prediction_sheet.py FILE [MODEL] [--checkpoint FILE] [--rooms N ...]

The photographs come with scikit-image: the garage of its stereo pair, `astronaut` and `coffee`; docs/rooms_lite0.md
states their licences. Pictures are cropped to 4:3.
"""

from argparse import ArgumentParser
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from skimage import data

from mmmtl.apis import MultiTaskInferencer
from mmmtl.cli.command_line import command
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.visualization import draw_sheet
from mmmtl.visualization.sheet import stack_sheets

HEIGHT, WIDTH = 192, 256  # of a picture on the sheet


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('file', type=Path, help='the image file to write')
    parser.add_argument(
        'model', nargs='?', default='rooms_lite0', help='config, or network of the model zoo (default: %(default)s)'
    )
    parser.add_argument('--checkpoint', help='checkpoint of the network')
    parser.add_argument('--rooms', type=int, nargs='+', default=[0, 8], help='views of the test split')
    options = parser.parse_args()
    infer = MultiTaskInferencer(options.model, options.checkpoint)
    tasks = infer.model.tasks
    sheets = []
    rooms = SyntheticRooms(
        tasks=tasks, split='test', scenes=120, num_views=2, variety='realistic', size=(192, 256), pipeline=[]
    )
    for index in options.rooms:
        view = load_view(rooms.records[index].views[0], tasks)
        rows = {'truth': small(view['labels']), 'prediction': small(infer(view['image']))}
        sheets.append(draw_sheet(shrink(view['image']), tasks, rows))
    for photograph in (data.stereo_motorcycle()[0], data.astronaut(), data.coffee()):
        image = crop(photograph)
        sheets.append(draw_sheet(shrink(image), tasks, {'prediction': small(infer(image))}))
    Image.fromarray(stack_sheets(sheets)).save(options.file, quality=72, optimize=True)


def crop(image: np.ndarray) -> np.ndarray:
    """Return the middle of an image, 4:3."""
    height, width = image.shape[:2]
    rows, columns = min(height, width * 3 // 4), min(width, height * 4 // 3)
    top, left = (height - rows) // 2, (width - columns) // 2
    return np.ascontiguousarray(image[top : top + rows, left : left + columns])


def shrink(image: np.ndarray) -> np.ndarray:
    """Return an image or a map of values at the size of the sheet."""
    return cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def small(maps: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Return maps as (C, H, W) at the size of the sheet; the class under the centre of each pixel."""
    resized = {}
    for name, values in maps.items():
        if values.dtype.kind == 'f':
            resized[name] = shrink(values)
        else:
            resized[name] = cv2.resize(values.astype(np.int32), (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST_EXACT)
    return {
        name: torch.from_numpy(values)[None] if values.ndim == 2 else torch.from_numpy(values).permute(2, 0, 1)
        for name, values in resized.items()
    }


if __name__ == '__main__':
    main()
