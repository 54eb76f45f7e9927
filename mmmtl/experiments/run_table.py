"""Runs side by side: means and deviations over seeds, and Delta_MTL against single-task runs, of one protocol only."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev

from mmmtl.errors import DataError
from mmmtl.metrics.delta_mtl import delta_mtl


@dataclass(frozen=True)
class Run:
    """One `metrics.json`."""

    path: Path
    name: str  # of its row in the table
    named: bool  # by the user, not by its config
    protocol: str | None
    seed: int | None
    recipe: str
    compared: Mapping[str, bool]  # the measure of each task that stands for it, and whether higher is better
    scores: Mapping[str, float | None]


def run_table(runs: Sequence[str], single: Sequence[str] = (), metrics: Sequence[str] = ()) -> str:
    """A Markdown table with one row per config.

    Args:
        runs: Work dirs or `metrics.json` files, each as ``PATH`` or ``NAME=PATH``; runs of one name are seeds of a row.
        single: Likewise; the single-task runs that Delta_MTL is measured against.
        measures: ``task/measure`` of the columns; the one that stands for each task if empty.

    Raises:
        DataError: A file is missing or damaged, the protocols differ, or runs of one row are no seeds of one recipe.
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
        truth = baseline_scores(baselines, compared)
        for _, seeds, cells in rows:
            cells.append(format_scores([run_delta(run, truth, compared) for run in seeds], len(seeds)))
        group_by_name(
            [replace(run, name=f'{run.name} {" ".join(run.compared)}') for run in baselines]
        )  # seeds of one recipe
        learnt = [column_values(baselines, key) for key in columns]
        rows.insert(0, ('single task', baselines, [*(format_scores(values, len(values)) for values in learnt), '–']))
        titles.append('Δ_MTL % ↑')
    lines = [f'| run | seeds | {" | ".join(titles)} |', '| --- | ---: |' + ' ---: |' * len(titles)]
    lines += [f'| {name} | {len({run.seed for run in seeds})} | {" | ".join(cells)} |' for name, seeds, cells in rows]
    about = f'Protocol `{protocol}`' if protocol else 'No protocol: nothing says that these numbers are comparable'
    return '\n'.join([*lines, '', f'{about}; mean ± standard deviation over seeds.', ''])


def read_run(text: str) -> Run:
    """``PATH`` or ``NAME=PATH``, a work dir or its `metrics.json`."""
    name, _, place = text.rpartition('=')
    path = Path(place)
    path = path / 'metrics.json' if path.is_dir() else path
    try:
        content = json.loads(path.read_text())
        rows = content['scores']
        row = rows['trained network'] if 'trained network' in rows else _only_row(rows)
        return Run(
            path,
            name or Path(content['config'] or place).stem,
            bool(name),
            content['protocol'],
            content['seed'],
            content['recipe'],
            content['compared'],
            row,
        )
    except FileNotFoundError:
        raise DataError(
            f'{path}: no such file; tools/test.py CONFIG CHECKPOINT --work-dir {path.parent} writes it'
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f'{path}: expected the scores that tools/test.py writes ({type(error).__name__}: {error}); test again'
        ) from None


def _only_row(rows: Mapping[str, Mapping]) -> Mapping:
    """The one row there is."""
    if len(rows) != 1:
        raise ValueError(f'one row of scores, found {len(rows)}: {", ".join(rows)}')
    return next(iter(rows.values()))


def common_protocol(runs: Sequence[Run]) -> str | None:
    """The protocol of all runs."""
    first = runs[0]
    for run in runs:
        if run.protocol != first.protocol:
            raise DataError(
                f'{first.path} is of protocol {first.protocol}, {run.path} of {run.protocol}: their '
                'numbers do not belong in one table'
            )
    return first.protocol


def merge_compared(runs: Sequence[Run]) -> dict[str, bool]:
    """The measures that stand for the tasks of all runs, which must agree in them."""
    compared: dict[str, bool] = {}
    for run in runs:
        for metric, higher_is_better in run.compared.items():
            task = metric.rpartition('/')[0]
            other = next((known for known in compared if known.rpartition('/')[0] == task), metric)
            if other != metric:
                raise DataError(f'{run.path}: {metric} stands for {task}, elsewhere {other}; test them alike')
            compared[metric] = higher_is_better
    return compared


def select_columns(runs: Sequence[Run], metrics: Sequence[str]) -> tuple[dict[str, bool], list[str]]:
    """The measures that stand for the tasks, and the columns: those that are asked for, or else these."""
    compared = merge_compared(runs)
    columns = list(metrics) or list(compared)
    check_columns(columns, runs)
    return compared, columns


def check_columns(columns: Iterable[str], runs: Sequence[Run]) -> None:
    """Every column exists in some run."""
    known = sorted({key for run in runs for key in run.scores if '/IoU/' not in key})
    for column in columns:
        if not any(column in run.scores for run in runs):
            raise DataError(f'{column}: none of the runs has this measure; they have {", ".join(known)}')


def group_by_name(runs: Sequence[Run]) -> list[tuple[str, list[Run]]]:
    """Runs by name, in the order given.

    Raises:
        DataError: Two runs of one name have the same seed, or differ in more than the seed.
    """
    rows: dict[str, list[Run]] = {}
    for run in runs:
        for other in rows.setdefault(run.name, []):
            if run.seed == other.seed:
                raise DataError(
                    f'{other.path} and {run.path}: both are {run.name} with seed {run.seed}; give one, or '
                    'different names: NAME=WORK_DIR'
                )
            if run.recipe != other.recipe and not run.named:
                raise DataError(
                    f'{other.path} and {run.path}: both are {run.name}, but their configs differ in more '
                    'than the seed; give different names, or one on purpose: NAME=WORK_DIR'
                )
        rows[run.name].append(run)
    return list(rows.items())


def baseline_scores(baselines: Sequence[Run], compared: Iterable[str]) -> dict[str, float]:
    """The mean over seeds of what stands for every task."""
    scores = {}
    for metric in compared:
        values = column_values([run for run in baselines if metric in run.compared], metric)
        if not values:
            raise DataError(f'{metric}: no single-task run has it; add the one for that task')
        scores[metric] = mean(values)
    return scores


def run_delta(run: Run, baseline: Mapping[str, float], compared: Mapping[str, bool]) -> float:
    """Delta_MTL of one run in per cent."""
    missing = [metric for metric in compared if run.scores.get(metric) is None]
    if missing:
        raise DataError(f'{run.path}: has no {missing[0]}, so it has no Delta_MTL against these single-task runs')
    return delta_mtl(run.scores, baseline, compared)


def column_values(runs: Iterable[Run], key: str) -> list[float]:
    """The numbers of one measure; runs without it are left out."""
    return [value for run in runs if (value := run.scores.get(key)) is not None]


def direction_arrow(column: str, compared: Mapping[str, bool]) -> str:
    """Which way is better, where it is known."""
    return '' if column not in compared else ' ↑' if compared[column] else ' ↓'


def format_scores(values: Sequence[float], runs: int) -> str:
    """Mean, and deviation where there are several; and how many of the runs have a finite number, if not all."""
    if not values:
        return '–'
    text = f'{mean(values):.4g}' if len(values) == 1 else f'{mean(values):.4g} ± {stdev(values):.2g}'
    return text if len(values) == runs else f'{text} ({len(values)} of {runs})'
