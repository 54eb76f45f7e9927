"""Configs x seeds: every run trained and tested once, a few at a time; what was interrupted goes on where it stood."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmmtl.checkpoints.checkpoint import latest_checkpoint, read_checkpoint
from mmmtl.configuration.load_config import load_config
from mmmtl.configuration.recipe_digest import recipe_digest
from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.errors import ConfigError
from mmmtl.experiments.checkpoint_selection import reported_checkpoint
from mmmtl.experiments.scores import write_scores

TRAINED = 'trained network'  # the row of scores of a training's end


@dataclass(frozen=True)
class InitialWeights:
    """Weights that a training starts from.

    Args:
        checkpoint: Its file.
        recipes: Digests of the trainings they come from, by name.
    """

    checkpoint: Path
    recipes: Mapping[str, str]


@dataclass(frozen=True)
class PlannedRun:
    """One training with its test at the end.

    Args:
        config: Its recipe: a config file, or a row of a table as ``FILE.py::ROW``.
        work_dir: Where its checkpoints, its log and its `metrics.json` go.
        seed: Of the run.
        options: Entries of the config to override.
        start: Weights that it starts from, if any.
    """

    config: str | Path
    work_dir: Path
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    start: InitialWeights | None = None

    def load(self) -> Config:
        """The config of the run."""
        config = load_config(self.config, {**self.options, 'randomness.seed': self.seed})
        resumes = self.start is None or latest_checkpoint(self.work_dir) is not None
        config.work_dir, config.resume, config.launcher = str(self.work_dir), resumes, 'none'
        if self.start is not None:
            config.load_from = None if resumes else str(self.start.checkpoint)
            config.started_from = dict(self.start.recipes)
        return config

    def is_done(self) -> bool:
        """Whether its scores are there.

        Raises:
            ConfigError: They are those of another recipe, seed or checkpoint, or there are none and a checkpoint to go
                on from is of another recipe.
        """
        scores = self.work_dir / 'metrics.json'
        if scores.is_file():
            place, recipe = scores, self._recipe_of(scores)
        else:
            place = latest_checkpoint(self.work_dir)
            if place is None:
                return False
            recipe = read_checkpoint(place).get('meta', {}).get('recipe')
        if recipe != recipe_digest(self.load()):
            raise ConfigError(
                f'{place}: of another recipe than {self.config} is now; remove the folder, or choose another --work-dir'
            )
        return place == scores

    def _recipe_of(self, scores: Path) -> str:
        try:
            found = json.loads(scores.read_text())
            if found['seed'] == self.seed and TRAINED in found['scores']:
                return found['recipe']
        except (ValueError, LookupError, TypeError):
            pass  # damaged
        raise ConfigError(
            f'{scores}: not of the end of a training with seed {self.seed}; remove it, or choose another --work-dir'
        )


def train_and_test(runs: Sequence[PlannedRun], jobs: int = 1) -> None:
    """Train and test the runs that have no scores yet, ``jobs`` at a time, each in a process of its own.

    The cores are shared out evenly. What a run prints goes to ``output.txt`` in its work dir. Interrupted, it starts
    no further run.

    Raises:
        ConfigError: A config is wrong, two runs share a folder, or a folder holds another run (before anything is
            started), or a run failed (after the others have ended).
    """
    for folder, count in Counter(run.work_dir for run in runs).items():
        if count > 1:
            raise ConfigError(
                f'{folder}: {count} runs would go there; give every recipe and every seed once, and '
                'recipes different names'
            )
    waiting = [run for run in runs if not run.is_done()]
    print(f'{len(runs)} runs, {len(runs) - len(waiting)} of them done', file=sys.stderr)
    if not waiting:
        return
    for run in waiting:
        run.load()
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    failed: list[str] = []
    queue, running, ended = iter(waiting), {}, 0
    with process_pool(jobs) as pool:
        while True:  # the pool is given no more than it can begin at once: what it has, it would begin after Ctrl-C too
            running |= {pool.submit(_work, run, threads): run for run in islice(queue, jobs - len(running))}
            if not running:
                break
            for end in wait(running, return_when=FIRST_COMPLETED).done:
                name, ended = running.pop(end).work_dir, ended + 1
                if end.exception():
                    failed.append(f'{name}: {end.exception()}')
                print(f'[{ended}/{len(waiting)}] {name} {"failed" if end.exception() else "done"}', file=sys.stderr)
    if failed:
        raise ConfigError(
            f'{len(failed)} of {len(waiting)} runs failed, the first is {failed[0]}; its output.txt says more'
        )


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """A fresh process for every run, ``jobs`` at a time; no fork, for CUDA does not survive one: who has only counted
    the GPUs, as importing MMEngine does, can no longer fork a process that uses one.
    """
    return ProcessPoolExecutor(jobs, mp_context=get_context('spawn'), max_tasks_per_child=1)


def _work(run: PlannedRun, threads: int) -> None:
    torch.set_num_threads(threads)
    os.environ['OMP_NUM_THREADS'] = str(threads)
    with lock_work_dir(run.work_dir), redirect_output(run.work_dir / 'output.txt'):
        MultiTaskRunner.from_cfg(run.load()).train()
        config = run.load()
        config.load_from, config.resume = str(reported_checkpoint(config, run.work_dir)), False
        config.experiment_name = f'{run.work_dir.name}_test'  # MMEngine keeps what runs of one name have logged
        scores = MultiTaskRunner.from_cfg(config).test()
        write_scores(run.work_dir / 'metrics.json', {TRAINED: scores}, config)


@contextmanager
def redirect_output(path: Path) -> Iterator[None]:
    """Send what this process prints, from Python or below, to a file."""
    with path.open('a') as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        yield
