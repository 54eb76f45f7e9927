"""A training run followed by a test: its config, its folder and whether it is done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmmtl.checkpoints.latest_checkpoint import latest_checkpoint, latest_readable_checkpoint
from mmmtl.configuration.load_config import load_config
from mmmtl.configuration.recipe_digest import recipe_digest
from mmmtl.configuration.weight_files import weight_files
from mmmtl.errors import ConfigError
from mmmtl.experiments.evaluated_data import EvaluatedData, evaluate_on

TRAINED = 'trained network'  # the row in the file of scores


@dataclass(frozen=True)
class InitialWeights:
    """Weights to start a training run from.

    Args:
        checkpoint: Their file.
        recipes: Recipe digests of the training runs that made them, by name.
    """

    checkpoint: Path
    recipes: Mapping[str, str]


@dataclass(frozen=True)
class PlannedRun:
    """A training run followed by a test, or by an evaluation on the validation data.

    Args:
        config: A config file, or a row of a table as ``FILE.py::ROW``.
        work_dir: Folder of its checkpoints, log and scores.
        seed: Seed of the run.
        options: Config entries to override.
        start: Initial weights; None for the config's own initialization.
        data: The data to evaluate the trained network on.
    """

    config: str | Path
    work_dir: Path
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    start: InitialWeights | None = None
    data: EvaluatedData = EvaluatedData.TEST

    @property
    def scores(self) -> Path:
        """The file of its scores."""
        return self.work_dir / self.data.value

    def load(self) -> Config:
        """Load the config of the run."""
        config = load_config(self.config, {**self.options, 'randomness.seed': self.seed})
        resumes = self.start is None or latest_checkpoint(self.work_dir) is not None
        config.work_dir, config.resume, config.launcher = str(self.work_dir), resumes, 'none'
        if self.start is not None:
            config.load_from = None if resumes else str(self.start.checkpoint)
            config.started_from = dict(self.start.recipes)
        return config

    def load_evaluation(self, checkpoint: Path) -> Config:
        """Load the config of the evaluation of a checkpoint.

        Raises:
            ConfigError: The config lacks the data.
        """
        config = self.load()
        config.load_from, config.resume = str(checkpoint), False
        config.experiment_name = f'{self.work_dir.name}_test'  # MMEngine keeps the log history of each name
        evaluate_on(config, self.data)
        return config

    def is_done(self) -> bool:
        """Return whether its scores exist.

        Raises:
            ConfigError: The folder has scores, on the same or on other data, of a different recipe, seed or
                checkpoint, or of other initial weights; or there are no scores on these data, and the checkpoint to
                resume from is of a different recipe, or missing although there are other scores.
        """
        existing = [file for data in EvaluatedData if (file := self.work_dir / data.value).is_file()]
        if existing:
            self._check_scores(existing)
        if self.scores in existing:
            return True
        latest = latest_readable_checkpoint(self.work_dir)
        if latest.file is not None:
            self._check_recipe(latest.file, latest.recipe, self.load())
        elif existing:
            raise ConfigError(
                f'{existing[0]}: its checkpoint is missing, so {self.scores.name} cannot be made; restore it, remove '
                'the folder, or choose another --work-dir'
            )
        return False

    def _check_recipe(self, file: Path, recipe: str | None, config: Config) -> None:
        if recipe != recipe_digest(config):
            raise ConfigError(
                f'{file}: made with a different recipe than that of {self.config}; remove the folder, or choose '
                'another --work-dir'
            )

    def _check_scores(self, existing: Sequence[Path]) -> None:
        config = self.load()
        recorded = {}
        for scores in existing:
            found = self._read(scores)
            self._check_recipe(scores, found['recipe'], config)
            recorded[scores] = found.get('weights') or {}
        digests = weight_files(config) if any(recorded.values()) else {}  # hashing large files takes seconds
        for scores, weights in recorded.items():
            for entry, digest in digests.items():
                if weights.get(entry, digest) != digest:
                    raise ConfigError(
                        f'{scores}: trained when the file of {entry} had different content; remove the folder, or '
                        'choose another --work-dir'
                    )

    def _read(self, scores: Path) -> dict[str, Any]:
        try:
            found = json.loads(scores.read_text())
            if found['seed'] == self.seed and TRAINED in found['scores'] and isinstance(found['recipe'], str):
                return found
        except (ValueError, LookupError, TypeError):
            pass  # damaged
        raise ConfigError(
            f'{scores}: not the scores of a run with seed {self.seed}; remove it, or choose another --work-dir'
        )
