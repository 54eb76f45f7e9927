"""Measure how well a consistency loss separates true pairs of labels from false ones during training."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.errors import ConfigError
from mmmtl.experiments.label_changes import CONDITIONS
from mmmtl.experiments.undisturbed import undisturbed
from mmmtl.models import MultiTaskModel
from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.structures import MultiTaskDataSample

Values = Mapping[str, Tensor]  # {task: (N, C, H, W)}, in the form of `Task.activate`


class LabelBatch(NamedTuple):
    """N images with the labels of all tasks."""

    images: Tensor  # (N, 3, H, W), preprocessed
    samples: Sequence[MultiTaskDataSample]
    targets: dict[str, Tensor]  # {task: (N, target_channels, H, W)}
    values: dict[str, Tensor]  # {task: (N, C, H, W)}, the targets converted by `Task.to_values`


def label_batch(config: Config, model: MultiTaskModel, images: int) -> LabelBatch:
    """Load ``images`` training images with all labels; with `TwoCrops`, the crops for consistency losses.

    Raises:
        ConfigError: A task has no label on one of the images.
    """
    return next(_label_batches(config, model, images))


def _label_batches(config: Config, model: MultiTaskModel, batch_size: int | None = None) -> Iterator[LabelBatch]:
    """Yield batches of the training set without its label setting, endlessly."""
    loader = Config({'train_dataloader': config.train_dataloader}).train_dataloader
    loader.batch_size = batch_size or loader.batch_size
    loader.dataset.pop('label_setting', None)
    built = MultiTaskRunner.build_dataloader(loader, seed=0)
    for data in chain.from_iterable(repeat(built)):
        data = model.data_preprocessor(data, training=True)
        indices = indices_for('consistency', data['data_samples'])
        samples = [data['data_samples'][index] for index in indices]
        for sample in samples:
            if missing := [name for name in model.tasks if name not in sample.gt]:
                raise ConfigError(
                    f'{sample.get("img_path", "an image")} has no label of {", ".join(missing)}, but the oracle needs '
                    'the labels of all tasks on every training image; use a fully labelled dataset'
                )
        images = select_images({'images': data['inputs']}, indices)['images']
        targets = model.targets(samples, (images.shape[2], images.shape[3]))
        values = {name: model.tasks[name].to_values(target) for name, target in targets.items()}
        yield LabelBatch(images, samples, targets, values)


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
        features = model.backbone(model.context(batch.images, batch.samples).images)
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


def label_pair_loss(
    model: MultiTaskModel, name: str, logits: Values, features: Sequence[Tensor], batch: LabelBatch
) -> Tensor:
    """Compute a consistency loss once per task, with only this task labelled, and return the mean."""
    losses = []
    for task in model.tasks:
        samples = [_with_one_label(sample, task) for sample in batch.samples]
        targets = model.targets(samples, (batch.images.shape[2], batch.images.shape[3]))
        losses.append(model.consistency_losses[name](logits, targets, features, samples))
    return torch.stack(losses).mean()


def _with_one_label(sample: MultiTaskDataSample, task: str) -> MultiTaskDataSample:
    one = sample.new()
    one.gt = PixelData(**{task: sample.gt.get(task)})
    return one


class ConsistencyOracleHook(Hook):
    """Call `condition_losses` before the first and after every ``interval``-th iteration.

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
        """Measure and keep the losses."""
        assert self.batch is not None
        model = runner.unwrapped_model
        with runner.optim_wrapper.optim_context(model):
            self.curve[iteration] = condition_losses(model, self.name, self.batch)


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
    for batch in islice(_label_batches(config, model), iterations):
        with torch.no_grad(), undisturbed(model):
            features = model.backbone(model.context(batch.images, batch.samples).images)
        logits = {task: model.tasks[task].to_logits(values) for task, values in batch.values.items()}
        loss = label_pair_loss(model, name, logits, features, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
