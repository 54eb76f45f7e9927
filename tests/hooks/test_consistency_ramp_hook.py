"""ConsistencyRampHook: the factor follows the epoch or the iteration, and nothing else."""

from types import SimpleNamespace

import pytest
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.hooks import ConsistencyRampHook


def make_runner(**progress) -> SimpleNamespace:
    model = nn.Module()
    model.consistency_losses = nn.ModuleDict({'a': nn.Identity(), 'b': nn.Identity()})
    return SimpleNamespace(model=model, **progress)


@pytest.mark.parametrize('length', ['epochs', 'iterations'])
def test_it_rises_to_one_and_stays(length):
    hook, seen = ConsistencyRampHook('a', **{length: 4}), []
    for done in range(7):
        runner = make_runner(**(dict(epoch=done, iter=99) if length == 'epochs' else dict(epoch=99, iter=done)))
        hook.before_train_iter(runner, 0)
        seen.append(runner.model.consistency_losses['a'].ramp)
        assert not hasattr(runner.model.consistency_losses['b'], 'ramp')
    assert seen == [0, 0.25, 0.5, 0.75, 1, 1, 1]


@pytest.mark.parametrize('lengths', [{}, dict(epochs=3, iterations=3), dict(epochs=0), dict(iterations=-1)])
def test_one_length_above_zero(lengths):
    with pytest.raises(ConfigError, match='expected epochs or iterations'):
        ConsistencyRampHook('a', **lengths)


def test_a_loss_that_is_not_there():
    with pytest.raises(ConfigError, match="no consistency loss 'c', it has a, b"):
        ConsistencyRampHook('c', epochs=3).before_train(make_runner())
