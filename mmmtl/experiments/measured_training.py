"""Train a config with a hook that measures."""

import uuid
from pathlib import Path

from mmengine.config import Config
from mmengine.hooks import Hook

from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.errors import ConfigError


def train_measured(config: Config, hook: Hook, work_dir: str | Path, checkpoint: str | None = None) -> None:
    """Train from the start, or from the weights of a checkpoint, in one process and without validation.

    Args:
        config: Config of the run; it is modified.
        hook: The hook, which runs in addition to those of the config.
        work_dir: Folder for the log.
        checkpoint: Checkpoint with the initial weights; None for the initialization of the config.
    """
    config.work_dir, config.launcher, config.resume, config.load_from = str(work_dir), 'none', False, checkpoint
    config.experiment_name = f'{Path(work_dir).name} {uuid.uuid4()}'  # else MMEngine keeps earlier logs
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    if 'checkpoint' in config.default_hooks:
        config.default_hooks.checkpoint.save_best = None  # there are no scores without validation
    with lock_work_dir(work_dir):
        runner = MultiTaskRunner.from_cfg(config)
        runner.register_hook(hook)
        runner.train()


def check_output(path: str, suffixes: tuple[str, ...]) -> None:
    """Check the name of an output file before a long measurement.

    Raises:
        ConfigError: The file has a different suffix, or its folder cannot be created.
    """
    file = Path(path)
    if file.suffix.lower() not in suffixes:
        raise ConfigError(f'{path}: expected a file name that ends in {" or ".join(suffixes)}')
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'{path}: cannot create its folder ({error.strerror})') from None
