"""ResizedInput: the wrapped network as it is at its own size, resized images at any other."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import VGG, MTANSegNet, ResizedInput


def test_an_input_is_resized_only_where_it_must_be():
    inner = VGG(widths=(4, 8), depths=(1, 1)).eval()
    outer = ResizedInput(dict(type='mmmtl.VGG', widths=(4, 8), depths=(1, 1)), (16, 24)).eval()
    outer.backbone.load_state_dict(inner.state_dict())
    images = torch.rand(1, 3, 16, 24)
    assert all(torch.equal(a, b) for a, b in zip(outer(images), inner(images), strict=True))
    assert [tuple(x.shape[2:]) for x in outer(torch.rand(2, 3, 50, 31))] == [(16, 24), (8, 12), (4, 6)]
    assert (outer.out_channels, outer.strides) == (inner.out_channels, inner.strides)


def test_a_backbone_that_returns_features_per_task_is_refused():
    with pytest.raises(ConfigError, match='ResizedInput.backbone: MTANSegNet already returns features per task'):
        ResizedInput(dict(type=MTANSegNet, widths=(4,)), (32, 32))
