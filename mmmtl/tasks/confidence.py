"""Confidence: how likely a stereo match is to be right."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks.encodings import Encoding, YesNoEncoding
from mmmtl.tasks.task import Task, ratio, unchanged

TINY = 1e-7  # keeps the logit of a certain match finite


@TASKS.register_module()
class Confidence(Task):
    """Labels are probabilities in [0, 1], or 1 and 0 for right and wrong matches, -1 where unknown; logit -> sigmoid.

    Measures over all valid pixels: ``cross_entropy`` in nats, ``accuracy`` of the guess "above a half", ``brier``, the
    mean squared difference. How well it *ranks* matches, `mmmtl.metrics.sparsification_area` says. The loss is
    `BinaryCrossEntropy` by default (Poggi and Mattoccia, BMVC 2016).
    """

    channels = 1
    void = -1.0
    interpolation = 'nearest'
    whole_numbers = True
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
            raise ValueError(
                f'{self.name} must lie in [0, 1] or be -1 (unknown), found {known.min():g}..{known.max():g}'
            )

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] >= 0

    def activate(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(target >= 0, target, 0)

    def to_logits(self, values: Tensor) -> Tensor:
        return values.logit(TINY)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return logits, self.to_values(target)

    @property
    def encoding(self) -> Encoding:
        return YesNoEncoding(self)

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        found, truth = prediction[:, 0][valid].double(), target[:, 0][valid].double()
        safe = found.clamp(TINY, 1 - TINY)
        entropy = -(truth * safe.log() + (1 - truth) * (1 - safe).log())
        return {
            'count': valid.sum(),
            'cross_entropy': entropy.sum(),
            'accuracy': ((found > 0.5) == (truth > 0.5)).sum(),
            'brier': (found - truth).square().sum(),
        }

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        return {name: ratio(value, sums['count']).item() for name, value in sums.items() if name != 'count'}

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """From red (wrong) to green (right)."""
        fraction = (255 * values.clip(0, 1)).astype(np.uint8)
        colour = np.stack((255 - fraction, fraction, np.zeros_like(fraction)), -1)
        return np.where((values >= 0)[..., None], colour, 0).astype(np.uint8)
