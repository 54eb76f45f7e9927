"""Build the tasks of a config, and require optional capabilities of them."""

from collections.abc import Mapping

from mmengine.config import ConfigDict
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.task import Task

# Optional attributes of a task, which are None if it lacks the capability, and their names in error messages.
CAPABILITIES = {
    'encoding': 'encoding for networks that relate tasks',
    'view_change': 'change of view',
    'as_classes': 'labels as classes',
    'stereo': 'depth in metres',
}


def build_tasks(tasks: Mapping[str, dict | Task]) -> dict[str, Task]:
    """Build tasks from ``{name: config}``; tasks that are built already are returned as they are.

    Raises:
        ConfigError: There is no task, one has no type, or its name is not allowed: ``loss`` is the name of the total
            loss in the log, ``/`` separates the parts of the names of scores, and PyTorch's ``ModuleDict``, in which
            heads have an entry per task, accepts neither ``.`` nor the names of its own attributes, such as ``keys``.
    """
    if not tasks:
        raise ConfigError('tasks is empty: name at least one, e.g. tasks = dict(depth=dict(type=Depth))')
    for name, task in tasks.items():
        if name == 'loss':
            raise ConfigError("tasks.loss: 'loss' is the name of the total loss; give the task a different name")
        if not isinstance(name, str) or not name or '.' in name or '/' in name or hasattr(nn.ModuleDict(), name):
            raise ConfigError(
                f"tasks: {name!r} cannot be the name of a task (a string without '.' and '/', and not the name of an "
                'attribute of ModuleDict); give the task a different name'
            )
        if not isinstance(task, Task) and (not isinstance(task, Mapping) or 'type' not in task):
            raise ConfigError(f'tasks.{name}: expected dict(type=...), found {task!r}')
    return {
        name: task if isinstance(task, Task) else TASKS.build(ConfigDict(task, name=name))
        for name, task in tasks.items()
    }


def require_capability(tasks: Mapping[str, Task], capability: str, consumer: str) -> None:
    """Check that tasks have an optional capability.

    Args:
        tasks: The tasks that must have it.
        capability: A key of `CAPABILITIES`.
        consumer: Component that needs it, for the message, e.g. ``'CrossTaskConsistency'``.

    Raises:
        ConfigError: A task lacks it.
    """
    for name, task in tasks.items():
        if getattr(task, capability) is None:
            raise ConfigError(
                f'{consumer}: the task {name} ({type(task).__name__}) has no {CAPABILITIES[capability]}; '
                f'remove the task, use a different one, or define {type(task).__name__}.{capability}'
            )
