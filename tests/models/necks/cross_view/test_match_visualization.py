"""What the cost volume shows beside the predictions: only of views that others look at, of the image's own size."""

import numpy as np
import pytest
import torch
from torch import nn

from mmmtl.models import Backbone, DecodeHead, HeadOutput, MultiTaskModel
from mmmtl.models.necks import CrossViewModule
from mmmtl.models.necks.cross_view.match_visualization import MatchConfidenceMap, match_visualizers
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, SemSeg

H, W = 32, 48


class Shrink(Backbone):
    """A backbone of one map at 1/8."""

    out_channels, strides = (4,), (8,)

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 8, stride=8)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        return (self.conv(images),)


class Sum(DecodeHead):
    def __init__(self, tasks, in_channels, strides) -> None:
        super().__init__(tasks, in_channels, strides)
        self.heads = nn.ModuleDict({name: nn.Conv2d(in_channels[0], task.channels, 1) for name, task in tasks.items()})

    def forward(self, features, context):
        return HeadOutput({name: head(features[0]) for name, head in self.heads.items()})


@pytest.fixture
def build(monkeypatch):
    monkeypatch.setitem(MODELS._module_dict, 'Shrink', Shrink)
    monkeypatch.setitem(MODELS._module_dict, 'Sum', Sum)

    def call(**options) -> MultiTaskModel:
        torch.manual_seed(0)
        tasks = {'depth': Depth('depth', display_range=(1, 5))}
        neck = dict(type=CrossViewModule, cost_volume=dict(planes=8, depth_range='indoor'), **options)
        return MultiTaskModel(tasks, dict(type=Shrink), dict(type=Sum), neck=neck).eval()

    return call


def scene(views: int, size: tuple[int, int] = (H, W)) -> list[MultiTaskDataSample]:
    samples = []
    for view in range(views):
        sample = MultiTaskDataSample(
            metainfo={'view': view, 'num_views': views, 'scene': 'hall', 'img_shape': size, 'img_path': 'hall.jpg'}
        )
        sample.intrinsics = torch.tensor([[40.0, 0, W / 2], [0, 40, H / 2], [0, 0, 1]])
        sample.camera_T_world = torch.eye(4)
        sample.camera_T_world[0, 3] = -0.2 * view
        samples.append(sample)
    return samples


def test_pairs_show_depth_within_the_planes_and_confidence(build):
    model, images = build(), torch.randn(3, 3, H, W)
    model.return_aux = True
    lone, first, second = model(images, scene(1) + scene(2, (30, 40)), mode='predict')
    assert 'extra' not in lone
    for sample in (first, second):
        assert set(sample.extra.keys()) == {'matched', 'confidence'} <= set(model.visualizers)
        assert sample.extra.matched.shape == sample.extra.confidence.shape == (1, 30, 40)
        assert ((sample.extra.matched >= 0.5 - 1e-4) & (sample.extra.matched <= 10 + 1e-4)).all()
        assert ((sample.extra.confidence >= 1 / 8) & (sample.extra.confidence <= 1)).all()
    cameras = {
        name: torch.stack([sample.get(name) for sample in (first, second)]) for name in ('intrinsics', 'camera_T_world')
    }
    cost = model.neck.match(model.backbone(images[1:]), images[1:], views=(2,), **cameras)['cost']
    depth, _ = model.neck.cost_volume.best_depth(cost)
    torch.testing.assert_close(first.extra.matched[0, ::8, ::8], depth[0, 0, :4, :5])


def test_nothing_is_added_unless_asked_for_nor_without_a_cost_volume(build):
    for model, return_aux in ((build(), False), (build(fusion=dict(parts=('features',))), True)):
        model.return_aux = return_aux
        first, _ = model(torch.randn(2, 3, H, W), scene(2), mode='predict')
        assert not list(first.extra.keys()) if 'extra' in first else True
        assert set(first.pred.keys()) == {'depth'}


def test_drawers():
    own = Depth('depth', display_range=(1, 5))
    matched, values = match_visualizers({'depth': own})['matched'], np.array([[0, 1.5, 4.0]])
    np.testing.assert_array_equal(matched.visualize(values), own.visualize(values))  # as the prediction
    assert matched.display.scale == own.display.scale and matched.display.value_range(values) == (1, 5)
    assert 'plane' in matched.display.note and 'plane' in MatchConfidenceMap().display.note
    other = match_visualizers({'semseg': SemSeg('semseg', classes=('a', 'b'))})['matched']
    np.testing.assert_array_equal(other.visualize(values), Depth('depth').visualize(values))
    image = MatchConfidenceMap().visualize(np.array([[0, 0.25, 1.0, np.nan]]))
    assert image.shape == (1, 4, 3) and image.dtype == np.uint8
    assert image[0, :, 0].tolist() == [0, 127, 255, 0]
