"""Saliency: segmentation of the most conspicuous objects."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks.colours import ramp
from mmmtl.tasks.encodings import Encoding, binary_fractions
from mmmtl.tasks.fraction_task import FractionTask
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.saliency_measures import BETA_SQUARED, LEVELS, measure_saliency
from mmmtl.tasks.task import Task
from mmmtl.tasks.valid_pixels import ratio, valid_window
from mmmtl.tasks.view_changes import ViewChange, ViewInvariant

THRESHOLDS = torch.arange(1, 20) / 20  # 0.05 ... 0.95
SCALAR_MEASURES = ('MAE', 'adpF', 'adpE', 'S', 'wF')  # one value per image; F and E have one value per threshold
SALIENT_COLOUR, BACKGROUND_COLOUR = (255, 205, 60), (40, 50, 95)


@TASKS.register_module()
class Saliency(FractionTask):
    """Salient object segmentation.

    Labels are 1 on salient objects, 0 elsewhere, and 255 where void. The network predicts two logits (background,
    salient); the default loss is `BalancedCrossEntropy`.

    Metrics: ``maxF`` as in SAK: the highest F-measure (beta^2 = 0.3) over the 19 thresholds 0.05 ... 0.95, with
    precision and recall pooled over the split; ``mIoU`` of the two classes and ``IoU/salient`` at the threshold 0.5.
    ``per_image`` adds the means over images of ``per_image/MAE``, ``maxF``, ``avgF``, ``adpF``, ``S``, ``maxE``,
    ``avgE``, ``adpE`` and ``wF``, see `measure_saliency`. These ignore padding and count any other void pixel as
    correctly predicted background.

    Args:
        name: See `Task`.
        per_image: Compute the per-image metrics, which take about 30 ms per image on the CPU.
        loss: `BalancedCrossEntropy`, which weights each class by the other one's fraction of the image, or another loss
            of class scores; see `Task`.
    """

    channels = 2
    void = 255.0
    interpolation = 'nearest'
    allows_integers = True
    loss_space = 'classes'
    default_loss = dict(type='BalancedCrossEntropy')
    primary_metric = 'maxF'
    higher_is_better = True
    hflip = zoom = unchanged

    def __init__(self, name: str, per_image: bool = True, *, loss: Mapping[str, Any] | Loss | None = None) -> None:
        super().__init__(name, loss)
        self.per_image = per_image

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        allowed = (label == 0) | (label == 1) | (label == self.void)
        if not allowed.all():
            invalid = label[~allowed]
            raise ValueError(f'values of {self.name} must be 0, 1 or {self.void:g} (void), found {invalid.flat[0]:g}')

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] != self.void

    def activate(self, logits: Tensor) -> Tensor:
        """Return the probability of being salient (N, 1, H, W)."""
        return logits.softmax(1)[:, 1:]

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(target == self.void, 0, target)

    def to_logits(self, values: Tensor) -> Tensor:
        return torch.cat([torch.zeros_like(values), values.logit(eps=1e-6)], dim=1)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return logits, (self.to_values(target)[:, 0] > 0).long()

    @property
    def as_classes(self) -> Task:
        return self

    @property
    def encoding(self) -> Encoding:
        return SaliencyEncoding(self)

    @property
    def view_change(self) -> ViewChange:
        return ViewInvariant()

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        probability, salient = prediction[:, 0][valid], target[:, 0][valid] > 0
        # NaN if any probability is: a comparison with a threshold would silently turn it into background
        nan_or_zero = torch.where(probability.isnan().any(), torch.nan, 0.0).double()
        # per pixel, the number of thresholds that its probability reaches
        level = torch.bucketize(probability, THRESHOLDS.to(probability), right=True)
        predicted_positives, true_positives = (
            torch.bincount(levels, minlength=len(THRESHOLDS) + 1).flip(0).cumsum(0).flip(0)[1:]
            for levels in (level, level[salient])
        )
        confusion_index = 2 * salient.long() + (probability >= 0.5).long()
        sums = {
            'predicted_positives': predicted_positives + nan_or_zero,
            'true_positives': true_positives + nan_or_zero,
            'salient': salient.sum() + nan_or_zero,
            'confusion': torch.bincount(confusion_index, minlength=4).view(2, 2) + nan_or_zero,  # (truth, prediction)
        }
        return sums | (self.measure_images(prediction, target) if self.per_image else {})

    def measure_images(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Compute the sums of the per-image measures, on the CPU."""
        sums = (
            dict.fromkeys(SCALAR_MEASURES, 0.0)
            | {f'{curve}_curve': np.zeros(LEVELS) for curve in ('F', 'E')}
            | {'images': 0.0}
        )
        for saliency, label, valid in zip(
            prediction[:, 0].cpu().double().numpy(),
            target[:, 0].cpu().numpy(),
            self.valid(target).cpu().numpy(),
            strict=True,
        ):
            if not valid.any():
                continue
            window = valid_window(valid)
            valid, label = valid[window], label[window]
            saliency = np.where(valid, saliency[window], 0)
            values: Mapping[str, np.ndarray | float]
            if np.isnan(saliency).any():
                values = {name: np.full_like(value, np.nan) for name, value in sums.items()}
            else:
                values = measure_saliency(saliency, valid & (label > 0))
            sums = {name: value + values.get(name, 1) for name, value in sums.items()}
        return {
            name: torch.tensor(value, dtype=torch.float64, device=prediction.device) for name, value in sums.items()
        }

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        confusion = sums['confusion']
        one_or_nan = ratio(confusion.sum(), confusion.sum())  # NaN without a labelled pixel
        precision = sums['true_positives'] / sums['predicted_positives'].clamp(min=1)
        recall = sums['true_positives'] / sums['salient'].clamp(min=1)
        denominator = BETA_SQUARED * precision + recall
        f_measure = (1 + BETA_SQUARED) * precision * recall / torch.where(denominator == 0, 1, denominator)
        intersection = confusion.diag()
        iou = ratio(intersection, confusion.sum(0) + confusion.sum(1) - intersection)
        scores = {'maxF': f_measure.max() * one_or_nan, 'mIoU': iou.nanmean(), 'IoU/salient': iou[1]}
        if self.per_image:
            mean = {name: ratio(sums[name], sums['images']) for name in (*SCALAR_MEASURES, 'F_curve', 'E_curve')}
            for curve in ('F', 'E'):
                values = mean.pop(f'{curve}_curve')
                mean |= {f'max{curve}': values.max(), f'avg{curve}': values.mean()}
            scores |= {f'per_image/{name}': value for name, value in mean.items()}
        return {name: value.item() for name, value in scores.items()}

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render saliency from dark blue (0) to yellow (1)."""
        return ramp(values, values != self.void, BACKGROUND_COLOUR, SALIENT_COLOUR)

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        return [('salient', SALIENT_COLOUR)] if ((values >= 0.5) & (values <= 1)).any() else []


class SaliencyEncoding(Encoding):
    """Probabilities of the two classes; labels are one-hot, and zero in both channels where void."""

    channels = 2

    def encode(self, logits: Tensor) -> Tensor:
        return logits.softmax(1)

    def encode_target(self, target: Tensor) -> Tensor:
        return binary_fractions((target > 0).float(), self.task.valid(target))
