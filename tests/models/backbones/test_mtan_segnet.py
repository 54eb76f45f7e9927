"""MTAN: its maps, the masks, what learns from which task, and how many parameters there are."""

import pytest
import torch
from torch import Tensor, nn

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import MTANSegNet, SegNet
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.tasks import Depth, Normal, SemSeg

SMALL = (4, 6, 8)
TASKS = ('semseg', 'depth', 'normal')


def open_masks(backbone: MTANSegNet) -> None:
    """Every mask is 1 everywhere."""
    for part in (backbone.encoder_attention, backbone.decoder_attention):
        for masks in part.values():
            for mask in masks:
                nn.init.zeros_(mask[-2].weight)
                nn.init.constant_(mask[-2].bias, 50.0)


@pytest.mark.parametrize('size', [(32, 48), (33, 50), (7, 5)])
@pytest.mark.parametrize('tasks', [TASKS, TASKS[:1]])
def test_maps_have_the_declared_shapes(size, tasks):
    backbone = MTANSegNet(tasks, SMALL).eval()
    maps = backbone(torch.randn(2, 3, *size))
    assert tuple(x.shape[1] for x in maps) == backbone.out_channels == (*[4] * len(tasks), 8)
    assert backbone.strides == (*[1] * len(tasks), 8)
    for x, stride in zip(maps, backbone.strides, strict=True):
        assert x.shape[2:] == tuple(-(-n // stride) for n in size)


def test_masks_of_one_leave_the_shared_map():
    backbone, plain = MTANSegNet(TASKS, SMALL), SegNet(SMALL)
    open_masks(backbone)
    missing, unexpected = backbone.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected and not any(name.split('.')[0] in ('encoder', 'decoder') for name in missing)
    images = torch.randn(2, 3, 32, 32)
    *maps, encoded = backbone.eval()(images)
    decoded, expected = plain.eval()(images)
    assert all(torch.allclose(x, decoded, rtol=1e-5) for x in maps) and torch.equal(encoded, expected)


def test_a_closed_mask_stops_its_task_alone():
    backbone = MTANSegNet(TASKS, SMALL).eval()
    images = torch.randn(2, 3, 16, 16)
    before = backbone(images)
    last = backbone.decoder_attention['depth'][0]
    nn.init.zeros_(last[-2].weight)
    nn.init.constant_(last[-2].bias, -200.0)
    after = backbone(images)
    assert not after[1].any() and before[1].any()
    assert all(torch.equal(after[place], before[place]) for place in (0, 2, 3))


def gradients(backbone: nn.Module, maps: Tensor) -> set[str]:
    """Names of the parameters that a map teaches."""
    parameters = dict(backbone.named_parameters())
    found = torch.autograd.grad(maps.square().sum(), list(parameters.values()), allow_unused=True, retain_graph=True)
    return {name for name, gradient in zip(parameters, found, strict=True) if gradient is not None}


def test_a_task_has_gradients_in_its_own_attention_and_all_shared_layers():
    backbone = MTANSegNet(TASKS, SMALL)
    *maps, encoded = backbone(torch.randn(2, 3, 32, 32))
    shared = {name for name, _ in backbone.named_parameters() if '_attention.' not in name}
    for task, x in zip(TASKS, maps, strict=True):
        own = {name for name, _ in backbone.named_parameters() if f'_attention.{task}.' in name}
        assert own and gradients(backbone, x) == shared | own
    assert gradients(backbone, encoded) == {name for name in shared if name.startswith('encoder.')}


def test_every_weight_gets_a_gradient():
    backbone = MTANSegNet(TASKS, SMALL)
    sum(x.square().sum() for x in backbone(torch.randn(2, 3, 32, 32))).backward()
    assert not [name for name, p in backbone.named_parameters() if p.dim() == 4 and not p.grad.abs().sum() > 0]


@pytest.mark.parametrize(('widths', 'count'), [(SMALL, 3), ((64, 128, 256, 512, 512), 2)])
def test_the_number_of_parameters(widths, count):
    """Written out: conv weights and biases plus two per channel of batch norm."""
    with torch.device('meta'):
        backbone, plain = MTANSegNet(TASKS[:count], widths), SegNet(widths)
    leaving = (widths[0], *widths[:-1])
    following = (*widths[1:], widths[-1])
    per_task = shared = 0
    for number, (width, leave, follow) in enumerate(zip(widths, leaving, following, strict=True)):
        entering = width if number == 0 else 2 * width
        per_task += entering * width + width * width + 6 * width
        per_task += (width + leave) * leave + leave * leave + 6 * leave
        shared += 9 * width * follow + 3 * follow + 9 * width * leave + 3 * leave
    expected = sum(p.numel() for p in plain.parameters()) + shared + count * per_task
    assert sum(p.numel() for p in backbone.parameters()) == expected


def test_the_model_passes_its_tasks():
    tasks = dict(semseg=dict(type=SemSeg, classes=list('abcde')), depth=dict(type=Depth), normal=dict(type=Normal))
    head = dict(type=PerTaskHead, maps_per_task=1, head=dict(type=ConvHead, channels=4))
    for kind in (MTANSegNet, 'mmmtl.MTANSegNet'):
        model = MultiTaskModel(tasks, dict(type=kind, widths=SMALL), head)
        assert list(model.backbone.encoder_attention) == list(tasks)
        logits = model(torch.randn(2, 3, 32, 40))
        assert {name: x.shape[1:] for name, x in logits.items()} == {
            'semseg': (5, 32, 40),
            'depth': (1, 32, 40),
            'normal': (3, 32, 40),
        }
