"""The head on several maps of one stride: sizes, parameters, and that every map reaches the logits."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models import BatchContext
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead
from mmmtl.tasks import Depth, SemSeg


def features(channels: int = 8, size: tuple[int, int] = (3, 5), taps: int = 4) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    return tuple(torch.randn(2, channels, *size, requires_grad=True) for _ in range(taps))


@pytest.mark.parametrize(('stride', 'size'), [(4, (12, 20)), (8, (6, 10)), (16, (3, 5))])
def test_logits_have_the_requested_stride(stride, size):
    assert MultiTapHead((8,) * 4, (16,) * 4, 3, stride=stride)(features()).shape == (2, 3, *size)


def test_maps_of_different_sizes_meet_at_one():
    head = MultiTapHead((8, 16), (8, 16), 3, channels=10)
    assert head((torch.randn(1, 8, 6, 4), torch.randn(1, 16, 3, 2))).shape == (1, 3, 12, 8)


def test_every_map_and_every_parameter_matters():
    maps, head = features(), MultiTapHead((8,) * 4, (16,) * 4, 3)
    head(maps).square().sum().backward()
    assert all(x.grad.abs().sum() > 0 for x in maps)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in head.parameters())


def test_parameters_are_those_of_sak():
    """Four heads on ViT-L: 42.0 M; on the 1280 channels that CvM joins: 65.6 M."""

    def count(channels: int) -> int:
        with torch.device('meta'):
            heads = [MultiTapHead((channels,) * 4, (16,) * 4, outputs) for outputs in (40, 1, 3, 1)]
        return sum(p.numel() for head in heads for p in head.parameters())

    assert round(count(1024) / 1e6, 1) == 42.0 and round(count(1280) / 1e6, 1) == 65.6


def test_maps_are_mixed_before_the_prediction_layer():
    """The linear layers, the resize and the 3x3 convolution are linear; normalisation and GELU are not."""
    head = MultiTapHead((8,) * 4, (16,) * 4, 3).eval()
    one, two = features(), features(size=(3, 5))
    joined = head(tuple(a + b for a, b in zip(one, two, strict=True)))
    assert not torch.allclose(joined, head(one) + head(two), atol=1e-4)
    assert isinstance(head.fuse[1], torch.nn.BatchNorm2d) and isinstance(head.fuse[2], torch.nn.GELU)


def test_one_for_each_task():
    tasks = {'semseg': SemSeg('semseg', classes='abc'), 'depth': Depth('depth')}
    head = PerTaskHead(tasks, (8,) * 4, (16,) * 4, head=dict(type=MultiTapHead))
    logits = head(features(), BatchContext.of(tasks, torch.zeros(2, 3, 32, 48))).logits
    assert {name: value.shape[1] for name, value in logits.items()} == {'semseg': 3, 'depth': 1}


def test_width_that_cannot_be_shared_out():
    with pytest.raises(ConfigError, match='multiple of the 4 maps, found 10'):
        MultiTapHead((8,) * 4, (16,) * 4, 3, channels=10)
