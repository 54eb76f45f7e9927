"""SegNet: its maps, its unpooling, and that every parameter learns. (The published numbers: tests/tools.)"""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import SegNet
from mmmtl.models.backbones.segnet import unpool
from mmmtl.registry import MODELS

SMALL = (4, 6, 8)


@pytest.mark.parametrize('size', [(32, 48), (33, 50), (7, 5), (1, 1)])
def test_maps_have_the_declared_shapes(size):
    backbone = SegNet(SMALL).eval()
    maps = backbone(torch.randn(2, 3, *size))
    assert [x.shape[1] for x in maps] == list(backbone.out_channels) == [4, 8]
    assert backbone.strides == (1, 8)
    for x, stride in zip(maps, backbone.strides, strict=True):
        assert x.shape[2:] == tuple(-(-n // stride) for n in size)


def test_standard_widths():
    with torch.device('meta'):
        backbone = SegNet()
    assert backbone.out_channels == (64, 512)
    assert backbone.strides == (1, 32)


def test_levels_of_other_depths():
    depths = {name: [len(level) for level in levels] for name, levels in SegNet(SMALL, (4, 4, 6)).named_children()}
    assert depths == dict(encoder=[4, 4, 6], decoder=[4, 4, 6])
    assert [len(level) for level in SegNet((*SMALL, 8)).encoder] == [2, 2, 3, 3]
    with pytest.raises(ConfigError, match='as many widths as depths, found 3 and 2'):
        SegNet(SMALL, (1, 2))


def test_unpool_is_torchs_unpool_and_takes_odd_sizes():
    for height, width in [(8, 6), (7, 5)]:
        x = torch.randn(2, 3, height, width)
        pooled, indices = F.max_pool2d(x, 2, ceil_mode=True, return_indices=True)
        ours = unpool(pooled, indices, (height, width))
        assert torch.equal(ours[ours != 0].sort().values, pooled.flatten().sort().values)
        assert torch.equal(ours[ours != 0], x[ours != 0])
        if height % 2 == 0:
            assert torch.equal(ours, F.max_unpool2d(pooled, indices, 2))


def test_runs_deterministically():
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        SegNet(SMALL)(torch.randn(2, 3, 16, 16))[0].sum().backward()
    finally:
        torch.use_deterministic_algorithms(before)


def test_every_weight_gets_a_gradient():
    backbone = SegNet(SMALL)
    decoded, encoded = backbone(torch.randn(2, 3, 32, 32))
    (decoded.square().sum() + encoded.square().sum()).backward()
    dead = [name for name, p in backbone.named_parameters() if p.grad is None]
    assert not dead
    # a bias in front of a batch norm has none by nature, every other parameter must have one
    weights = [name for name, p in backbone.named_parameters() if p.dim() == 4 and not p.grad.abs().sum() > 0]
    assert not weights


def test_the_last_row_of_an_odd_image_counts():
    backbone = SegNet(SMALL).eval()
    image = torch.zeros(1, 3, 9, 9)
    changed = image.clone()
    changed[..., -1, -1] = 5
    assert not torch.equal(backbone(image)[1], backbone(changed)[1])


def test_found_by_name():
    init_default_scope('mmmtl')
    assert isinstance(MODELS.build(dict(type='mmmtl.SegNet', widths=SMALL)), SegNet)
