"""slurm_train.sh and slurm_test.sh on CPUs, and a job that goes back to its queue, where there is a Slurm."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tool_process import CONFIGS, ROOT

CONFIG = CONFIGS / 'tiny_rooms_plain.py'


@pytest.mark.parametrize(
    ('name', 'instead'),
    [('GPUS', 'PROCESSES'), ('GPUS_PER_NODE', 'PROCESSES_PER_NODE'), ('CPUS_PER_TASK', 'CPUS_PER_PROCESS')],
)
def test_variables_of_other_scripts_are_refused(name, instead):
    done = subprocess.run(
        ['bash', ROOT / 'tools' / 'slurm_train.sh', 'partition', 'job', CONFIG, 'work_dir'],
        env=os.environ | {name: '4'},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2 and done.stderr == f'{name} is not used here: set {instead}\n'


@pytest.mark.slow
def test_two_tasks_train_and_test(partition, tmp_path, rooms_cache):
    environment = os.environ | {
        'PYTHON': sys.executable,
        'PROCESSES': '2',
        'GPUS_PER_PROCESS': '0',
        'CPUS_PER_PROCESS': '1',
        'OMP_NUM_THREADS': '1',
    }
    options = ['--cfg-options', 'train_dataloader.batch_size=2', 'train_cfg.max_epochs=1']

    def slurm(script: str, *arguments) -> str:
        done = subprocess.run(
            ['bash', ROOT / 'tools' / script, partition, 'tiny', *arguments, *options],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    slurm('slurm_train.sh', CONFIG, tmp_path / 'run')
    checkpoint = tmp_path / 'run' / 'epoch_1.pth'
    assert torch.load(checkpoint, weights_only=True)['random_state']['torch'].shape[0] == 2  # both processes' states
    printed = slurm('slurm_test.sh', CONFIG, checkpoint, '--out', tmp_path / 'scores.json')
    assert printed.count('depth abs_rel') == 1  # the first process prints
    assert (tmp_path / 'scores.json').is_file()


@pytest.mark.slow
def test_a_requeued_job_resumes(partition, tmp_path, rooms_cache):
    """SIGUSR1, as from ``--signal``, writes a checkpoint and requeues the job, whose second start completes the run."""
    folder = tmp_path / 'run'
    script = tmp_path / 'job.sh'
    script.write_text(
        f"""#!/usr/bin/env bash
srun --ntasks=2 {sys.executable} {ROOT}/tools/train.py {CONFIG} --work-dir {folder} --launcher slurm --resume \\
    --cfg-options train_dataloader.batch_size=2 train_cfg.max_epochs=40 default_hooks.checkpoint.interval=40
"""
    )
    environment = os.environ | {'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT)}
    submit = ['sbatch', '--parsable', '--requeue', '--open-mode=append', f'--partition={partition}', '--ntasks=2']
    job = subprocess.run(
        [*submit, f'--output={tmp_path}/job.txt', script], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    wait_for(lambda: 'Epoch(train)' in read(tmp_path / 'job.txt'))
    subprocess.run(['scancel', '--signal=USR1', job], check=True)
    wait_for(lambda: 'is back in the queue' in read(tmp_path / 'job.txt'))
    subprocess.run(['scontrol', 'update', f'JobId={job}', 'StartTime=now'], capture_output=True)  # it waits two minutes
    wait_for(lambda: (folder / 'epoch_40.pth').is_file())
    printed = read(tmp_path / 'job.txt')
    assert 'SIGUSR1: training ends after iteration' in printed and 'resumed from' in printed
    assert torch.load(folder / 'epoch_40.pth', weights_only=True)['meta']['iter'] == 120


def read(path: Path) -> str:
    return path.read_text() if path.is_file() else ''


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.5)
    raise TimeoutError
