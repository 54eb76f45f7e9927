"""slurm_train.sh and slurm_test.sh with two tasks on CPUs, where there is a Slurm."""

import os
import shutil
import subprocess
import sys

import pytest
import torch
from tool_process import CONFIGS, ROOT

CONFIG = CONFIGS / 'tiny_rooms_plain.py'


@pytest.fixture
def partition() -> str:
    """The first partition that is up."""
    if not (shutil.which('srun') and shutil.which('sinfo')):
        pytest.skip('needs Slurm: there is no srun and sinfo')
    listed = subprocess.run(['sinfo', '--noheader', '--format=%R %a %D'], capture_output=True, text=True)
    up = [line.split()[0] for line in listed.stdout.splitlines() if line.split()[1:2] == ['up']]
    if listed.returncode or not up:
        pytest.skip('needs Slurm: no partition is up')
    return up[0]


@pytest.mark.slow
def test_two_tasks_train_and_test(partition, tmp_path, rooms_cache):
    environment = os.environ | {
        'PYTHON': sys.executable,
        'TASKS': '2',
        'GPUS_PER_TASK': '0',
        'CPUS_PER_TASK': '1',
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
