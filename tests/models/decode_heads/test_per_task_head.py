"""PerTaskHead: one head for each task, with as many channels as the task has, and exceptions where they are named."""

from types import SimpleNamespace

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models import BatchContext
from mmmtl.models.decode_heads import ASPPHead, ConvHead, PerTaskHead

TASKS = {name: SimpleNamespace(name=name, channels=k) for name, k in dict(semseg=5, depth=1, normal=3).items()}
CHANNELS, STRIDES = (6, 8), (4, 8)
CONTEXT = BatchContext.of({}, torch.zeros(2, 3, 32, 48))
FEATURES = (torch.randn(2, 6, 8, 12), torch.randn(2, 8, 4, 6))


@pytest.mark.parametrize('kind', [ConvHead, 'mmmtl.ConvHead'])
def test_each_task_has_its_channels(kind):
    head = PerTaskHead(TASKS, CHANNELS, STRIDES, head=dict(type=kind, channels=4))
    logits = head(FEATURES, CONTEXT).logits
    assert {name: x.shape for name, x in logits.items()} == {n: (2, t.channels, 8, 12) for n, t in TASKS.items()}


def test_overrides_change_or_replace_and_leave_the_config():
    config = dict(type=ConvHead, channels=(4, 4))
    overrides = dict(depth=dict(channels=(7, 7)), normal=dict(type=ASPPHead, channels=4))
    head = PerTaskHead(TASKS, CHANNELS, STRIDES, head=config, overrides=overrides)
    assert head.heads['semseg'].classifier.in_channels == 4
    assert head.heads['depth'].classifier.in_channels == 7 and len(head.heads['depth'].convs) == 2
    assert isinstance(head.heads['normal'], ASPPHead)
    assert config == dict(type=ConvHead, channels=(4, 4))
    assert overrides == dict(depth=dict(channels=(7, 7)), normal=dict(type=ASPPHead, channels=4))


def test_override_for_an_unknown_task():
    with pytest.raises(ConfigError, match=r"\['dpeth'\].*'depth'"):
        PerTaskHead(TASKS, CHANNELS, STRIDES, head=dict(type=ConvHead), overrides=dict(dpeth={}))


def test_tasks_share_nothing():
    head = PerTaskHead(TASKS, CHANNELS, STRIDES, head=dict(type=ConvHead, channels=4))
    head(FEATURES, CONTEXT).logits['depth'].square().sum().backward()
    touched = {name.split('.')[1] for name, p in head.named_parameters() if p.grad is not None}
    assert touched == {'depth'}


def test_a_task_can_have_its_own_map():
    channels = (4, 5, 6, 9)
    head = PerTaskHead(TASKS, channels, (1, 1, 1, 8), head=dict(type=ConvHead, channels=4), maps_per_task=1)
    maps = [torch.randn(2, width, 8, 12, requires_grad=True) for width in channels]
    logits = head(maps, CONTEXT).logits
    assert {name: x.shape[1] for name, x in logits.items()} == dict(semseg=5, depth=1, normal=3)
    logits['depth'].square().sum().backward()
    assert [x.grad is not None for x in maps] == [False, True, False, False]


def test_fewer_maps_than_tasks():
    with pytest.raises(ConfigError, match='3 tasks, but only 2 maps'):
        PerTaskHead(TASKS, CHANNELS, STRIDES, head=dict(type=ConvHead), maps_per_task=1)
