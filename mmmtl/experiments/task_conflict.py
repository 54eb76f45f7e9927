"""Cosines between the gradients of tasks on the shared parameters."""

from collections.abc import Sequence
from itertools import chain, islice, repeat

import torch
from mmengine.config import Config
from torch import Tensor

from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.models import MultiTaskModel
from mmmtl.models.loss_weighting import TaskGradients
from mmmtl.progress import progress


def measure_conflicts(
    config: Config, model: MultiTaskModel, shared: Sequence[str], batches: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the cosines between the gradients of T tasks, averaged over batches of the training set.

    Args:
        config: Config with the training data.
        model: The model.
        shared: Prefixes of the names of the shared parameters, see `TaskGradients`.
        batches: Number of batches.

    Returns:
        Mean cosines (T, T), NaN for a pair without a common batch; the number of batches in which both tasks of a pair
        have a gradient (T, T); and the mean norms of the gradients (T,).
    """
    gradients = TaskGradients(shared)
    parameters, _ = gradients.split_parameters(dict(model.named_parameters()))
    size = len(model.tasks)
    sums, counts, norm_sums = torch.zeros(size, size), torch.zeros(size, size), torch.zeros(size)
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    passes = chain.from_iterable(repeat(loader))
    for data in progress(islice(passes, batches), description='gradients', unit='batch', total=batches):
        data = model.data_preprocessor(data, training=True)
        images, samples = data['inputs'], data['data_samples']
        logits = model(images, samples)
        targets = model.targets(samples, images.shape[2:])
        rows = gradients(model.task_losses(logits, targets, samples)[0], parameters).rows
        norms = rows.norm(dim=1)
        has_gradient = norms > 0  # False for a task without label, or whose loss does not depend on the shared part
        cosines = rows @ rows.T / torch.outer(norms, norms).where(torch.outer(has_gradient, has_gradient), 1)
        sums, counts = sums + cosines.cpu(), counts + torch.outer(has_gradient, has_gradient).cpu()
        norm_sums = norm_sums + norms.cpu()
    return sums / counts, counts, norm_sums / counts.diagonal()


def conflict_table(tasks: Sequence[str], cosines: Tensor, counts: Tensor, norms: Tensor) -> str:
    """Return a Markdown table; a dash marks a pair of tasks without a common batch."""
    lines = [f'| cosine | {" | ".join(tasks)} | mean norm | batches |', '| --- |' + ' ---: |' * (len(tasks) + 2)]
    for name, row, count, norm in zip(tasks, cosines, counts, norms, strict=True):
        cells = ['–' if value.isnan() else f'{value:.3f}' for value in row]
        batches = f'{count[tasks.index(name)]:.0f}'
        lines.append(f'| {name} | {" | ".join(cells)} | {"–" if norm.isnan() else f"{norm:.3g}"} | {batches} |')
    return '\n'.join(lines) + '\n'


def draw_conflicts(path: str, tasks: Sequence[str], cosines: Tensor) -> None:
    """Draw the cosines as a heat map, from -1 (conflict) to 1."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.5 + len(tasks), 1 + len(tasks)), layout='constrained')
    axes = figure.add_subplot()
    image = axes.imshow(cosines, cmap='RdBu', vmin=-1, vmax=1)
    for (row, column), value in zip(
        torch.cartesian_prod(*[torch.arange(len(tasks))] * 2), cosines.flatten(), strict=True
    ):
        if not value.isnan():
            axes.text(column, row, f'{value:.2f}', ha='center', va='center')
    axes.set_xticks(range(len(tasks)), tasks, rotation=45)
    axes.set_yticks(range(len(tasks)), tasks)
    figure.colorbar(image, label='mean cosine of gradients')
    figure.savefig(path)
