"""Run the tiny config in this process."""

import uuid
from pathlib import Path
from typing import Any

from tool_process import CONFIGS

from mmmtl.apis import MultiTaskRunner, load_config


def tiny_run(
    work_dir: Path, hooks: dict[str, dict] | None = None, config: str = 'tiny_rooms.py', **options: Any
) -> MultiTaskRunner:
    """Built, not started.

    Args:
        work_dir: Where it writes.
        hooks: Beside those of the config; ready-made hooks may be among them.
        config: A file below ``tests/configs``.
        options: As by ``--cfg-options``, with ``__`` for the dots.
    """
    loaded = load_config(CONFIGS / config, {key.replace('__', '.'): value for key, value in options.items()})
    loaded.work_dir = str(work_dir)
    loaded.experiment_name = f'tiny {uuid.uuid4()}'  # MMEngine shares logs between runs of one name
    runner = MultiTaskRunner.from_cfg(loaded)
    for hook in (hooks or {}).values():
        runner.register_hook(hook)
    return runner
