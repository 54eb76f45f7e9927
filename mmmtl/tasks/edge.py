"""Edge detection: the probability of a boundary at each pixel."""

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
from mmmtl.tasks.encodings import BinaryEncoding, Encoding
from mmmtl.tasks.fraction_task import FractionTask
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.label_classes import ClassifiedTask, Halves
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.task import Task
from mmmtl.tasks.thinning import suppress_non_maxima, thin
from mmmtl.tasks.valid_pixels import valid_window
from mmmtl.tasks.view_changes import ViewChange, ViewInvariant


@TASKS.register_module()
class Edge(FractionTask):
    """Edge detection.

    Labels are 1 (edge), 0 (no edge) or, in between, the fraction of annotators that marked an edge; 255 where void. The
    network predicts the logit of a sigmoid; the default loss is `BalancedBinaryCrossEntropy`.

    With several ``annotators`` a label is H x W x annotators, one binary map each; maps that an image lacks are void
    everywhere. Training uses the mean of the annotators; evaluation matches predictions with each annotator separately.

    Metrics: ``odsF``, ``oisF``, ``AP`` and, at the best threshold of the split, ``threshold``, ``precision``,
    ``recall``; see `boundary_scores`. A prediction is rounded to 8 bits, reduced to its ridges by non-maximum
    suppression, thinned at every threshold and matched with the thinned ground truth. Fractions > 0 count as edges.

    Args:
        name: See `Task`.
        annotators: Number of maps in a label.
        max_distance: Maximum distance of matched pixels as a fraction of the image diagonal, or the name of a
            benchmark: ``'pascal'``, ``'bsds'`` (0.0075), ``'nyud'`` (0.011).
        thresholds: Number of thresholds, equally spaced in (0, 1). Fewer than 99 are faster, but lower F slightly.
        matching: ``'cardinality'``, or ``'cost'``, exact and slower; see `boundary_counts`.
        suppress: Apply non-maximum suppression to predictions; False if they are thin already.
        interpolation: How labels are resized. ``'lines'`` keeps lines connected and one pixel wide, see `resize_lines`.
            ``'nearest'``, which the published recipes on NYUD-v2 and PASCAL-Context use, breaks lines of one pixel when
            it shrinks them and broadens them when it enlarges them.
        loss: `BalancedBinaryCrossEntropy`, by default with the weight 0.95 of SAK and its predecessors;
            ``dict(positive_weight=None)`` uses the fraction of non-edge pixels of the image. Or `BinaryCrossEntropy`.

    Raises:
        ConfigError: An option has an unknown value.
    """

    channels = 1
    void = 255.0
    interpolation = 'lines'
    allows_integers = True
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
        filled = np.where(label == self.void, label.dtype.type(0), label)  # much faster than selecting the known pixels
        if label.size and not 0 <= filled.min() <= filled.max() <= 1:
            known = label[label != self.void]
            raise ValueError(
                f'values of {self.name} must lie in 0..1 or be {self.void:g} (void), '
                f'found {known.min():g}..{known.max():g}'
            )

    def valid(self, target: Tensor) -> Tensor:
        return (target != self.void).any(1)

    def activate(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def to_values(self, target: Tensor) -> Tensor:
        """Return the mean over the annotators whose maps are not void, (N, 1, H, W)."""
        known = target != self.void
        return torch.where(known, target, 0).sum(1, keepdim=True) / known.sum(1, keepdim=True).clamp(min=1)

    def to_logits(self, values: Tensor) -> Tensor:
        return values.logit(eps=1e-6)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return logits, self.to_values(target)

    @property
    def as_classes(self) -> Task:
        """The classes *no edge* and *edge*, with the weights 0.05 and 0.95."""
        return ClassifiedTask(self, Halves(positive_weight=0.95))

    @property
    def encoding(self) -> Encoding:
        return BinaryEncoding(self)

    @property
    def view_change(self) -> ViewChange:
        return ViewInvariant()

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Compute the sums image by image, on the CPU."""
        sums = dict(self.zero_sums)
        for strength, truths in zip(prediction[:, 0].cpu().numpy(), target.cpu().numpy(), strict=True):
            for name, value in self.measure_image(strength, truths).items():
                sums[name] = sums[name] + value
        return {name: torch.tensor(value, device=prediction.device) for name, value in sums.items()}

    def measure_image(self, strength: np.ndarray, truths: np.ndarray) -> dict[str, np.ndarray | np.float64]:
        """Compute the sums of one image from its prediction (H, W) and its labels (annotators, H, W)."""
        known = truths != self.void
        if not known.any():
            return self.zero_sums
        window = valid_window(known.any(0))  # distances are fractions of its diagonal
        truths, known = truths[:, *window], known[:, *window]
        anywhere = known.any(0)
        strength = np.where(anywhere, strength[window], 0)
        if np.isnan(strength).any():  # must not count as "no edge"
            return {name: np.full_like(value, np.nan) for name, value in self.zero_sums.items()}
        strength = np.round(strength.astype(np.float64) * 255) / 255
        if self.suppress:
            strength = np.where(anywhere, suppress_non_maxima(strength), 0)
        masks = [thin(labelled & (truth > 0)) for truth, labelled in zip(truths, known, strict=True) if labelled.any()]
        counts = boundary_counts(
            strength, masks, self.thresholds, max_distance=self.max_distance, matching=self.matching
        )
        return image_sums(counts) | {'images': np.float64(1)}

    @cached_property
    def zero_sums(self) -> dict[str, np.ndarray | np.float64]:
        """The sums of an image without ground truth."""
        return (
            {name: np.zeros(len(self.thresholds)) for name in COUNTS}
            | {f'best_{name}': np.float64(0) for name in COUNTS}
            | {'images': np.float64(0)}
        )

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        scores = boundary_scores({name: value.cpu().numpy() for name, value in sums.items()}, self.thresholds)
        return scores if sums['images'] > 0 else dict.fromkeys(scores, float('nan'))

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render edge strength from dark blue (0) to white (1)."""
        known = values != self.void
        if values.ndim == 3:
            values, known = np.where(known, values, 0).sum(-1) / known.sum(-1).clip(1), known.any(-1)
        return ramp(values, known, FLAT_COLOUR, EDGE_COLOUR)

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        return [('edge', EDGE_COLOUR)] if ((values > 0.5) & (values <= 1)).any() else []


EDGE_COLOUR, FLAT_COLOUR = (255, 255, 255), (30, 30, 70)
