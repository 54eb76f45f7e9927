"""FixedWeighting: a weighted sum, the weights in the order of the tasks whatever the order they are written in."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting import FixedWeighting

TASKS = ('semseg', 'depth', 'normal')
HERE = torch.ones(3, dtype=torch.bool)


def test_every_weight_is_one_by_default():
    assert FixedWeighting(TASKS)(torch.tensor([1.0, 2.0, 4.0]), HERE)[0] == 7


def test_weights_go_by_name():
    weighting = FixedWeighting(TASKS, weights=dict(normal=10, semseg=0.5))
    assert weighting(torch.tensor([1.0, 2.0, 4.0]), HERE)[0] == 0.5 + 2 + 40
    weighting = FixedWeighting(TASKS[::-1], weights=dict(normal=10, semseg=0.5))
    assert weighting(torch.tensor([4.0, 2.0, 1.0]), HERE)[0] == 42.5


def test_the_gradient_is_the_weight():
    losses = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    total, weights = FixedWeighting(TASKS, weights=dict(depth=3))(losses, HERE)
    total.backward()
    assert weights.tolist() == [1, 3, 1]
    assert losses.grad.tolist() == [1, 3, 1]


def test_nothing_is_learned_or_saved():
    weighting = FixedWeighting(TASKS, weights=dict(depth=3))
    assert not list(weighting.parameters()) and not weighting.state_dict()


def test_a_weight_for_no_task():
    with pytest.raises(ConfigError, match='weights names dpeth, but the tasks are semseg, depth, normal'):
        FixedWeighting(TASKS, weights=dict(dpeth=2, depth=1))
