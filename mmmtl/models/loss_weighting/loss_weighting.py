"""The contract of a loss weighting: T losses -> total."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn


class LossWeighting(nn.Module, ABC):
    """Combines the losses of T tasks into the total that is minimized.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
    """

    is_adaptive: bool = True  # whether the weights change during training and are logged
    takes_gradients: bool = True  # whether `forward` uses the parameters; collecting them costs time in each step

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)

    @abstractmethod
    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        """Combine the losses.

        Args:
            losses: T scalars, whose mean over the processes is the loss of the whole batch.
            present: bool (T,), which tasks have a label on any process; the others are ignored.
            parameters: The model's parameters, by name; empty if ``takes_gradients`` is False.

        Returns:
            The total, a scalar, and the weights (T,) without a graph.
        """
