"""Edges: is there a boundary at this pixel?"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.boundary_matching import COUNTS, MAX_DISTANCE, boundary_counts, boundary_scores, image_sums
from mmmtl.tasks.colours import ramp
from mmmtl.tasks.encodings import Encoding, YesNoEncoding
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.task import Task, known_window, unchanged
from mmmtl.tasks.thinning import suppress_non_maxima, thin
from mmmtl.tasks.view_changes import SameFromEverywhere, ViewChange


@TASKS.register_module()
class Edge(Task):
    """Labels are 0 (no edge), 1 (edge) or the share of annotators in between, 255 where unknown; one logit per pixel.

    Several annotators are kept apart by ``annotators``: the label is then H x W x annotators, one 0/1 map each, wholly
    void for those that an image lacks. The network learns their mean, each of them is judged by itself.

    Measures: ``odsF``, ``oisF``, ``AP`` and, at the best threshold, ``threshold``, ``precision``, ``recall``, see
    `boundary_scores`. A prediction is rounded to 8 bits, cut to its ridges, thinned at every threshold and matched with
    the thinned truth; where a map holds shares, whatever anybody has marked is truth.

    Args:
        name: Key in the samples.
        loss: `BalancedBinaryCrossEntropy` by default, with the weight 0.95 of SAK and its predecessors; e.g.
            ``dict(positive_weight=None)`` for the share of pixels without edge in the image itself.
        annotators: How many maps a label holds.
        max_distance: Largest distance of matched pixels, a share of the image's diagonal, or the name of a benchmark:
            ``'pascal'``, ``'bsds'`` (0.0075), ``'nyud'`` (0.011).
        thresholds: How many, equally spaced between 0 and 1; fewer than 99 are faster, and F is a little lower.
        matching: ``'cardinality'`` or, exact and slower, ``'cost'``, see `boundary_counts`.
        suppress: Cut predictions to their ridges; False where they are thin already.
        interpolation: How labels are resized. ``'lines'`` keeps lines connected and one pixel wide, see `resize_lines`;
            ``'nearest'``, as the published recipes on NYUD-v2 and PASCAL-Context have it, breaks lines of one pixel
            when they shrink and broadens them when they grow.
    """

    channels = 1
    void = 255.0
    interpolation = 'lines'
    whole_numbers = True
    loss_space = 'fractions'
    default_loss = dict(type='BalancedBinaryCrossEntropy')
    primary_metric = 'odsF'
    higher_is_better = True
    hflip = zoom = unchanged

    def __init__(
        self,
        name: str,
        *,
        annotators: int = 1,
        max_distance: float | str = 'pascal',
        thresholds: int = 99,
        matching: str = 'cardinality',
        suppress: bool = True,
        interpolation: str = 'lines',
        loss: Mapping[str, Any] | Loss | None = None,
    ) -> None:
        super().__init__(name, loss)
        if isinstance(max_distance, str) and max_distance not in MAX_DISTANCE:
            raise ConfigError(
                f'{name}: max_distance must be a number or one of {", ".join(MAX_DISTANCE)}, found {max_distance!r}'
            )
        if matching not in ('cardinality', 'cost'):
            raise ConfigError(f"{name}: matching must be 'cardinality' or 'cost', found {matching!r}")
        if interpolation not in ('lines', 'nearest'):
            raise ConfigError(f"{name}: interpolation must be 'lines' or 'nearest', found {interpolation!r}")
        self.target_channels = annotators
        self.max_distance = MAX_DISTANCE[max_distance] if isinstance(max_distance, str) else max_distance
        self.thresholds = np.arange(1, thresholds + 1) / (thresholds + 1)
        self.matching, self.suppress, self.interpolation = matching, suppress, interpolation

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        known = label[label != self.void]
        if known.size and not 0 <= known.min() <= known.max() <= 1:
            raise ValueError(
                f'values of {self.name} must lie in 0..1 or be {self.void:g} (unknown), '
                f'found {known.min():g}..{known.max():g}'
            )

    def valid(self, target: Tensor) -> Tensor:
        return (target != self.void).any(1)

    def activate(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def to_values(self, target: Tensor) -> Tensor:
        """(N, 1, H, W): mean over the annotators that say anything."""
        known = target != self.void
        return torch.where(known, target, 0).sum(1, keepdim=True) / known.sum(1, keepdim=True).clamp(min=1)

    def to_logits(self, values: Tensor) -> Tensor:
        return values.logit(eps=1e-6)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return logits, self.to_values(target)

    @property
    def encoding(self) -> Encoding:
        return YesNoEncoding(self)

    @property
    def view_change(self) -> ViewChange:
        return SameFromEverywhere()

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """On the CPU, image by image."""
        sums = dict(self.no_sums)
        for strength, truths in zip(prediction[:, 0].cpu().numpy(), target.cpu().numpy(), strict=True):
            for name, value in self.measure_image(strength, truths).items():
                sums[name] = sums[name] + value
        return {name: torch.tensor(value, device=prediction.device) for name, value in sums.items()}

    def measure_image(self, strength: np.ndarray, truths: np.ndarray) -> dict[str, np.ndarray]:
        """Sums of one image: strength (H, W) against truths (annotators, H, W)."""
        known = truths != self.void
        if not known.any():
            return self.no_sums
        window = known_window(known.any(0))  # distances are shares of its diagonal
        truths, known = truths[:, *window], known[:, *window]
        anywhere = known.any(0)
        strength = np.where(anywhere, strength[window], 0)
        if np.isnan(strength).any():  # a broken network must not score as if it had said "no edge"
            return {name: np.full_like(value, np.nan) for name, value in self.no_sums.items()}
        strength = np.round(strength.astype(np.float64) * 255) / 255
        if self.suppress:
            strength = np.where(anywhere, suppress_non_maxima(strength), 0)
        masks = [thin(said & (truth > 0)) for truth, said in zip(truths, known, strict=True) if said.any()]
        counts = boundary_counts(
            strength, masks, self.thresholds, max_distance=self.max_distance, matching=self.matching
        )
        return image_sums(counts) | {'images': np.float64(1)}

    @cached_property
    def no_sums(self) -> dict[str, np.ndarray]:
        """The sums of no image."""
        return (
            {name: np.zeros(len(self.thresholds)) for name in COUNTS}
            | {f'best_{name}': np.float64(0) for name in COUNTS}
            | {'images': np.float64(0)}
        )

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        scores = boundary_scores({name: value.cpu().numpy() for name, value in sums.items()}, self.thresholds)
        return scores if sums['images'] > 0 else dict.fromkeys(scores, float('nan'))

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """From dark blue to white."""
        known = values != self.void
        if values.ndim == 3:
            values, known = np.where(known, values, 0).sum(-1) / known.sum(-1).clip(1), known.any(-1)
        return ramp(values, known, FLAT_COLOUR, EDGE_COLOUR)

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        return [('edge', EDGE_COLOUR)] if ((values > 0.5) & (values <= 1)).any() else []


EDGE_COLOUR, FLAT_COLOUR = (255, 255, 255), (30, 30, 70)
