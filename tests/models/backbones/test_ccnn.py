"""CCNN: the published layers, what sees what, and disparities relative to those around them."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import CCNN
from mmmtl.models.decode_heads import ConvHead


def test_ccnn_is_the_published_network_and_sees_nine_by_nine():
    backbone = CCNN()
    head = ConvHead(backbone.out_channels, backbone.strides, 1, channels=(100, 100), kernel_size=1, norm=None)
    layers = [module for module in (*backbone.modules(), *head.modules()) if isinstance(module, torch.nn.Conv2d)]
    assert [(m.out_channels, m.kernel_size[0], m.padding[0]) for m in layers] == [(64, 3, 0)] * 4 + [
        (100, 1, 0)
    ] * 2 + [(1, 1, 0)]
    image = torch.rand(1, 1, 20, 24).expand(-1, 3, -1, -1).clone().requires_grad_()
    logits = head(backbone(image))
    assert logits.shape == (1, 1, 20, 24)
    logits[0, 0, 10, 12].backward()
    rows, columns = image.grad[0, 0].nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 14, 8, 16)
    assert not image.grad[0, 1:].any()


def test_relative_disparities_do_not_tell_how_large_they_are():
    published, relative = CCNN(channels=4).eval(), CCNN(channels=16, scale=2.0, window=5).eval()
    torch.manual_seed(0)
    for weight in (*published.parameters(), *relative.parameters()):
        torch.nn.init.normal_(weight, std=0.15)
    image = 5 + 3 * torch.rand(1, 1, 20, 24)
    known = torch.rand_like(image) > 0.2
    known[..., :12, :12] = False  # a window without any
    known[..., 15, 15] = True
    near, far = (torch.where(known, image + more, 0).expand(-1, 3, -1, -1) for more in (0, 40))
    torch.testing.assert_close(relative(near)[0], relative(far)[0], atol=1e-4, rtol=1e-4)
    assert (published(near)[0] - published(far)[0]).abs().max() > 0.01
    for value in (near[0, 0, 15, 15] + 2, 0):  # what stands out, and what is unknown
        other = near.clone()
        other[..., 15, 15] = value
        assert (relative(near)[0] - relative(other)[0]).abs().max() > 0.01
    assert relative(torch.zeros(1, 3, 9, 9))[0].isfinite().all()
    with pytest.raises(ConfigError, match='window must be odd, found 4'):
        CCNN(window=4)
