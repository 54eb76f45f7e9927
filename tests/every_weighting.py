"""Every loss weighting by name, and a toy network with a shared layer and one head per task."""

from collections.abc import Sequence
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor, nn

from mmmtl.models.loss_reduction import reduce_losses
from mmmtl.models.loss_weighting import LossWeighting
from mmmtl.registry import MODELS

solver = pytest.mark.skipif(find_spec('cvxpy') is None, reason='needs cvxpy: pip install mmmtl[weighting]')
torchjd = pytest.mark.skipif(find_spec('torchjd') is None, reason='needs torchjd: pip install mmmtl[weighting]')

BY_LOSS = {
    'uniform': dict(type='FixedWeighting'),
    'uncertainty': dict(type='UncertaintyWeighting'),
    'imtl-l': dict(type='ImpartialLossWeighting'),
    'geometric-mean': dict(type='GeometricMeanWeighting'),
    'stch': dict(type='SmoothChebyshevWeighting'),
    'random': dict(type='RandomWeighting'),
    'dwa': dict(type='DynamicWeightAverage', period=1),
    'famo': dict(type='FAMO'),
}
BY_GRADIENT = {
    'gradnorm': dict(type='GradNorm'),
    'mgda': dict(type='MGDA'),
    'mgda-l2': dict(type='MGDA', normalization='l2'),
    'nash': dict(type='NashMTL'),
    'nash-part': dict(type='NashMTL', shared=('backbone.bias',)),  # the tasks meet in the backbone's weight too
}
BY_TORCHJD = {
    'aligned': dict(type='TorchJDWeighting', method='AlignedMTL'),
    'cagrad': dict(type='TorchJDWeighting', method='CAGrad'),
    'dualproj': dict(type='TorchJDWeighting', method='DualProj'),
    'fairgrad': dict(type='TorchJDWeighting', method='FairGrad'),
    'imtl-g': dict(type='TorchJDWeighting', method='IMTLG'),
    'pcgrad': dict(type='TorchJDWeighting', method='PCGrad'),
    'upgrad': dict(type='TorchJDWeighting', method='UPGrad'),
    'gradvac': dict(type='GradVac'),
    'pcd': dict(type='PriorityConstrainedDescent', primary='a'),
}
CONFIGS = BY_LOSS | BY_GRADIENT | BY_TORCHJD


def marked(names: Sequence[str]) -> list:
    """Parameters of a test, those that need an extra marked so."""
    marks = dict.fromkeys(BY_TORCHJD, torchjd) | {'cagrad': [solver, torchjd]}
    return [pytest.param(name, marks=marks.get(name, ())) for name in names]


every_weighting = pytest.mark.parametrize('name', marked(CONFIGS))


def build(name: str, tasks: Sequence[str] = 'abc') -> LossWeighting:
    return MODELS.build({**CONFIGS[name], 'tasks': list(tasks)})


class Toy(nn.Module):
    """Images (N, 5) -> a number per task; the error of an image is its square distance to the label.

    Tasks differ in the scale of their labels and pull the shared layer to different sides.
    """

    def __init__(self, weighting: LossWeighting) -> None:
        super().__init__()
        self.backbone = nn.Linear(5, 6)
        self.heads = nn.ModuleDict({task: nn.Linear(6, 1) for task in sorted(weighting.tasks)})
        self.loss_weighting = weighting
        generator = torch.Generator().manual_seed(0)
        for name, parameter in self.named_parameters():
            if not name.startswith('loss_weighting'):
                scale = 1.0 + ord(name.split('.')[1]) % 7 if name.startswith('heads') else 1.0
                generator.manual_seed(sum(map(ord, name)))
                parameter.data = torch.randn(parameter.shape, generator=generator) * 0.3 * scale

    def task_losses(
        self, images: Tensor, labels: dict[str, Tensor], shown: dict[str, Tensor]
    ) -> tuple[list[Tensor], Tensor]:
        features = self.backbone(images).tanh()
        sums, counts = [], []
        for task in self.loss_weighting.tasks:
            error = (self.heads[task](features).float()[:, 0] - labels[task]).square() * shown[task]
            sums.append(error)
            counts.append(shown[task].float())
        return reduce_losses(sums, counts, 'labelled')

    def forward(self, *batch) -> tuple[Tensor, Tensor]:
        losses, present = self.task_losses(*batch)
        return self.loss_weighting(losses, present, dict(self.named_parameters()))


def make_batch(
    seed: int = 0, size: int = 6, hidden: Sequence[str] = (), partly: bool = False
) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    """Images, labels and who shows what; ``partly``: images lack some labels, unevenly from task to task."""
    generator = torch.Generator().manual_seed(100 + seed)
    images = torch.randn(size, 5, generator=generator)
    labels = {
        task: torch.randn(size, generator=generator) * scale for task, scale in zip('abc', (1, 3, 0.5), strict=True)
    }
    shown = {task: torch.full((size,), task not in hidden) for task in 'abc'}
    if partly:
        for number, task in enumerate('abc'):
            shown[task] &= torch.arange(size) % (number + 2) != 0
    return images, labels, shown


def slopes(toy: Toy, *batch) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Total, weights and ``{parameter: gradient}`` of one step."""
    toy.zero_grad()
    total, weights = toy(*batch)
    total.backward()
    return total.detach(), weights, {name: p.grad.clone() for name, p in toy.named_parameters() if p.grad is not None}
