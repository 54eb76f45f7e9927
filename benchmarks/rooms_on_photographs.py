"""Evaluate a network that was trained on generated rooms only on photographs.

    benchmarks/rooms_on_photographs.py [MODEL] [--checkpoint FILE] [--show-dir DIR]

Data: the frames of NYUv2 in ``$MMMTL_DATA/real/nyuv2``, one row per frame (11 have classes, 9 have depth), the
validation split of BSDS500 with merged annotators, and the held-out pairs of ``real_bench/two_view``. These data must
not be used to train or to select a network. ``scaled``: depth after scaling by the ratio of the medians of the image.
"""

import os
from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from mmmtl.apis import MultiTaskInferencer
from mmmtl.cli.command_line import command
from mmmtl.datasets import BSDS500Fractions, PosedViews
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.files.reading import read_array, read_indices
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth, Edge, Normal, Task, build_tasks

NYU_CAMERA = np.array([[518.858, 0, 325.582], [0, 519.470, 253.736], [0, 0, 1]])  # of the RGB camera


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'model', nargs='?', default='rooms_lite0', help='config, or network of the model zoo (default: %(default)s)'
    )
    parser.add_argument('--checkpoint', help='checkpoint of the network')
    parser.add_argument('--show-dir', help='folder for visualizations of the NYUv2 frames')
    options = parser.parse_args()
    infer = MultiTaskInferencer(options.model, options.checkpoint)
    root = Path(os.environ['MMMTL_DATA'])
    nyu_frames(infer, root / 'real' / 'nyuv2', options.show_dir)
    edges = dict(edge=dict(type=Edge, max_distance='bsds'))
    data = BSDS500Fractions(tasks=edges, root='real_bench/bsds500', split='val', pipeline=[])
    report('BSDS500 val', data_scores(infer, data), ('edge/odsF', 'edge/oisF', 'edge/AP'))
    geometry = dict(depth=dict(type=Depth), normal=dict(type=Normal))
    scenes = ('rgbd_0005?', 'sun3d_0003?')
    pairs = PosedViews(
        tasks=geometry, root='real_bench/two_view', val_scenes=scenes, split='val', view_mode='single', pipeline=[]
    )
    columns = ('depth/abs_rel', 'depth/rmse', 'normal/mean', 'normal/median')
    report('two-view val', data_scores(infer, pairs), columns)
    report('two-view val, intrinsics given', data_scores(infer, pairs, with_camera=True), columns)


def nyu_frames(infer: MultiTaskInferencer, folder: Path, show_dir: str | None) -> None:
    """Print the scores of each frame and of all frames."""
    tasks = {name: infer.model.tasks[name] for name in ('semseg', 'depth')}
    total = {name: MultiTaskMetric({'semseg': tasks['semseg'], 'depth': tasks['depth']}) for name in ('', 'scaled')}
    print(f'{"NYUv2 frame":14}{"pixel accuracy":>16}{"mIoU":>8}{"abs-rel":>9}{"scaled":>9}')
    for file in sorted((folder / 'rgb').glob('*.png')):
        labels = {}
        if (folder / 'label13' / file.name).is_file():
            classes = read_indices(folder / 'label13' / file.name).astype(np.int64) - 1
            labels['semseg'] = np.where(classes < 0, tasks['semseg'].void, classes)
        if (folder / 'depth' / file.name).is_file():
            labels['depth'] = read_array(folder / 'depth' / file.name).astype(np.float32) / 1000
        if not labels:
            continue
        maps = infer(file, show_dir=show_dir, intrinsics=NYU_CAMERA)
        single = {name: MultiTaskMetric(dict(tasks)) for name in total}
        for name in total:
            scaled = dict(maps)
            if name and 'depth' in labels:
                scaled['depth'] = maps['depth'] * np.median(labels['depth']) / np.median(maps['depth'])
            for metric in (total[name], single[name]):
                add(metric, tasks, scaled, labels)
        print_frame(file.stem, *(metric.evaluate(1) for metric in single.values()))
    print_frame('all', *(metric.evaluate(1) for metric in total.values()))


def print_frame(name: str, scores: dict[str, float], scaled: dict[str, float]) -> None:
    """Print one row; a frame without a label has no score."""
    values = (
        scores.get('semseg/pixel_accuracy', np.nan),
        scores.get('semseg/mIoU', np.nan),
        scores.get('depth/abs_rel', np.nan),
        scaled.get('depth/abs_rel', np.nan),
    )
    print(f'{name:14}{values[0]:16.3f}{values[1]:8.3f}{values[2]:9.3f}{values[3]:9.3f}', flush=True)


def data_scores(infer: MultiTaskInferencer, data, with_camera: bool = False) -> dict[str, float]:
    """Return the scores on the single views of a dataset."""
    tasks = build_tasks(data.tasks)
    metric = MultiTaskMetric(tasks)
    for record in data.records:
        view = load_view(record.views[0], tasks)
        maps = infer(view['image'], intrinsics=view['intrinsics'].numpy() if with_camera else None)
        add(metric, tasks, maps, view['labels'])
    return metric.evaluate(len(data.records))


def add(metric: MultiTaskMetric, tasks: dict[str, Task], maps: dict, labels: dict) -> None:
    """Add the prediction and the labels of one image to a metric."""
    for name, label in labels.items():
        task = tasks[name]
        prediction, target = (to_tensor(np.asarray(values)).to(task.dtype)[None] for values in (maps[name], label))
        metric.add(name, task.metric_sums(prediction, target))


def report(name: str, scores: dict[str, float], columns: tuple[str, ...]) -> None:
    """Print one line of scores."""
    print(f'{name}: ' + ', '.join(f'{column} {scores[column]:.4f}' for column in columns), flush=True)


if __name__ == '__main__':
    main()
