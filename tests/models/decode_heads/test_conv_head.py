"""ConvHead: one map in, logits out, made as the options say."""

import pytest
import torch
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads import ConvHead

CHANNELS, STRIDES = (6, 8), (4, 8)
FEATURES = (torch.randn(2, 6, 9, 7), torch.randn(2, 8, 5, 4))


@pytest.mark.parametrize('in_index', [0, 1, -1])
@pytest.mark.parametrize(
    'options', [{}, dict(channels=()), dict(channels=(4, 5, 6), kernel_size=1), dict(norm=None, act=None)]
)
def test_logits_at_the_size_of_its_map(in_index, options):
    head = ConvHead(CHANNELS, STRIDES, 5, in_index=in_index, **{'channels': 4, **options})
    assert head(FEATURES).shape == (2, 5, *FEATURES[in_index].shape[2:])


def test_without_norm_and_act_it_is_linear():
    head = ConvHead(CHANNELS, STRIDES, 3, channels=4, norm=None, act=None)
    assert [type(module) for module in head.modules() if not list(module.children())] == [nn.Conv2d, nn.Conv2d]
    a, b = torch.randn(2, 1, 6, 5, 5)
    torch.testing.assert_close(head([a]) + head([b]), head([a + b]) + head([a * 0]))


def test_norm_by_name_or_config():
    norms = [
        ConvHead(CHANNELS, STRIDES, 3, channels=4, norm=norm).convs[0].norm
        for norm in ('BN', dict(type='GN', num_groups=2))
    ]
    assert [type(norm) for norm in norms] == [nn.BatchNorm2d, nn.GroupNorm]


def test_starts_small_also_after_init_weights():
    head = ConvHead(CHANNELS, STRIDES, 50, channels=40)
    head.init_weights()
    assert head.classifier.weight.std().item() == pytest.approx(0.01, rel=0.2)
    assert not head.classifier.bias.any()


def test_every_parameter_gets_a_gradient():
    head = ConvHead(CHANNELS, STRIDES, 3, channels=(4, 4))
    head(FEATURES).square().sum().backward()
    assert not [name for name, p in head.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


def test_even_kernel():
    with pytest.raises(ConfigError, match='kernel_size must be odd.* is 2'):
        ConvHead(CHANNELS, STRIDES, 3, kernel_size=2)
