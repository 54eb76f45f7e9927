"""Training images with the labels of all tasks, and the consistency loss between their labels."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.errors import ConfigError
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
    return next(label_batches(config, model, images))


def label_batches(config: Config, model: MultiTaskModel, batch_size: int | None = None) -> Iterator[LabelBatch]:
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


@torch.no_grad()
def backbone_features(model: MultiTaskModel, batch: LabelBatch) -> tuple[Tensor, ...]:
    """Return the features of the backbone, fine to coarse, without a graph."""
    return model.backbone(model.context(batch.images, batch.samples).images)


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
