"""Train and test runs as jobs of Slurm, and list the state of every run."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from mmmtl.errors import ConfigError
from mmmtl.experiments.planned_run import PlannedRun
from mmmtl.experiments.sweep import unfinished, work
from mmmtl.extras import import_extra
from mmmtl.files.atomic_path import write_text_file

JOB_FILE = 'slurm_job.txt'  # in the work dir: id of the last job of the run
DEFAULTS: Mapping[str, str | bool] = {
    'time': '24:00:00',  # longer runs are requeued
    'cpus-per-task': '5',
    'gpus-per-task': '1',
    'requeue': True,
    'signal': 'USR1@120',  # PreemptionHook writes a checkpoint and requeues the job
}
RESERVED = ('array', 'error', 'job-name', 'nodes', 'ntasks', 'open-mode', 'output', 'partition')


@dataclass(frozen=True)
class SlurmQueue:
    """A partition of Slurm in which every run is one job with one task.

    A job that is preempted or reaches its time limit writes a checkpoint, returns to the queue and resumes.

    Args:
        partition: Name of the partition.
        folder: Folder of the job scripts and their logs; the nodes must share it, and the work dirs.
        options: Options of ``sbatch`` without dashes, such as ``{'time': '4:00:00'}``; they override `DEFAULTS`.
            ``gpus-per-task='0'`` trains on CPUs.
        jobs: Maximum number of jobs that run at a time; None for no limit.

    Raises:
        ConfigError: An option is one that mmmtl sets.
    """

    partition: str
    folder: Path
    options: Mapping[str, str | bool] = field(default_factory=dict)
    jobs: int | None = None

    def __post_init__(self) -> None:
        for name in self.options:
            if name in RESERVED:
                raise ConfigError(f'--slurm-options {name}: set by mmmtl; choose other options of sbatch')

    def __call__(self, runs: Sequence[PlannedRun]) -> bool:
        """Submit the runs that neither have scores nor are in the queue, and print the state of each to stderr.

        Returns:
            Whether all runs have scores.

        Raises:
            ConfigError: Slurm is missing or refuses the jobs, or a run cannot be started (see `unfinished`).
            MissingExtraError: submitit is not installed.
        """
        waiting = unfinished(runs)
        queued = queued_jobs() if waiting else {}
        ids = {run.work_dir: last_job(run.work_dir) for run in waiting}
        new = [run for run in waiting if ids[run.work_dir] not in queued]
        submitted = dict(zip((run.work_dir for run in new), self._submit(new), strict=True)) if new else {}
        for run in runs:
            previous = ids.get(run.work_dir)
            if run.work_dir not in ids:
                state = 'done'
            elif run.work_dir not in submitted:
                state = f'job {previous} is {queued[str(previous)]}'
            else:
                scores = run.scores.name
                ended = f'job {previous} ended without {scores}, see {self._log(previous)}; ' if previous else ''
                state = f'{ended}submitted as job {submitted[run.work_dir]}'
            print(f'{run.work_dir}: {state}', file=sys.stderr)
        print(f'{len(runs)} runs, {len(runs) - len(waiting)} of them done', file=sys.stderr)
        if waiting:
            print('the same command continues, and prints the table when all runs are done', file=sys.stderr)
        return not waiting

    def _log(self, job: str) -> Path:
        return self.folder / f'{job}_0_log.out'

    def _submit(self, runs: Sequence[PlannedRun]) -> list[str]:
        """Submit the runs as one job array; return the job ids, which are also written to the work dirs."""
        submitit = import_extra('submitit', '--slurm')
        options = {name: value for name, value in {**DEFAULTS, **self.options}.items() if (name, value) != NO_GPU}
        cpus = str(options['cpus-per-task'])
        executor = submitit.SlurmExecutor(self.folder.absolute())
        executor.update_parameters(
            job_name='mmmtl',
            partition=self.partition,
            array_parallelism=self.jobs or len(runs),
            stderr_to_stdout=True,
            srun_args=[f'--cpus-per-task={cpus}'],  # srun does not inherit it from sbatch
            additional_parameters=options,
        )
        try:
            with executor.batch():
                jobs = [executor.submit(work_in_job, run, int(cpus)) for run in runs]
        except submitit.core.utils.FailedJobError as error:
            raise ConfigError(f'sbatch refuses the jobs: {_last_line(str(error))}') from None
        for run, job in zip(runs, jobs, strict=True):
            run.work_dir.mkdir(parents=True, exist_ok=True)
            write_text_file(run.work_dir / JOB_FILE, f'{job.job_id}\n')
        return [job.job_id for job in jobs]


NO_GPU = ('gpus-per-task', '0')  # a Slurm without GPUs refuses even this


def read_sbatch_options(entries: Sequence[str]) -> dict[str, str | bool]:
    """Read ``NAME=VALUE`` and, for options without a value, ``NAME``; names with dashes or underscores.

    Raises:
        ConfigError: A name is not that of an option, or ``cpus-per-task`` is not a positive number.
    """
    options: dict[str, str | bool] = {}
    for entry in entries:
        name, equals, value = entry.removeprefix('--').partition('=')
        if not re.fullmatch(r'[a-z][a-z_-]+', name) or (equals and not value):
            raise ConfigError(f'--slurm-options {entry}: expected NAME=VALUE as in sbatch --NAME=VALUE')
        options[name.replace('_', '-')] = value if equals else True
    cpus = options.get('cpus-per-task', '1')
    if not (isinstance(cpus, str) and re.fullmatch('[1-9][0-9]*', cpus)):
        raise ConfigError(f'--slurm-options cpus-per-task={cpus}: expected a positive number')
    return options


def queued_jobs() -> dict[str, str]:
    """Return the state of the user's jobs that have not ended, such as ``{'12_0': 'running'}``.

    Raises:
        ConfigError: There is no Slurm, or it does not answer.
    """
    if not (shutil.which('sbatch') and shutil.which('squeue')):
        raise ConfigError('--slurm: sbatch and squeue were not found; run the command on a login node of the cluster')
    command = ['squeue', '--noheader', '--array', '--me', '--format=%i %T']
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ConfigError(f'--slurm: squeue fails: {_last_line(done.stderr)}')
    return {job: state.lower() for job, state in (line.split() for line in done.stdout.splitlines())}


def last_job(work_dir: Path) -> str | None:
    """Return the id of the last job of a run; None if it was never submitted."""
    file = work_dir / JOB_FILE
    return file.read_text().strip() if file.is_file() else None


def _last_line(text: str) -> str:
    """Return the last line that is not empty."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), 'no message')


def work_in_job(run: PlannedRun, cpus: int) -> None:
    """Train and test a run in a job of Slurm; outside of training, SIGUSR1 requeues the job at once."""
    signal.signal(signal.SIGUSR1, _requeue)
    work(run, cpus)


def _requeue(number: int, frame: FrameType | None) -> Any:
    subprocess.run(['scontrol', 'requeue', os.environ['SLURM_JOB_ID']], check=True)
    raise SystemExit(128 + number)
