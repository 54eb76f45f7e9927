"""Compare the evaluations of two configs: tasks, test data and evaluators."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.configuration.signatures import accepted_arguments, default_argument

# keys that cannot change a score: where the files are, copies that `load_config` makes, omitted tasks, speed
IGNORED = {
    'root',
    'tasks',
    'trained_for',
    'on_bad_sample',
    'cache',
    'prefix',
    'unscored',
    'collect_dir',
    'collect_device',
}
IGNORED_IN_LOADER = {'batch_size', 'num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor', 'collate_fn'}
# arguments of tasks that matter in training and visualization only
IGNORED_IN_TASKS = {'name', 'loss', 'display_range', 'palette', 'unit', 'farthest'}


def evaluation_differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Yield a phrase for every entry of an evaluation that differs from the expected one.

    Fewer tasks do not count as a difference, as in single-task baselines; nor do parts of the test data omitted if
    there are fewer tasks, and evaluators of these parts. The class of a task, dataset or metric may be a subclass or
    a base class of the expected one.

    Args:
        found: ``tasks``, ``test_dataloader`` and ``test_evaluator`` of a config; ``test_dataloader`` may be missing.
        expected: The same of the protocol.
    """
    loader, other = found.get('test_dataloader') or {}, expected['test_dataloader']
    ignored = IGNORED_IN_TASKS | (set() if _resizes(other['dataset']) else {'interpolation'})
    for name, task in found['tasks'].items():
        if name not in expected['tasks']:
            yield f'tasks.{name} is not one of its tasks ({", ".join(expected["tasks"])})'
        else:
            yield from _part_differences(task, expected['tasks'][name], f'tasks.{name}', ignored)
    if not loader:
        return
    fewer = set(found['tasks']) < set(expected['tasks'])
    yield from _dataset_differences(loader['dataset'], other['dataset'], 'test_dataloader.dataset', fewer)
    for key in dict.fromkeys([*loader, *other]):
        if key != 'dataset' and key not in IGNORED_IN_LOADER:
            yield from _difference(loader.get(key), other.get(key), f'test_dataloader.{key}')
    kept = set(loader['dataset'].get('parts', {})) if fewer else None
    yield from _metric_differences(found.get('test_evaluator'), expected['test_evaluator'], 'test_evaluator', kept)


def normalize_evaluation(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of an evaluation that can change a score, as lists, dicts, numbers and strings."""
    loader = {key: value for key, value in given['test_dataloader'].items() if key not in IGNORED_IN_LOADER}
    tasks = {
        name: {key: value for key, value in task.items() if key not in IGNORED_IN_TASKS}
        for name, task in given['tasks'].items()
    }
    return {**_normalize({**given, 'test_dataloader': loader}), 'tasks': _normalize(tasks)}


def _normalize(value: Any) -> Any:
    """Return a value as plain lists, dicts, numbers, and names of classes, without keys that cannot change a score."""
    if isinstance(value, Mapping):
        return {
            str(key): _name(resolve_type(child, key)) if key == 'type' else _normalize(child)
            for key, child in sorted(value.items())
            if key not in IGNORED
        }
    if isinstance(value, list | tuple):
        return [_normalize(child) for child in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value if value is None or isinstance(value, bool | int | float | str) else _name(value)


def _resizes(dataset: Mapping) -> bool:
    """Return whether a step of the test pipeline changes the size of images and labels."""
    return any(
        'size' in step for part in (dataset, *dataset.get('parts', {}).values()) for step in part.get('pipeline', ())
    )


def _dataset_differences(found: Mapping, expected: Mapping, path: str, fewer: bool) -> Iterator[str]:
    parts, expected_parts = found.get('parts', {}), expected.get('parts', {})
    if set(parts) != set(expected_parts) and not (fewer and set(parts) <= set(expected_parts) and parts):
        yield f'{path} has the parts {", ".join(parts) or "none"}, not {", ".join(expected_parts) or "none"}'
    for name in (name for name in expected_parts if name in parts):
        yield from _dataset_differences(parts[name], expected_parts[name], f'{path}.parts.{name}', fewer)
    yield from _part_differences(found, expected, path, IGNORED | {'parts'})


def _metric_differences(found: Any, expected: Any, path: str, kept: set[str] | None) -> Iterator[str]:
    """Yield the differences of evaluators; if ``kept`` is given, only these parts are compared."""
    metrics, others = ([node] if isinstance(node, Mapping) else list(node or ()) for node in (found, expected))
    if len(metrics) != len(others):
        yield f'{path} has {len(metrics)} metrics, not {len(others)}'
        return
    for metric, other in zip(metrics, others, strict=True):
        yield from _part_differences(metric, other, path, IGNORED | {'parts'})
        parts, other_parts = metric.get('parts', {}), other.get('parts', {})
        for name in dict.fromkeys([*parts, *other_parts]):
            if kept is None or name in kept:
                one, another = parts.get(name), other_parts.get(name)
                yield from _metric_differences(one, another, f'{path}.parts.{name}', kept)


def _part_differences(found: Mapping, expected: Mapping, path: str, ignored: set[str]) -> Iterator[str]:
    """Yield the differences of class and arguments; an argument that is not given has its default."""
    kind, base = (resolve_type(part['type'], f'{path}.type') for part in (found, expected))
    if isinstance(kind, type) and isinstance(base, type) and not (issubclass(kind, base) or issubclass(base, kind)):
        yield f'{path} is of type {kind.__name__}, not {base.__name__}'
        return
    derived = kind is base or (isinstance(kind, type) and isinstance(base, type) and issubclass(kind, base))
    common = {*found, *expected, *accepted_arguments(base)} if derived else {*found, *expected}
    for key in sorted(common - ignored - {'type'}):
        if kind is not base and key not in accepted_arguments(base):
            continue  # an argument that only the subclass has
        one, other = (
            part[key] if key in part else default_argument(part_type, key)
            for part, part_type in ((found, kind), (expected, base))
        )
        yield from _difference(one, other, f'{path}.{key}')


def _difference(found: Any, expected: Any, path: str) -> Iterator[str]:
    found, expected = _normalize(found), _normalize(expected)
    if found == expected:
        return
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from _difference(one, other, f'{path}[{index}]')
    elif isinstance(found, dict) and isinstance(expected, dict):
        for key in dict.fromkeys([*found, *expected]):
            yield from _difference(found.get(key), expected.get(key), f'{path}.{key}')
    else:
        yield f'{path} is {_shown(found)}, not {_shown(expected)}'


def _shown(value: Any) -> str:
    text = (
        ', '.join(str(step.get('type')).rpartition('.')[2] for step in value)
        if isinstance(value, list) and value and all(isinstance(step, dict) for step in value)
        else repr(value)
    )
    return text if len(text) <= 80 else f'{text[:77]}...'


def _name(value: Any) -> str:
    return f'{value.__module__}.{value.__qualname__}' if hasattr(value, '__qualname__') else repr(value)
