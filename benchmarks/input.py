"""Training samples per CPU second of the benchmark data sets, compared with plain reading of the same files.

benchmarks/input.py [--samples 20] [--profile NAME]

Each data set is built from its config in ``configs/_base_/datasets``, on generated files of the official size and
format in a temporary folder. ``plain`` reads the image and label files of the same records by `cv2.imread`, `np.load`
and `scipy.io.loadmat`, without any transform; ``loading`` is `LoadViews` alone, ``samples`` the whole training
pipeline, which one worker process runs. ``ratio``: samples / plain.
"""

import cProfile
import pstats
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import scipy.io
from PIL import Image

from mmmtl.apis import load_config
from mmmtl.cli.command_line import command
from mmmtl.datasets import FolderDataset, MultiTaskDataset, SampleKey
from mmmtl.datasets.transforms import LoadViews, PackViews, Pad, PhotometricDistortion, RandomFlip, RandomScale
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.registry import DATASETS
from mmmtl.tasks import Depth, Normal, SemSeg

sys.path.append(str(Path(__file__).parents[1] / 'tests'))
import miniature_driving
import official_trees
from miniature_photographs import blocks, photograph

CONFIGS = Path(__file__).parents[1] / 'configs' / '_base_' / 'datasets'
OWN_SIZE = (480, 640)


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--samples', type=int, default=20)
    parser.add_argument('--profile', metavar='NAME', help='profile the pipeline of one data set')
    options = parser.parse_args()
    cv2.setNumThreads(0)
    print(f'{"":16}{"plain /s":>10}{"loading /s":>12}{"samples /s":>12}{"ratio":>7}')
    for name, build in DATA_SETS.items():
        if options.profile not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            dataset = build(Path(folder), options.samples)
            plain = per_second(lambda index, dataset=dataset: read_plainly(dataset, index), len(dataset))
            loading = per_second(lambda index, dataset=dataset: load(dataset, index), len(dataset))
            samples = per_second(lambda index, dataset=dataset: dataset[SampleKey(0, 0, index)], len(dataset))
            print(f'{name:16}{plain:10.1f}{loading:12.1f}{samples:12.1f}{samples / plain:7.2f}')
            if options.profile:
                with cProfile.Profile() as profile:
                    for index in range(len(dataset)):
                        dataset[SampleKey(0, 1, index)]
                pstats.Stats(profile).sort_stats('tottime').print_stats(25)


def per_second(read: Callable[[int], object], count: int) -> float:
    """Return the calls per second of CPU time, after a first call that is not counted."""
    read(0)
    start = time.process_time()
    for index in range(count):
        read(index)
    return count / (time.process_time() - start)


def read_plainly(dataset: MultiTaskDataset, index: int) -> list:
    """Read the image and label files of a record into arrays."""
    readers = {'.npy': np.load, '.mat': scipy.io.loadmat}
    return [
        readers.get(path.suffix, lambda path: cv2.imread(str(path), cv2.IMREAD_UNCHANGED))(path)
        for path in dataset.records[index].files(dataset.shown[index])
    ]


def load(dataset: MultiTaskDataset, index: int) -> list:
    """Load the image and labels of a record as the pipeline does."""
    tasks = {name: dataset.tasks[name] for name in dataset.shown[index]}
    return [load_view(view, tasks) for view in dataset.records[index].views]


def from_config(name: str, root: Path) -> MultiTaskDataset:
    """Build the training data set of a config, and write photographs instead of noise into its images."""
    config = load_config(CONFIGS / f'{name}.py').train_dataloader.dataset
    dataset = DATASETS.build({**config, 'root': str(root), 'partial': True})
    for number, record in enumerate(dataset.records):
        path = record.views[0].image
        if path.suffix != '.npy':
            with Image.open(path) as image:
                size = image.size[::-1]
            Image.fromarray(photograph(np.random.default_rng(number), size)).save(path)
    return dataset


def nyud(root: Path, count: int) -> MultiTaskDataset:
    """NYUD-40, 425 x 560."""
    return from_config('nyud_40_sak', official_trees.write_nyud_sak(root, count))


def pascal(root: Path, count: int) -> MultiTaskDataset:
    """PASCAL-Context, 375 x 500."""
    official_trees.PASCAL_SIZE = (375, 500)
    return from_config('pascal_context_sak', official_trees.write_pascal(root, count))


def nyuv2(root: Path, count: int) -> MultiTaskDataset:
    """NYUv2-13, 288 x 384."""
    return from_config('nyuv2_13_mtan', official_trees.write_nyuv2_mtan(root, count))


def cityscapes(root: Path, count: int) -> MultiTaskDataset:
    """Cityscapes, 1024 x 2048."""
    return from_config('cityscapes_19', miniature_driving.write_cityscapes(root, images=count, size=(1024, 2048)))


def own_folder(root: Path, count: int) -> MultiTaskDataset:
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
    return FolderDataset(
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


DATA_SETS = {
    'NYUD-40': nyud,
    'PASCAL-Context': pascal,
    'NYUv2-13': nyuv2,
    'Cityscapes': cityscapes,
    'own folder': own_folder,
}

if __name__ == '__main__':
    main()
