"""Train and test configs x seeds, several runs at a time; interrupted runs are resumed."""

import os
import sys
from collections import Counter, deque
from collections.abc import Sequence

import torch

from mmmtl.available_cores import available_cores
from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.errors import ConfigError
from mmmtl.experiments.checkpoint_selection import reported_checkpoint
from mmmtl.experiments.evaluated_data import evaluate_on
from mmmtl.experiments.planned_run import TRAINED, PlannedRun
from mmmtl.experiments.processes import FunctionProcess, first_ended, redirect_output, signals_to_children
from mmmtl.experiments.scores import write_scores


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
        config = run.load()
        try:
            evaluate_on(config, run.data)
        except ConfigError as error:
            raise ConfigError(f'{run.config}: {error}') from None
    return waiting


def train_and_test(runs: Sequence[PlannedRun], jobs: int = 1) -> bool:
    """Train and test the runs without scores, each in a separate process.

    The processes share the CPU cores evenly, or have ``OMP_NUM_THREADS`` threads each if this is set. The output of a
    run is written to ``output.txt`` in its work dir. After Ctrl-C no further run is started. SIGTERM and SIGUSR1 are
    passed on to the runs, which write a checkpoint; the same call continues them. Calls with the same runs may go on at
    the same time: each run is trained by one of them, and the others wait for it when they have no other run to train.

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
    threads = threads_per_run(jobs)
    failed: list[str] = []
    queue, ended = deque((run, False) for run in waiting), 0
    running: dict[FunctionProcess, PlannedRun] = {}
    with signals_to_children() as received:
        while True:
            if received:
                queue.clear()
            while queue and len(running) < jobs:
                run, wait_for_others = queue.popleft()
                running[FunctionProcess(work, run, threads, wait_for_others)] = run
            if not running:
                break
            for process in first_ended(running):
                run, failure = running.pop(process), process.failure()
                if failure and failure.work_dir_in_use and not received:
                    print(f'{run.work_dir}: another process trains this run; waits for it', file=sys.stderr)
                    queue.append((run, True))
                    continue
                ended += 1
                if failure:
                    failed.append(f'{run.work_dir}: {failure.reason}')
                state = 'done' if not failure else 'interrupted' if received else 'failed'
                print(f'[{ended}/{len(waiting)}] {run.work_dir} {state}', file=sys.stderr)
    if received:
        print(f'{received[0].name}: the same command continues the interrupted runs', file=sys.stderr)
        raise SystemExit(128 + received[0])
    if failed:
        raise ConfigError(f'{len(failed)} of {len(waiting)} runs failed, the first is {failed[0]}; see its output.txt')
    return True


def threads_per_run(jobs: int) -> int:
    """Return the number of threads of each of ``jobs`` runs: ``OMP_NUM_THREADS``, else a fair share of the cores."""
    if os.environ.get('OMP_NUM_THREADS'):
        return torch.get_num_threads()  # the parsed variable
    return max(1, available_cores() // jobs)


def work(run: PlannedRun, threads: int, wait_for_others: bool = False) -> None:
    """Train and test a run in this process, unless it has scores by now; its output goes to ``output.txt``.

    Args:
        run: The run.
        threads: Number of threads.
        wait_for_others: If another process trains the run, wait until it has ended.

    Raises:
        WorkDirInUseError: Another process trains the run.
    """
    torch.set_num_threads(threads)
    os.environ['OMP_NUM_THREADS'] = str(threads)
    with lock_work_dir(run.work_dir, wait_for_others), redirect_output(run.work_dir / 'output.txt'):
        if run.is_done():  # by another process, since `unfinished`
            return
        MultiTaskRunner.from_cfg(run.load()).train()
        config = run.load()
        evaluation = run.load_evaluation(reported_checkpoint(config, run.work_dir))
        scores = MultiTaskRunner.from_cfg(evaluation).test()
        write_scores(run.scores, {TRAINED: scores}, config, run.data)
