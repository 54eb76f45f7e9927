"""Relative gains over a reference config, seed by seed, with 95 % intervals: a table and a figure."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple

from mmmtl.experiments.paired_runs import PairedRuns
from mmmtl.experiments.runs import Run
from mmmtl.metrics.delta_mtl import relative_gains

MEAN = 'mean of tasks'  # title of the column with the mean gain
LEVEL = 0.95
IMPROVED, UNCLEAR, WORSE = 'tab:blue', 'tab:gray', 'tab:red'


class Interval(NamedTuple):
    """A mean over seeds and its two-sided 95 % t interval; the bounds are NaN for one seed."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        bounds = '' if math.isnan(self.low) else f' ({self.low:+.1f} to {self.high:+.1f})'
        return f'{self.mean:+.1f}{bounds}'


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of ``values`` with its t interval, which assumes that they are normally distributed."""
    from scipy.special import stdtrit  # slow to import

    if len(values) == 1:
        return Interval(values[0], math.nan, math.nan)
    quantile = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2))
    half = quantile * stdev(values) / math.sqrt(len(values))
    return Interval(mean(values), mean(values) - half, mean(values) + half)


def paired_gains(pairs: PairedRuns) -> dict[str, dict[str, Interval]]:
    """Return ``{row: {column: gain in percent}}``, positive where the row is better than the reference.

    Only columns with a known direction count. The last column, `MEAN`, is the mean over these columns: with one metric
    per task, Delta_MTL with the reference in place of single-task networks. Seeds that lack a score, or whose reference
    score is 0, are skipped, and so is a column without a seed.
    """
    columns = [column for column in pairs.columns if column in pairs.compared]
    rows = {}
    for name, of_config in pairs.rows.items():
        by_seed = [
            _gains(run, other, {column: pairs.compared[column] for column in columns}) for run, other in of_config
        ]
        rows[name] = {
            column: interval(gains)
            for column in columns
            if (gains := [of_seed[column] for of_seed in by_seed if column in of_seed])
        }
        if complete := [mean(of_seed.values()) for of_seed in by_seed if columns and len(of_seed) == len(columns)]:
            rows[name][MEAN] = interval(complete)
    return rows


def _gains(run: Run, reference: Run, compared: Mapping[str, bool]) -> dict[str, float]:
    """Return the gains of one run for the metrics that both runs have."""
    scores = {key: score for key in compared if (score := run.scores.get(key)) is not None}
    others = {key: score for key in scores if (score := reference.scores.get(key))}
    defined = {key: compared[key] for key in others}
    return relative_gains(scores, others, defined) if defined else {}


def gains_table(reference: str, gains: Mapping[str, Mapping[str, Interval]]) -> str:
    """Return a Markdown table of `paired_gains`; empty if no column has a direction."""
    columns = _columns(gains)
    if not columns:
        return ''
    titles = [column.replace('/', ' ') for column in columns]
    lines = [f'| gain over {reference}, % | {" | ".join(titles)} |', '| --- |' + ' ---: |' * len(columns)]
    for name, row in gains.items():
        cells = [str(row[column]) if column in row else '–' for column in columns]
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join([*lines, '', 'Relative to the run with the same seed; mean and 95 % t interval over seeds.', ''])


def draw_gains(path: Path, reference: str, gains: Mapping[str, Mapping[str, Interval]]) -> None:
    """Draw `paired_gains`, one panel per column and one line per row; write the figure to ``path``.

    Blue intervals lie above 0, red ones below, grey ones contain it or are unknown.
    """
    from matplotlib.figure import Figure

    columns = _columns(gains)
    figure = Figure(figsize=(2 + 2.2 * len(columns), 1.2 + 0.32 * len(gains)), layout='constrained')
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for panel, column in zip(panels, columns, strict=True):
        panel.axvline(0, color='black', linewidth=0.8)
        for height, row in enumerate(gains.values()):
            if column not in row:
                continue
            value, low, high = row[column]
            colour = IMPROVED if low > 0 else WORSE if high < 0 else UNCLEAR
            panel.plot([low, high], [height, height], color=colour, linewidth=2, solid_capstyle='butt')
            panel.plot(value, height, 'o', color=colour, markersize=5)
        panel.set_title(column.replace('/', ' '), fontsize=10)
        panel.grid(axis='x', alpha=0.3)
    panels[0].set_yticks(range(len(gains)), list(gains))
    panels[0].set_ylim(len(gains) - 0.5, -0.5)
    figure.supxlabel(f'gain over {reference}, %: mean and 95 % interval', fontsize=10)
    figure.savefig(path, dpi=110)


def _columns(gains: Mapping[str, Mapping[str, Interval]]) -> list[str]:
    """Return the columns that any row has, the mean last."""
    found = dict.fromkeys(column for row in gains.values() for column in row if column != MEAN)
    return [*found, MEAN] if any(MEAN in row for row in gains.values()) else list(found)
