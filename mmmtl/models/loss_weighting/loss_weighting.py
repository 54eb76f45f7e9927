"""The contract of a loss weighting: T losses -> one number."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn


class LossWeighting(nn.Module, ABC):
    """Joins the losses of T tasks to the total that is descended.

    Args:
        tasks: Task names, in the order of the losses; given by the model.
    """

    is_adaptive: bool = True  # whether the weights change during training, and so belong in the log
    takes_gradients: bool = True  # whether `forward` looks at the parameters; naming them all takes a while each step

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)

    @abstractmethod
    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        """The total, a scalar, and the weights (T,) without a graph.

        Args:
            losses: T scalars, on every process such that their mean over processes is the loss of the whole batch.
            present: bool (T,), which tasks have a label anywhere; the others are left out, not zeroed.
            parameters: The model's, by name; those that take per-task gradients choose the shared ones among them.
                Empty where ``takes_gradients`` is False.
        """
