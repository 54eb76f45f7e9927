"""Frozen backbones: only the adaptation is trained, separately per task, starting from the features of the backbone."""

import copy
import io

import pytest
import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import CrossStitchSegNet, FrozenBackbone, ResizedInput, SegNet, TimmBackbone
from mmmtl.models.backbones.low_rank_update import LowRankUpdate
from mmmtl.models.decode_heads import ConvHead, MLoREHead, PerTaskHead
from mmmtl.tasks import Depth, Normal

TASKS = ('depth', 'normal')
VIT = dict(type=TimmBackbone, model_name='test_vit', out_indices=(1, 3))
RESNET = dict(type=TimmBackbone, model_name='test_resnet', out_indices=(1, 2))
SWIN = dict(type=TimmBackbone, model_name='swin_tiny_patch4_window7_224', out_indices=(0, 1))
SEGNET = dict(type=SegNet, widths=(4, 6))
CASES = [*(('lora', x) for x in (VIT, RESNET, SEGNET)), *(('adapter', x) for x in (VIT, RESNET, SEGNET))]
every_case = pytest.mark.parametrize(('method', 'backbone'), CASES)


def frozen(method: str, backbone: dict, **options) -> FrozenBackbone:
    torch.manual_seed(0)
    adapted = FrozenBackbone(TASKS, backbone, method=method, **options)
    for layer in adapted.backbone.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # the last ones of a ResNet begin at 0 and block the gradient
            torch.nn.init.ones_(layer.weight)
    return adapted


def images(count: int = 2) -> Tensor:
    return torch.randn(count, 3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(('method', 'backbone'), [*CASES, ('lora', SWIN)])
def test_each_task_begins_with_the_features_of_the_backbone(method, backbone):
    adapted = frozen(method, backbone).train()
    with torch.no_grad():
        features, plain = adapted(images()), adapted.backbone(images())
    assert len(features) == len(adapted.out_channels) == len(adapted.strides) == 2 * len(plain)
    for found, expected in zip(features, (*plain, *plain), strict=True):
        assert torch.equal(found, expected)


@every_case
def test_only_the_adaptation_learns(method, backbone):
    adapted = frozen(method, backbone).train()
    before = copy.deepcopy(adapted.state_dict())
    optimizer = torch.optim.AdamW(adapted.parameters(), lr=1e-3, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        sum(x.square().mean() for x in adapted(images())).backward()
        optimizer.step()
    for name, parameter in adapted.named_parameters():
        assert parameter.requires_grad == name.startswith('tuned.'), name
        assert (parameter.grad is not None) == name.startswith('tuned.'), name
    for name, value in adapted.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith('tuned.'), name


@every_case
def test_tasks_are_independent(method, backbone):
    adapted = frozen(method, backbone)
    expected = adapted(images())
    with torch.no_grad():
        for parameter in adapted.tuned['normal'].parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    found, count = adapted(images()), len(expected) // 2
    assert all(torch.equal(a, b) for a, b in zip(found[:count], expected[:count], strict=True))
    assert not any(torch.allclose(a, b) for a, b in zip(found[count:], expected[count:], strict=True))


@pytest.mark.parametrize('layers', [None, r'\.attn\.'])
def test_parameters_of_lora(layers):
    """r (in + out) per layer: patches, and in each block 64 -> 192 and 64 -> 64 of the attention, and the MLP."""
    adapted = frozen('lora', VIT, rank=3, layers=layers)
    blocks = adapted.backbone.model.model.blocks
    hidden = blocks[0].mlp.fc1.out_features
    block = (64 + 192) + (64 + 64) + (0 if layers else 2 * (64 + hidden))
    learned = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    patches = 0 if layers else 3 * 16 * 16 + 64
    assert learned == 2 * 3 * (len(blocks) * block + patches)


def test_parameters_of_adapters():
    """2 C r weights, r + C biases and a factor per feature."""
    adapted = frozen('adapter', RESNET, rank=5)
    learned = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    assert learned == 2 * sum(2 * c * 5 + 5 + c + 1 for c in adapted.backbone.out_channels)


def product(update: LowRankUpdate) -> Tensor:
    up, down = update.up.weight, update.down.weight
    return up @ down if up.dim() == 2 else torch.einsum('ir,rjhw->ijhw', up[..., 0, 0], down)


@pytest.mark.parametrize('backbone', [VIT, RESNET])
def test_an_update_is_a_change_of_the_weights(backbone):
    adapted = frozen('lora', backbone, rank=3, scale=6)
    updates = adapted.tuned['depth']
    with torch.no_grad():
        for parameter in updates.parameters():
            parameter.normal_(std=0.03)
    found = adapted(images())[:2]
    merged = copy.deepcopy(adapted.backbone)
    for layer in merged.modules():
        layer._forward_hooks.clear()
    with torch.no_grad():
        for key, update in updates.items():
            merged.get_submodule(key.replace('/', '.')).weight.add_(2 * product(update))
        for one, other in zip(found, merged(images()), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@every_case
def test_a_checkpoint_restores_the_features(method, backbone):
    adapted, other = frozen(method, backbone), FrozenBackbone(TASKS, backbone, method=method)
    with torch.no_grad():
        for parameter in adapted.tuned.parameters():
            parameter.normal_(std=0.1)
    file = io.BytesIO()
    torch.save(adapted.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert all(torch.equal(a, b) for a, b in zip(adapted(images()), other(images()), strict=True))


def test_copies_are_independent():
    """As for the averaged copy of a model."""
    adapted = frozen('lora', VIT)
    copied = copy.deepcopy(adapted)
    with torch.no_grad():
        for parameter in copied.tuned.parameters():
            parameter.normal_(std=0.1)
    changed, plain = copied(images())[1], copied.backbone(images())[1]
    assert not torch.allclose(changed, plain)
    assert torch.equal(adapted(images())[1], plain)


def test_in_a_model():
    tasks = dict(depth=dict(type=Depth), normal=dict(type=Normal))
    backbone = dict(type=FrozenBackbone, backbone=VIT)
    model = MultiTaskModel(
        tasks, backbone, dict(type=PerTaskHead, head=dict(type=ConvHead, channels=4), maps_per_task=2)
    )
    model.init_weights()
    assert model.eval()(images()[..., :50, :70])['normal'].shape == (2, 3, 50, 70)


def test_a_frozen_backbone_that_resizes_images_takes_any_size():
    resized = dict(type=ResizedInput, backbone=VIT, size=(32, 64))
    head = dict(type=MLoREHead, image_size=(32, 64), channels=8, experts=dict(ranks=(2, 2), task_rank=2, top_k=1))
    backbone = dict(type=FrozenBackbone, backbone=resized, method='adapter')
    model = MultiTaskModel({name: dict(type=Depth) for name in TASKS}, backbone, head).eval()
    assert model(torch.randn(1, 3, 50, 70))['depth'].shape == (1, 1, 50, 70)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(method='prompts'), "lora, adapter, found 'prompts'"),
        (dict(rank=0), 'at least 1, found 0'),
        (dict(layers='attention'), "no layer for LoRA matches 'attention'; the layers are model.model.patch_embed"),
        (dict(layers='attn('), 'not a regular expression'),
        (dict(backbone=dict(type=CrossStitchSegNet, widths=(4,))), 'CrossStitchSegNet already returns features per'),
        (dict(backbone=dict(type='mmmtl.ConvHead')), 'FrozenBackbone.backbone: ConvHead is not a Backbone'),
    ],
)
def test_invalid_options(options, message):
    with pytest.raises(ConfigError, match=message):
        FrozenBackbone(TASKS, **{'backbone': VIT, **options})
