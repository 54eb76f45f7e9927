"""Costs by hand, and for every family of recipes."""

import pytest
import torch
from tool_process import CONFIGS
from torch import nn

from mmmtl.apis import init_model, load_config
from mmmtl.cli.main import main
from mmmtl.experiments.model_cost import model_cost
from mmmtl.models import Backbone, MultiTaskModel
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.tasks import Depth


class Pointwise(Backbone):
    """A backbone of one 1 x 1 convolution."""

    out_channels, strides = (4,), (1,)

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1, bias=False)

    def forward(self, images):
        return (self.conv(images),)


@pytest.fixture
def model():
    return init_model(CONFIGS / 'tiny_rooms.py')


def test_costs_by_hand():
    model = MultiTaskModel(
        tasks=dict(depth=dict(type=Depth)),
        backbone=dict(type=Pointwise),
        decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, in_index=0, channels=4)),
    )
    costs = {cost.name: cost for cost in model_cost(model, (8, 10))[:2]}
    assert costs['backbone'].parameters == 12
    assert costs['backbone'].flops == 2 * 12 * 80
    assert costs['backbone'].activations == 4 * 80


@pytest.mark.parametrize('factor', [2, 3])
def test_costs_grow_with_the_area(model, factor):
    small, large = model_cost(model, (32, 48)), model_cost(model, (32 * factor, 48 * factor))
    for one, other in zip(small, large, strict=True):
        assert other.parameters == one.parameters
        assert other.flops == factor**2 * one.flops and other.activations == factor**2 * one.activations


def test_parts_add_up_and_the_model_is_unchanged(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    frozen = next(model.parameters()).requires_grad_(False)
    whole, *parts = model_cost(model.train(), (32, 40))
    assert [parameter for parameter in model.parameters() if not parameter.requires_grad] == [frozen]
    top = [part for part in parts if '.' not in part.name]
    assert sum(part.flops for part in top) == whole.flops > 0
    assert sum(part.parameters for part in top) == whole.parameters == sum(p.numel() for p in model.parameters())
    heads = [part for part in parts if part.name.startswith('decode_head.heads.')]
    assert {part.name.rpartition('.')[2] for part in heads} == set(model.tasks)
    assert model.training and all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    'recipe',
    [
        'baseline/multitap_vit_s16_b16_10k_rooms_pairs_full',
        'cvm/cvm_resnet18_b8_540i_two_view_pairs_full',
        'baseline/aspp_hrnet_w18s_b8_2e_rooms_full',
        'soft_sharing/segnet.py::mtan_rooms',
        'decoders/rooms.py::memory_experts',  # a parameter is the input of a module
    ],
)
def test_recipes(recipe, capsys):
    main(['flops', recipe, '--size', '64', '96'])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('one image of 64 x 96') and lines[2].startswith('all')
    assert len(lines) > 5 and 'model' in load_config(recipe)


def test_without_a_model(capsys):
    with pytest.raises(SystemExit):
        main(['flops', str(CONFIGS.parents[1] / 'configs/_base_/datasets/rooms_small.py')])
    assert 'give a recipe and --size H W' in capsys.readouterr().err


def test_a_size_that_is_none(capsys):
    with pytest.raises(SystemExit) as end:
        main(['flops', str(CONFIGS / 'tiny_rooms.py'), '--size', '0', '48'])
    assert end.value.code == 2 and '--size: expected a whole number of at least 1' in capsys.readouterr().err
