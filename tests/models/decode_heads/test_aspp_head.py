"""ASPPHead: sizes with and without the finer map, dilations by stride, one image per batch in training."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads import ASPPHead

CHANNELS, STRIDES = (6, 8, 10), (4, 8, 16)


def features(count: int = 2) -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(count, c, 64 // s + 1, 96 // s + 1) for c, s in zip(CHANNELS, STRIDES, strict=True))


@pytest.mark.parametrize(('low_level_index', 'size'), [(None, (5, 7)), (0, (17, 25)), (1, (9, 13))])
def test_logits_at_the_finest_map_it_takes(low_level_index, size):
    head = ASPPHead(CHANNELS, STRIDES, 5, low_level_index=low_level_index, channels=4)
    assert head(features()).shape == (2, 5, *size)


@pytest.mark.parametrize(('stride', 'dilations'), [(16, [1, 6, 12, 18]), (8, [1, 12, 24, 36]), (32, [1, 3, 6, 9])])
def test_dilations_follow_the_stride(stride, dilations):
    head = ASPPHead((8,), (stride,), 5, channels=4)
    assert [branch.conv.dilation[0] for branch in head.branches] == dilations
    assert [branch.conv.kernel_size[0] for branch in head.branches] == [1, 3, 3, 3]


def test_dilations_can_be_set():
    head = ASPPHead(CHANNELS, STRIDES, 5, channels=4, dilations=(2, 3))
    assert [branch.conv.dilation[0] for branch in head.branches] == [2, 3]
    assert head(features()).shape == (2, 5, 5, 7)


def test_one_image_in_training():
    head = ASPPHead(CHANNELS, STRIDES, 5, low_level_index=0, channels=4).train()
    assert head(features(1)).isfinite().all()


def test_sees_the_whole_image():
    head = ASPPHead(CHANNELS, STRIDES, 1, channels=16, dilations=(1,)).eval()
    coarse = torch.randn(1, 10, 4, 4)
    changed = coarse.clone()
    changed[..., 3, 3] += 5
    assert (head((None, None, coarse)) - head((None, None, changed)))[0, 0, 0, 0].abs() > 0


def test_the_finer_map_counts():
    head = ASPPHead(CHANNELS, STRIDES, 1, low_level_index=0, channels=8).eval()
    fine, middle, coarse = features()
    assert not torch.equal(head((fine, middle, coarse)), head((fine + 1, middle, coarse)))


def test_every_parameter_gets_a_gradient():
    head = ASPPHead(CHANNELS, STRIDES, 3, low_level_index=0, channels=8, dilations=(1, 2))
    head(features()).square().sum().backward()
    assert not [name for name, p in head.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


@pytest.mark.parametrize('low_level_index', [2, -1])
def test_the_other_map_must_be_finer(low_level_index):
    with pytest.raises(ConfigError, match='must be a finer map'):
        ASPPHead(CHANNELS, STRIDES, 3, low_level_index=low_level_index)
