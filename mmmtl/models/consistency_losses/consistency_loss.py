"""The contract of a consistency loss: a term between tasks or views, added to the task losses."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, cast

from mmengine.model import BaseModule
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.consistency_losses.gradient_share import GradientShare
from mmmtl.models.loss_reduction import mean_over_processes
from mmmtl.models.supervision_role import indices_for
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


class ConsistencyLoss(BaseModule, ABC):
    """A scalar that the model adds to the weighted task losses, multiplied by ``weight``.

    Where a batch has nothing to compare, the loss is 0 and still connected to the graph of everything that it trains.
    Its divisor is summed over all processes (`mmmtl.models.loss_reduction.mean_over_processes`), so that two processes
    with half the batch each give the same loss as one process with the whole batch.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features, fine to coarse; passed by the model.
        strides: Strides of the backbone's features, in the same order; passed by the model.
        weight: Factor of the term, >= 0; or the config of a `GradientShare`, which sets the factor from gradients.

    Raises:
        ConfigError: The weight is negative or not finite, or is a config of another class.
    """

    reads: ClassVar[tuple[str, ...]] = ()
    """Names of auxiliary maps of neck or decode head, which `forward` takes as further keyword arguments.

    ``'rgb'`` are the images (N, 3, H, W) in [0, 1], as the backbone receives them."""

    compares_labels: ClassVar[bool] = True
    """Whether predictions of one task are compared with labels of another; ``mmmtl consistency-oracle`` needs this."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float | dict = 1.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.tasks, self.in_channels, self.strides = dict(tasks), tuple(in_channels), tuple(strides)
        self.gradient_share: GradientShare | None = None
        if isinstance(weight, Mapping):
            self.gradient_share, weight = self._build_share(weight), 1.0
        (self.weight,) = self.non_negative(weight=weight)  # not used with a `GradientShare`
        self.ramp = 1.0  # a further factor, set by `ConsistencyRampHook`
        self.num_compared: Tensor | None = None  # scalar: comparisons of the last batch on this process, if counted

    def factor(self, loss: Tensor, task_loss: Tensor, features: Sequence[Tensor]) -> Tensor | float:
        """Return the factor of the term in the total: the weight times the ramp; arguments as of `GradientShare`."""
        weight = self.weight if self.gradient_share is None else self.gradient_share(loss, task_loss, features)
        return cast(Tensor | float, weight * self.ramp)

    def _build_share(self, config: Mapping) -> GradientShare:
        share = MODELS.build({'type': GradientShare, **config})
        if not isinstance(share, GradientShare):
            raise ConfigError(
                f'{type(self).__name__}.weight must be a number >= 0 or dict(type=GradientShare, share=...), '
                f'found the config of a {type(share).__name__}'
            )
        return share

    def non_negative(self, **options: float) -> list[float]:
        """Return the values of options, after checking that each is finite and >= 0.

        Raises:
            ConfigError: An option is negative, not finite or not a number.
        """
        for name, value in options.items():
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ConfigError(f'{type(self).__name__}.{name} must be a number >= 0, found {value!r}')
        return list(options.values())

    def connect(self, backbone: Backbone) -> None:
        """Read what the loss needs to know about the model's backbone; nothing by default. Called by the model.

        Raises:
            ConfigError: The loss does not work with this backbone.
        """

    def prepare_training(self) -> None:
        """Load what only the training needs, such as other networks; nothing by default.

        Called by the model when it initializes its weights.
        """

    def supervised_tasks(self) -> set[str]:
        """Return the names of the tasks that this loss supervises without labels for them."""
        return set()

    @abstractmethod
    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        """Return the term before its weight, a float32 scalar.

        Args:
            logits: ``{task: (N, channels, H, W)}``.
            targets: ``{task: (N, target_channels, H, W)}``, void where an image has no label.
            features: The backbone's features, fine to coarse.
            samples: N views. Those with ``supervision_role='supervised'`` are excluded from this loss, those with
                ``'consistency'`` out of the task losses (`mmmtl.models.supervision_role`).
        """

    def per_image(
        self, total: Tensor, samples: Sequence[MultiTaskDataSample], compared: Tensor | int | None = None
    ) -> Tensor:
        """Turn a sum over the images of this process into the mean over the images with the role ``'consistency'``.

        Args:
            total: Scalar, summed over the images of this process.
            samples: Samples of the batch.
            compared: Number of comparisons, see `mean`.

        Returns:
            Scalar, the mean over the images of all processes.
        """
        return self.mean(total, len(indices_for('consistency', samples)), compared)

    def mean(self, total: Tensor, count: Tensor | float, compared: Tensor | int | None = None) -> Tensor:
        """Turn a sum and its divisor on this process into the mean over all processes.

        Args:
            total: Scalar, the sum on this process.
            count: Divisor of the sum on this process; it is summed over the processes.
            compared: Number of comparisons in the sum; ``count`` by default. The log skips a step in which no
                process compared anything, as its 0 would read as agreement.
        """
        count, compared = (
            value if isinstance(value, Tensor) else total.new_full((), value)
            for value in (count, count if compared is None else compared)
        )
        self.num_compared = compared.detach().to(total)
        return mean_over_processes(total, count)

    def zero(self, logits: Mapping[str, Tensor]) -> Tensor:
        """Return the 0 of a batch with nothing to compare, connected to all logits and parameters."""
        return cast(Tensor, connected_zero((*logits.values(), *self.parameters())))


def connected_zero(tensors: Iterable[Tensor]) -> Tensor | int:
    """Return a scalar 0 that gives every tensor a gradient of 0; the int 0 if there is no tensor.

    Each is summed over no element, so neither NaN nor infinity gets through.
    """
    return sum(values[:0].sum() for values in tensors)
