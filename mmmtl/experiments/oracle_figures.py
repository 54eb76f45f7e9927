"""A table and a figure of the measurements of `ConsistencyOracleHook`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmmtl.experiments.label_changes import CONDITIONS

OracleCurve = Mapping[int, Mapping[str, float]]  # {iterations done: {condition: loss}}
Cosines = Mapping[int, Mapping[str, float]]  # {iterations done: {'<task>/prediction' or '<task>/parameters': cosine}}


def oracle_table(curve: OracleCurve) -> str:
    """Return a Markdown table of first, middle and last losses, with the difference from true labels in percent."""
    chosen = _first_middle_last(curve)
    lines = [f'| labels as predictions | {" | ".join(f"iteration {i}" for i in chosen)} |']
    lines.append('| --- |' + ' ---: |' * len(chosen))
    for condition in ('true', *(name for name in curve[chosen[0]] if name != 'true')):
        cells = []
        for iteration in chosen:
            loss, true = curve[iteration][condition], curve[iteration]['true']
            ratio = '' if condition == 'true' or not true else f' ({100 * (loss / true - 1):+.1f} %)'
            cells.append(f'{loss:.4f}{ratio}')
        lines.append(f'| {condition} | {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'


def cosine_table(cosines: Cosines) -> str:
    """Return a Markdown table of first, middle and last cosines."""
    chosen = _first_middle_last(cosines)
    lines = [f'| cosine with the loss of the task | {" | ".join(f"iteration {i}" for i in chosen)} |']
    lines.append('| --- |' + ' ---: |' * len(chosen))
    lines += [
        f'| {key.replace("/", ", ")} | {" | ".join(f"{cosines[iteration][key]:+.3f}" for iteration in chosen)} |'
        for key in cosines[chosen[0]]
    ]
    return '\n'.join(lines) + '\n'


def _first_middle_last(curve: Mapping[int, Any]) -> list[int]:
    iterations = sorted(curve)
    return list(dict.fromkeys((iterations[0], iterations[len(iterations) // 2], iterations[-1])))


def draw_oracle(path: Path, curve: OracleCurve, cosines: Cosines, name: str) -> None:
    """Draw the loss of each condition, its difference from that of true labels in percent, and the cosines."""
    from matplotlib.figure import Figure

    iterations = sorted(curve)
    figure = Figure(figsize=(13, 4), layout='constrained')
    axes, ratios, directions = figure.subplots(1, 3)
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
    for number, key in enumerate(cosines[iterations[0]]):  # two curves per task
        style = {'color': f'C{number // 2}', 'linestyle': '-' if key.endswith('parameters') else ':'}
        values = [cosines[iteration][key] for iteration in iterations]
        directions.plot(iterations, values, label=key.replace('/', ', '), **style)
    directions.axhline(0, color='black', linewidth=0.5)
    directions.legend(fontsize=8)
    axes.set_title(f'{name}: loss', fontsize=10)
    ratios.set_title('difference from true labels, %', fontsize=10)
    directions.set_title('cosine with the loss of the task', fontsize=10)
    for panel in (axes, ratios, directions):
        panel.set_xlabel('iteration')
        panel.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc='outside lower center', ncols=4)
    figure.savefig(path, dpi=90)
