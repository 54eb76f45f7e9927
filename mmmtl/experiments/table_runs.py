"""The runs behind a table: every recipe with every seed, from pretrained weights where requested."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmmtl.configuration.load_config import load_config
from mmmtl.configuration.recipe_digest import recipe_digest
from mmmtl.configuration.recipes import expand_recipes, recipe_name
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.experiments.checkpoint_selection import reported_checkpoint
from mmmtl.experiments.evaluated_data import EvaluatedData
from mmmtl.experiments.planned_run import InitialWeights, PlannedRun
from mmmtl.experiments.pretraining import parse_stages, write_joint_start

# Trains and tests runs; returns whether all of them have scores.
Execute = Callable[[Sequence[PlannedRun]], bool]


@dataclass(frozen=True)
class TableRuns:
    """All runs of a table.

    Args:
        recipes: Config files, tables (all of their rows) or rows.
        seeds: Seeds, each of which every recipe is trained with.
        work_dir: Runs go to ``WORK_DIR/RECIPE/seed_S``.
        execute: Trains and tests runs, here or in jobs that may end later.
        options: Config entries to override in all recipes.
        pretrain: ``TASK=CONFIG`` texts: single-task runs whose weights all rows start from.
        data: The data to evaluate the trained networks on; single-task runs are always tested.
    """

    recipes: Sequence[str]
    seeds: Sequence[int]
    work_dir: Path
    execute: Execute
    options: Mapping[str, Any] = field(default_factory=dict)
    pretrain: Sequence[str] = ()
    data: EvaluatedData = EvaluatedData.TEST

    def train(self) -> list[str]:
        """Train and test what has no scores yet, the first seeds of all rows first.

        Returns:
            The files of scores by row; empty if some runs have no scores yet.
        """
        recipes = expand_recipes(self.recipes)
        starts = self._pretrained(recipes[0]) if self.pretrain else {}
        if starts is None:
            return []
        rows = [
            [replace(self._planned(recipe, seed), start=starts.get(seed), data=self.data) for seed in self.seeds]
            for recipe in recipes
        ]
        if not self.execute([run for seeds in zip(*rows, strict=True) for run in seeds]):
            return []
        return [str(run.scores) for row in rows for run in row]

    def _planned(self, recipe: str, seed: int) -> PlannedRun:
        return PlannedRun(recipe, self.work_dir / recipe_name(recipe) / f'seed_{seed}', seed, self.options)

    def _pretrained(self, recipe: str) -> dict[int, InitialWeights] | None:
        """Train each task alone, and merge the weights for every seed; None if some runs have no scores yet."""
        joint = load_config(recipe, self.options)
        stages = parse_stages(self.pretrain, joint)
        runs = {seed: {task: self._planned(config, seed) for task, config in stages.items()} for seed in self.seeds}
        if not self.execute([run for of_seed in runs.values() for run in of_seed.values()]):
            return None
        starts = {}
        for seed, of_seed in runs.items():
            configs = {task: run.load() for task, run in of_seed.items()}
            checkpoints = {task: reported_checkpoint(configs[task], run.work_dir) for task, run in of_seed.items()}
            with lock_work_dir(self.work_dir, wait=True):  # the same table may run twice
                path = write_joint_start(joint, checkpoints, self.work_dir / f'pretrained_seed_{seed}.pth')
            starts[seed] = InitialWeights(path, {task: recipe_digest(config) for task, config in configs.items()})
        return starts
