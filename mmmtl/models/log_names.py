"""Check that the entries of the log have different names."""

from collections.abc import Mapping

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.decode_head import IntermediateStage
from mmmtl.tasks import Task

# entries of the log that are not losses of a task or between tasks
RESERVED_NAMES = {'loss', 'grad_norm', 'lr', 'base_lr', 'eta', 'time', 'data_time', 'memory', 'epoch', 'iter'}
# what stands before a task in other entries of the log
RESERVED_STAGES = {'weight', 'gradient_share', 'count', 'train', 'val', 'test'}


def check_log_names(
    tasks: Mapping[str, Task],
    consistency_losses: Mapping[str, dict],
    stages: Mapping[str, IntermediateStage],
) -> None:
    """Check the names of tasks, consistency losses and intermediate predictions, which are also entries of the log.

    Raises:
        ConfigError: A name is reserved, or a consistency loss has the name of a task or of an intermediate prediction.
    """
    intermediate = {f'{name}/{task}' for name, stage in stages.items() for task in stage.tasks}
    for key, reserved in (
        ('tasks', RESERVED_NAMES & {*tasks}),
        ('model.consistency_losses', {*RESERVED_NAMES, *tasks, *intermediate} & {*consistency_losses}),
        ('model.decode_head', RESERVED_STAGES & {*stages}),
    ):
        if reserved:
            raise ConfigError(f'{key}: the name {", ".join(sorted(reserved))} is already used; choose another')
