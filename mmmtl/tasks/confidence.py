"""Confidence: the probability that a stereo match is correct."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks.encodings import BinaryEncoding, Encoding
from mmmtl.tasks.fraction_task import FractionTask
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.valid_pixels import ratio

EPS = 1e-7  # keeps the logit of probabilities 0 and 1 finite


@TASKS.register_module()
class Confidence(FractionTask):
    """Confidence of stereo matches.

    Labels are probabilities in [0, 1], often 1 for a correct and 0 for a wrong match, and -1 where void. The network
    predicts the logit of a sigmoid; the default loss is `BinaryCrossEntropy` (Poggi and Mattoccia, BMVC 2016).

    Metrics, over all valid pixels of the split: ``cross_entropy`` in nats; ``accuracy`` at the threshold 0.5;
    ``brier``, the mean squared difference. `mmmtl.metrics.sparsification_area` measures how well confidence *ranks*
    matches.

    Args:
        name: See `Task`.
        loss: `BinaryCrossEntropy` or `BalancedBinaryCrossEntropy`; see `Task`.
    """

    channels = 1
    void = -1.0
    interpolation = 'nearest'
    allows_integers = True
    quantity = 'confidence'
    loss_space = 'fractions'
    default_loss = dict(type='BinaryCrossEntropy')
    primary_metric = 'cross_entropy'
    higher_is_better = False
    hflip = zoom = unchanged

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        known = label[label != self.void]
        if known.size and not 0 <= known.min() <= known.max() <= 1:
            raise ValueError(f'{self.name} must lie in [0, 1] or be -1 (void), found {known.min():g}..{known.max():g}')

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] >= 0

    def activate(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(target >= 0, target, 0)

    def to_logits(self, values: Tensor) -> Tensor:
        return values.logit(EPS)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return logits, self.to_values(target)

    @property
    def encoding(self) -> Encoding:
        return BinaryEncoding(self)

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        confidence, truth = prediction[:, 0][valid].double(), target[:, 0][valid].double()
        clamped = confidence.clamp(EPS, 1 - EPS)
        entropy = -(truth * clamped.log() + (1 - truth) * (1 - clamped).log())
        return {
            'count': valid.sum(),
            'cross_entropy': entropy.sum(),
            'accuracy': ((confidence > 0.5) == (truth > 0.5)).sum(),
            'brier': (confidence - truth).square().sum(),
        }

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        return {name: ratio(value, sums['count']).item() for name, value in sums.items() if name != 'count'}

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render confidence from red (0) to green (1)."""
        fraction = (255 * np.nan_to_num(values).clip(0, 1)).astype(np.uint8)
        colour = np.stack((255 - fraction, fraction, np.zeros_like(fraction)), -1)
        return np.where((values >= 0)[..., None], colour, 0).astype(np.uint8)
