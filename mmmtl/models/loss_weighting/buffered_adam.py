"""Adam for a handful of numbers, its state in buffers that a checkpoint holds."""

import torch
from torch import Tensor, nn


class BufferedAdam(nn.Module):
    """Adam (Kingma & Ba, 2015) on T numbers that are no parameters of the network, without a wait for the device.

    torch's own keeps its state outside of the module, where a resumed run would not find it. Every number counts its
    own steps: one that is left out stays as it was.

    Args:
        size: T.
        lr: Learning rate.
        weight_decay: Added to the gradient, times the value.
    """

    def __init__(self, size: int, lr: float, weight_decay: float = 0.0) -> None:
        super().__init__()
        self.lr, self.weight_decay = lr, weight_decay
        for name in ('mean', 'square', 'steps'):
            self.register_buffer(name, torch.zeros(size, dtype=torch.float64))

    @torch.no_grad()
    def forward(self, values: Tensor, gradient: Tensor, moved: Tensor) -> Tensor:
        """Values (T,) after a step against their gradient (T,); those that are not in ``moved``, bool (T,), stay."""
        gradient = gradient + self.weight_decay * values
        steps = self.steps + moved
        mean = torch.where(moved, 0.9 * self.mean + 0.1 * gradient, self.mean)
        square = torch.where(moved, 0.999 * self.square + 0.001 * gradient.square(), self.square)
        for old, new in ((self.mean, mean), (self.square, square), (self.steps, steps)):
            old.copy_(new)
        scale = (square / (1 - 0.999**steps)).sqrt() + 1e-8
        return torch.where(moved, values - self.lr * mean / (1 - 0.9**steps) / scale, values)
