"""The contract of a consistency loss: a term that ties tasks or views to each other, beside the task losses."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from mmengine.model import BaseModule
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_reduction import mean_over_processes
from mmmtl.models.supervision_role import indices_for
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


class ConsistencyLoss(BaseModule, ABC):
    """One number, times ``weight``, added to the total beside the weighted task losses.

    A loss that finds nothing to compare in a batch returns 0, connected to the graph of everything that it trains.
    Its divisor is taken over all processes (`mmmtl.models.loss_reduction.mean_over_processes`), so that two processes
    equal one with the whole batch.

    Args:
        tasks: Those of the model, by name; given by the model.
        in_channels: Of the backbone's taps; given by the model.
        strides: Of the backbone's taps; given by the model.
        weight: Factor >= 0 of the term.
    """

    needs_matches = False  # whether `forward` is also given ``matched``, what a neck like `CrossViewModule` finds

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float = 1.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.tasks, self.in_channels, self.strides = dict(tasks), tuple(in_channels), tuple(strides)
        (self.weight,) = self.numbers(weight=weight)
        self.ramp = 1.0  # a further factor, which `ConsistencyRampHook` moves
        self.met: Tensor | None = None  # a scalar: how much the last batch gave to compare on this process, if known

    def numbers(self, **options: float) -> list[float]:
        """The values of options that must be finite and >= 0; raises ConfigError for the first that is not."""
        for name, value in options.items():
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ConfigError(f'{type(self).__name__}.{name} must be a number >= 0, found {value!r}')
        return list(options.values())

    def supervised_tasks(self) -> set[str]:
        """Names of the tasks that this loss supervises by itself, without any label of theirs."""
        return set()

    @abstractmethod
    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        """The term, a float32 scalar, before its weight.

        Args:
            logits: ``{task: (N, channels, H, W)}``.
            targets: ``{task: (N, target_channels, H, W)}``, void where an image has no label.
            features: The backbone's taps, fine to coarse.
            samples: N views. Those whose ``supervision_role`` is ``'supervised'`` are left out; those of
                ``'consistency'`` have no task losses (`mmmtl.models.supervision_role`).
        """

    def per_image(
        self, total: Tensor, samples: Sequence[MultiTaskDataSample], met: Tensor | int | None = None
    ) -> Tensor:
        """A sum over the images of this process -> the mean over all images that serve consistency, of all processes.

        Args:
            total: Scalar.
            samples: Of the batch.
            met: See `mean`.
        """
        return self.mean(total, len(indices_for('consistency', samples)), met)

    def mean(self, total: Tensor, count: Tensor | float, met: Tensor | int | None = None) -> Tensor:
        """A sum and its divisor on this process -> the mean over all processes.

        Args:
            total: Scalar.
            count: What it is divided by, after summing over the processes.
            met: How many comparisons the sum is made of, if not ``count``. A step in which no process made any has no
                value in the log, where its 0 would be taken for agreement.
        """
        count, met = (
            value if isinstance(value, Tensor) else total.new_full((), value)
            for value in (count, count if met is None else met)
        )
        self.met = met.detach().to(total)
        return mean_over_processes(total, count)

    def nothing(self, logits: Mapping[str, Tensor]) -> Tensor:
        """The 0 of a batch with nothing to compare."""
        return connected_zero((*logits.values(), *self.parameters()))


def connected_zero(tensors: Iterable[Tensor]) -> Tensor | int:
    """0 with a gradient of 0 for every tensor: sums over no element, so neither NaN nor infinity gets through."""
    return sum(values[:0].sum() for values in tensors)
