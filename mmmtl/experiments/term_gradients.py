"""Gradients of all terms of the loss on the shared parameters during training."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from torch import Tensor, nn

from mmmtl.files.atomic_path import write_text_file
from mmmtl.models import MultiTaskModel
from mmmtl.models.loss_weighting import LossWeighting, TaskGradients


@dataclass
class TermGradient:
    """One term in one iteration; values are None if it has no label or nothing to compare.

    Args:
        iteration: Number of the iteration, from 1.
        term: Name of the task or consistency loss.
        loss: The loss before its weight.
        weight: Weight of the term in this iteration, including its ramp.
        norm: Norm of the gradient of the unweighted loss on the shared parameters.
        share: ``weight * norm`` divided by the norm of the weighted sum of the task gradients.
        cosine: Cosine between the gradient and this sum.
    """

    iteration: int
    term: str
    loss: float | None
    weight: float
    norm: float | None
    share: float | None
    cosine: float | None


class TermGradientsHook(Hook):
    """Measure the gradients of every ``interval``-th iteration.

    The graph of the iteration itself is used, in one more backward pass per term, so the training is the same as
    without the hook, bit for bit.

    Args:
        interval: Number of iterations between measurements; the first iteration is measured.
        shared: Prefixes of the names of the shared parameters, see `TaskGradients`.
    """

    def __init__(self, interval: int, shared: Sequence[str] = ('backbone',)) -> None:
        self.interval = interval
        self.gradients = TaskGradients(shared)
        self.rows: list[TermGradient] = []
        self._iteration: int | None = None  # the iteration that is being measured
        self._losses: dict[str, Tensor] = {}  # with their graphs
        self._weights: dict[str, Tensor] = {}
        self._handles: list[Any] = []

    def before_train(self, runner) -> None:
        model: MultiTaskModel = runner.unwrapped_model
        self.gradients.to(next(model.parameters()).device)
        self.gradients.choose(dict(model.named_parameters()))  # an unknown prefix raises an error before the first step
        self._handles = [
            model.loss_weighting.register_forward_hook(self._keep_tasks),
            *(loss.register_forward_hook(self._keep_consistency(name)) for name, loss in _named(model)),
            model.register_forward_hook(self._measure),
        ]

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self._iteration = runner.iter + 1 if runner.iter % self.interval == 0 else None

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        self._iteration = None

    def after_train(self, runner) -> None:
        for handle in self._handles:
            handle.remove()

    def _keep_tasks(self, module: nn.Module, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
        if self._iteration is not None:
            tasks = cast(LossWeighting, module).tasks
            losses, present = inputs[0], inputs[1]
            self._losses = dict(zip(tasks, losses, strict=True))
            self._weights = dict(zip(tasks, torch.where(present, output[1], 0).unbind(), strict=True))

    def _keep_consistency(self, name: str) -> Any:
        def keep(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            if self._iteration is not None:
                self._losses[name] = output

        return keep

    def _measure(self, model: MultiTaskModel, inputs: tuple, output: Mapping[str, Tensor]) -> None:
        if self._iteration is None or 'loss' not in output:
            return
        for name, consistency in _named(model):
            plain = output['loss'].new_tensor(float(consistency.weight * consistency.ramp))
            self._weights[name] = output.get(f'weight/{name}', plain)
        rows = self.gradients(
            list(self._losses.values()), self.gradients.choose(dict(model.named_parameters()))[0]
        ).rows
        losses = torch.stack([loss.detach().float() for loss in self._losses.values()])
        all_reduce(losses, op='mean')
        weights = torch.stack([weight.float() for weight in self._weights.values()])
        count = len(model.tasks)
        tasks = weights[:count] @ rows[:count]
        norms, sum_norm = rows.norm(dim=1), tasks.norm()
        table = torch.stack(
            [losses, weights, norms, weights * norms / sum_norm, rows @ tasks / (norms * sum_norm)], 1
        ).tolist()
        for name, (loss, weight, norm, share, cosine) in zip(self._losses, table, strict=True):
            found = (loss, norm, share, cosine) if norm > 0 else (None,) * 4
            self.rows.append(TermGradient(self._iteration, name, found[0], weight, *map(_finite, found[1:])))
        self._losses, self._weights = {}, {}  # frees the graphs


def _named(model: MultiTaskModel) -> list[tuple[str, Any]]:
    return list(model.consistency_losses.items())


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) < float('inf') else None


def write_term_gradients(path: Path, rows: Sequence[TermGradient]) -> None:
    """Write the rows as CSV or JSON, depending on the suffix; None becomes an empty cell or null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == '.json':
        write_text_file(path, json.dumps([asdict(row) for row in rows], indent=1) + '\n')
        return
    lines = io.StringIO(newline='')
    writer = csv.DictWriter(lines, [field.name for field in fields(TermGradient)])
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text_file(path, lines.getvalue())


def term_table(rows: Sequence[TermGradient]) -> str:
    """Return a Markdown table with the means of each term over the first and the last quarter of the run."""
    last = max((row.iteration for row in rows), default=0)
    quarters = {'first': lambda i: i <= last / 4, 'last': lambda i: i > last * 3 / 4}
    columns = ('weight', 'norm', 'share', 'cosine')
    lines = [
        f'| term | quarter | {" | ".join(columns)} | measured |',
        '| --- | --- |' + ' ---: |' * (len(columns) + 1),
    ]
    for term in dict.fromkeys(row.term for row in rows):
        for quarter, belongs in quarters.items():
            own = [row for row in rows if row.term == term and row.norm is not None and belongs(row.iteration)]
            cells = [_mean([getattr(row, column) for row in own]) for column in columns]
            lines.append(f'| {term} | {quarter} | {" | ".join(cells)} | {len(own)} |')
    return '\n'.join(lines) + '\n'


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f'{sum(known) / len(known):.3g}' if known else '–'


def draw_term_gradients(path: Path, rows: Sequence[TermGradient]) -> None:
    """Draw norm, share and cosine of each term over the iterations."""
    from matplotlib.figure import Figure

    panels = {
        'norm': 'gradient norm, unweighted',
        'share': 'weighted norm / norm of all tasks',
        'cosine': 'cosine with all tasks',
    }
    figure = Figure(figsize=(13, 3.8), layout='constrained')
    handles = {}
    for index, (column, title) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), index + 1)
        for number, term in enumerate(dict.fromkeys(row.term for row in rows)):
            points = [(row.iteration, getattr(row, column)) for row in rows if row.term == term]
            points = [(iteration, value) for iteration, value in points if value is not None]
            (handles[term],) = axes.plot(
                [iteration for iteration, _ in points],
                [value for _, value in points],
                color=f'C{number}',
                marker='o' if len(points) < 30 else None,
                markersize=3,
            )
        axes.set_title(title, fontsize=10)
        axes.set_xlabel('iteration')
        axes.grid(alpha=0.3)
        if column == 'cosine':
            axes.set_ylim(-1.05, 1.05)
            axes.axhline(0, color='grey', linewidth=0.8)
        else:
            axes.set_yscale('log')
    figure.legend(handles.values(), handles.keys(), loc='outside lower center', ncols=min(6, len(handles)))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
