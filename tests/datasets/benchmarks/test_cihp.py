"""CIHP: what is needed is asked for, left and right are exchanged, the real files load."""

import numpy as np
import pytest
import torch.nn.functional as F
from PIL import Image
from skimage.measure import label as components

from mmmtl.datasets import CIHP
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip, Resize
from mmmtl.tasks import Edge, HumanParts
from mmmtl.tasks.thinning import thin

PARTS = HumanParts('human_parts', CIHP.CLASSES)
PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


@pytest.fixture
def root(tmp_path):
    for folder, values in (('images', np.full((4, 6, 3), 90, np.uint8)), ('labels', np.arange(24).reshape(4, 6) % 20)):
        (tmp_path / folder).mkdir()
        Image.fromarray(values.astype(np.uint8)).save(tmp_path / folder / f'7.{"jpg" if folder == "images" else "png"}')
    return tmp_path


def test_edges_are_needed_where_they_are_learnt(root, data_error):
    assert len(CIHP(root=str(root), tasks={'human_parts': PARTS}, pipeline=PIPELINE)) == 1
    with data_error(root / 'edges' / '7.png'):
        CIHP(root=str(root), tasks={'human_parts': PARTS, 'edge': Edge('edge')}, pipeline=PIPELINE)
    with data_error(root / 'images', '28280'):
        CIHP(root=str(root), count=28280, tasks={'human_parts': PARTS}, pipeline=PIPELINE)


def test_a_mirrored_left_arm_is_a_right_arm(root):
    flip = [dict(type=LoadViews), dict(type=RandomFlip, prob=1.0), dict(type=PackViews)]
    plain, mirrored = (
        CIHP(root=str(root), tasks={'human_parts': PARTS}, pipeline=pipeline)[0]['data_samples'][0]
        for pipeline in (PIPELINE, flip)
    )
    exchange = {14: 15, 15: 14, 16: 17, 17: 16, 18: 19, 19: 18}
    expected = [[exchange.get(value, value) for value in row[::-1]] for row in plain.gt.human_parts[0].tolist()]
    assert mirrored.gt.human_parts[0].tolist() == expected


def test_real_files(data_root):
    tasks = {'human_parts': PARTS, 'edge': Edge('edge')}
    dataset = CIHP(root=str(data_root / 'real' / 'cihp'), count=3, tasks=tasks, pipeline=PIPELINE)
    for sample in dataset:
        (view,) = sample['data_samples']
        parts, edge = view.gt.human_parts.float(), view.gt.edge == 1
        assert PARTS.valid(view.gt.human_parts[None]).all()
        meet = F.max_pool2d(parts, 5, 1, 2) != -F.max_pool2d(-parts, 5, 1, 2)  # two parts within two pixels
        assert meet[edge].float().mean() > 0.9  # the others lie between two people
        assert meet.float().mean() < 0.3


@pytest.mark.parametrize('fraction', [0.31, 0.5, 0.77, 1.3])
def test_real_outlines_of_one_pixel_stay_whole_when_resized(data_root, fraction):
    dataset = CIHP(root=str(data_root / 'real' / 'cihp'), tasks={'edge': Edge('edge')}, pipeline=[dict(type=LoadViews)])
    for results in dataset:
        (view,) = results['views']
        line = thin(view['labels']['edge'] > 0)
        view['labels']['edge'] = line.astype(np.float32)
        Resize(tuple(round(fraction * side) for side in line.shape)).transform(results)
        resized = view['labels']['edge'] > 0
        assert components(resized, connectivity=2).max() <= components(line, connectivity=2).max()
        assert 0.85 * fraction < resized.sum() / line.sum() < 1.1 * fraction
