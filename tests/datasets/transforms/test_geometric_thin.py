"""Every geometric transform takes images of one row or column, with their labels and intrinsics."""

import numpy as np
import pytest
import torch

from mmmtl.datasets.transforms import (
    CoverCrop,
    Pad,
    RandomCropLimited,
    RandomFlip,
    RandomResizedCrop,
    RandomScale,
    RandomZoomCrop,
    Resize,
)
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

TASKS = {
    'depth': Depth('depth'),
    'edge': Edge('edge'),
    'normal': Normal('normal'),
    'semseg': SemSeg('semseg', classes='ab'),
}
TRANSFORMS = [
    CoverCrop((5, 4)),
    Pad((5, 4)),
    RandomCropLimited((5, 4)),
    RandomFlip(1),
    RandomResizedCrop((5, 4)),
    RandomScale(0.5, 0.6),
    RandomScale(1.5, 2),
    RandomZoomCrop((1.5,)),
    Resize((5, 4)),
]


@pytest.mark.parametrize('shape', [(1, 1), (1, 7), (7, 1)])
@pytest.mark.parametrize('transform', TRANSFORMS, ids=lambda transform: type(transform).__name__)
def test_images_of_one_row_or_column(transform, shape):
    view = {
        'image': np.full((*shape, 3), 9, np.uint8),
        'labels': {
            'depth': np.ones(shape, np.float32),
            'edge': np.ones(shape, np.float32),
            'normal': np.full((*shape, 3), (0, 0, -1), np.float32),
            'semseg': np.ones(shape, np.int16),
        },
        'intrinsics': torch.tensor([[9.0, 0, shape[1] / 2], [0, 9, shape[0] / 2], [0, 0, 1]]),
    }
    (after,) = transform.transform({'views': [view], 'tasks': TASKS, 'rng': np.random.default_rng(0)})['views']
    known = after['labels']['semseg'] == 1
    assert known.any() and min(after['image'].shape[:2]) >= 1 and torch.isfinite(after['intrinsics']).all()
    assert (after['image'][known] == 9).all() and (after['labels']['normal'][known] == (0, 0, -1)).all()
    for name, label in after['labels'].items():
        assert label.shape[:2] == after['image'].shape[:2]
        TASKS[name].check(label)
