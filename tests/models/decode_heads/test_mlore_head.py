"""MLoREHead: the contract at its image size, published sizes, what tasks share, gradients, one size only."""

from functools import partial

import pytest
import torch
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models import BatchContext
from mmmtl.models.backbones import ViTBackbone
from mmmtl.models.decode_heads import MLoREHead
from mmmtl.tasks import Depth, Edge, HumanParts, Normal, Saliency, SemSeg
from mmmtl.testing import check_decode_head

TASKS = dict(depth=Depth('depth'), normal=Normal('normal'))
EXPERTS = dict(ranks=(1, 2, 3), task_rank=2, top_k=2)
PASCAL = dict(ranks=range(16, 129, 8), task_rank=72, mask='weights')
SIZE = (32, 48)
NYUD_TASKS = dict(
    semseg=SemSeg('semseg', [str(i) for i in range(40)]),
    depth=Depth('depth'),
    normal=Normal('normal'),
    edge=Edge('edge'),
)
PASCAL_TASKS = dict(
    semseg=SemSeg('semseg', [str(i) for i in range(21)]),
    human_parts=HumanParts('human_parts'),
    saliency=Saliency('saliency'),
    normal=Normal('normal'),
    edge=Edge('edge'),
)


def make_head(**options) -> MLoREHead:
    torch.manual_seed(0)
    return MLoREHead(TASKS, (6, 8), (8, 16), **dict(image_size=SIZE, channels=8, experts=EXPERTS) | options)


def features(count: int = 2) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 6, 4, 6, generator=generator), torch.randn(count, 8, 2, 3, generator=generator)


CONTEXT = BatchContext.of(TASKS, torch.zeros(2, 3, *SIZE))


def test_noise_in_training_only():
    def gates(head: MLoREHead, seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return head(features(), CONTEXT).aux['gates']

    head = make_head().train()
    assert torch.equal(gates(head, 1), gates(head, 1)) and not torch.equal(gates(head, 1), gates(head, 2))
    quiet = make_head(experts=EXPERTS | dict(noise=False)).train()
    assert torch.equal(gates(quiet, 1), gates(quiet, 2))
    head.eval()
    assert torch.equal(gates(head, 1), gates(head, 2))


@pytest.mark.parametrize('in_channels', [(8, 12, 16), (6,)])
def test_the_second_published_form_and_one_feature_keep_the_contract(in_channels):
    head = partial(MLoREHead, image_size=SIZE, channels=8, experts=EXPERTS | dict(mask='weights'))
    check_decode_head(head, in_channels=in_channels, strides=(4, 8, 16)[-len(in_channels) :])


def test_tasks_share_weights_but_no_features():
    """The logits of a task depend on the layers and features of this task and on shared weights, nothing else."""
    head = make_head().eval()
    before = head(features(), CONTEXT).logits
    with torch.no_grad():
        for blocks in head.blocks:
            for block in blocks:
                for parameter in block.tasks['depth'].parameters():
                    parameter.add_(1)
    after = head(features(), CONTEXT).logits
    assert torch.equal(after['normal'], before['normal']) and not torch.allclose(after['depth'], before['depth'])
    nn.init.ones_(head.blocks[0][0].experts.down.weight)
    moved = head(features(), CONTEXT).logits
    assert not any(torch.allclose(moved[name], after[name]) for name in TASKS)


def test_both_blocks_and_all_features_matter():
    head = make_head().train()
    output = head(features(), CONTEXT)
    assert output.aux['gates'].shape == (2, 2, 2, 3)
    assert {name: tuple(x.shape) for name, x in output.logits.items()} == dict(
        depth=(2, 1, 8, 12), normal=(2, 3, 8, 12)
    )
    sum(x.square().sum() for x in output.logits.values()).backward()
    assert not [name for name, parameter in head.named_parameters() if parameter.grad is None]


@pytest.mark.parametrize(
    ('tasks', 'size', 'options', 'published'),
    [
        (NYUD_TASKS, (448, 576), {}, 551_625_533),
        (PASCAL_TASKS, (512, 512), dict(channels=452, experts=PASCAL), 407_690_406),
    ],
    ids=['NYUD', 'PASCAL'],
)
def test_published_numbers_of_parameters(tasks, size, options, published):
    with torch.device('meta'):
        vit = ViTBackbone('vit_large_patch16_384', out_indices=(5, 11, 17, 23), img_size=size, class_token=False)
        head = MLoREHead(tasks, vit.out_channels, vit.strides, image_size=size, **options)
    unused_position = vit.out_channels[0]  # of the class token, which the released code keeps and skips
    live = sum(parameter.numel() for part in (vit, head) for parameter in part.parameters())
    assert live + unused_position == published


def test_images_of_another_size():
    assert make_head().size_constraint.fixed == SIZE


@pytest.mark.parametrize(
    ('experts', 'message'),
    [(dict(rank=3), 'MLoREHead.experts has no option rank'), (dict(top_k=99), 'top_k must be between 1')],
)
def test_wrong_options(experts, message):
    with pytest.raises(ConfigError, match=message):
        make_head(experts=experts)
