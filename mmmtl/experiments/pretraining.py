"""Initialize joint training from one single-task training run per task."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from mmmtl.apis.init_model import init_model
from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.checkpoints.latest_checkpoint import latest_checkpoint
from mmmtl.checkpoints.merge_weights import merge_weights
from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.errors import ConfigError


def parse_stages(texts: Sequence[str], joint: Config) -> dict[str, str]:
    """Parse ``TASK=CONFIG`` texts to ``{task: config file}``, in the same order.

    Args:
        texts: Values of ``--pretrain``.
        joint: Config of the joint training.

    Raises:
        ConfigError: A text has a different form, or the tasks are not those of the joint training.
    """
    if not all('=' in text for text in texts):
        raise ConfigError(f'--pretrain: expected TASK=CONFIG, found {" ".join(texts)}')
    stages = dict(text.split('=', 1) for text in texts)
    if set(stages) != set(joint.tasks):
        raise ConfigError(
            f'--pretrain: expected a config for each of {", ".join(joint.tasks)}, found {", ".join(stages)}'
        )
    return stages


def write_joint_start(joint: Config, checkpoints: Mapping[str, Path], path: Path) -> Path:
    """Write the initial checkpoint of joint training: each task's own weights, shared weights of the first task.

    Args:
        joint: Config of the joint training.
        checkpoints: ``{task: file}``, see `merge_weights`.
        path: The file to write.

    Returns:
        ``path``.
    """
    shared = next(iter(checkpoints))
    write_checkpoint({'state_dict': merge_weights(init_model(joint), checkpoints, shared)}, path)
    return path


def train_stage(config: Config, work_dir: Path, start: Path | None = None) -> Path:
    """Train, resume an interrupted training, or do nothing if it has finished; return the last checkpoint."""
    with lock_work_dir(work_dir):
        resumes = latest_checkpoint(work_dir) is not None
        config.work_dir, config.launcher, config.resume = str(work_dir), 'none', resumes
        config.load_from = None if resumes or start is None else str(start)
        config.experiment_name = work_dir.name  # MMEngine keeps what runs of one name have logged
        MultiTaskRunner.from_cfg(config).train()
    checkpoint = latest_checkpoint(work_dir)
    assert checkpoint is not None, 'a training run ends with a checkpoint'
    return checkpoint
