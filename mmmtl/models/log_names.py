"""Check that the entries of the log have different names."""

from collections.abc import Mapping

from mmmtl.errors import ConfigError
from mmmtl.tasks import Task

# entries of the log that are no losses of a task or between tasks
RESERVED_NAMES = {'loss', 'grad_norm', 'lr', 'base_lr', 'eta', 'time', 'data_time', 'memory', 'epoch', 'iter'}


def check_log_names(tasks: Mapping[str, Task], consistency_losses: Mapping[str, dict]) -> None:
    """Check the names of tasks and consistency losses, which are also entries of the log.

    Raises:
        ConfigError: A name is reserved, or a consistency loss has the name of a task.
    """
    for key, reserved in (
        ('tasks', RESERVED_NAMES & {*tasks}),
        ('model.consistency_losses', {*RESERVED_NAMES, *tasks} & {*consistency_losses}),
    ):
        if reserved:
            raise ConfigError(f'{key}: the name {", ".join(sorted(reserved))} is already used; choose another')
