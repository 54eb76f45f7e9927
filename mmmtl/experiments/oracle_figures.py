"""A table and a figure of the measurements of `ConsistencyOracleHook`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmmtl.experiments.label_changes import CONDITIONS

OracleCurve = Mapping[int, Mapping[str, float]]  # {iterations done: {condition: loss}}


def oracle_table(curve: OracleCurve) -> str:
    """Return a Markdown table of first, middle and last losses, with the difference from true labels in percent."""
    iterations = sorted(curve)
    chosen = list(dict.fromkeys((iterations[0], iterations[len(iterations) // 2], iterations[-1])))
    lines = [f'| labels as predictions | {" | ".join(f"iteration {i}" for i in chosen)} |']
    lines.append('| --- |' + ' ---: |' * len(chosen))
    for condition in ('true', *(name for name in curve[iterations[0]] if name != 'true')):
        cells = []
        for iteration in chosen:
            loss, true = curve[iteration][condition], curve[iteration]['true']
            ratio = '' if condition == 'true' or not true else f' ({100 * (loss / true - 1):+.1f} %)'
            cells.append(f'{loss:.4f}{ratio}')
        lines.append(f'| {condition} | {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'


def draw_oracle(path: Path, curve: OracleCurve, name: str) -> None:
    """Draw the loss of each condition and its difference from that of true labels in percent; write it to ``path``."""
    from matplotlib.figure import Figure

    iterations = sorted(curve)
    figure = Figure(figsize=(10, 4), layout='constrained')
    axes, ratios = figure.subplots(1, 2)
    colours = {condition: f'C{number}' for number, condition in enumerate([*CONDITIONS, 'predicted'])}
    for condition in curve[iterations[0]]:
        losses = [curve[iteration][condition] for iteration in iterations]
        style: dict[str, Any] = {'color': colours[condition], 'label': condition}
        if condition == 'predicted':
            style['linestyle'] = '--'
        if condition == 'true':
            style |= {'color': 'black', 'linewidth': 2.0, 'zorder': 3}
        axes.plot(iterations, losses, **style)
        true = [curve[iteration]['true'] for iteration in iterations]
        ratios.plot(
            iterations, [100 * (loss / one - 1) if one else 0 for loss, one in zip(losses, true, strict=True)], **style
        )
    axes.set_title(f'{name}: loss', fontsize=10)
    ratios.set_title('difference from true labels, %', fontsize=10)
    for panel in (axes, ratios):
        panel.set_xlabel('iteration')
        panel.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc='outside lower center', ncols=4)
    figure.savefig(path, dpi=90)
