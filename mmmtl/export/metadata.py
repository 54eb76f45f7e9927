"""Metadata of an exported network: strings that describe its tasks, colours and units."""

import json
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

import mmmtl
from mmmtl import tasks as all_tasks
from mmmtl.errors import ConfigError, DataError
from mmmtl.models import MultiTaskModel
from mmmtl.tasks import Task

UNITS = {
    'depth': 'metres along the z axis of the camera',
    'normal': 'unit vectors; x right, y down, z forward',
    'classes': 'class indices',
}
LEFT_OUT = {'type', 'loss', '_delete_', '_scope_'}


def describe(model: MultiTaskModel, config: Config, *, probabilities: bool, views: int) -> dict[str, str]:
    """Return the metadata of a network.

    Args:
        model: The network.
        config: Its config.
        probabilities: Whether tasks of classes return probabilities.
        views: Number of views of a scene.
    """
    mean, std = model.data_preprocessor.mean_and_std
    trained_for = config.get('trained_for') or {}
    return {
        'mmmtl_version': mmmtl.__version__,
        'input': f'{"images of one size" if views == 1 else f"{views} views of a scene"}, N x 3 x H x W, uint8 RGB',
        'mean': json.dumps(list(mean)),
        'std': json.dumps(list(std)),
        'trained_for': json.dumps({key: trained_for[key] for key in trained_for}),
        'views': str(views),
        'tasks': json.dumps(
            {name: _describe_task(task, config.model.tasks[name], probabilities) for name, task in model.tasks.items()}
        ),
    }


def _describe_task(task: Task, config: Any, probabilities: bool) -> dict[str, Any]:
    known = type(task) is vars(all_tasks).get(type(task).__name__)
    options = {} if isinstance(config, Task) else {key: config[key] for key in config if key not in LEFT_OUT}
    description: dict[str, Any] = {
        'type': type(task).__name__ if known else f'{type(task).__module__}.{type(task).__name__}',
        'options': options,
        'unit': _unit(task, probabilities),
    }
    try:
        json.dumps(description)
    except TypeError:
        raise ConfigError(f'tasks.{task.name}: its options must be numbers, strings and lists to be exported') from None
    return description


def _unit(task: Task, probabilities: bool) -> str:
    if task.quantity == 'classes' and probabilities:
        return 'probabilities of the classes'
    return UNITS.get(task.quantity, 'probabilities' if task.loss_space in ('classes', 'fractions') else '')


def read_tasks(metadata: Mapping[str, str], file: str) -> dict[str, Task]:
    """Build the tasks that metadata describe. Only the tasks of mmmtl are built; nothing is imported or executed.

    Args:
        metadata: Strings by name.
        file: The file they are from, for messages.

    Raises:
        DataError: There is no description, it is damaged, or a task is not one of mmmtl.
    """
    entries = read_entry(metadata, 'tasks', file)
    tasks = {}
    for name, entry in entries.items():
        if not (isinstance(entry, dict) and {'type', 'options'} <= entry.keys()):
            raise DataError(f"{file}: its metadata 'tasks' are damaged; export the network again")
        kind = vars(all_tasks).get(entry['type'])
        if not (isinstance(kind, type) and issubclass(kind, Task)):
            raise DataError(
                f'{file}: task {name!r} is {entry["type"]}, which mmmtl does not have; run the file with onnxruntime'
            )
        try:
            tasks[name] = kind(name, **entry['options'])
        except (TypeError, ValueError, ConfigError) as error:
            raise DataError(f'{file}: task {name!r} cannot be built from its metadata ({error})') from None
    return tasks


def read_entry(metadata: Mapping[str, str], name: str, file: str) -> dict[str, Any]:
    """Return a JSON entry of the metadata.

    Raises:
        DataError: It is missing or damaged.
    """
    try:
        entry = json.loads(metadata[name])
    except (KeyError, ValueError):
        raise DataError(f'{file}: not written by mmmtl export: its metadata {name!r} are missing') from None
    if not isinstance(entry, dict):
        raise DataError(f'{file}: its metadata {name!r} are damaged; export the network again')
    return entry
