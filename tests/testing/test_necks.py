"""The contract of a neck: ours keep it, and each way to break it is named."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmmtl.models import Neck, NeckOutput, SizeConstraint, necks
from mmmtl.models.necks import CrossViewModule
from mmmtl.testing import NECK_PROPERTIES, check_neck

COST = dict(planes=6, depth_range='indoor')
NECKS = {
    'Neck': Neck,
    'CrossViewModule': partial(CrossViewModule, cost_volume=COST, transformer=dict(blocks=2)),
    'CrossViewModule from a tap': partial(
        CrossViewModule,
        cost_volume=COST | dict(centred=True),
        transformer=dict(blocks=1, identity_start=True),
        fusion=dict(taps=(1,), stride=None, project=True),
        features_from=0,
    ),
}


def test_every_neck_is_checked():
    assert {kind.split()[0] for kind in NECKS} | {'NeckOutput'} >= set(necks.__all__)


@pytest.mark.parametrize('name', NECKS)
def test_our_necks_keep_it(name):
    check_neck(NECKS[name])


class Right(Neck):
    """A convolution per feature, and the mean of the other views of a scene."""

    looks_across_views = True

    def __init__(self, in_channels, strides):
        super().__init__(in_channels, strides)
        self.out_channels = tuple(c + 1 for c in in_channels)
        self.convs = nn.ModuleList(nn.Conv2d(2 * c, c + 1, 1) for c in in_channels)

    @property
    def aux_names(self):
        return frozenset({'mean'})

    def means(self, x, context):
        """The mean over the views of each scene."""
        scenes = [scene.mean(0, keepdim=True).expand_as(scene) for scene in x.split(context.views)]
        return torch.cat(scenes)

    def forward(self, features, context):
        means = [self.means(x, context) for x in features]
        joined = (torch.cat(pair, 1) for pair in zip(features, means, strict=True))
        return NeckOutput(tuple(conv(x) for conv, x in zip(self.convs, joined, strict=True)), {'mean': means[0][:, :1]})


def test_a_right_one_passes():
    check_neck(Right)


class AcrossScenes(Right):
    def means(self, x, context):
        return x.mean(0, keepdim=True).expand_as(x)


class Alone(Right):
    def means(self, x, context):
        return x


class Silent(Right):
    """Looks across views without a word."""

    looks_across_views = False

    def means(self, x, context):
        return x.roll(1, 0)


class NeedsCameras(Right):
    def forward(self, features, context):
        assert context.intrinsics is not None, 'cameras are needed'
        return super().forward(features, context)


class Unstated(Right):
    def __init__(self, in_channels, strides):
        super().__init__(in_channels, strides)
        self.out_channels = in_channels


class Finer(Right):
    def __init__(self, in_channels, strides):
        super().__init__(in_channels, strides)
        self.strides = tuple(stride // 2 for stride in strides)


class Even(Right):
    def means(self, x, context):
        return super().means(F.interpolate(F.avg_pool2d(x, 2), scale_factor=2), context)


class Stated(Even):
    size_constraint = SizeConstraint(multiple=32)


class Undeclared(Right):
    @property
    def aux_names(self):
        return frozenset()


class NotDrawn(Right):
    def visual_maps(self, aux):
        return {'mean': aux['mean']}


class Plain(Right):
    def forward(self, features, context):
        return super().forward(features, context).features


class Unused(Right):
    def __init__(self, in_channels, strides):
        super().__init__(in_channels, strides)
        self.extra = nn.Conv2d(3, 3, 1)


@pytest.mark.parametrize(
    ('neck', 'message'),
    [
        (AcrossScenes, 'feature 0 changes with another scene'),
        (Alone, 'no feature changes with the other view of its scene, but looks_across_views is True'),
        (Silent, 'feature 0 of a scene depends on the rest|feature 0 changes with'),
        (NeedsCameras, 'cameras are needed'),
        (Unstated, r'feature 0 has shape \(5, 9, 4, 6\), expected \(5, 8\)'),
        (Finer, r'feature 0 has size \(4, 6\), expected about 8 x 12'),
        (Even, 'RuntimeError'),
        (Undeclared, r"it returns the maps \['mean'\], not \[\]"),
        (NotDrawn, r"maps \['mean'\] and their visualizers differ"),
        (Plain, 'forward returns a tuple, expected a NeckOutput'),
        (Unused, 'its parameter extra.weight is not connected'),
    ],
)
def test_a_broken_neck_is_named(neck, message):
    with pytest.raises(AssertionError, match=message):
        check_neck(neck)


def test_a_stated_size_is_obeyed():
    check_neck(Stated)


def test_each_property_can_be_chosen():
    check_neck(Alone, properties=[name for name in NECK_PROPERTIES if not name.startswith('other_views')])
