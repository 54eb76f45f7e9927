"""Holds a config to the protocol that it names."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from mmengine.config import Config

from mmmtl.configuration.protocols import PROTOCOLS, Data, Protocol, protocol_of
from mmmtl.configuration.resolve_type import class_of
from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.tasks import Task, build_tasks


def check_protocol(config: Config) -> None:
    """Hold a config to the protocol that it names, if it names one; and let evaluation count every image once.

    A config may learn some of the protocol's tasks only, as single-task baselines do.

    Raises:
        ConfigError: It differs; the message names every key that does.
    """
    for name in ('val_dataloader', 'test_dataloader'):
        dataset = config[name].dataset if config.get(name) else {}
        if any(part.get('on_bad_sample') == 'skip' for part in (dataset, *dataset.get('parts', {}).values())):
            raise ConfigError(
                f"{name}.dataset.on_bad_sample: 'skip' is for training, evaluation would judge the next "
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
    """One phrase for every key of the config that departs from the protocol."""
    for name, task in build_tasks(config.tasks).items():
        if name not in protocol.tasks:
            yield f'tasks.{name} is none of its tasks ({", ".join(protocol.tasks)})'
            continue
        for attribute, expected in protocol.tasks[name].items():
            found = task_attribute(task, attribute)
            if attribute == 'kind' and expected in {ancestor.__name__ for ancestor in inspect.getmro(type(task))}:
                continue  # what a subclass is taught may differ, what it is judged by does not
            if found != expected:
                yield f'tasks.{name}: {attribute} is {found!r}, not {expected!r}'
    if protocol.reduction is not None and 'model' in config:
        found = config.model.get('reduction', inspect.signature(MultiTaskModel).parameters['reduction'].default)
        if found != protocol.reduction:
            yield f'model.reduction is {found!r}, not {protocol.reduction!r}'
    if config.get('test_dataloader'):
        wanted, parts = protocol.dataset, config.test_dataloader.dataset.get('parts', {})
        if isinstance(wanted, Mapping) and set(config.tasks) < set(protocol.tasks):  # parts may know none of these
            wanted = {name: one for name, one in wanted.items() if name in parts} or wanted
        yield from dataset_differences(config.test_dataloader.dataset, wanted, protocol.size)


def dataset_differences(
    dataset: Mapping,
    wanted: Data | Mapping[str, Data],
    size: tuple[int, int] | None,
    place: str = 'test_dataloader.dataset',
) -> Iterator[str]:
    """One phrase for every way in which the tested data set departs from the protocol; `metrics.json` comes from it."""
    target = class_of(dataset)
    if isinstance(wanted, Mapping):
        parts = dataset.get('parts', {})
        if set(parts) != set(wanted):
            yield f'{place} has the parts {", ".join(parts) or "none"}, not {", ".join(wanted)}'
        for name in set(parts) & set(wanted):
            yield from dataset_differences(parts[name], wanted[name], size, f'{place}.parts.{name}')
        return
    kind, arguments = wanted
    if kind not in {ancestor.__name__ for ancestor in inspect.getmro(target)}:
        yield f'{place} is of type {target.__name__}, not {kind}'
        return
    for key, expected in arguments.items():
        found = dataset_argument(dataset, key)
        if found != expected:
            yield f'{place}.{key} is {found!r}, not {expected!r}'
    given = evaluated_size(dataset)
    if size and given and tuple(given) != size:
        yield f'{place} gives images of {given[0]} x {given[1]}, not {size[0]} x {size[1]}'


def compared_metrics(config: Config, scores: Iterable[str]) -> dict[str, bool]:
    """Of each task the number that stands for it, and whether higher is better: what `delta_mtl` compares.

    It is the protocol's first one, or the task's primary metric; ``scores`` are the names that exist,
    ``task/metric`` or, of a mixed data set, ``part/task/metric``.
    """
    protocol = protocol_of(config)
    tasks = build_tasks(config.tasks) if config.get('tasks') else {}
    standing = {
        f'{name}/{protocol.metrics[name][0] if protocol else task.primary_metric}': task.higher_is_better
        for name, task in tasks.items()
    }
    return {score: standing[key] for score in scores if (key := '/'.join(score.split('/')[-2:])) in standing}


def dataset_argument(dataset: Mapping, key: str) -> Any:
    """What a data set is given, or what it takes by default."""
    if key in dataset:
        return dataset[key]
    for ancestor in inspect.getmro(class_of(dataset)):
        parameter = inspect.signature(ancestor.__init__).parameters.get(key)
        if parameter is not None:
            return None if parameter.default is parameter.empty else parameter.default
    return None


def evaluated_size(dataset: Mapping) -> tuple[int, int] | None:
    """(H, W) that the last step of the pipeline, or else the data set, says; None where neither does."""
    sizes = [step['size'] for step in dataset.get('pipeline', ()) if 'size' in step]
    return sizes[-1] if sizes else dataset_argument(dataset, 'size') or getattr(class_of(dataset), 'SIZE', None)


def task_attribute(task: Task, name: str) -> Any:
    """An attribute of the task; ``kind`` is its class, and of an array its length counts."""
    value = type(task).__name__ if name == 'kind' else getattr(task, name, None)
    return len(value) if isinstance(value, np.ndarray) else value
