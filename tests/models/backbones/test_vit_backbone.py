"""ViTBackbone: only the last feature passes the final norm, and the class token can be removed."""

import pytest
import safetensors.torch
import timm
import torch
import torch.nn.functional as F

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import TimmBackbone, ViTBackbone

VIT = 'test_vit'  # timm's own miniature for tests, with a class token


def images(height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def test_only_the_last_feature_is_normalised():
    plain, normed = TimmBackbone(VIT, out_indices=(1, 4)).eval(), ViTBackbone(VIT, out_indices=(1, 4)).eval()
    missing = normed.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing == ['model.model.norm.weight', 'model.model.norm.bias']
    torch.nn.init.normal_(normed.model.model.norm.weight)
    torch.nn.init.normal_(normed.model.model.norm.bias)
    (first, last), (ours_first, ours_last) = plain(images()), normed(images())
    assert torch.equal(ours_first, first)
    norm = normed.model.model.norm
    expected = F.layer_norm(last.permute(0, 2, 3, 1), last.shape[1:2], norm.weight, norm.bias, norm.eps)
    torch.testing.assert_close(ours_last, expected.permute(0, 3, 1, 2))
    assert (normed.out_channels, normed.strides) == (plain.out_channels, plain.strides)


@pytest.mark.parametrize('size', [(64, 96), (75, 101)])
@pytest.mark.parametrize('name', [VIT, 'vit_small_patch16_dinov3'])
def test_any_image_size(name, size):
    backbone = ViTBackbone(name, out_indices=(0, 1)).eval()
    with torch.no_grad():
        maps = backbone(images(*size))
    assert {x.shape[2:] for x in maps} == {tuple(-(-length // 16) for length in size)}


@torch.no_grad()
def test_without_a_class_token_the_other_weights_are_those_of_the_file(tmp_path):
    torch.manual_seed(0)
    full = timm.create_model(VIT).eval()
    safetensors.torch.save_file(full.state_dict(), tmp_path / 'vit.safetensors')
    options = dict(out_indices=(0, 5), img_size=160, checkpoint=str(tmp_path / 'vit.safetensors'), check_colours=False)
    ours = ViTBackbone(VIT, class_token=False, **options).eval()
    assert 'model.model.cls_token' not in ours.state_dict()
    assert torch.equal(ours.model.model.norm.weight, full.norm.weight)
    expected = full.patch_embed(images(160, 160)).flatten(1, 2) + full.pos_embed[:, 1:]
    for block in full.blocks:
        expected = block(expected)
    found = ours(images(160, 160))[1].flatten(2).transpose(1, 2)
    torch.testing.assert_close(found, full.norm(expected))
    assert not torch.allclose(found, ViTBackbone(VIT, **options).eval()(images(160, 160))[1].flatten(2).mT, atol=1e-3)


@pytest.mark.parametrize('size', [(64, 96), (75, 101)])
def test_any_image_size_without_a_class_token(size):
    backbone = ViTBackbone(VIT, out_indices=(1,), img_size=(64, 96), class_token=False)
    (x,) = backbone(images(*size))
    assert x.shape[2:] == tuple(-(-length // 16) for length in size)
    x.sum().backward()
    assert not [name for name, parameter in backbone.named_parameters() if parameter.grad is None]


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('resnet18', {}, 'needs a plain ViT, but the model is of class ResNet'),
        ('swin_tiny_patch4_window7_224', {}, 'needs a plain ViT, but the model is of class SwinTransformer'),
        (
            'vit_small_patch16_dinov3',
            dict(class_token=False),
            'needs a ViT with a class token and no other extra token',
        ),
        ('vit_base_patch16_rope_224', dict(class_token=False), 'needs a ViT with a class token'),
    ],
)
def test_other_models(name, options, message):
    with pytest.raises(ConfigError, match=message):
        ViTBackbone(name, **options)
