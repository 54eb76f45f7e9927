"""The runs of single-task baselines: one network per task and seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmmtl.configuration.load_config import load_config
from mmmtl.configuration.recipes import recipe_name
from mmmtl.experiments.checkpoint_selection import selection_options
from mmmtl.experiments.planned_run import PlannedRun
from mmmtl.experiments.single_task import primary_metric_of, single_task_options


def single_task_runs(
    config: str, seeds: Sequence[int], work_dir: Path, options: Mapping[str, Any], select: float | None = None
) -> dict[str, list[PlannedRun]]:
    """Plan the runs of each task, one per seed.

    Args:
        config: Multi-task config, a file or a row of a table.
        seeds: Seeds of the runs.
        work_dir: Runs go to ``WORK_DIR/CONFIG_single/TASK/seed_S``.
        options: Config entries to override.
        select: Fraction of the training scenes to hold out for choosing the checkpoint, in (0, 1); None for the last
            one.

    Returns:
        ``{task: runs}``, in the order of ``seeds``.

    Raises:
        ConfigError: See `load_config`, `single_task_options` and `selection_options`.
    """
    folder = work_dir / f'{recipe_name(config)}_single'
    multi = load_config(config, options)
    runs = {}
    for task, changes in single_task_options(multi, folder).items():
        changes = {**options, **changes}
        if select is not None:
            changes |= selection_options(load_config(config, changes), select, *primary_metric_of(multi, task))
        runs[task] = [PlannedRun(config, folder / task / f'seed_{seed}', seed, changes) for seed in seeds]
    return runs
