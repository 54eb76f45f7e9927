"""The runs behind a table: every recipe with every seed, from pretrained weights where these are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmtl.configuration.load_config import load_config
from mmmtl.configuration.recipe_digest import recipe_digest
from mmmtl.configuration.recipes import expand_recipes, recipe_name
from mmmtl.experiments.checkpoint_selection import reported_checkpoint
from mmmtl.experiments.pretraining import parse_stages, write_joint_start
from mmmtl.experiments.sweep import InitialWeights, PlannedRun, train_and_test


@dataclass(frozen=True)
class TableRuns:
    """All runs of a table.

    Args:
        recipes: Config files, tables (all of their rows) or rows.
        seeds: Seeds, each of which every recipe is trained with.
        work_dir: Runs go to ``WORK_DIR/RECIPE/seed_S``.
        options: Config entries to override in all recipes.
        jobs: Number of runs at a time.
        pretrain: ``TASK=CONFIG`` texts: trainings on one task each, whose weights all rows start from.
    """

    recipes: Sequence[str]
    seeds: Sequence[int]
    work_dir: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    jobs: int = 1
    pretrain: Sequence[str] = ()

    def train(self) -> list[str]:
        """Train and test what has no scores yet, the first seeds of all rows first; return the work dirs by row."""
        recipes = expand_recipes(self.recipes)
        starts = self._pretrained(recipes[0]) if self.pretrain else {}
        rows = [[self._planned(recipe, seed, starts.get(seed)) for seed in self.seeds] for recipe in recipes]
        train_and_test([run for seeds in zip(*rows, strict=True) for run in seeds], self.jobs)
        return [str(run.work_dir) for row in rows for run in row]

    def _planned(self, recipe: str, seed: int, start: InitialWeights | None = None) -> PlannedRun:
        return PlannedRun(recipe, self.work_dir / recipe_name(recipe) / f'seed_{seed}', seed, self.options, start)

    def _pretrained(self, recipe: str) -> dict[int, InitialWeights]:
        """Train each task by itself, and merge the weights for every seed."""
        joint = load_config(recipe, self.options)
        stages = parse_stages(self.pretrain, joint)
        runs = {seed: {task: self._planned(config, seed) for task, config in stages.items()} for seed in self.seeds}
        train_and_test([run for of_seed in runs.values() for run in of_seed.values()], self.jobs)
        starts = {}
        for seed, of_seed in runs.items():
            configs = {task: run.load() for task, run in of_seed.items()}
            path = write_joint_start(
                joint,
                {task: reported_checkpoint(configs[task], run.work_dir) for task, run in of_seed.items()},
                self.work_dir / f'pretrained_seed_{seed}.pth',
            )
            starts[seed] = InitialWeights(path, {task: recipe_digest(config) for task, config in configs.items()})
        return starts
