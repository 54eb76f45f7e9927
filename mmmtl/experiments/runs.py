"""Read the scores of runs, and group runs that belong together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmmtl.errors import DataError
from mmmtl.experiments.evaluated_data import EvaluatedData


@dataclass(frozen=True)
class Run:
    """The content of a file of scores, such as `metrics.json`.

    Args:
        path: The file.
        name: Name of the run's row in a table.
        named: Whether the user gave the name; otherwise it is the config's.
        data: Evaluated data, ``'test'`` or ``'validation'``.
        data_digest: Digest of the validation data; it differs if other data were evaluated. None for test data, which
            the protocol determines.
        protocol: Name of the protocol that the run follows.
        protocol_digest: Digest of what the protocol prescribed; it differs if the protocol was changed.
        seed: Seed of the run.
        recipe: `recipe_digest` of its config.
        compared: Compared metric of each task, and whether higher is better.
        scores: All scores.
    """

    path: Path
    name: str
    named: bool
    data: str
    data_digest: str | None
    protocol: str | None
    protocol_digest: str | None
    seed: int | None
    recipe: str
    compared: Mapping[str, bool]
    scores: Mapping[str, float | None]


def split_name(text: str) -> tuple[str, str]:
    """Split ``PATH`` or ``NAME=PATH`` into the name, empty if there is none, and the path.

    Names and paths may contain equals signs: the longest path that exists is taken, else what follows the last sign.
    """
    starts = [0, *(index + 1 for index, letter in enumerate(text) if letter == '=')]
    start = next((start for start in starts if text[start:] and Path(text[start:]).exists()), starts[-1])
    return text[: max(start - 1, 0)], text[start:]


def read_run(text: str) -> Run:
    """Read a run from ``PATH`` or ``NAME=PATH``, a work dir or a file of scores in it (by default `metrics.json`).

    Raises:
        DataError: The file is missing or not a `metrics.json`.
    """
    name, location = split_name(text)
    path = Path(location)
    path = path / 'metrics.json' if path.is_dir() else path
    try:
        content = json.loads(path.read_text())
        rows = content['scores']
        row = rows['trained network'] if 'trained network' in rows else _only_row(rows)
        return Run(
            path,
            name or Path(content['config'] or location).stem,
            bool(name),
            content.get('data', 'test'),
            content.get('data_digest'),
            content['protocol'],
            content.get('protocol_digest'),
            content['seed'],
            content['recipe'],
            content['compared'],
            row,
        )
    except FileNotFoundError:
        option = ' --validation' if path.name == EvaluatedData.VALIDATION.value else ''
        raise DataError(
            f'{path}: no such file; write it with mmmtl test CONFIG CHECKPOINT{option} --work-dir {path.parent}'
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f'{path}: not a file of scores ({type(error).__name__}: {error}); write it with mmmtl test'
        ) from None


def _only_row(rows: Mapping[str, Mapping]) -> Mapping:
    """Return the only row of scores."""
    if len(rows) != 1:
        raise ValueError(f'expected one row of scores, found {len(rows)}: {", ".join(rows)}')
    return next(iter(rows.values()))


def common_protocol(runs: Sequence[Run]) -> str | None:
    """Return the protocol of all runs.

    Raises:
        DataError: They differ, or some scores are of test data and some of validation data.
    """
    first = runs[0]
    for run in runs:
        if run.data != first.data:
            raise DataError(
                f'{first.path} has scores of the {first.data} data, {run.path} of the {run.data} data: make one '
                'table for each'
            )
        if run.data_digest != first.data_digest:
            raise DataError(
                f'{first.path} and {run.path}: their validation data or metrics differ, so the scores are not '
                'comparable; make one table for each'
            )
        if run.protocol != first.protocol:
            raise DataError(
                f'{first.path} follows protocol {first.protocol}, {run.path} {run.protocol}: their '
                'results are not comparable, make one table for each'
            )
        if run.protocol_digest != first.protocol_digest:
            raise DataError(
                f'{first.path} and {run.path} follow different versions of protocol {run.protocol}: test both '
                'with the same version'
            )
    return first.protocol


def merge_compared(runs: Sequence[Run]) -> dict[str, bool]:
    """Merge the compared metrics of all runs.

    Raises:
        DataError: Two runs have different ones for a task.
    """
    compared: dict[str, bool] = {}
    for run in runs:
        for metric, higher_is_better in run.compared.items():
            task = metric.rpartition('/')[0]
            other = next((known for known in compared if known.rpartition('/')[0] == task), metric)
            if other != metric:
                raise DataError(f'{run.path}: compares {task} by {metric}, other runs by {other}; use one protocol')
            compared[metric] = higher_is_better
    return compared


def group_by_name(runs: Sequence[Run]) -> list[tuple[str, list[Run]]]:
    """Group runs by name, in order.

    Raises:
        DataError: Two runs of one name have the same seed, or differ in more than the seed.
    """
    rows: dict[str, list[Run]] = {}
    for run in runs:
        for other in rows.setdefault(run.name, []):
            if run.seed == other.seed:
                raise DataError(
                    f'{other.path} and {run.path}: both are {run.name} with seed {run.seed}; drop one, or give '
                    'different names: NAME=WORK_DIR'
                )
            if run.recipe != other.recipe and not run.named:
                raise DataError(
                    f'{other.path} and {run.path}: both are {run.name}, but their configs differ in more '
                    'than the seed; give different names, or the same name explicitly: NAME=WORK_DIR'
                )
        rows[run.name].append(run)
    return list(rows.items())
