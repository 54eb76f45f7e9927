"""Build the tasks of a config, and require optional capabilities of them."""

from collections.abc import Mapping

from mmengine.config import ConfigDict

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.task import Task

# Optional attributes of a task, None where it lacks the capability, and what messages call them.
CAPABILITIES = {
    'encoding': 'encoding for networks that relate tasks',
    'view_change': 'change of view',
    'as_classes': 'labels as classes',
    'stereo': 'depth in metres',
}


def build_tasks(tasks: Mapping[str, dict | Task]) -> dict[str, Task]:
    """Build tasks from ``{name: config}``; tasks that are built already are returned as they are.

    Raises:
        ConfigError: There is no task, or one is called ``loss``, the name of the total loss in the log.
    """
    if not tasks:
        raise ConfigError('tasks is empty: name at least one, e.g. tasks = dict(depth=dict(type=Depth))')
    if 'loss' in tasks:
        raise ConfigError("tasks.loss: 'loss' is the name of the total loss; give the task another name")
    return {
        name: task if isinstance(task, Task) else TASKS.build(ConfigDict(task, name=name))
        for name, task in tasks.items()
    }


def require_capability(tasks: Mapping[str, Task], capability: str, consumer: str) -> None:
    """Raise ConfigError if a task lacks an optional capability.

    Args:
        tasks: The tasks that need it.
        capability: A key of `CAPABILITIES`.
        consumer: Component that needs it, for the message, e.g. ``'CrossTaskConsistency'``.
    """
    for name, task in tasks.items():
        if getattr(task, capability) is None:
            raise ConfigError(
                f'{consumer}: the task {name} ({type(task).__name__}) has no {CAPABILITIES[capability]}; '
                f'remove the task, use a different one, or define {type(task).__name__}.{capability}'
            )
