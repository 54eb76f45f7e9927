"""Consistency losses in the model: added beside the task losses, given what they need, named clearly."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from small_model import ALL, MIXED, TASKS, losses_of, make_batch, make_model
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses import ConsistencyLoss, CrossTaskConsistency
from mmmtl.models.loss_weighting import DynamicWeightAverage


class LogitSize(ConsistencyLoss):
    """A consistency loss with a known gradient, that notes what it was given."""

    def forward(self, logits: dict, targets: dict, features: tuple, samples: list) -> Tensor:
        self.seen = logits, targets, features, samples
        return sum(values.mean() for values in logits.values())


def test_a_consistency_loss_is_added_times_its_weight():
    batch = make_batch(*MIXED)
    plain, model = make_model(), make_model(consistency_losses=dict(size=dict(type=LogitSize, weight=3.0)))
    expected, losses = losses_of(plain, batch), losses_of(model, batch)
    assert list(losses) == [*TASKS, 'size', 'loss']
    torch.testing.assert_close(losses['loss'], expected['loss'] + 3 * losses['size'])
    consistency = model.consistency_losses['size']
    assert consistency.in_channels == (8,) and consistency.strides == (2,) and list(consistency.tasks) == list(TASKS)
    logits, targets, features, samples = consistency.seen
    assert {*logits} == {*targets} == {*TASKS} and features[0].shape[:2] == (4, 8) and len(samples) == 4
    consistency.ramp = 0.5
    torch.testing.assert_close(losses_of(model, batch)['loss'], expected['loss'] + 1.5 * losses['size'])


def test_a_sample_for_consistency_has_no_task_losses():
    batch = make_batch(*MIXED)
    for sample, supervision_role in zip(
        batch['data_samples'], ('consistency', 'tasks', 'tasks', 'consistency'), strict=True
    ):
        sample.set_metainfo(dict(supervision_role=supervision_role))
    model = make_model(reduction='batch', consistency_losses=dict(size=dict(type=LogitSize)))
    losses = losses_of(model, batch)
    assert losses['semseg'] == 0 and losses['normal'] == 0
    half = losses_of(model, {name: values[1:3] for name, values in batch.items()})
    torch.testing.assert_close(losses['depth'], half['depth'])  # batch norm is not there: images do not mix
    assert len(model.consistency_losses['size'].seen[3]) == 2


@pytest.mark.parametrize('name', ['loss', 'depth', 'grad_norm'])
def test_a_consistency_loss_with_a_taken_name(name):
    with pytest.raises(ConfigError, match=f'the name {name} is already used'):
        make_model(consistency_losses={name: dict(type=LogitSize)})


def test_a_task_with_a_taken_name():
    with pytest.raises(ConfigError, match='tasks: the name time is already used; choose'):
        make_model(TASKS | {'time': TASKS['depth']})


def test_what_counts_in_the_log():
    """A loss without a label, or with nothing to compare, does not; one that does not tell always does."""
    cross = dict(type=CrossTaskConsistency, regularizer=0, space=dict(widths=(4, 4)))
    losses = dict(size=dict(type=LogitSize), cross=cross)
    model = make_model(consistency_losses=losses, loss_weighting=dict(type=DynamicWeightAverage, period=2))
    step = dict(optim_wrapper=OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.0)))
    whole, depth, none = (model.train_step(make_batch(*shown), **step) for shown in ((ALL, ALL), (('depth',),), ((),)))
    counted = {
        name: [log[f'count/{name}'].item() > 0 for log in (whole, depth, none)]
        for name in whole
        if not name.startswith('count/')
    }
    assert counted == {
        'semseg': [True, False, False],
        'depth': [True, True, False],
        'normal': [True, False, False],
        'weight/semseg': [True, False, False],
        'weight/depth': [True, True, False],
        'weight/normal': [True, False, False],
        'size': [True] * 3,
        'cross': [False, True, False],
        'loss': [True] * 3,
    }
    del model.consistency_losses['size']
    assert model.train_step(make_batch(()), **step)['count/loss'] == 0


@pytest.mark.parametrize('weight', [-1, float('nan'), '2'])
def test_a_weight_that_is_no_number_from_zero_on(weight):
    with pytest.raises(ConfigError, match='LogitSize.weight must be a number >= 0'):
        make_model(consistency_losses=dict(size=dict(type=LogitSize, weight=weight)))
