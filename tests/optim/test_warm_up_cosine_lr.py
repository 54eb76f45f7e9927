"""The schedule has the same shape at every length."""

import pytest
import torch
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.optim import WarmUpCosineLR


def rates(length: int, **options) -> list[float]:
    """Return the learning rates of all iterations of a schedule, relative to that of the optimizer."""
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.5)
    scheduler = WarmUpCosineLR(optimizer, by_epoch=False, end=length, **options)
    found = []
    for _ in range(length):
        found.append(optimizer.param_groups[0]['lr'] / 0.5)
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize('length', [10, 60, 600, 6000])
def test_every_length_has_the_same_shape(length):
    found = rates(length)
    warm_up = length // 10
    assert found[0] == pytest.approx(0.1) and max(found) == pytest.approx(1) and found.index(max(found)) == warm_up
    assert found[:warm_up] == sorted(found[:warm_up]) and found[warm_up:] == sorted(found[warm_up:], reverse=True)
    assert found[warm_up + (length - warm_up) // 2] == pytest.approx(0.505, abs=0.16 if length == 10 else 0.02)
    assert 0.01 < found[-1] < 0.05
    assert sum(found) / length == pytest.approx(0.51, abs=0.06)


@pytest.mark.parametrize('length', [1, 2, 3])
def test_the_shortest_schedules_have_no_warm_up(length):
    found = rates(length)
    assert found[0] == 1 and min(found) > 0.01


def test_no_warm_up_is_the_cosine_of_torch():
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    oracle = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20, eta_min=0.2)
    expected = []
    for _ in range(20):
        expected.append(oracle.get_last_lr()[0])
        optimizer.step()
        oracle.step()
    torch.testing.assert_close(rates(20, warm_up=0.0, end_factor=0.2), expected)


@pytest.mark.parametrize('option', [dict(warm_up=1.0), dict(start_factor=-1.0), dict(end_factor=2.0)])
def test_a_bad_option_is_named(option):
    with pytest.raises(ConfigError, match=next(iter(option))):
        rates(5, **option)
