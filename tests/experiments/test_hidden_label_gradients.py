"""Cosines with the gradients of hidden labels: of known losses, of a training step, and of frozen tasks."""

import pytest
import torch
from oracle_run import Constant, replace_loss, runner
from torch import Tensor

from mmmtl.experiments.hidden_label_gradients import hidden_label_cosines
from mmmtl.experiments.label_batches import label_batch, label_pair_loss
from mmmtl.models.consistency_losses import ConsistencyLoss

pytestmark = pytest.mark.usefixtures('rooms_cache')


@pytest.mark.parametrize('sign', [1, -1, 0])
def test_the_cosine_of_a_loss_that_is_a_hidden_task_loss(tmp_path, sign):
    class TaskLoss(ConsistencyLoss):
        """The loss of each task without a label, times a sign."""

        def forward(self, logits: dict, targets: dict, features: tuple, samples: list) -> Tensor:
            (shown,) = {name for sample in samples for name in sample.gt.keys()}  # noqa: SIM118
            errors = [task.error(logits[key], self.truth[key]) for key, task in self.tasks.items() if key != shown]
            return sign * sum(error.sum() / count.sum() for error, count in errors)

    run = runner(tmp_path)
    model = replace_loss(run, TaskLoss)
    batch = label_batch(run.cfg, model, 4)
    model.consistency_losses['tie'].truth = batch.targets
    state = {name: value.clone() for name, value in model.state_dict().items()}
    cosines = hidden_label_cosines(model, 'tie', batch)
    assert set(cosines) == {f'{task}/{where}' for task in model.tasks for where in ('prediction', 'parameters')}
    assert all(cosine == pytest.approx(sign, abs=1e-4) for cosine in cosines.values()), cosines
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_cosines_of_a_frozen_task_and_of_parameters(tmp_path):
    """By `backward`: the cosine on the parameters is that of a plain training step of one task."""
    run = runner(tmp_path)
    model = run.model.eval()  # without batch statistics
    batch = label_batch(run.cfg, model, 4)
    cosines = hidden_label_cosines(model, 'tie', batch)
    network = [value for name, value in model.named_parameters() if not name.startswith('consistency_losses')]
    torch.manual_seed(0)
    features = [values.detach() for values in model.backbone(batch.images)]
    gradients = []
    for number in range(2):
        logits = model(batch.images, batch.samples)
        seen = {name: values if name == 'depth' else values.detach() for name, values in logits.items()}
        error, count = model.tasks['depth'].error(seen['depth'], batch.targets['depth'])
        loss = error.sum() / count.sum() if number else label_pair_loss(model, 'tie', seen, features, batch)
        model.zero_grad()
        loss.backward()
        gradients.append(torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in network]))
    expected = torch.nn.functional.cosine_similarity(*gradients, dim=0)
    assert cosines['depth/parameters'] == pytest.approx(float(expected), abs=1e-4)
    model.requires_grad_(False)
    model.consistency_losses.requires_grad_(True)
    assert hidden_label_cosines(model, 'tie', batch)['depth/parameters'] == 0


def test_the_cosines_of_a_loss_that_does_not_depend_on_predictions(tmp_path):
    run = runner(tmp_path)
    model = replace_loss(run, Constant)
    assert set(hidden_label_cosines(model, 'tie', label_batch(run.cfg, model, 4)).values()) == {0.0}
