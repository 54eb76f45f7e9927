"""Train and test configs x seeds, several runs at a time; interrupted runs are resumed."""

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from itertools import islice
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
from mmmtl.experiments.processes import process_pool, redirect_output, signals_to_children
from mmmtl.experiments.scores import write_scores

TRAINED = 'trained network'  # the row of scores in metrics.json


@dataclass(frozen=True)
class InitialWeights:
    """Weights to start a training run from.

    Args:
        checkpoint: Their file.
        recipes: Recipe digests of the runs that made them, by name.
    """

    checkpoint: Path
    recipes: Mapping[str, str]


@dataclass(frozen=True)
class PlannedRun:
    """A training run followed by a test.

    Args:
        config: A config file, or a row of a table as ``FILE.py::ROW``.
        work_dir: Folder of its checkpoints, log and `metrics.json`.
        seed: Seed of the run.
        options: Config entries to override.
        start: Initial weights; None for the config's own initialization.
    """

    config: str | Path
    work_dir: Path
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    start: InitialWeights | None = None

    def load(self) -> Config:
        """Load the config of the run."""
        config = load_config(self.config, {**self.options, 'randomness.seed': self.seed})
        resumes = self.start is None or latest_checkpoint(self.work_dir) is not None
        config.work_dir, config.resume, config.launcher = str(self.work_dir), resumes, 'none'
        if self.start is not None:
            config.load_from = None if resumes else str(self.start.checkpoint)
            config.started_from = dict(self.start.recipes)
        return config

    def is_done(self) -> bool:
        """Return whether its scores exist.

        Raises:
            ConfigError: The scores are of another recipe, seed or checkpoint; or there are none, and the checkpoint to
                resume from is of another recipe.
        """
        scores = self.work_dir / 'metrics.json'
        if scores.is_file():
            file: Path | None = scores
            recipe = self._recipe_of(scores)
        else:
            file = latest_checkpoint(self.work_dir)
            if file is None:
                return False
            recipe = read_checkpoint(file).get('meta', {}).get('recipe')
        if recipe != recipe_digest(self.load()):
            raise ConfigError(
                f'{file}: made with another recipe than that of {self.config}; remove the folder, or choose another '
                '--work-dir'
            )
        return file == scores

    def _recipe_of(self, scores: Path) -> str:
        try:
            found = json.loads(scores.read_text())
            if found['seed'] == self.seed and TRAINED in found['scores']:
                return found['recipe']
        except (ValueError, LookupError, TypeError):
            pass  # damaged
        raise ConfigError(
            f'{scores}: not the scores of a run with seed {self.seed}; remove it, or choose another --work-dir'
        )


def unfinished(runs: Sequence[PlannedRun]) -> list[PlannedRun]:
    """Return the runs without scores.

    Raises:
        ConfigError: A config is wrong, two runs have the same folder, or a folder contains another run.
    """
    for folder, count in Counter(run.work_dir for run in runs).items():
        if count > 1:
            raise ConfigError(
                f'{folder}: {count} runs have this work dir; give every recipe and every seed once, and '
                'recipes different names'
            )
    waiting = [run for run in runs if not run.is_done()]
    for run in waiting:
        run.load()
    return waiting


def train_and_test(runs: Sequence[PlannedRun], jobs: int = 1) -> bool:
    """Train and test the runs without scores, each in a separate process.

    CPU cores are divided evenly among the processes. The output of a run is written to ``output.txt`` in its work dir.
    After Ctrl-C no further run is started. SIGTERM and SIGUSR1 are passed on to the runs, which write a checkpoint;
    the same call continues them.

    Args:
        runs: The runs, each with its own work dir.
        jobs: Number of runs at a time.

    Returns:
        True: all runs have scores.

    Raises:
        ConfigError: Before any run: see `unfinished`. After all runs: at least one has failed.
        SystemExit: After a signal, with 128 + its number.
    """
    waiting = unfinished(runs)
    print(f'{len(runs)} runs, {len(runs) - len(waiting)} of them done', file=sys.stderr)
    if not waiting:
        return True
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    failed: list[str] = []
    queue, ended = iter(waiting), 0
    running: dict[Future, PlannedRun] = {}
    with process_pool(jobs) as pool, signals_to_children() as received:
        while True:  # submit only what can start at once: the pool would run queued jobs after Ctrl-C
            if received:
                queue = iter(())
            running |= {pool.submit(work, run, threads): run for run in islice(queue, jobs - len(running))}
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, ended = running.pop(future).work_dir, ended + 1
                if future.exception():
                    failed.append(f'{name}: {future.exception()}')
                state = 'done' if not future.exception() else 'interrupted' if received else 'failed'
                print(f'[{ended}/{len(waiting)}] {name} {state}', file=sys.stderr)
    if received:
        print(f'{received[0].name}: the same command continues the interrupted runs', file=sys.stderr)
        raise SystemExit(128 + received[0])
    if failed:
        raise ConfigError(f'{len(failed)} of {len(waiting)} runs failed, the first is {failed[0]}; see its output.txt')
    return True


def work(run: PlannedRun, threads: int) -> None:
    """Train and test a run in this process, with a number of threads; its output goes to ``output.txt``."""
    torch.set_num_threads(threads)
    os.environ['OMP_NUM_THREADS'] = str(threads)
    with lock_work_dir(run.work_dir), redirect_output(run.work_dir / 'output.txt'):
        MultiTaskRunner.from_cfg(run.load()).train()
        config = run.load()
        config.load_from, config.resume = str(reported_checkpoint(config, run.work_dir)), False
        config.experiment_name = f'{run.work_dir.name}_test'  # MMEngine keeps the log history of each name
        scores = MultiTaskRunner.from_cfg(config).test()
        write_scores(run.work_dir / 'metrics.json', {TRAINED: scores}, config)
