"""Scores of a trained network on its test rooms at other image sizes and aspect ratios.

    benchmarks/image_scale.py CONFIG CHECKPOINT [--images 240] [--no-resize]
    benchmarks/image_scale.py CONFIG CHECKPOINT --photo 3000 4000 [--no-resize]     # time and memory for one photograph

Images are enlarged 1, 2, 4 and 8 times with bicubic interpolation, labels with nearest-neighbour interpolation. The
images enlarged 4 times are also cropped around their centre to a square, to 16:9 and to portrait format; ``of whole``
scores the same pixels in the prediction for the uncropped image. ``with K``: the intrinsics are passed to the network.
"""

import resource
import time
from argparse import ArgumentParser

import cv2
import numpy as np
import torch

from mmmtl.apis import MultiTaskInferencer, load_config
from mmmtl.cli.command_line import command
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.geometry import crop_intrinsics, resize_intrinsics
from mmmtl.metrics import MultiTaskMetric
from mmmtl.registry import DATASETS

FACTORS = (1, 2, 4, 8)
SHAPES = {'square': 1.0, '16:9': 16 / 9, 'portrait': 3 / 4}  # width / height
COLUMNS = ('semseg/pixel_accuracy', 'semseg/mIoU', 'depth/abs_rel', 'normal/mean')


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config of the network')
    parser.add_argument('checkpoint', help='checkpoint of the network')
    parser.add_argument('--images', type=int, default=240, help='number of test records (default: %(default)s)')
    parser.add_argument('--no-resize', action='store_true', help='do not resize images to the size in training')
    parser.add_argument(
        '--photo',
        type=int,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help='only measure time and memory for one photograph of this size',
    )
    options = parser.parse_args()
    config = load_config(options.config)
    infer = MultiTaskInferencer(config, options.checkpoint, size=None if options.no_resize else 'trained')
    if options.photo:
        measure_photo(infer, tuple(options.photo))
        return
    dataset = DATASETS.build(config.test_dataloader.dataset)
    names = [
        *(f'x{factor}' for factor in FACTORS),
        *(f'{shape}{suffix}' for shape in SHAPES for suffix in (', of whole', '')),
    ]
    metrics = {name: MultiTaskMetric(dataset.tasks) for name in [*names, *(f'{name}, with K' for name in names)]}
    for record in dataset.records[: options.images]:
        for view_record in record.views:
            view = load_view(view_record, dataset.tasks)
            for factor in FACTORS:
                enlarged = enlarge(view, factor)
                predictions = evaluate(infer, enlarged, metrics, f'x{factor}')
                for shape, aspect_ratio in SHAPES.items() if factor == 4 else ():
                    window, cropped = centre_crop(enlarged, aspect_ratio)
                    evaluate(infer, cropped, metrics, shape)
                    add(
                        metrics[f'{shape}, of whole'],
                        {name: values[window] for name, values in predictions.items()},
                        cropped['labels'],
                    )
    print(f'{"":22}' + '  '.join(column.rjust(21) for column in COLUMNS))
    for name, metric in metrics.items():
        if metric.results[0]:
            scores = metric.evaluate(len(dataset))
            print(f'{name:22}' + '  '.join(f'{scores[column]:21.4f}' for column in COLUMNS if column in scores))


def evaluate(infer: MultiTaskInferencer, view: dict, metrics: dict[str, MultiTaskMetric], name: str) -> dict:
    """Add the predictions without and with intrinsics to their metrics, and return those without."""
    maps = infer(view['image'])
    add(metrics[name], maps, view['labels'])
    if infer.trained_for.get('field_of_view'):
        add(metrics[f'{name}, with K'], infer(view['image'], intrinsics=view['intrinsics'].numpy()), view['labels'])
    return maps


def add(metric: MultiTaskMetric, maps: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> None:
    """Add the predictions and labels of one image to a metric."""
    for name, label in labels.items():
        metric.add(name, metric.tasks[name].metric_sums(to_tensor(maps[name])[None], to_tensor(label)[None]))


def enlarge(view: dict, factor: int) -> dict:
    """Enlarge image and labels by an integer factor."""
    if factor == 1:
        return view
    image = cv2.resize(view['image'], None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    labels = {name: label.repeat(factor, 0).repeat(factor, 1) for name, label in view['labels'].items()}
    return {'image': image, 'labels': labels, 'intrinsics': resize_intrinsics(view['intrinsics'], factor, factor)}


def centre_crop(view: dict, aspect_ratio: float) -> tuple[tuple[slice, slice], dict]:
    """Return the largest central window of the aspect ratio (width / height), and the view cropped to it."""
    height, width = view['image'].shape[:2]
    size = min(height, round(width / aspect_ratio)), min(width, round(height * aspect_ratio))
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    window = slice(top, top + size[0]), slice(left, left + size[1])
    return window, {
        'image': view['image'][window],
        'labels': {name: x[window] for name, x in view['labels'].items()},
        'intrinsics': crop_intrinsics(view['intrinsics'], left, top),
    }


def measure_photo(infer: MultiTaskInferencer, size: tuple[int, int]) -> None:
    """Print the wall time, the CPU time and the peak memory of inference on one image of random noise."""
    rng = np.random.default_rng(0)
    infer(rng.integers(0, 256, (*size, 3), np.uint8)[:96, :128])
    image = rng.integers(0, 256, (*size, 3), np.uint8)
    memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall_start, cpu_start = time.perf_counter(), time.process_time()
    maps = infer(image)
    wall_seconds, cpu_seconds = time.perf_counter() - wall_start, time.process_time() - cpu_start
    peak_memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_before) / 1024
    map_memory = sum(values.nbytes for values in maps.values()) / 2**20
    print(
        f'{size[0]} x {size[1]}: {wall_seconds:.1f} s wall time, {cpu_seconds:.1f} s CPU time, '
        f'{torch.get_num_threads()} threads; peak memory +{peak_memory:.0f} MiB, '
        f'of which {map_memory:.0f} MiB are the predictions'
    )


if __name__ == '__main__':
    main()
