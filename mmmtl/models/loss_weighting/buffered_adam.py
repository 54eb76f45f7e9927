"""Adam for a few values, with its state in buffers, which are part of the checkpoint."""

import torch
from torch import Tensor, nn


class BufferedAdam(nn.Module):
    """Adam (Kingma & Ba, 2015) on T values that are not parameters of the network, without host-device synchronization.

    The state of torch's Adam is not part of a module, so a checkpoint of the model would not contain it. Every value
    counts its own steps; a value excluded from a step is unchanged.

    Args:
        size: Number of values, T.
        lr: Learning rate.
        weight_decay: Factor of the value that is added to the gradient.
    """

    mean: Tensor
    square: Tensor
    steps: Tensor

    def __init__(self, size: int, lr: float, weight_decay: float = 0.0) -> None:
        super().__init__()
        self.lr, self.weight_decay = lr, weight_decay
        for name in ('mean', 'square', 'steps'):
            self.register_buffer(name, torch.zeros(size, dtype=torch.float64))

    @torch.no_grad()
    def forward(self, values: Tensor, gradient: Tensor, moved: Tensor) -> Tensor:
        """Return values (T,) after a step, given their gradient (T,); only those in ``moved``, bool (T,), change."""
        gradient = gradient + self.weight_decay * values
        steps = self.steps + moved
        mean = torch.where(moved, 0.9 * self.mean + 0.1 * gradient, self.mean)
        square = torch.where(moved, 0.999 * self.square + 0.001 * gradient.square(), self.square)
        for old, new in ((self.mean, mean), (self.square, square), (self.steps, steps)):
            old.copy_(new)
        scale = (square / (1 - 0.999**steps)).sqrt() + 1e-8
        return torch.where(moved, values - self.lr * mean / (1 - 0.9**steps) / scale, values)
