"""Decode heads that relate tasks: two processes learn what one learns, and every parameter contributes to the loss."""

import pytest
import torch
from small_model import losses_of, make_batch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD
from two_processes import run_in_two, work

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import ViTBackbone
from mmmtl.tasks import Depth, Normal, SemSeg

TASKS = dict(depth=dict(type=Depth), normal=dict(type=Normal), semseg=dict(type=SemSeg, classes='abcd'))
HEADS = {
    'InvPTHead': dict(type='mmmtl.InvPTHead', channels=16, intermediate_channels=8),
    'ATRCHead': dict(
        type='mmmtl.ATRCHead',
        channels=8,
        dropout=0.0,
        genotype=dict(depth=dict(normal='global', semseg='s-label'), normal=dict(depth='t-label')),
    ),
}
SHOWN = (('depth', 'normal', 'semseg'), ('semseg',), ('depth',), ('normal', 'semseg'))


class Losses(nn.Module):
    """The total loss of the images from ``first`` to ``last``, as the module that DDP wraps."""

    def __init__(self, head: dict) -> None:
        super().__init__()
        torch.manual_seed(0)
        backbone = dict(type=ViTBackbone, model_name='test_vit', out_indices=(1, 3, 5))
        self.model = MultiTaskModel(TASKS, backbone, head).eval()  # batch norm would have statistics of one process

    def forward(self, first: int, last: int) -> torch.Tensor:
        batch = make_batch(*SHOWN, sizes=((64, 64),) * len(SHOWN))
        return losses_of(self.model, {key: values[first:last] for key, values in batch.items()})['loss']


def learn(head: str, first: int, last: int, wrap=lambda module: module) -> dict[str, torch.Tensor]:
    """The parameters after three steps."""
    module = Losses(HEADS[head])
    wrapped = wrap(module)
    optimizer = SGD(module.parameters(), lr=0.05)
    for _ in range(3):
        optimizer.zero_grad()
        wrapped(first, last).backward()
        optimizer.step()
    return {name: parameter.detach() for name, parameter in module.named_parameters()}


def rank_learns(rank: int) -> dict:
    first, last = ((0, 1), (1, 4))[rank]
    return {name: learn(name, first, last, DistributedDataParallel) for name in HEADS}


if __name__ == '__main__':
    work(rank_learns)


@pytest.fixture(scope='module')
def two(tmp_path_factory) -> list[dict]:
    return run_in_two(__file__, tmp_path_factory.mktemp('group'))


@pytest.mark.check
@pytest.mark.parametrize('name', HEADS)
def test_two_processes_equal_one(two, name):
    start = {key: value.detach() for key, value in Losses(HEADS[name]).named_parameters()}
    expected = learn(name, 0, len(SHOWN))
    moved = [key for key, value in expected.items() if not torch.equal(value, start[key])]
    assert len(moved) > 0.8 * len(start)
    for key, value in expected.items():
        assert torch.equal(two[0][name][key], two[1][name][key]), key
        torch.testing.assert_close(
            two[0][name][key], value, rtol=1e-3, atol=2e-5, msg=lambda text, key=key: f'{key}: {text}'
        )
