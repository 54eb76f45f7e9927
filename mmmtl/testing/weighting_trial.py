"""A toy network with a shared layer and one head per task, to try loss weightings on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import SGD

from mmmtl.models.loss_reduction import reduce_losses
from mmmtl.models.loss_weighting import LossWeighting

TASKS = ('a', 'b', 'c')
SCALES = (1.0, 3.0, 0.5)  # of the labels
Labels = dict[str, Tensor]
Step = tuple[Tensor, Tensor, dict[str, Tensor]]  # total, weights (T,), {parameter: gradient}


class ToyNetwork(nn.Module):
    """Maps images (N, 5) to one number per task; the error of an image is its squared distance to the label.

    The tasks differ in the scale of their labels, and their gradients on the shared layer conflict.

    Args:
        weighting: Loss weighting of tasks among `TASKS`.
    """

    def __init__(self, weighting: LossWeighting) -> None:
        super().__init__()
        self.backbone = nn.Linear(5, 6)
        self.heads = nn.ModuleDict({task: nn.Linear(6, 1) for task in sorted(weighting.tasks)})
        self.loss_weighting = weighting
        generator = torch.Generator().manual_seed(0)
        for name, parameter in self.named_parameters():
            if not name.startswith(
                'loss_weighting'
            ):  # a function of the name, so that the order of tasks is irrelevant
                scale = 1.0 + ord(name.split('.')[1]) % 7 if name.startswith('heads') else 1.0
                generator.manual_seed(sum(map(ord, name)))
                parameter.data = torch.randn(parameter.shape, generator=generator) * 0.3 * scale

    def task_losses(self, images: Tensor, labels: Labels, shown: Labels) -> tuple[list[Tensor], Tensor]:
        """Return the T losses, and which tasks have a label, bool (T,)."""
        features = self.backbone(images).tanh()
        sums, counts = [], []
        for task in self.loss_weighting.tasks:
            error = (self.heads[task](features).float()[:, 0] - labels[task]).square() * shown[task]
            sums.append(error)
            counts.append(shown[task].float())
        return reduce_losses(sums, counts, 'labelled')

    def forward(self, images: Tensor, labels: Labels, shown: Labels) -> tuple[Tensor, Tensor]:
        """Return the total and the weights (T,)."""
        losses, present = self.task_losses(images, labels, shown)
        return self.loss_weighting(losses, present, dict(self.named_parameters()))


def toy_batch(
    seed: int = 0, size: int = 6, hidden: Collection[str] = (), partly: bool = False
) -> tuple[Tensor, Labels, Labels]:
    """Return images (N, 5), labels ``{task: (N,)}`` and ``{task: bool (N,)}``, whether each label is shown.

    Args:
        seed: Seed of images and labels.
        size: N.
        hidden: Tasks without a label.
        partly: Hide some of the labels, a different fraction for each task.
    """
    generator = torch.Generator().manual_seed(100 + seed)
    images = torch.randn(size, 5, generator=generator)
    labels = {task: torch.randn(size, generator=generator) * scale for task, scale in zip(TASKS, SCALES, strict=True)}
    shown = {task: torch.full((size,), task not in hidden) for task in TASKS}
    if partly:
        for index, task in enumerate(TASKS):
            shown[task] &= torch.arange(size) % (index + 2) != 0
    return images, labels, shown


def toy_step(network: ToyNetwork, images: Tensor, labels: Labels, shown: Labels) -> Step:
    """Return total, weights and gradients of one forward and backward pass."""
    network.zero_grad()
    total, weights = network(images, labels, shown)
    total.backward()
    gradients = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    return total.detach(), weights, gradients


def toy_training(network: ToyNetwork, batches: Sequence[tuple[Tensor, Labels, Labels]], lr: float = 0.05) -> list[Step]:
    """Train by SGD, one step per batch, with the random seed of the step; returns every `toy_step`."""
    steps, optimizer = [], SGD(network.parameters(), lr=lr)
    for seed, batch in enumerate(batches):
        torch.manual_seed(seed)
        steps.append(toy_step(network, *batch))
        optimizer.step()
    return steps


@dataclass
class WeightingTrial:
    """A loss weighting to check; see `check_weighting` for the arguments."""

    build: Callable[[Sequence[str]], LossWeighting]
    draws: bool

    def network(self, tasks: Sequence[str] = TASKS) -> ToyNetwork:
        """Build a new network with a new weighting."""
        return ToyNetwork(self.build(list(tasks)))
