"""The contract of a decode head: ours keep it, and each way to break it is named."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmmtl.models import DecodeHead, HeadOutput, IntermediateStage, SizeConstraint, decode_heads
from mmmtl.models.decode_heads import (
    ATRCHead,
    FPNHead,
    HRNetHead,
    InvPTHead,
    MemoryExpertsHead,
    MLoREHead,
    MTINetHead,
    PADNetHead,
    PerTaskHead,
)
from mmmtl.testing import check_decode_head
from mmmtl.testing.batches import TASKS

TASK_HEADS = {
    'ConvHead': dict(channels=4),
    'ASPPHead': dict(channels=4, low_level_index=0),
    'MultiTapHead': dict(channels=6),
    'SideOutputHead': dict(side_weight=0.5),
    'SymmetricDecoder': {},
}
BY_CLASSES = dict(
    depth=dict(normal='t-label', depth='global', saliency='s-label'),
    saliency=dict(normal='s-label'),
    normal=dict(depth='t-label', saliency='none'),
)
HEADS = {
    'FPNHead': partial(FPNHead, channels=4),
    'HRNetHead': HRNetHead,
    'PADNetHead': partial(PADNetHead, channels=8),
    'MTINetHead': MTINetHead,
    'MemoryExpertsHead': partial(MemoryExpertsHead, channels=6, num_experts=3),
    'MemoryExpertsHead, all': partial(MemoryExpertsHead, channels=6, num_experts=3, reads='all'),
    'MLoREHead': partial(
        MLoREHead, image_size=(32, 48), channels=8, experts=dict(ranks=(1, 2, 3), task_rank=2, top_k=2)
    ),
    'ATRCHead': ATRCHead,
    'ATRCHead by classes': partial(ATRCHead, genotype=BY_CLASSES),
    'ATRCHead within tasks': partial(ATRCHead, genotype={}),
    'InvPTHead': partial(InvPTHead, channels=16, intermediate_channels=8),
    'InvPTHead within tasks': partial(InvPTHead, channels=16, intermediate_channels=8, messages=False),
    **{name: partial(PerTaskHead, head=dict(type=f'mmmtl.{name}', **options)) for name, options in TASK_HEADS.items()},
}


def test_every_head_is_checked():
    assert set(HEADS) | {'PerTaskHead', 'DecodeHead', 'TaskHead', 'HeadOutput', 'IntermediateStage'} >= set(
        decode_heads.__all__
    )


@pytest.mark.parametrize('name', HEADS)
def test_our_heads_keep_it(name):
    check_decode_head(HEADS[name])


def test_our_heads_with_a_map_per_task_keep_it():
    head = dict(type='mmmtl.ConvHead', channels=4)
    check_decode_head(
        partial(PerTaskHead, head=head, maps_per_task=1),
        in_channels=(4, 5, 6, 9),
        strides=(2, 2, 2, 8),
        one_map_per_task=True,
    )


class Right(DecodeHead):
    """A shared convolution, intermediate predictions from it, and final ones from these and a second convolution."""

    def __init__(self, tasks, in_channels, strides):
        super().__init__(tasks, in_channels, strides)
        self.shared = nn.Conv2d(in_channels[0], 6, 1)
        self.first = nn.ModuleDict({name: nn.Conv2d(6, task.channels, 1) for name, task in tasks.items()})
        self.last = nn.ModuleDict(
            {name: nn.Conv2d(6 + task.channels, task.channels, 3, padding=1) for name, task in tasks.items()}
        )

    @property
    def intermediate_stages(self):
        return {'first': IntermediateStage(self.tasks, weight=0.5)}

    @property
    def aux_names(self):
        return frozenset({'shared'})

    def forward(self, features, context):
        x = self.shared(features[0]).relu()
        first = {name: layer(x) for name, layer in self.first.items()}
        last = {name: layer(torch.cat([x, first[name]], 1)) for name, layer in self.last.items()}
        return HeadOutput(last, {'first': first}, {'shared': x})


def test_a_right_one_passes():
    check_decode_head(Right)


class Multiple(Right):
    """Halves and doubles the size, which fits even heights and widths of features only."""

    size_constraint = SizeConstraint(multiple=8)

    def forward(self, features, context):
        x = features[0]
        small = F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)
        return super().forward((x + small, *features[1:]), context)


class Fixed(Right):
    """Weights for each position of one size."""

    size_constraint = SizeConstraint(fixed=(32, 64))

    def __init__(self, tasks, in_channels, strides):
        super().__init__(tasks, in_channels, strides)
        self.position = nn.Parameter(torch.zeros(in_channels[0], 8, 16))

    def forward(self, features, context):
        return super().forward((features[0] + self.position, *features[1:]), context)


@pytest.mark.parametrize('head', [Multiple, Fixed])
def test_a_stated_size_is_obeyed(head):
    check_decode_head(head)
    unstated = type('Unstated', (head,), {'size_constraint': SizeConstraint()})
    with pytest.raises(AssertionError, match=r'RuntimeError: The size of tensor'):
        check_decode_head(unstated)


def mutation(change):
    """A head whose output is changed."""

    class Wrong(Right):
        def forward(self, features, context):
            return change(self, super().forward(features, context), features)

    return Wrong


def with_logits(output, **logits):
    return HeadOutput({**output.logits, **logits}, output.intermediate, output.aux)


class Unused(Right):
    def __init__(self, tasks, in_channels, strides):
        super().__init__(tasks, in_channels, strides)
        self.extra = nn.Conv2d(3, 3, 1)


class ByPosition(Right):
    """Takes the channels of the first task for all others of as many."""

    def forward(self, features, context):
        output = super().forward(features, context)
        first = next(iter(self.tasks))
        scale = 2 if first == 'saliency' else 1
        return with_logits(output, **{first: scale * output.logits[first]})


class Normalized(Right):
    def forward(self, features, context):
        mean = features[0].mean((0, 2, 3), keepdim=True)
        return super().forward((features[0] - mean, *features[1:]), context)


class NoDivision(Right):
    def forward(self, features, context):
        return super().forward((features[0] / features[0].std((1, 2, 3), keepdim=True), *features[1:]), context)


class Half(Right):
    """Squares that bfloat16 rounds away."""

    def forward(self, features, context):
        output = super().forward(features, context)
        x = features[0].mean(1, keepdim=True).bfloat16() if torch.is_autocast_enabled('cpu') else None
        shift = 0 if x is None else 1000 * x.float().abs()
        return with_logits(output, depth=output.logits['depth'] + shift)


class Counting(Right):
    def __init__(self, tasks, in_channels, strides):
        super().__init__(tasks, in_channels, strides)
        self.calls = 0

    def forward(self, features, context):
        self.calls += 1
        output = super().forward(features, context)
        return with_logits(output, depth=output.logits['depth'] + self.calls)


class InPlace(Right):
    def forward(self, features, context):
        if not features[0].requires_grad:
            features[0].mul_(2)
        return super().forward(features, context)


class Hidden(Right):
    """Keeps weights outside of the state dict."""

    def __init__(self, tasks, in_channels, strides):
        super().__init__(tasks, in_channels, strides)
        self.register_buffer('offset', torch.randn(1), persistent=False)

    def forward(self, features, context):
        output = super().forward(features, context)
        return with_logits(output, depth=output.logits['depth'] + self.offset)


@pytest.mark.parametrize(
    ('head', 'message'),
    [
        (mutation(lambda head, out, x: dict(out.logits)), 'forward returns a dict, expected a HeadOutput'),
        (
            mutation(lambda head, out, x: with_logits(out, depth=out.logits['normal'])),
            r'the logits of depth have shape \(5, 3, 8, 12\), expected \(5, 1, h, w\)',
        ),
        (
            mutation(lambda head, out, x: HeadOutput({'depth': out.logits['depth']}, out.intermediate, out.aux)),
            r"returns logits of \['depth'\], expected \['depth', 'normal', 'saliency'\]",
        ),
        (
            mutation(lambda head, out, x: with_logits(out, depth=out.logits['depth'].mean(2, keepdim=True))),
            'the logits of depth has size',
        ),
        (
            mutation(lambda head, out, x: with_logits(out, depth=out.logits['depth'].detach())),
            'the logits of depth are not connected to the graph',
        ),
        (
            mutation(lambda head, out, x: with_logits(out, depth=out.logits['depth'] / 0)),
            'the logits of depth are not finite',
        ),
        (Unused, 'its parameter extra.weight is not connected to any output'),
        (ByPosition, 'the logits of saliency change with the order of the tasks'),
        (Normalized, 'depends on the rest of the batch'),
        (NoDivision, 'is not finite for inputs of 0'),
        (Half, 'the logits of depth changes by .* of its norm under autocast'),
        (Counting, 'the logits of depth'),
        (InPlace, 'feature 0 is changed in place'),
        (Hidden, 'the logits of depth differs after loading the state dict'),
        (
            mutation(lambda head, out, x: HeadOutput(out.logits, {}, out.aux)),
            r"in training, it returns the stages \[\], not \['first'\]",
        ),
        (
            mutation(
                lambda head, out, x: HeadOutput(out.logits, {'first': out.logits | {'x': out.logits['depth']}}, out.aux)
            ),
            'first has logits of',
        ),
        (
            mutation(
                lambda head, out, x: HeadOutput(
                    out.logits, {'first': out.intermediate['first'] | {'depth': out.logits['normal']}}, out.aux
                )
            ),
            r'first of depth have shape \(5, 3, 8, 12\)',
        ),
        (
            mutation(lambda head, out, x: HeadOutput(out.logits, out.intermediate)),
            r"returns the auxiliary maps \[\], not \['shared'\]",
        ),
        (nn.Identity, 'is not a mmmtl.models.DecodeHead'),
    ],
)
def test_a_broken_head_is_named(head, message):
    if head is nn.Identity:
        head = lambda tasks, in_channels, strides: nn.Identity()  # noqa: E731
    with pytest.raises(AssertionError, match=message):
        check_decode_head(head)


def test_other_tasks_and_features():
    check_decode_head(HRNetHead, tasks={'depth': TASKS['depth']}, in_channels=(3,), strides=(2,))
