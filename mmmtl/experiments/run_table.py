"""Compare runs of one protocol: means and deviations over seeds, and Delta_MTL against single-task runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import mean, stdev

from mmmtl.errors import DataError
from mmmtl.experiments.runs import Run, common_protocol, group_by_name, merge_compared, read_run
from mmmtl.metrics.delta_mtl import delta_mtl


def run_table(runs: Sequence[str], single: Sequence[str] = (), metrics: Sequence[str] = ()) -> str:
    """Return a Markdown table with one row per config.

    Args:
        runs: Work dirs or files of scores, as ``PATH`` or ``NAME=PATH``; runs of one name are seeds of a row.
        single: Single-task runs, the baseline of Delta_MTL, in the same form.
        metrics: Columns, as ``task/metric``; by default the compared metric of each task.

    Raises:
        DataError: A file is missing or damaged, protocols differ, or runs of a row differ in more than the seed.
    """
    multi, baselines = [read_run(text) for text in runs], [read_run(text) for text in single]
    protocol = common_protocol([*multi, *baselines])
    compared, columns = select_columns([*multi, *baselines], metrics)
    rows = [
        (name, seeds, [format_scores(column_values(seeds, key), len(seeds)) for key in columns])
        for name, seeds in group_by_name(multi)
    ]
    titles = [column.replace('/', ' ') + direction_arrow(column, compared) for column in columns]
    if baselines:
        baseline = baseline_scores(baselines, compared)
        for _, seeds, cells in rows:
            cells.append(format_scores([run_delta(run, baseline, compared) for run in seeds], len(seeds)))
        # checks that the runs of a task differ in the seed only
        group_by_name([replace(run, name=f'{run.name} {" ".join(run.compared)}') for run in baselines])
        single_columns = [column_values(baselines, key) for key in columns]
        rows.insert(
            0, ('single task', baselines, [*(format_scores(values, len(values)) for values in single_columns), '–'])
        )
        titles.append('Δ_MTL % ↑')
    lines = [f'| run | seeds | {" | ".join(titles)} |', '| --- | ---: |' + ' ---: |' * len(titles)]
    lines += [f'| {name} | {len({run.seed for run in seeds})} | {" | ".join(cells)} |' for name, seeds, cells in rows]
    about = f'Protocol `{protocol}`' if protocol else 'No protocol: these results may not be comparable'
    if multi[0].data == 'validation':
        about = 'Validation data, to choose settings; not the results of a protocol'
    return '\n'.join([*lines, '', f'{about}; mean ± standard deviation over seeds.', ''])


def select_columns(runs: Sequence[Run], metrics: Sequence[str]) -> tuple[dict[str, bool], list[str]]:
    """Return the compared metrics, and the columns: the given metrics, by default the compared ones."""
    compared = merge_compared(runs)
    columns = list(metrics) or list(compared)
    check_columns(columns, runs)
    return compared, columns


def check_columns(columns: Iterable[str], runs: Sequence[Run]) -> None:
    """Check that every column exists in at least one run.

    Raises:
        DataError: It does not.
    """
    known = sorted({key for run in runs for key in run.scores if '/IoU/' not in key})
    for column in columns:
        if not any(column in run.scores for run in runs):
            raise DataError(f'{column}: none of the runs has this metric; they have {", ".join(known)}')


def baseline_scores(baselines: Sequence[Run], compared: Iterable[str]) -> dict[str, float]:
    """Return the mean over seeds of each compared metric.

    Raises:
        DataError: No run has a metric.
    """
    scores = {}
    for metric in compared:
        values = column_values([run for run in baselines if metric in run.compared], metric)
        if not values:
            raise DataError(f'{metric}: no single-task run has it; add a run of that task')
        scores[metric] = mean(values)
    return scores


def run_delta(run: Run, baseline: Mapping[str, float], compared: Mapping[str, bool]) -> float:
    """Return Delta_MTL of one run in percent.

    Raises:
        DataError: The run lacks a compared metric.
    """
    missing = [metric for metric in compared if run.scores.get(metric) is None]
    if missing:
        raise DataError(f'{run.path}: lacks {missing[0]}, so Delta_MTL against these single-task runs is undefined')
    return delta_mtl({metric: value for metric, value in run.scores.items() if value is not None}, baseline, compared)


def column_values(runs: Iterable[Run], key: str) -> list[float]:
    """Return the values of one score over runs; runs without it are skipped."""
    return [value for run in runs if (value := run.scores.get(key)) is not None]


def direction_arrow(column: str, compared: Mapping[str, bool]) -> str:
    """Return an arrow that shows which direction is better; empty if unknown."""
    return '' if column not in compared else ' ↑' if compared[column] else ' ↓'


def format_scores(values: Sequence[float], runs: int) -> str:
    """Format mean and standard deviation, and the number of runs with a finite value if not all have one."""
    if not values:
        return '–'
    text = f'{mean(values):.4g}' if len(values) == 1 else f'{mean(values):.4g} ± {stdev(values):.2g}'
    return text if len(values) == runs else f'{text} ({len(values)} of {runs})'
