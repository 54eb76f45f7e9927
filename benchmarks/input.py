"""Time per sample of the pipelines of the benchmark recipes, beside plain reading of the same files.

benchmarks/input.py [--samples 4] [--rounds 5] [--only NAME] [--profile]

Each dataset is built from its config in ``configs/_base_/datasets``, on generated files of the official size and
format in a temporary folder. ``plain`` reads the image and label files of the same records by `cv2.imread`, `np.load`
and `scipy.io.loadmat`, without any transform. The other columns are the training pipeline, which one worker process
runs: ``loading`` is `LoadViews`; ``geometry`` scales, crops, flips and pads; ``colour`` is the photometric distortion;
``packing`` is `PackViews`. ``ratio`` is plain / all stages, so that 1 would be as fast as plain reading; ``test`` is
the same ratio for the test pipeline. The times are milliseconds of CPU time per sample; plain reading and both
pipelines alternate in one process, after two rounds that are not counted, and the medians of the rounds are printed.
"""

import cProfile
import pstats
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import scipy.io
from mmcv.transforms import BaseTransform, Compose
from PIL import Image

from mmmtl.apis import load_config
from mmmtl.cli.command_line import command
from mmmtl.datasets import FolderDataset, MultiTaskDataset
from mmmtl.datasets.transforms import LoadViews, PackViews, Pad, PhotometricDistortion, RandomFlip, RandomScale
from mmmtl.engine.memory import keep_freed_memory
from mmmtl.registry import DATASETS
from mmmtl.tasks import Depth, Normal, SemSeg

sys.path.append(str(Path(__file__).parents[1] / 'tests'))
import miniature_driving
import official_trees
from miniature_photographs import blocks, photograph

CONFIGS = Path(__file__).parents[1] / 'configs' / '_base_' / 'datasets'
OWN_SIZE = (480, 640)
STAGES = {LoadViews: 'loading', PhotometricDistortion: 'colour', PackViews: 'packing'}  # of others: geometry
COLUMNS = ('plain', 'loading', 'geometry', 'colour', 'packing')


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--samples', type=int, default=4, help='images per dataset')
    parser.add_argument('--rounds', type=int, default=5, help='rounds over the images')
    parser.add_argument('--only', choices=list(DATA_SETS), help='measure one dataset')
    parser.add_argument('--profile', action='store_true', help='print where the training pipelines spend their time')
    options = parser.parse_args()
    cv2.setNumThreads(0)
    keep_freed_memory()  # as in workers
    print(f'{"ms":16}' + ''.join(f'{name:>10}' for name in COLUMNS) + f'{"ratio":>8}{"test":>7}')
    for name, build in DATA_SETS.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                dataset, test = build(Path(folder), options.samples)
                print(f'{name:16}{measure(dataset, test, options.rounds)}', flush=True)
                if options.profile:
                    with cProfile.Profile(time.process_time) as profile:
                        run(dataset, dataset.pipeline.transforms, 0)
                    pstats.Stats(profile).sort_stats('tottime').print_stats(25)


def measure(dataset: MultiTaskDataset, test: Compose, rounds: int) -> str:
    """Time plain reading and both pipelines in turns; return a row of the table."""
    times: list[dict[str, float]] = []
    for epoch in range(rounds + 2):
        plain = seconds(lambda: [read_plainly(dataset, index) for index in range(len(dataset))])
        stages = run(dataset, dataset.pipeline.transforms, epoch)
        tested = sum(run(dataset, test.transforms, epoch).values())
        times.append({'plain': plain, **stages, 'ratio': plain / sum(stages.values()), 'test': plain / tested})
    middle = {name: median(found.get(name, 0) for found in times[2:]) for name in (*COLUMNS, 'ratio', 'test')}
    columns = ''.join(f'{1e3 * middle[name] / len(dataset):10.2f}' for name in COLUMNS)
    return f'{columns}{middle["ratio"]:8.2f}{middle["test"]:7.2f}'


def run(dataset: MultiTaskDataset, transforms: Iterable[BaseTransform], epoch: int) -> Counter[str]:
    """Run a pipeline on all records as `MultiTaskDataset` does; return the seconds of CPU time of each stage."""
    times: Counter[str] = Counter()
    for index, record in enumerate(dataset.records):
        results = {
            'record': record,
            'tasks': {name: dataset.tasks[name] for name in dataset.shown[index]},
            'rng': np.random.default_rng([0, epoch, index]),
        }
        for transform in transforms:
            start = time.process_time()
            results = transform(results)
            times[STAGES.get(type(transform), 'geometry')] += time.process_time() - start
    return times


def seconds(call: Callable[[], object]) -> float:
    """Return the CPU time of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def read_plainly(dataset: MultiTaskDataset, index: int) -> list:
    """Read the image and label files of a record into arrays."""
    readers = {'.npy': np.load, '.mat': scipy.io.loadmat}
    return [
        readers.get(path.suffix, lambda path: cv2.imread(str(path), cv2.IMREAD_UNCHANGED))(path)
        for path in dataset.records[index].files(dataset.shown[index])
    ]


def from_config(name: str, root: Path, **options: object) -> tuple[MultiTaskDataset, Compose]:
    """Build the training dataset and the test pipeline of a config; write photographs into the images of the set."""
    config = load_config(CONFIGS / f'{name}.py')
    train, test = config.train_dataloader.dataset, config.test_dataloader.dataset
    dataset = DATASETS.build({**train, 'root': str(root), 'partial': True, **options})
    for number, record in enumerate(dataset.records):
        path = record.views[0].image
        if path.suffix != '.npy':
            with Image.open(path) as image:
                size = image.size[::-1]
            Image.fromarray(photograph(np.random.default_rng(number), size)).save(path)
    return dataset, Compose(test.pipeline)


def nyud(root: Path, count: int) -> tuple[MultiTaskDataset, Compose]:
    """NYUD-40, 425 x 560."""
    return from_config('nyud_40_sak', official_trees.write_nyud_sak(root, count))


def pascal(root: Path, count: int) -> tuple[MultiTaskDataset, Compose]:
    """PASCAL-Context, 375 x 500."""
    official_trees.PASCAL_SIZE = (375, 500)
    return from_config('pascal_context_sak', official_trees.write_pascal(root, count))


def nyuv2(root: Path, count: int) -> tuple[MultiTaskDataset, Compose]:
    """NYUv2-13, 288 x 384."""
    return from_config('nyuv2_13_mtan', official_trees.write_nyuv2_mtan(root, count))


def cityscapes(root: Path, count: int) -> tuple[MultiTaskDataset, Compose]:
    """Cityscapes, 1024 x 2048, with labels of blocks and a disparity with gaps."""
    size = (1024, 2048)
    dataset, test = from_config('cityscapes_19', miniature_driving.write_cityscapes(root, images=count, size=size))
    for number, record in enumerate(dataset.records):
        rng, labels = np.random.default_rng(number), record.views[0].labels
        label = cv2.resize(blocks(rng, (64, 72), 34), size[::-1], interpolation=cv2.INTER_NEAREST)
        official_trees.save(labels['semseg'].path, label)
        disparity = 300 + 4 * np.arange(size[0])[:, None] + 40 * label.astype(np.int64) + rng.integers(0, 4, size)
        disparity[:, :128] = 0
        official_trees.save(labels['depth'].path, disparity.astype(np.uint16))
    return dataset, test


def kitti(root: Path, count: int) -> tuple[MultiTaskDataset, Compose]:
    """KITTI, 375 x 1242, with depth at a fifth of the pixels below the horizon."""
    size, drive = (375, 1242), miniature_driving.DRIVE
    miniature_driving.write_kitti(root, size)
    names = [f'{number:010d}' for number in range(100, 100 + count)]
    for name in names:
        rng = np.random.default_rng(int(name))
        depth = rng.integers(1000, 15000, size).astype(np.uint16) * (rng.random(size) < 0.2)
        depth[: size[0] // 3] = 0
        official_trees.save(root / f'depth/val/{drive}/proj_depth/groundtruth/image_02/{name}.png', depth)
        images = root / 'raw' / miniature_driving.DATE / drive / 'image_02' / 'data'
        official_trees.save(images / f'{name}.png', np.zeros((*size, 3), np.uint8))
    frames = root / 'frames.txt'
    frames.write_text(''.join(f'{miniature_driving.DATE}/{drive}/image_02/data/{name}.png\n' for name in names))
    return from_config('kitti_eigen', root, frames=str(frames))


def own_folder(root: Path, count: int) -> tuple[MultiTaskDataset, Compose]:
    """A folder of JPEG images with classes, depth and normals in PNG files, 480 x 640."""
    for number in range(count):
        rng = np.random.default_rng(number)
        label = cv2.resize(blocks(rng, (60, 80), 20, 255), OWN_SIZE[::-1], interpolation=cv2.INTER_NEAREST)
        depth = (1000 + 50 * label.astype(np.uint16) + rng.integers(0, 20, OWN_SIZE)).astype(np.uint16)
        normal = official_trees.as_image(official_trees.unit_vectors(rng, (60, 80)))
        official_trees.save(root / 'images' / f'{number}.jpg', photograph(rng, OWN_SIZE))
        official_trees.save(root / 'masks' / f'{number}.png', label)
        official_trees.save(root / 'depth' / f'{number}.png', depth)
        normal = cv2.resize(normal, OWN_SIZE[::-1], interpolation=cv2.INTER_NEAREST)
        official_trees.save(root / 'normals' / f'{number}.png', normal)
    dataset = FolderDataset(
        root=str(root),
        tasks=dict(
            semseg=dict(type=SemSeg, classes=tuple(f'class{number}' for number in range(20))),
            depth=dict(type=Depth),
            normal=dict(type=Normal),
        ),
        labels=dict(
            semseg=dict(folder='masks', kind='classes', void=255),
            depth=dict(kind='depth', scale=1e-3, void=0),
            normal=dict(folder='normals', kind='normals'),
        ),
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomScale, lowest=0.5, highest=1.0),
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
            dict(type=Pad, size=OWN_SIZE),
            dict(type=PackViews),
        ],
    )
    return dataset, Compose([dict(type=LoadViews), dict(type=PackViews)])


DATA_SETS = {
    'NYUD-40': nyud,
    'PASCAL-Context': pascal,
    'NYUv2-13': nyuv2,
    'Cityscapes': cityscapes,
    'KITTI': kitti,
    'own folder': own_folder,
}

if __name__ == '__main__':
    main()
