"""Check that a config follows its protocol."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from mmengine.config import Config

from mmmtl.configuration.protocol import Data, Protocol
from mmmtl.configuration.protocols import PROTOCOLS, protocol_of
from mmmtl.configuration.resolve_type import class_of
from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.tasks import Task, build_tasks


def check_protocol(config: Config) -> None:
    """Check that a config follows its protocol, if it has one, and that evaluation counts every image once.

    A config may have a subset of the protocol's tasks, as single-task baselines do.

    Raises:
        ConfigError: The protocol is unknown, or the config differs from it; the message lists every key that differs.
    """
    for name in ('val_dataloader', 'test_dataloader'):
        dataset = config[name].dataset if config.get(name) else {}
        if any(part.get('on_bad_sample') == 'skip' for part in (dataset, *dataset.get('parts', {}).values())):
            raise ConfigError(
                f"{name}.dataset.on_bad_sample: 'skip' is for training only, evaluation would count the next "
                'image twice; remove the bad files from the split'
            )
    name = config.get('protocol')
    if name is None:
        return
    protocol = protocol_of(config)
    if protocol is None:
        raise ConfigError(f'protocol: {name!r} is unknown; known are {", ".join(PROTOCOLS)}')
    wrong = list(protocol_differences(config, protocol))
    if wrong:
        raise ConfigError(f'protocol {name!r}: {"; ".join(wrong)}; follow it, or leave it by protocol=None')


def protocol_differences(config: Config, protocol: Protocol) -> Iterator[str]:
    """Yield a phrase for every key of the config that differs from the protocol."""
    for name, task in build_tasks(config.tasks).items():
        if name not in protocol.tasks:
            yield f'tasks.{name} is not one of its tasks ({", ".join(protocol.tasks)})'
            continue
        for attribute, expected in protocol.tasks[name].items():
            found = task_attribute(task, attribute)
            if attribute == 'kind' and expected in {ancestor.__name__ for ancestor in inspect.getmro(type(task))}:
                continue  # a subclass may be trained differently, but is evaluated in the same way
            if found != expected:
                yield f'tasks.{name}: {attribute} is {found!r}, not {expected!r}'
    if protocol.reduction is not None and 'model' in config:
        found = config.model.get('reduction', inspect.signature(MultiTaskModel).parameters['reduction'].default)
        if found != protocol.reduction:
            yield f'model.reduction is {found!r}, not {protocol.reduction!r}'
    if config.get('test_dataloader'):
        wanted, parts = protocol.dataset, config.test_dataloader.dataset.get('parts', {})
        if isinstance(wanted, Mapping) and set(config.tasks) < set(protocol.tasks):
            # some parts may have none of these tasks
            wanted = {name: one for name, one in wanted.items() if name in parts} or wanted
        yield from dataset_differences(config.test_dataloader.dataset, wanted, protocol.size)


def dataset_differences(
    dataset: Mapping,
    wanted: Data | Mapping[str, Data],
    size: tuple[int, int] | None,
    path: str = 'test_dataloader.dataset',
) -> Iterator[str]:
    """Yield a phrase for every difference between the tested data set and the protocol's."""
    target = class_of(dataset)
    if isinstance(wanted, Mapping):
        parts = dataset.get('parts', {})
        if set(parts) != set(wanted):
            yield f'{path} has the parts {", ".join(parts) or "none"}, not {", ".join(wanted)}'
        for name in set(parts) & set(wanted):
            yield from dataset_differences(parts[name], wanted[name], size, f'{path}.parts.{name}')
        return
    kind, arguments = wanted
    if kind not in {ancestor.__name__ for ancestor in inspect.getmro(target)}:
        yield f'{path} is of type {target.__name__}, not {kind}'
        return
    for key, expected in arguments.items():
        found = dataset_argument(dataset, key)
        if found != expected:
            yield f'{path}.{key} is {found!r}, not {expected!r}'
    given = evaluated_size(dataset)
    if size and given and tuple(given) != size:
        yield f'{path} has images of {given[0]} x {given[1]}, not {size[0]} x {size[1]}'


def compared_metrics(config: Config, scores: Iterable[str]) -> dict[str, bool]:
    """Return ``{score name: whether higher is better}`` for the metric of each task that `delta_mtl` compares.

    It is the first metric of the task in the protocol; without a protocol, the task's primary metric.

    Args:
        config: From `load_config`.
        scores: Names of the scores, ``task/metric``, or ``part/task/metric`` for a data set of several parts.
    """
    protocol = protocol_of(config)
    tasks = build_tasks(config.tasks) if config.get('tasks') else {}
    compared = {
        f'{name}/{protocol.metrics[name][0] if protocol else task.primary_metric}': task.higher_is_better
        for name, task in tasks.items()
    }
    return {score: compared[key] for score in scores if (key := '/'.join(score.split('/')[-2:])) in compared}


def dataset_argument(dataset: Mapping, key: str) -> Any:
    """Return the value of an argument in a data set's config, or the argument's default."""
    if key in dataset:
        return dataset[key]
    for constructor in (
        vars(base)['__init__'] for base in inspect.getmro(class_of(dataset)) if '__init__' in vars(base)
    ):
        parameter = inspect.signature(constructor).parameters.get(key)
        if parameter is not None:
            return None if parameter.default is parameter.empty else parameter.default
    return None


def evaluated_size(dataset: Mapping) -> tuple[int, int] | None:
    """Return (H, W) as set by the last step of the pipeline, else by the data set; None if neither sets it."""
    sizes = [step['size'] for step in dataset.get('pipeline', ()) if 'size' in step]
    return sizes[-1] if sizes else dataset_argument(dataset, 'size') or getattr(class_of(dataset), 'SIZE', None)


def task_attribute(task: Task, name: str) -> Any:
    """Return an attribute of a task; ``kind`` is the name of its class, and an array is replaced by its length."""
    value = type(task).__name__ if name == 'kind' else getattr(task, name, None)
    return len(value) if isinstance(value, np.ndarray) else value
