"""An evaluation protocol: tasks, test data and evaluator, from the config that defines it."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mmmtl.configuration.evaluation import normalize_evaluation
from mmmtl.configuration.recipes import read_recipe
from mmmtl.configuration.shipped_recipes import recipes_folder
from mmmtl.files.checksums import json_digest

EVALUATION = ('tasks', 'test_dataloader', 'test_evaluator')  # keys of a config that a protocol gives


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """The evaluation of a published benchmark, or of a split of a dataset.

    A config takes the evaluation by inheriting ``file``; one that names the protocol and lacks an entry of `EVALUATION`
    gets it from `load_config`. A config that departs from it loses the name, see `departures`.

    Args:
        about: What is evaluated, and the source of the rules.
        file: The config that gives the evaluation, relative to the shipped recipes; or a row of a table.
        compared: The metric of a task that Delta_MTL compares, where it is not the task's primary metric.
        reduction: Required ``reduction`` of the model; None if any is allowed.
        size: (H, W) of every test image, if only the files determine it.
    """

    about: str
    file: str | Path
    compared: Mapping[str, str] = field(default_factory=dict)
    reduction: str | None = None
    size: tuple[int, int] | None = None

    def evaluation(self) -> dict[str, Any]:
        """Return the entries ``tasks``, ``test_dataloader`` and ``test_evaluator`` of a config.

        Raises:
            ConfigError: The file cannot be read.
        """
        return copy.deepcopy(_read_evaluation(str(recipes_folder() / self.file)))

    def digest(self) -> str:
        """Return a digest that changes with anything in the evaluation that can change a score."""
        content = [normalize_evaluation(self.evaluation()), self.compared, self.reduction, self.size]
        return json_digest(content)


@cache
def _read_evaluation(file: str) -> dict[str, Any]:
    config = read_recipe(file)
    tasks = {name: task for name, task in config.tasks.items() if task is not None}  # a row may remove a task by None
    return {key: tasks if key == 'tasks' else config[key] for key in EVALUATION}
