"""Load balancing of experts: their mean gates should be equal."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class ExpertBalance(ConsistencyLoss):
    """Squared coefficient of variation (std / mean)^2 of the mean gates of the experts, summed over all blocks.

    The mean is taken over the tasks and over the images of all processes, whatever their `supervision_role`; the
    standard deviation over the n experts, with the divisor n - 1. MLoRE (Yang et al., CVPR 2024) weights the term by
    5e-4 on NYUD-v2 and 3e-4 on PASCAL-Context.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        weight: Factor of the term, >= 0, or the config of a `GradientShare`.
    """

    compares_labels = False
    reads: ClassVar[tuple[str, ...]] = ('gates',)

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float | dict = 5e-4,
    ) -> None:
        super().__init__(tasks, in_channels, strides, weight=weight)

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
        gates: Tensor | None = None,
    ) -> Tensor:
        """Return the term.

        Args:
            logits: Not used.
            targets: Not used.
            features: Not used.
            samples: Not used.
            gates: (N, ..., n), of `MLoREHead`.
        """
        assert gates is not None
        mean = mean_of_all_processes(gates.float())
        return (mean.var(-1) / mean.mean(-1).square().clamp(min=1e-10)).sum()


def mean_of_all_processes(values: Tensor) -> Tensor:
    """Return the mean over the first dimension and over all processes, with a gradient for DDP.

    The gradient of the values of this process is multiplied by the world size, since DDP averages gradients. So a
    function of the result has the same gradient as on one process with all values.

    Args:
        values: (N, ...), with an N that may differ between processes.
    """
    total = values.detach().sum(0)
    count = total.new_full((), len(values))
    all_reduce(total)
    all_reduce(count)
    own = values.sum(0)
    return (total + (own - own.detach()) * get_world_size()) / count
