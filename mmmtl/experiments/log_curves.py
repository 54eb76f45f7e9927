"""Show logged values of runs: a table of the last and the best ones, and curves."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmmtl.experiments.run_logs import Curve

COLUMNS = 3  # panels in a row
Runs = Mapping[str, Mapping[str, Curve]]


def log_table(runs: Runs, keys: Sequence[str]) -> str:
    """Return a Markdown table of the last, the lowest and the highest value of each key.

    The best value is bold if the direction is known: losses are better when lower, and primary metrics of tasks as the
    task defines it.
    """
    lines = ['| key | run | last | lowest | highest |', '| --- | --- | ---: | ---: | ---: |']
    for key in keys:
        for name, curves in runs.items():
            if key in curves:
                lines.append(f'| {key} | {name} | {" | ".join(_cells(curves[key]))} |')
    return '\n'.join([*lines, '']) + '\nBest values are bold.\n'


def _cells(curve: Curve) -> list[str]:
    last = max(curve.values)
    finite = {step: value for step, value in curve.values.items() if math.isfinite(value)}
    steps = [last]
    if finite:
        steps += [min(finite, key=lambda step: finite[step]), max(finite, key=lambda step: finite[step])]
    texts = [f'{curve.values[step]:.4g} ({curve.unit} {step})' for step in steps]
    texts += ['–'] * (3 - len(texts))
    if finite and curve.higher_is_better is not None:
        best = 2 if curve.higher_is_better else 1
        texts[best] = f'**{texts[best]}**'
    return texts


def draw_curves(path: Path, runs: Runs, keys: Sequence[str]) -> None:
    """Draw one panel per key with one curve per run."""
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    columns = min(COLUMNS, len(keys))
    rows = -(-len(keys) // columns)
    figure = Figure(figsize=(4.8 * columns, 3.2 * rows + 0.4), layout='constrained')
    handles: dict[str, Artist] = {}
    for index, key in enumerate(keys):
        axes = figure.add_subplot(rows, columns, index + 1)
        units = {curves[key].unit for curves in runs.values() if key in curves}
        for number, (name, curves) in enumerate(runs.items()):
            if key in curves:
                steps, values = list(curves[key].values), list(curves[key].values.values())
                marker = 'o' if len(steps) < 30 else None
                (handles[name],) = axes.plot(steps, values, color=f'C{number}', marker=marker, markersize=3)
        axes.set_title(key, fontsize=10)
        axes.set_xlabel(' or '.join(sorted(units)))
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(handles.values(), handles.keys(), loc='outside lower center', ncols=min(4, len(handles)))
    figure.savefig(path, dpi=120)
