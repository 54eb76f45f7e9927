"""Read the values that runs have logged: losses of training steps and scores of validations."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmmtl import tasks as task_classes
from mmmtl.errors import DataError
from mmmtl.files.text_files import read_lines
from mmmtl.tasks import Task

STEPS = {'step', 'iter', 'epoch'}
# what a training line has besides losses
NO_LOSSES = {*STEPS, 'time', 'data_time', 'memory', 'grad_norm'}
NO_LOSS_PATTERN = re.compile(r'^(base_)?lr$|\.lr$|^momentum$|^weight/|\bacc')


@dataclass
class Curve:
    """One logged value over a run.

    Args:
        values: ``{step: value}`` in ascending order of steps.
        unit: Unit of a step, ``'iteration'`` or ``'epoch'``.
        higher_is_better: None if unknown.
    """

    values: dict[int, float] = field(default_factory=dict)
    unit: str = 'iteration'
    higher_is_better: bool | None = None


def read_curves(path: Path) -> dict[str, Curve]:
    """Read everything that a run has logged.

    A resumed run has one log for each start. The steps of a later log replace those of the earlier ones from its first
    step on.

    Args:
        path: Work directory, or a file ``scalars.json``.

    Raises:
        DataError: There is no log, or a line of it is damaged; an incomplete last line is skipped.
    """
    files = [path] if path.is_file() else _log_files(path)
    if not files:
        raise DataError(f'{path}: no log in this folder; expected a work directory with TIME/vis_data/scalars.json')
    curves: dict[str, Curve] = {}
    for file in files:
        logged = _read_file(file)
        for name, curve in logged.items():
            first = min(curve.values)
            earlier = curves[name].values if name in curves else {}
            kept = {step: value for step, value in earlier.items() if step < first}
            curve.values = dict(sorted({**kept, **curve.values}.items()))
        curves.update(logged)
    if not curves:
        raise DataError(f'{files[0]}: nothing is logged yet')
    return curves


def has_log(folder: Path) -> bool:
    """Return whether a folder contains a log that `read_curves` reads."""
    return bool(_log_files(folder))


def _log_files(folder: Path) -> list[Path]:
    return sorted(folder.glob('**/vis_data/scalars.json'))


def _read_file(file: Path) -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    lines, by_epoch = _records(file), False
    for record in lines:
        training = 'iter' in record
        by_epoch = by_epoch or 'epoch' in record
        for name, value in record.items():
            if name in STEPS or not isinstance(value, int | float):
                continue
            if not training and name in NO_LOSSES:  # the duration of a validation
                continue
            unit = 'epoch' if by_epoch and not training else 'iteration'
            curve = curves.setdefault(name, Curve(unit=unit, higher_is_better=_direction(name, training)))
            curve.values[int(record['step'])] = float(value)
    return curves


def _records(file: Path) -> list[dict]:
    lines = list(read_lines(file).items())
    records: list[dict] = []
    for number, line in lines:
        try:
            record = json.loads(line)
            int(record['step'])
        except (ValueError, TypeError, KeyError, AttributeError):
            if number == lines[-1][0] and records:
                break  # a run writes it at present, or was killed
            raise DataError(f'{file}: line {number} is not a JSON object with a step, as MMEngine logs it') from None
        records.append(record)
    return records


def _direction(name: str, training: bool) -> bool | None:
    """Return whether higher values are better: known for losses and for the primary metrics of the tasks."""
    if training:
        return None if name in NO_LOSSES or NO_LOSS_PATTERN.search(name) else False
    return metric_directions().get(name.rpartition('/')[2])


def metric_directions() -> dict[str, bool]:
    """Return ``{metric: higher is better}`` of all tasks of this package."""
    exported = (getattr(task_classes, name) for name in task_classes.__all__)
    tasks = [task for task in exported if isinstance(task, type) and issubclass(task, Task) and task is not Task]
    return {task.primary_metric: task.higher_is_better for task in tasks}


def choose_keys(runs: Mapping[str, Mapping[str, Curve]], keys: Sequence[str]) -> list[str]:
    """Return the keys to show: the given ones; by default the losses and the primary metrics.

    Raises:
        DataError: No run has logged a key.
    """
    known = {name: curve for curves in runs.values() for name, curve in curves.items()}
    for key in keys:
        if key not in known:
            raise DataError(f'{key}: not in the logs, which have {", ".join(sorted(known))}')
    return list(keys) or [name for name, curve in known.items() if curve.higher_is_better is not None]
