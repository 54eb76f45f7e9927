"""SideOutputHead: HED's fusion, a plain start, and every scale counts."""

import pytest
import torch
import torch.nn.functional as F

from mmmtl.models.decode_heads import SideOutputHead


@pytest.mark.parametrize('channels', [1, 3])
def test_it_starts_at_zero_and_every_scale_learns(channels):
    torch.manual_seed(0)
    head = SideOutputHead((2, 3), (1, 2), channels)
    features = torch.randn(2, 2, 9, 11), torch.randn(2, 3, 4, 5)
    logits = head(features)
    assert logits.shape == (2, channels, 9, 11) and not logits.any()
    (logits - 1).square().sum().backward()
    assert all(side.weight.grad.any() for side in head.sides)


def test_channels_keep_apart():
    """Channel c is the weighted sum of channel c of the side outputs, written out."""
    torch.manual_seed(0)
    head = SideOutputHead((2, 3), (1, 2), 2)
    with torch.no_grad():
        for p in head.parameters():
            p.normal_()
    features = torch.randn(1, 2, 4, 6), torch.randn(1, 3, 2, 3)
    fine, coarse = (side(x) for side, x in zip(head.sides, features, strict=True))
    coarse = F.interpolate(coarse, scale_factor=2, mode='bilinear')
    (a, b), bias = head.fuse.weight[:, :, 0, 0].T, head.fuse.bias
    expected = fine * a.view(1, 2, 1, 1) + coarse * b.view(1, 2, 1, 1) + bias.view(1, 2, 1, 1)
    torch.testing.assert_close(head(features), expected)
