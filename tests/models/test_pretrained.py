"""Pretrained parts: what fills them is measured, what does not fit is refused, and MMEngine is left as it was."""

from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
from torch import nn

from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.models.backbones import MMSegBackbone
from mmmtl.models.pretrained import loading_pretrained

RESNET = dict(type='mmseg.ResNet', depth=18, base_channels=8, in_channels=3)
SWIN = dict(type='mmseg.SwinTransformer', embed_dims=8, depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 1), window_size=2)
BACKBONES = pytest.mark.parametrize('backbone', [RESNET, SWIN], ids=['resnet', 'swin'])


def build(backbone: dict, file: Path, **options) -> MMSegBackbone:
    return MMSegBackbone(
        {**backbone, 'init_cfg': dict(type='Pretrained', checkpoint=str(file), **options)}, image_size=(64, 64)
    )


@pytest.fixture
def published(request, tmp_path):
    """A file with the weights of another initialisation, as its backbone's authors would publish them."""
    torch.manual_seed(7)
    weights = {
        key: torch.rand_like(value) if value.is_floating_point() else value
        for key, value in MMSegBackbone(request.getfixturevalue('backbone'), image_size=(64, 64))
        .backbone.state_dict()
        .items()
    }

    def write(change=lambda weights: weights) -> Path:
        torch.save({'state_dict': change(dict(weights))}, tmp_path / 'published.pth')
        return tmp_path / 'published.pth'

    write.weights = weights
    return write


@BACKBONES
def test_a_file_that_fits_is_loaded_and_its_head_ignored(backbone, published, monkeypatch):
    lines = []
    monkeypatch.setattr('mmmtl.models.pretrained.print_log', lambda line, logger: lines.append(line))
    part = build(backbone, published(lambda weights: weights | {'head.weight': torch.ones(3, 3)}))
    part.init_weights()
    assert all(torch.equal(value, published.weights[key]) for key, value in part.backbone.state_dict().items())
    count = sum(value.is_floating_point() for value in published.weights.values())
    (line,) = lines
    assert line.endswith(f'{count} of {count} entries, 100.0 % of values, ignored: head.weight') and '.pth -> ' in line


@BACKBONES
@pytest.mark.parametrize(
    'change',
    [
        lambda weights: {f'encoder.{key}': value for key, value in weights.items()},
        lambda weights: {},
    ],
    ids=['other names', 'empty'],
)
def test_a_file_that_fills_nothing_is_refused(backbone, change, published):
    with pytest.raises(CheckpointError, match=r'published\.pth: does not fit backbone \(\w+\)') as caught:
        build(backbone, published(change)).init_weights()
    assert '\n' not in str(caught.value)


@BACKBONES
def test_the_config_states_how_much_has_to_fit(backbone, published):
    def half(weights: dict) -> dict:
        return dict(list(weights.items())[: len(weights) // 2])

    with pytest.raises(CheckpointError, match=r' entries, \d+\.\d % of values, not filled: .*at least 90 % are'):
        build(backbone, published(half)).init_weights()
    part = build(backbone, published(half), min_matched=0.01)
    part.init_weights()
    filled = half(published.weights)
    assert all(torch.equal(value, filled[key]) for key, value in part.backbone.state_dict().items() if key in filled)


@BACKBONES
def test_shapes_that_differ_are_not_filled(backbone, published):
    def wider(weights: dict) -> dict:
        return {key: torch.ones(*value.shape, 2) if value.ndim > 1 else value for key, value in weights.items()}

    with pytest.raises(CheckpointError, match='does not fit backbone'):
        build(backbone, published(wider)).init_weights()


@BACKBONES
@pytest.mark.parametrize('fraction', [-0.1, 1.5, 'most'])
def test_a_fraction_is_one(backbone, fraction, published):
    with pytest.raises(ConfigError, match=f'min_matched: expected a number from 0 to 1, found {fraction!r}'):
        build(backbone, published(), min_matched=fraction).init_weights()


class Part(BaseModule):
    """A part that loads by MMEngine's initialiser, inside another that does so too."""

    def __init__(self, inner: nn.Module | None = None, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.layer = nn.Linear(3, 2)
        self.inner = inner


def test_each_of_nested_parts_is_measured_by_itself(tmp_path):
    inner = {f'layer.{key}': torch.full_like(value, 5) for key, value in nn.Linear(3, 2).state_dict().items()}
    outer = {f'net.{key}': torch.full_like(value, 6) for key, value in inner.items()}
    torch.save(inner, tmp_path / 'inner.pth')
    torch.save(outer, tmp_path / 'outer.pth')
    model = Part(
        Part(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'inner.pth'))),
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'outer.pth'), prefix='net.', min_matched=0.5),
    )
    with loading_pretrained(model):
        model.init_weights()
    assert model.layer.weight.eq(6).all() and model.inner.layer.weight.eq(5).all()
    with loading_pretrained(model):  # a second time, MMEngine initialises nothing
        model.init_weights()


def test_patches_of_mmengine_are_undone(tmp_path):
    before = CheckpointLoader._schemes
    model = Part(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'absent.pth')))
    with pytest.raises(CheckpointError, match='no such checkpoint'), loading_pretrained(model):
        model.init_weights()
    assert CheckpointLoader._schemes is before and not model._load_state_dict_pre_hooks


def test_an_error_that_no_file_caused_stays_what_it_is():
    with pytest.raises(KeyError, match='ours'), loading_pretrained(Part()):
        raise KeyError('ours')
