"""Semantic segmentation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.colours import default_palette
from mmmtl.tasks.encodings import Encoding
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.map_files import ClassFiles, MapFiles
from mmmtl.tasks.task import Task
from mmmtl.tasks.valid_pixels import ratio
from mmmtl.tasks.view_changes import ViewChange, ViewInvariant

MIN_PROBABILITY = 1e-6  # keeps the logit of probability 0 finite


@TASKS.register_module()
class SemSeg(Task):
    """Semantic segmentation.

    Labels are class indices 0..K-1, and 255 where void. The network predicts K unnormalized class scores; the default
    loss is `CrossEntropy`.

    Metrics, all in [0, 1]: ``mIoU``, the mean over the classes, from one confusion matrix of the split;
    ``pixel_accuracy``; ``IoU/<class>``, NaN for a class that occurs in neither prediction nor ground truth.

    Args:
        name: See `Task`.
        classes: K class names, in the order of the label values.
        palette: One RGB colour per class; evenly spaced hues by default.
        absent: How mIoU treats a class that occurs in neither prediction nor ground truth of the split: ``'skip'``
            excludes it; ``'zero'`` counts it as 0 (SAK).
        loss: `CrossEntropy`, `Focal`, `Dice` or, for two classes, `BalancedCrossEntropy`; see `Task`.

    Raises:
        ConfigError: There are not 2 to 254 classes, or ``palette`` or ``absent`` is not as described.
    """

    void = 255
    dtype = torch.int64
    interpolation = 'nearest'
    allows_integers = True
    quantity = 'classes'
    loss_space = 'classes'
    default_loss = dict(type='CrossEntropy')
    primary_metric = 'mIoU'
    higher_is_better = True
    hflip = zoom = unchanged

    def __init__(
        self,
        name: str,
        classes: Sequence[str],
        palette: Sequence[Sequence[int]] | None = None,
        *,
        absent: str = 'skip',
        loss: Mapping[str, Any] | Loss | None = None,
    ) -> None:
        self.channels = len(classes)
        super().__init__(name, loss)
        if absent not in ('skip', 'zero'):
            raise ConfigError(f"{name}: absent must be 'skip' or 'zero', found {absent!r}")
        self.absent = absent
        if not 2 <= len(classes) < self.void:
            raise ConfigError(f'{name}: classes must be 2 to 254 names, found {len(classes)}')
        self.classes = tuple(classes)
        self.palette = np.asarray(default_palette(self.channels) if palette is None else palette, dtype=np.uint8)
        if self.palette.shape != (self.channels, 3):
            raise ConfigError(
                f'{name}: palette must be {self.channels} x 3 (one colour per class), found {self.palette.shape}'
            )

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        if label.dtype.kind not in 'ui':
            raise ValueError(f'expected integer classes of {self.name}, found dtype {label.dtype}')
        filled = np.where(label == self.void, label.dtype.type(0), label)  # much faster than selecting the known pixels
        if label.size and not 0 <= filled.min() <= filled.max() < self.channels:
            known = label[label != self.void]
            raise ValueError(
                f'values of {self.name} must lie in 0..{self.channels - 1} or be {self.void} (void), '
                f'found {known.min()}..{known.max()}'
            )

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] != self.void

    def activate(self, logits: Tensor) -> Tensor:
        return logits.softmax(1)

    def predict(self, logits: Tensor) -> Tensor:
        return logits.argmax(1, keepdim=True)

    def to_values(self, target: Tensor) -> Tensor:
        """Return one-hot labels (N, K, H, W)."""
        known = self.valid(target)[:, None]
        blank = torch.zeros(len(target), self.channels, *target.shape[2:], device=target.device)
        return blank.scatter(1, torch.where(known, target, 0), known.float())

    def to_logits(self, values: Tensor) -> Tensor:
        return values.clamp(min=MIN_PROBABILITY).log()

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return logits, target[:, 0].masked_fill(target[:, 0] == self.void, 0)

    def hflip_values(self, values: Tensor) -> Tensor:
        """Move the probability of every class to its class in the flipped image."""
        return values[:, self.hflip(np.arange(self.channels)[None])[0].tolist()]

    @property
    def encoding(self) -> Encoding:
        return SampledClassEncoding(self)

    @property
    def view_change(self) -> ViewChange:
        return ClassViewChange()

    @property
    def as_classes(self) -> Task:
        return self

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        pairs = target[:, 0][valid] * self.channels + prediction[:, 0][valid]
        confusion = torch.bincount(pairs, minlength=self.channels**2).view(self.channels, self.channels)
        return {'confusion': confusion}  # (truth, prediction)

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        confusion = sums['confusion']
        correct = confusion.diag()
        iou = ratio(correct, confusion.sum(0) + confusion.sum(1) - correct)
        counted = iou.nan_to_num(0) if self.absent == 'zero' and confusion.any() else iou
        scores = {'mIoU': counted.nanmean().item(), 'pixel_accuracy': ratio(correct.sum(), confusion.sum()).item()}
        return scores | {f'IoU/{name}': value for name, value in zip(self.classes, iou.tolist(), strict=True)}

    @property
    def files(self) -> MapFiles:
        return ClassFiles(self.palette, self.void)

    def visualize(self, values: np.ndarray) -> np.ndarray:
        table = np.zeros((256, 3), np.uint8)
        table[: self.channels] = self.palette
        return table[values.astype(np.uint8)]

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        return [
            (self.classes[index], tuple(self.palette[index].tolist()))
            for index in np.unique(values)
            if index < self.channels
        ]


class SampledClassEncoding(Encoding):
    """One-hot samples of the predicted distribution: hard Gumbel-softmax of temperature 1, as in MTPSL.

    The gradient is that of the soft samples. Predictions and labels are both one-hot, so the network that reads them
    cannot distinguish them by their sharpness. Labels are 0 in all channels where void.
    """

    task: SemSeg

    def __init__(self, task: SemSeg) -> None:
        super().__init__(task)
        self.channels = task.channels

    def encode(self, logits: Tensor) -> Tensor:
        return F.gumbel_softmax(logits, tau=1, hard=True, dim=1)

    def encode_target(self, target: Tensor) -> Tensor:
        return self.task.to_values(target)


class ClassViewChange(ViewInvariant):
    """Class indices, which do not depend on the camera; compared by agreement, 1 for equal classes and 0 otherwise."""

    comparison = 'agreement'

    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        return (values == others)[:, 0].float()
