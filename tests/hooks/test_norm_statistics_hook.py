"""Two processes judge one network: that of the first, whose statistics a checkpoint holds."""

from types import SimpleNamespace

import torch
from tiny_run import tiny_run
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.hooks import NormStatisticsHook
from mmmtl.models.consistency_losses.region_bank import RegionBank


def network() -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict(
        {
            'body': nn.Sequential(
                nn.Conv2d(3, 4, 1),
                nn.BatchNorm2d(4),
                nn.GroupNorm(2, 4),
                nn.InstanceNorm2d(4, track_running_stats=True),
            ),
            'bank': RegionBank(2, 3),
        }
    )


def state(rank: int) -> dict[str, dict[str, torch.Tensor]]:
    """After a step on other images than the other process, and before a validation, and before a test."""
    found = {}
    for moment in ('before_val_epoch', 'before_test_epoch'):
        model = network()
        model['body'](torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(rank)))
        model['bank'].means += rank
        found['trained'] = {name: buffer.clone() for name, buffer in model.named_buffers()}
        wrapped = DistributedDataParallel(model, broadcast_buffers=False)
        getattr(NormStatisticsHook(), moment)(SimpleNamespace(model=wrapped))
        found[moment] = {name: buffer.clone() for name, buffer in model.named_buffers()}
    return found


def test_statistics_become_those_of_the_first_process(tmp_path):
    first, second = run_in_two(__file__, tmp_path)
    differ = {name for name, value in first['trained'].items() if not torch.equal(value, second['trained'][name])}
    assert differ == {
        'body.1.running_mean',
        'body.1.running_var',
        'body.3.running_mean',
        'body.3.running_var',
        'bank.means',
    }
    for moment in ('before_val_epoch', 'before_test_epoch'):
        for name, value in first['trained'].items():
            assert torch.equal(first[moment][name], value)  # what a checkpoint holds does not change
            own = name.startswith('bank')  # regions of the process's own images
            assert torch.equal(second[moment][name], second['trained'][name] if own else value), name


def test_every_run_has_it(tmp_path, rooms_cache):
    assert any(isinstance(hook, NormStatisticsHook) for hook in tiny_run(tmp_path).hooks)


def test_one_process_has_nothing_to_share():
    model = network()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    NormStatisticsHook().before_val_epoch(SimpleNamespace(model=model))
    assert all(torch.equal(before[name], buffer) for name, buffer in model.named_buffers())


if __name__ == '__main__':
    work(state)
