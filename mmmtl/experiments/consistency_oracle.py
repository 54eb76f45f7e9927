"""Measure how well a consistency loss separates true pairs of labels from false ones during training."""

from itertools import islice

import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.errors import ConfigError
from mmmtl.experiments.hidden_label_gradients import hidden_label_cosines
from mmmtl.experiments.label_batches import (
    LabelBatch,
    Values,
    backbone_features,
    label_batch,
    label_batches,
    label_pair_loss,
)
from mmmtl.experiments.label_changes import CONDITIONS
from mmmtl.experiments.undisturbed import undisturbed
from mmmtl.models import MultiTaskModel


def condition_losses(model: MultiTaskModel, name: str, batch: LabelBatch) -> dict[str, float]:
    """Compute a consistency loss with (changed) labels as predictions, and with the network's own predictions.

    The loss is computed once per task, with only this task labelled, and averaged. Labels are converted by
    `Task.to_logits`, so a network that predicts its labels exactly would have the loss ``'true'``.

    Args:
        model: The model.
        name: Key of the loss in ``model.consistency_losses``.
        batch: Images with all labels.

    Returns:
        ``{condition: loss}`` for all `CONDITIONS` and ``'predicted'``.
    """
    with torch.no_grad(), undisturbed(model):
        torch.manual_seed(0)  # the encoding of classes is sampled
        features = backbone_features(model, batch)
        predicted = model(batch.images, batch.samples)
        conditions: dict[str, Values] = {'predicted': predicted}
        for condition, change in CONDITIONS.items():
            conditions[condition] = {
                task: model.tasks[task].to_logits(change(values)) for task, values in batch.values.items()
            }
        return {
            condition: float(label_pair_loss(model, name, logits, features, batch))
            for condition, logits in conditions.items()
        }


class ConsistencyOracleHook(Hook):
    """Call `condition_losses` and `hidden_label_cosines` before the first and after every ``interval``-th iteration.

    Args:
        name: Key of the loss in ``model.consistency_losses``.
        interval: Number of iterations between measurements.
        images: Number of training images, always the same ones.
        pretrain: Iterations of `pretrain_on_labels` before the training.
        save: File for the weights of the loss after these iterations, which ``init_cfg=dict(type='Pretrained',
            checkpoint=FILE)`` of the loss reads.

    Raises:
        ConfigError: In training: the loss does not compare predictions with labels, or an image lacks a label.
    """

    def __init__(self, name: str, interval: int, images: int, pretrain: int = 0, save: str | None = None) -> None:
        self.name, self.interval, self.images, self.pretrain, self.save = name, interval, images, pretrain, save
        self.batch: LabelBatch | None = None
        self.curve: dict[int, dict[str, float]] = {}  # {iterations done: {condition: loss}}
        self.cosines: dict[int, dict[str, float]] = {}  # {iterations done: {gradient: cosine}}

    def before_train(self, runner) -> None:
        loss = runner.unwrapped_model.consistency_losses[self.name]
        if not loss.compares_labels:
            raise ConfigError(
                f'{type(loss).__name__} does not compare predictions of one task with labels of another; the oracle '
                'needs a loss that does, such as CrossTaskConsistency or RegionContrast'
            )
        self.batch = label_batch(runner.cfg, runner.unwrapped_model, self.images)
        if self.pretrain:
            pretrain_on_labels(runner.cfg, runner.unwrapped_model, self.name, self.pretrain)
        if self.save:
            weights = dict(runner.unwrapped_model.consistency_losses[self.name].named_parameters())
            write_checkpoint({'state_dict': {name: value.detach().cpu() for name, value in weights.items()}}, self.save)
        self.measure(runner, 0)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner):
            self.measure(runner, runner.iter + 1)

    def measure(self, runner, iteration: int) -> None:
        """Measure and keep the losses and the cosines."""
        assert self.batch is not None
        model = runner.unwrapped_model
        with runner.optim_wrapper.optim_context(model):
            self.curve[iteration] = condition_losses(model, self.name, self.batch)
            self.cosines[iteration] = hidden_label_cosines(model, self.name, self.batch)


def pretrain_on_labels(config: Config, model: MultiTaskModel, name: str, iterations: int, lr: float = 1e-3) -> None:
    """Train the networks of a consistency loss alone, on true pairs of labels, with Adam; the other parts stay as is.

    Args:
        config: Config with the training images, whose labels are all shown.
        model: The model; the parameters of its consistency loss ``name`` are changed.
        name: Key of the loss in ``model.consistency_losses``.
        iterations: Number of steps.
        lr: Learning rate.
    """
    consistency = model.consistency_losses[name]
    optimizer = torch.optim.Adam(consistency.parameters(), lr=lr)
    for batch in islice(label_batches(config, model), iterations):
        with undisturbed(model):
            features = backbone_features(model, batch)
        logits = {task: model.tasks[task].to_logits(values) for task, values in batch.values.items()}
        loss = label_pair_loss(model, name, logits, features, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
