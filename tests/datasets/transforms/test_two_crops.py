"""Two crops: both packed, the second is the window of the first that it says, its depth divided by the zoom."""

import cv2
import numpy as np
import pytest
import torch

from mmmtl.datasets import Record, collate_views
from mmmtl.datasets.transforms import PackViews, TwoCrops
from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.models.supervision_role import indices_for
from mmmtl.tasks import Depth, Normal, SemSeg

SMALL = {'semseg': SemSeg('semseg', classes=('a', 'b', 'c')), 'depth': Depth('depth'), 'normal': Normal('normal')}
SIZE = (48, 63)


def scene(seed: int, views: int) -> dict:
    """Views of noise with every label."""
    rng = np.random.default_rng(100 + seed)
    made = []
    for number in range(views):
        normal = rng.normal(size=(*SIZE, 3)).astype(np.float32)
        labels = {
            'semseg': rng.integers(0, 3, SIZE),
            'depth': rng.uniform(1, 9, SIZE).astype(np.float32),
            'normal': normal / np.linalg.norm(normal, axis=-1, keepdims=True),
        }
        made.append(
            {
                'image': rng.integers(0, 256, (*SIZE, 3)).astype(np.uint8),
                'labels': labels,
                'img_path': f'{number}.png',
                'intrinsics': torch.eye(3),
                'camera_T_world': torch.eye(4),
            }
        )
    return {'views': made, 'record': Record('room', ()), 'tasks': SMALL, 'rng': np.random.default_rng(seed)}


def packed(seed: int = 0, views: int = 1, scales: tuple[float, ...] = (1.0, 1.2, 1.5)) -> dict:
    return TwoCrops(scales)(scene(seed, views))


@pytest.mark.parametrize('views', [1, 2])
def test_the_first_are_the_views_as_they_are(views):
    both = packed(views=views)
    alone = PackViews()(scene(0, views))
    assert len(both['inputs']) == len(both['data_samples']) == 2 * views
    for number in range(views):
        assert torch.equal(both['inputs'][number], alone['inputs'][number])
        for name in SMALL:
            assert torch.equal(both['data_samples'][number].gt.get(name), alone['data_samples'][number].gt.get(name))
    assert indices_for('supervised', both['data_samples']) == list(range(views))
    assert indices_for('consistency', both['data_samples']) == list(range(views, 2 * views))
    assert [sample.view for sample in both['data_samples']] == 2 * list(range(views))


@pytest.mark.parametrize('seed', range(4))
def test_the_second_is_a_window_of_the_first(seed):
    both = packed(seed, views=2)
    for first, second, images in zip(
        both['data_samples'][:2],
        both['data_samples'][2:],
        zip(both['inputs'][:2], both['inputs'][2:], strict=True),
        strict=True,
    ):
        top, left, height, width = second.window
        size = first.img_shape
        assert (height, width) == tuple(int(side / second.zoom) for side in size)
        assert 0 <= top <= size[0] - height and 0 <= left <= size[1] - width
        part = images[0][:, top : top + height, left : left + width].permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(images[1].permute(1, 2, 0).numpy(), cv2.resize(part, size[::-1]))
        depth = first.gt.depth[0, top : top + height, left : left + width].numpy()
        enlarged = cv2.resize(depth, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        np.testing.assert_allclose(second.gt.depth[0], enlarged / second.zoom, rtol=1e-6)
    assert both['data_samples'][2].window == both['data_samples'][3].window  # one draw for a scene


def test_every_scale_is_drawn_and_the_draw_is_the_generators():
    assert {packed(seed)['data_samples'][1].zoom for seed in range(20)} == {1.0, 1.2, 1.5}
    assert torch.equal(packed(7)['inputs'][1], packed(7)['inputs'][1])


def test_a_batch_doubles_and_only_first_crops_have_task_losses():
    batch = collate_views([packed(seed) for seed in range(3)])
    assert len(batch['inputs']) == 6
    assert indices_for('supervised', batch['data_samples']) == [0, 2, 4]
    model = MultiTaskModel(
        {'depth': SMALL['depth']},
        dict(type='SegNet', widths=(4,)),
        dict(type='PerTaskHead', head=dict(type='ConvHead', channels=4)),
    )
    data = model.data_preprocessor(batch)
    before = model.eval()(**data, mode='loss')['loss']
    for number in (1, 3, 5):
        data['data_samples'][number].gt.depth = data['data_samples'][number].gt.depth * 100
    assert model(**data, mode='loss')['loss'] == before


def test_scales_below_one():
    with pytest.raises(ConfigError, match='>= 1'):
        TwoCrops((0.5,))
