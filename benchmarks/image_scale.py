"""What the size and the shape of an image change: scores of a trained network on its own test rooms, enlarged and cut.

benchmarks/image_scale.py CONFIG CHECKPOINT [--images 240] [--own-size]
benchmarks/image_scale.py CONFIG CHECKPOINT --photo 3000 4000 [--own-size]       seconds and memory of one photograph

Enlarged x1 to x8 by bicubic interpolation, the labels by repetition. Cut from the images x4: square and 16:9 from the
middle, and portrait, each beside the same pixels of the whole image's prediction. ``with K`` is depth by intrinsics.
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
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--images', type=int, default=240)
    parser.add_argument('--own-size', action='store_true', help='without resizing')
    parser.add_argument('--photo', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'))
    options = parser.parse_args()
    config = load_config(options.config)
    infer = MultiTaskInferencer(config, options.checkpoint, size=None if options.own_size else 'trained')
    if options.photo:
        measure_photo(infer, tuple(options.photo))
        return
    dataset = DATASETS.build(config.test_dataloader.dataset)
    names = [
        *(f'x{factor}' for factor in FACTORS),
        *(f'{shape}{which}' for shape in SHAPES for which in (', of whole', '')),
    ]
    metrics = {name: MultiTaskMetric(dataset.tasks) for name in [*names, *(f'{name}, with K' for name in names)]}
    for record in dataset.records[: options.images]:
        for source in record.views:
            view = load_view(source, dataset.tasks)
            for factor in FACTORS:
                large = enlarged(view, factor)
                whole = judge(infer, large, metrics, f'x{factor}')
                for shape, proportion in SHAPES.items() if factor == 4 else ():
                    window, part = cut(large, proportion)
                    judge(infer, part, metrics, shape)
                    add(
                        metrics[f'{shape}, of whole'],
                        {name: values[window] for name, values in whole.items()},
                        part['labels'],
                    )
    print(f'{"":22}' + '  '.join(column.rjust(21) for column in COLUMNS))
    for name, metric in metrics.items():
        if metric.results[0]:
            scores = metric.evaluate(len(dataset))
            print(f'{name:22}' + '  '.join(f'{scores[column]:21.4f}' for column in COLUMNS if column in scores))


def judge(infer: MultiTaskInferencer, view: dict, metrics: dict[str, MultiTaskMetric], name: str) -> dict:
    """Predict a view without and with its intrinsics and add up both; the maps without."""
    maps = infer(view['image'])
    add(metrics[name], maps, view['labels'])
    if infer.trained_for.get('field_of_view'):
        add(metrics[f'{name}, with K'], infer(view['image'], intrinsics=view['intrinsics'].numpy()), view['labels'])
    return maps


def add(metric: MultiTaskMetric, maps: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> None:
    """Add what the tasks measure on one image."""
    for name, label in labels.items():
        metric.add(name, metric.tasks[name].metric_sums(to_tensor(maps[name])[None], to_tensor(label)[None]))


def enlarged(view: dict, factor: int) -> dict:
    """The view ``factor`` times as large."""
    if factor == 1:
        return view
    image = cv2.resize(view['image'], None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    labels = {name: label.repeat(factor, 0).repeat(factor, 1) for name, label in view['labels'].items()}
    return {'image': image, 'labels': labels, 'intrinsics': resize_intrinsics(view['intrinsics'], factor, factor)}


def cut(view: dict, proportion: float) -> tuple[tuple[slice, slice], dict]:
    """The largest window of width / height = ``proportion`` in the middle of a view, and the view cut to it."""
    height, width = view['image'].shape[:2]
    inner = min(height, round(width / proportion)), min(width, round(height * proportion))
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    window = slice(top, top + inner[0]), slice(left, left + inner[1])
    return window, {
        'image': view['image'][window],
        'labels': {name: x[window] for name, x in view['labels'].items()},
        'intrinsics': crop_intrinsics(view['intrinsics'], left, top),
    }


def measure_photo(infer: MultiTaskInferencer, size: tuple[int, int]) -> None:
    """Seconds, of the clock and of the processor, and the memory by which the process grew, for one image of noise."""
    rng = np.random.default_rng(0)
    infer(rng.integers(0, 256, (*size, 3), np.uint8)[:96, :128])
    image = rng.integers(0, 256, (*size, 3), np.uint8)
    before, start, worked = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), time.process_time()
    maps = infer(image)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    returned = sum(values.nbytes for values in maps.values()) / 2**20
    print(
        f'{size[0]} x {size[1]}: {seconds:.1f} s, {worked:.1f} s of the processor, '
        f'{torch.get_num_threads()} threads; {grown:.0f} MiB more at the peak, '
        f'of which {returned:.0f} MiB are the maps'
    )


if __name__ == '__main__':
    main()
