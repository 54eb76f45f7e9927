"""A fixture for tests that need a running Slurm."""

import shutil
import subprocess

import pytest


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
