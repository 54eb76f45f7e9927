"""The encodings of the tasks that a network relates to each other."""

from collections.abc import Mapping

from mmmtl.errors import ConfigError
from mmmtl.tasks import Task, require_capability
from mmmtl.tasks.encodings import Encoding


def task_encodings(tasks: Mapping[str, Task], consumer: str) -> dict[str, Encoding]:
    """Return the encoding of every task, by name.

    Args:
        tasks: The tasks, by name.
        consumer: Class that needs the encodings; named in the error.

    Raises:
        ConfigError: There are fewer than two tasks, or one of them has no encoding.
    """
    if len(tasks) < 2:
        raise ConfigError(f'{consumer} relates tasks, so it needs two or more, found {", ".join(tasks)}')
    require_capability(tasks, 'encoding', consumer)
    return {name: task.encoding for name, task in tasks.items() if task.encoding is not None}
