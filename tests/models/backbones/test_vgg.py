"""VGG, its decoder, CCNN and the resized input: shapes, what sees what, and the widths of the published networks."""

import pytest
import timm
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import CCNN, VGG, ResizedInput
from mmmtl.models.decode_heads import ConvHead, SymmetricDecoder


def test_vgg_has_the_maps_of_timms():
    ours, theirs = VGG(), timm.create_model('vgg16_bn', features_only=True)
    assert list(ours.out_channels) == theirs.feature_info.channels()
    assert list(ours.strides) == theirs.feature_info.reduction()
    assert sum(p.numel() for p in ours.parameters() if p.dim() == 4) == sum(
        p.numel() for p in theirs.parameters() if p.dim() == 4)
    small = VGG(widths=(4, 8), depths=(1, 2))
    maps = small(torch.randn(2, 3, 30, 45))
    assert [tuple(x.shape[1:]) for x in maps] == [(4, 30, 45), (8, 15, 23), (8, 8, 12)]
    with pytest.raises(ConfigError, match='as many widths as depths, found 2 and 3'):
        VGG(widths=(4, 8), depths=(1, 2, 3))


@pytest.mark.parametrize('skip', [True, False])
def test_the_decoder_comes_back_to_the_size_of_the_image(skip):
    backbone = VGG(widths=(4, 8, 6), depths=(1, 1, 1))
    decoder = SymmetricDecoder(backbone.out_channels, backbone.strides, 5, skip=skip)
    images = torch.randn(2, 3, 30, 45)
    logits = decoder(backbone(images))
    assert logits.shape == (2, 5, 30, 45) and logits.abs().max() < 1
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in decoder.parameters())
    assert [level[0].conv.in_channels for level in decoder.levels] == ([12, 14, 12] if skip else [6, 6, 8])
    assert [level[-1].conv.out_channels for level in decoder.levels] == [6, 8, 4]
    with pytest.raises(ConfigError, match='at least two maps'):
        SymmetricDecoder((4,), (1,), 5)


def test_ccnn_is_the_published_network_and_sees_nine_by_nine():
    backbone = CCNN()
    head = ConvHead(backbone.out_channels, backbone.strides, 1, channels=100, num_convs=2, kernel_size=1, norm=None)
    layers = [module for module in (*backbone.modules(), *head.modules()) if isinstance(module, torch.nn.Conv2d)]
    assert [(m.out_channels, m.kernel_size[0], m.padding[0]) for m in layers] == [
        (64, 3, 0)] * 4 + [(100, 1, 0)] * 2 + [(1, 1, 0)]
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


def test_an_input_is_resized_only_where_it_must_be():
    inner = VGG(widths=(4, 8), depths=(1, 1)).eval()
    outer = ResizedInput(dict(type='mmmtl.VGG', widths=(4, 8), depths=(1, 1)), (16, 24)).eval()
    outer.backbone.load_state_dict(inner.state_dict())
    images = torch.rand(1, 3, 16, 24)
    assert all(torch.equal(a, b) for a, b in zip(outer(images), inner(images), strict=True))
    assert [tuple(x.shape[2:]) for x in outer(torch.rand(2, 3, 50, 31))] == [(16, 24), (8, 12), (4, 6)]
    assert (outer.out_channels, outer.strides) == (inner.out_channels, inner.strides)
