"""Cross-stitch: stitches of the identity are networks that do not know of each other; others mix them."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import CrossStitchSegNet, SegNet
from mmmtl.models.backbones.cross_stitch_segnet import CrossStitch

SMALL = (4, 6, 8)
TASKS = ('semseg', 'depth', 'normal')


@pytest.mark.parametrize('size', [(32, 48), (33, 50), (7, 5)])
@pytest.mark.parametrize('tasks', [TASKS, TASKS[:1]])
def test_maps_have_the_declared_shapes(size, tasks):
    backbone = CrossStitchSegNet(tasks, SMALL).eval()
    maps = backbone(torch.randn(2, 3, *size))
    assert tuple(x.shape[1] for x in maps) == backbone.out_channels == (*[4] * len(tasks), 8)
    for x, stride in zip(maps, backbone.strides, strict=True):
        assert x.shape[2:] == tuple(-(-n // stride) for n in size)


@pytest.mark.parametrize(('tasks', 'self_weight'), [(TASKS, 1.0), (TASKS[:1], 0.9)])
def test_stitches_of_the_identity_are_separate_networks(tasks, self_weight):
    backbone = CrossStitchSegNet(tasks, SMALL, self_weight=self_weight)  # in training mode: batch norm and all
    images = torch.randn(2, 3, 32, 40)
    *maps, encoded = backbone(images)
    alone = [network(images) for network in backbone.networks.values()]
    for x, (decoded, _) in zip(maps, alone, strict=True):
        assert torch.allclose(x, decoded, atol=1e-6)
    assert torch.allclose(encoded, torch.stack([last for _, last in alone]).mean(0), atol=1e-6)


def test_a_stitch_mixes_by_channel():
    stitch = CrossStitch(2, 3, self_weight=0.7)
    a, b = torch.randn(2, 2, 3, 4, 5)
    left, right = stitch([a, b])
    assert torch.allclose(left, 0.7 * a + 0.3 * b) and torch.allclose(right, 0.3 * a + 0.7 * b)
    with torch.no_grad():
        stitch.alpha[0, 1, 2] = 5.0  # what channel 2 of the first result takes of the second map
    changed, same = stitch([a, b])
    assert torch.equal(changed[:, :2], left[:, :2]) and torch.equal(same, right)
    assert torch.allclose(changed[:, 2], 0.7 * a[:, 2] + 5 * b[:, 2])
    assert CrossStitch(4, 2, 0.7).alpha.sum(1).allclose(torch.ones(4, 2))  # maps keep their scale at the beginning


@pytest.mark.parametrize(('self_weight', 'everyone'), [(0.9, True), (1.0, False)])
def test_a_task_has_gradients_in_the_networks_that_it_is_stitched_to(self_weight, everyone):
    backbone = CrossStitchSegNet(TASKS, SMALL, self_weight=self_weight)
    backbone(torch.randn(2, 3, 32, 32))[1].square().sum().backward()
    touched = {
        name.split('.')[1]
        for name, p in backbone.networks.named_parameters(prefix='networks')
        if p.grad is not None and p.dim() == 4 and p.grad.abs().sum() > 0
    }
    assert touched == (set(TASKS) if everyone else {'depth'})
    assert all(p.grad.abs().sum() > 0 for name, p in backbone.named_parameters() if 'stitches' in name)


def test_every_weight_gets_a_gradient():
    backbone = CrossStitchSegNet(TASKS, SMALL)
    sum(x.square().sum() for x in backbone(torch.randn(2, 3, 32, 32))).backward()
    assert not [name for name, p in backbone.named_parameters() if p.dim() == 4 and not p.grad.abs().sum() > 0]


@pytest.mark.parametrize(('widths', 'count'), [(SMALL, 3), ((64, 128, 256, 512, 512), 2)])
def test_the_number_of_parameters(widths, count):
    with torch.device('meta'):
        backbone, plain = CrossStitchSegNet(TASKS[:count], widths), SegNet(widths)
    mixing = count**2 * (2 * sum(widths[:-1]) + widths[-1] + widths[0])  # a level's width, and the one it leads to
    expected = count * sum(p.numel() for p in plain.parameters()) + mixing
    assert sum(p.numel() for p in backbone.parameters()) == expected


@pytest.mark.parametrize('fraction', [-0.1, 1.1])
def test_an_invalid_share_is_an_error(fraction):
    with pytest.raises(ConfigError, match='self_weight'):
        CrossStitchSegNet(TASKS, SMALL, self_weight=fraction)
