"""A small dataset of images and label folders, with every kind of label."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mmmtl.datasets import FolderDataset
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Depth, Disparity, Edge, Normal, Saliency, SemSeg

NAMES = ('a', 'b', 'kitchen/c', 'kitchen/d', 'e')
COLOURS = ((0, 0, 0), (255, 0, 0), (0, 0, 255))
TASKS = dict(
    semseg=dict(type=SemSeg, classes=('floor', 'wall', 'chair')),
    parts=dict(type=SemSeg, classes=('floor', 'wall')),
    depth=dict(type=Depth),
    shift=dict(type=Disparity),
    normal=dict(type=Normal),
    edge=dict(type=Edge),
    saliency=dict(type=Saliency),
)
LABELS = dict(
    semseg=dict(folder='masks', kind='classes', void=255),
    parts=dict(folder='colours', kind='colours', table='colours.csv'),
    depth=dict(folder='depth', kind='depth', scale=1e-3, void=(0, 65535)),
    shift=dict(folder='disparity', kind='disparity', focal=20, baseline=0.5, scale=1 / 256, void=0),
    normal=dict(folder='normals', kind='normals'),
    edge=dict(folder='edges', kind='edges'),
    saliency=dict(folder='objects', kind='binary', suffix='_object.PNG', void=128),
)
PLAIN = [dict(type=LoadViews), dict(type=PackViews)]


def save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def write(root: Path, names=NAMES) -> Path:
    """Every label of every image, 6 x 8 pixels."""
    (root / 'masks').mkdir(parents=True)
    (root / 'colours.csv').write_text('name,red,green,blue\nfloor,0,0,0\nwall,255,0,0\nvoid,0,0,255\n')
    (root / 'cam.txt').write_text('10 0 4\n0 10 3\n0 0 1\n')
    for number, name in enumerate(names):
        rng = np.random.default_rng(number)
        classes = rng.integers(0, 3, (6, 8))
        save(root / 'images' / f'{name}.png', rng.integers(0, 256, (6, 8, 3)).astype(np.uint8))
        save(root / 'masks' / f'{name}.png', np.where(classes == 2, 255, classes).astype(np.uint8))
        save(root / 'colours' / f'{name}.png', np.array(COLOURS, np.uint8)[classes])
        save(root / 'depth' / f'{name}.png', (1000 * classes).astype(np.uint16))
        save(root / 'disparity' / f'{name}.png', (256 * classes).astype(np.uint16))
        save(root / 'normals' / f'{name}.png', np.full((6, 8, 3), (128, 128, 0), np.uint8))
        save(root / 'edges' / f'{name}.png', (51 * classes).astype(np.uint8))
        save(root / 'objects' / f'{name}_object.png', np.array([0, 255, 128], np.uint8)[classes])
    return root


def build(root: Path, tasks=TASKS, labels=LABELS, pipeline=PLAIN, **options) -> FolderDataset:
    return FolderDataset(root=str(root), tasks=tasks, labels=labels, pipeline=pipeline, **options)


def samples(dataset) -> dict[str, tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    loaded = [dataset[index] for index in range(len(dataset))]
    return {one['data_samples'][0].scene: (one['inputs'][0], dict(one['data_samples'][0].gt.items())) for one in loaded}
