"""VGG: the maps and the weights of the published network, and any other width."""

import pytest
import timm
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import VGG


def test_vgg_has_the_maps_of_timms():
    ours, theirs = VGG(), timm.create_model('vgg16_bn', features_only=True)
    assert list(ours.out_channels) == theirs.feature_info.channels()
    assert list(ours.strides) == theirs.feature_info.reduction()
    assert sum(p.numel() for p in ours.parameters() if p.dim() == 4) == sum(
        p.numel() for p in theirs.parameters() if p.dim() == 4
    )
    small = VGG(widths=(4, 8), depths=(1, 2))
    maps = small(torch.randn(2, 3, 30, 45))
    assert [tuple(x.shape[1:]) for x in maps] == [(4, 30, 45), (8, 15, 23), (8, 8, 12)]
    with pytest.raises(ConfigError, match='as many widths as depths, found 2 and 3'):
        VGG(widths=(4, 8), depths=(1, 2, 3))
