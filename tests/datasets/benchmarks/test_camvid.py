"""CamVid: 11 is void, the published numbers are asked for, the real files load."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import CamVid
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import SemSeg

OPTIONS = dict(
    tasks={'semseg': SemSeg('semseg', CamVid.CLASSES, CamVid.PALETTE)},
    pipeline=[dict(type=LoadViews), dict(type=PackViews)],
)


@pytest.fixture
def root(tmp_path) -> Path:
    for split, count in (('train', 3), ('val', 1)):
        (tmp_path / split).mkdir()
        for number in range(count):
            Image.fromarray(np.full((6, 8, 3), 40 * number, np.uint8)).save(tmp_path / split / f'000{number}.jpg')
            Image.fromarray(np.array([[number + 9] * 8] * 6, np.uint8)).save(tmp_path / split / f'000{number}.png')
    return tmp_path


def test_labels_and_void(root):
    dataset = CamVid(root=str(root), split='train', partial=True, **OPTIONS)
    assert [sample['data_samples'][0].gt.semseg.unique().tolist() for sample in dataset] == [[9], [10], [255]]


def test_numbers_and_label_maps_are_checked(root, data_error):
    with data_error(root / 'train', '367'):
        CamVid(root=str(root), split='train', **OPTIONS)
    with data_error(root / 'test'):
        CamVid(root=str(root), split='test', partial=True, **OPTIONS)
    (root / 'train' / '0001.png').unlink()
    with data_error(root / 'train' / '0001.png'):
        CamVid(root=str(root), split='train', partial=True, **OPTIONS)


def test_the_real_frames(data_root):
    for split, count in (('train', 367), ('val', 101)):
        dataset = CamVid(root=str(data_root / 'real_bench' / 'camvid'), split=split, **OPTIONS)
        assert len(dataset) == count
    sample = dataset[0]['data_samples'][0]
    assert sample.gt.semseg.shape == (1, 240, 320)
    upper, lower = sample.gt.semseg[0, :60], sample.gt.semseg[0, -60:]
    assert (upper == 0).float().mean() > 0.1 and (lower == 3).float().mean() > 0.4  # sky above, road below
