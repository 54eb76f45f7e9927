"""The slope of log depth against log s is 1 for a network that follows the poses and 0 for one that ignores them."""

from copy import deepcopy

import pytest
import torch
from mmengine.structures import PixelData
from small_model import Strided
from torch import nn

from mmmtl.errors import ConfigError, DataError
from mmmtl.experiments.metric_scale import metric_scale_slopes, visible_in_others
from mmmtl.models import MultiTaskModel
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.models.necks import CrossViewModule
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, SemSeg

SIZE = (16, 24)


class Following(nn.Module):
    """Predicts (metres between the cameras of the scene) ** power, the same at every pixel."""

    def __init__(self, power: float) -> None:
        super().__init__()
        self.power, self.tasks = power, {'depth': Depth('depth'), 'semseg': SemSeg('semseg', classes=('a', 'b'))}

    def test_step(self, batch: dict) -> list[MultiTaskDataSample]:
        predicted = deepcopy(batch['data_samples'])
        for sample in predicted:
            apart = sample.camera_T_world[0, 3].abs().max() if sample.view else torch.tensor(1.0)
            sample.pred = PixelData(depth=torch.full((1, *SIZE), float(3 * apart**self.power)))
        return predicted


def scene(name: str, baseline: float = 0.1, views: int = 2) -> list[MultiTaskDataSample]:
    """Views of a wall; every camera is `baseline` metres right of the one before."""
    samples = []
    for view in range(views):
        pose = torch.eye(4)
        pose[0, 3] = -baseline * view
        sample = MultiTaskDataSample(
            metainfo=dict(img_shape=SIZE, img_path=f'{name}.png', scene=name, view=view, num_views=views)
        )
        sample.gt = PixelData(depth=torch.full((1, *SIZE), 2.0))
        sample.intrinsics = torch.tensor([[20.0, 0, 12], [0, 20, 8], [0, 0, 1]])
        sample.camera_T_world = pose
        samples.append(sample)
    return samples


def batch(*scenes: list[MultiTaskDataSample]) -> dict:
    samples = [view for views in scenes for view in views]
    generator = torch.Generator().manual_seed(0)
    return {
        'inputs': [torch.randint(256, (3, *SIZE), dtype=torch.uint8, generator=generator) for _ in samples],
        'data_samples': samples,
    }


@pytest.mark.parametrize('power', [0.0, 0.5, 1.0])
@pytest.mark.parametrize('factors', [(0.8, 1.25), (0.5, 0.7, 1.0, 1.9)])
def test_the_slope_is_the_power_of_the_baseline(power, factors):
    """The first view has no translation here and predicts a constant, so half of the pixels have slope 0."""
    slopes = metric_scale_slopes(Following(power), [batch(scene('wall'))], factors=factors)
    assert slopes == {'wall': pytest.approx(power / 2, abs=1e-6)}


def test_scenes_do_not_depend_on_their_batch_and_single_views_are_left_out():
    scenes = [scene('a', 0.1), scene('b', 0.3), scene('c', views=1), scene('d', 0.2, views=3)]
    together = metric_scale_slopes(Following(1), [batch(*scenes)])
    assert list(together) == ['a', 'b', 'd']
    apart = metric_scale_slopes(Following(1), [batch(one) for one in reversed(scenes)])
    assert together == pytest.approx(apart)


def test_only_pixels_that_another_view_sees_count():
    """With cameras 1 m apart, each view sees 14 of 24 columns of the other: the right ones, and the left ones."""
    pair, seen = scene('wall', baseline=1.0), []
    for view in pair:
        view.gt.get('depth')[..., :12] = 0  # the left half is unknown
    for view, visible in zip(pair, visible_in_others(pair, 'depth', 0.05), strict=True):
        seen.append(int(visible[0, 0].sum()))
        assert not visible[view.gt.get('depth') == 0].any()
    assert seen == [2, 2]  # columns 22 and 23 of the first view are columns 12 and 13 of the second
    pair[0].gt.get('depth')[:] = 0
    with pytest.raises(DataError, match='no two views'):
        metric_scale_slopes(Following(1), [batch(pair)])


def test_poses_are_restored():
    data = batch(scene('wall'))
    before = [sample.camera_T_world.clone() for sample in data['data_samples']]
    metric_scale_slopes(Following(1), [data])
    for sample, pose in zip(data['data_samples'], before, strict=True):
        assert torch.equal(sample.camera_T_world, pose)


def test_without_a_cost_volume_cameras_change_nothing():
    def slope(**options) -> float:
        torch.manual_seed(0)
        model = MultiTaskModel(
            dict(depth=dict(type=Depth)),
            dict(type=Strided),
            dict(type=PerTaskHead, head=dict(type=ConvHead, channels=6, norm=None)),
            neck=dict(type=CrossViewModule, stride=2, transformer=dict(blocks=1), **options),
        )
        for parameter in model.decode_head.parameters():
            nn.init.normal_(parameter, std=0.3)
        nn.init.constant_(list(model.decode_head.parameters())[-1], 5.0)  # depth is positive
        return metric_scale_slopes(model, [batch(scene('wall'))])['wall']

    assert slope(fusion=dict(parts=('features',), stride=None)) == pytest.approx(0, abs=1e-6)
    assert abs(slope(cost_volume=dict(planes=8, depth_range='indoor'))) > 1e-3


@pytest.mark.parametrize(
    ('options', 'message'),
    [(dict(factors=(1.0,)), 'factors'), (dict(factors=(-1, 2)), 'factors'), (dict(task='semseg'), 'metric depth')],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ConfigError, match=message):
        metric_scale_slopes(Following(1), [batch(scene('wall'))], **options)
