"""Consistency losses in the model: added beside the task losses, given what they need, named clearly."""

import pytest
import torch
from small_model import MIXED, TASKS, losses_of, make_batch, make_model
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses import ConsistencyLoss


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


def test_a_sample_for_consistency_teaches_no_task():
    batch = make_batch(*MIXED)
    for sample, purpose in zip(batch['data_samples'], ('consistency', 'tasks', 'tasks', 'consistency'), strict=True):
        sample.set_metainfo(dict(purpose=purpose))
    model = make_model(reduction='batch', consistency_losses=dict(size=dict(type=LogitSize)))
    losses = losses_of(model, batch)
    assert losses['semseg'] == 0 and losses['normal'] == 0
    half = losses_of(model, {name: values[1:3] for name, values in batch.items()})
    torch.testing.assert_close(losses['depth'], half['depth'])  # batch norm is not there: images do not mix
    assert len(model.consistency_losses['size'].seen[3]) == 2


@pytest.mark.parametrize('name', ['loss', 'depth'])
def test_a_consistency_loss_with_a_taken_name(name):
    with pytest.raises(ConfigError, match=f'the name {name} is taken'):
        make_model(consistency_losses={name: dict(type=LogitSize)})


@pytest.mark.parametrize('weight', [-1, float('nan'), '2'])
def test_a_weight_that_is_no_number_from_zero_on(weight):
    with pytest.raises(ConfigError, match='LogitSize.weight must be a number >= 0'):
        make_model(consistency_losses=dict(size=dict(type=LogitSize, weight=weight)))
