"""SymmetricDecoder: back to the size of the image, with and without what the encoder hands over."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import VGG
from mmmtl.models.decode_heads import SymmetricDecoder


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
