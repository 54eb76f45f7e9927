"""Dense: its maps, which parameters a task teaches, what flows where, and how many parameters there are."""

import pytest
import torch
from torch import Tensor, nn

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import DenseSegNet, SegNet
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.tasks import Depth, SemSeg

SMALL = (4, 6, 8)
TASKS = ('semseg', 'depth', 'normal')


@pytest.mark.parametrize('size', [(32, 48), (33, 50), (7, 5)])
@pytest.mark.parametrize('tasks', [TASKS, TASKS[:1]])
def test_maps_have_the_declared_shapes(size, tasks):
    backbone = DenseSegNet(tasks, SMALL).eval()
    maps = backbone(torch.randn(2, 3, *size))
    assert tuple(x.shape[1] for x in maps) == backbone.out_channels == (*[4] * len(tasks), 8)
    for x, stride in zip(maps, backbone.strides, strict=True):
        assert x.shape[2:] == tuple(-(-n // stride) for n in size)


def test_without_shared_features_each_task_is_a_separate_segnet():
    backbone, plain = DenseSegNet(TASKS, SMALL).eval(), SegNet(SMALL).eval()
    for ours, theirs in (
        (backbone.task_encoders['depth'], plain.encoder),
        (backbone.task_decoders['depth'], plain.decoder),
    ):
        for level, single in zip(ours, theirs, strict=True):
            state = level.state_dict()
            for name, value in single.state_dict().items():
                if name == '0.0.weight' and state[name].shape != value.shape:  # the first half sees the task's own map
                    value = torch.cat([value, torch.zeros_like(value)], 1)
                state[name] = value
            level.load_state_dict(state)
    images = torch.randn(2, 3, 33, 50)
    maps, expected = backbone(images), plain(images)[0]
    assert torch.allclose(maps[1], expected, atol=1e-6) and not torch.allclose(maps[0], expected, atol=1e-3)


def parameters_with_gradient(backbone: nn.Module, x: Tensor) -> set[str]:
    """Return the names of the parameters on which a map depends."""
    parameters = dict(backbone.named_parameters())
    found = torch.autograd.grad(x.square().sum(), list(parameters.values()), allow_unused=True, retain_graph=True)
    return {name for name, gradient in zip(parameters, found, strict=True) if gradient is not None}


def test_a_task_has_gradients_in_its_own_network_and_the_shared_one():
    backbone = DenseSegNet(TASKS, SMALL)
    *maps, encoded = backbone(torch.randn(2, 3, 32, 32))
    names = {name for name, _ in backbone.named_parameters()}
    shared = {name for name in names if not name.startswith('task_')}
    for task, x in zip(TASKS, maps, strict=True):
        own = {name for name in names if f'_encoders.{task}.' in name or f'_decoders.{task}.' in name}
        assert own and parameters_with_gradient(backbone, x) == shared | own
    assert parameters_with_gradient(backbone, encoded) == {name for name in shared if name.startswith('encoder.')}


def test_every_weight_gets_a_gradient():
    backbone = DenseSegNet(TASKS, SMALL)
    sum(x.square().sum() for x in backbone(torch.randn(2, 3, 32, 32))).backward()
    assert not [name for name, p in backbone.named_parameters() if p.dim() == 4 and not p.grad.abs().sum() > 0]


@pytest.mark.parametrize(('widths', 'count'), [(SMALL, 3), ((64, 128, 256, 512, 512), 2)])
def test_the_number_of_parameters(widths, count):
    with torch.device('meta'):
        backbone, plain = DenseSegNet(TASKS[:count], widths), SegNet(widths)
    leaving = (widths[0], *widths[:-1])
    doubled = 9 * (
        sum(a * b for a, b in zip(widths[:-1], widths[1:], strict=True))  # what the encoders see besides
        + sum(a * b for a, b in zip(widths, leaving, strict=True))
    )
    last = 2 * (9 * widths[0] ** 2 + 3 * widths[0])  # of the shared decoder
    expected = (1 + count) * sum(p.numel() for p in plain.parameters()) + count * doubled - last
    assert sum(p.numel() for p in backbone.parameters()) == expected


def test_the_model_passes_its_tasks():
    tasks = dict(semseg=dict(type=SemSeg, classes=list('abcde')), depth=dict(type=Depth))
    head = dict(type=PerTaskHead, maps_per_task=1, head=dict(type=ConvHead, channels=4))
    model = MultiTaskModel(tasks, dict(type='mmmtl.DenseSegNet', widths=SMALL), head)
    assert list(model.backbone.task_encoders) == list(tasks)
    assert {name: x.shape[1:] for name, x in model(torch.randn(2, 3, 32, 40)).items()} == {
        'semseg': (5, 32, 40),
        'depth': (1, 32, 40),
    }
