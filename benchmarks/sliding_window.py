"""Predictions of `rooms_lite0` for rooms rendered at four times the training size: resized, and in windows.

benchmarks/sliding_window.py [--rooms 10] [--figure FILE]

The first views of rooms of the test split, rendered at 768 x 1024. All tasks are predicted at the training size, at
twice this size, and in windows of the training size at 1.5, 2 and 4 times this size. Boundaries are
matched at 9 thresholds.
"""

import time
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
from PIL import Image

from mmmtl.apis import Averaging, MultiTaskInferencer
from mmmtl.cli.command_line import command
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.metrics import MultiTaskMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Edge

FACTOR = 4
COLUMNS = ('edge/odsF', 'semseg/mIoU', 'depth/abs_rel', 'normal/mean')
CLOSE_UP = slice(250, 550), slice(300, 700)  # of the figure


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rooms', type=int, default=10, help='number of rooms (default: %(default)s)')
    parser.add_argument('--figure', type=Path, help='image file to write: close-ups of the first room and its edges')
    options = parser.parse_args()
    infer = MultiTaskInferencer('rooms_lite0')
    tasks = dict(infer.model.tasks) | {'edge': Edge('edge', thresholds=9)}
    height, width = (length * FACTOR for length in infer.trained_for['size'])
    rooms = SyntheticRooms(
        tasks=tasks,
        split='test',
        scenes=options.rooms,
        num_views=2,
        variety='realistic',
        size=(height, width),
        pipeline=[],
    )
    variants = {'resized': Averaging(), 'resized to x2': Averaging(scales=(2.0,))} | {
        f'windows at x{scale:g}': Averaging(window_tasks=tuple(tasks), window_scale=scale) for scale in (1.5, 2, 4)
    }
    metrics = {name: MultiTaskMetric(tasks) for name in variants}
    seconds = dict.fromkeys(variants, 0.0)
    for record in rooms.records[::2]:
        view = load_view(record.views[0], tasks)
        edges = []
        for name, averaging in variants.items():
            infer.averaging, start = averaging, time.perf_counter()
            maps = infer(view['image'])
            seconds[name] += time.perf_counter() - start
            edges.append(maps['edge'])
            for task, label in view['labels'].items():
                metrics[name].add(task, tasks[task].metric_sums(to_tensor(maps[task])[None], to_tensor(label)[None]))
        if options.figure:
            write_figure(options.figure, view['image'], view['labels']['edge'], edges[0], edges[3])
            options.figure = None
    print(f'{"":16}' + ''.join(column.rjust(15) for column in COLUMNS) + f'{"s per image":>15}')
    for name, metric in metrics.items():
        scores = metric.evaluate(len(rooms))
        values = ''.join(f'{scores[column]:15.3f}' for column in COLUMNS)
        print(f'{name:16}{values}{seconds[name] / options.rooms:15.2f}')


def write_figure(path: Path, image: np.ndarray, *edges: np.ndarray) -> None:
    """Write close-ups of an image and of maps of edges, side by side."""
    drawn = [image, *(Edge('edge').visualize(values) for values in edges)]
    Image.fromarray(np.concatenate([pixels[CLOSE_UP] for pixels in drawn], 1)).save(path)


if __name__ == '__main__':
    main()
