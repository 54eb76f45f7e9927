"""torchrun restarts all processes of a run when one is killed; the run ends as if nothing had happened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from interrupted_run import LAST, LOOPS, differences
from tool_process import ROOT

NOTHING_TO_RESUME = 'nothing to resume, starting from scratch'


def torchrun(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """Train in two processes, with up to three restarts."""
    paths = [str(ROOT / 'tests'), str(ROOT)]
    environment = os.environ | {'OMP_NUM_THREADS': '1', 'PYTHONPATH': os.pathsep.join(paths)}
    command = [sys.executable, '-m', 'torch.distributed.run', '--nnodes=1', '--nproc_per_node=2', '--max-restarts=3']
    command += ['--rdzv-backend=c10d', '--rdzv-endpoint=localhost:0', str(ROOT / 'tools' / 'train.py')]
    command += [str(LOOPS['epochs']), '--launcher', 'pytorch', '--resume', '--work-dir', str(folder)]
    return subprocess.run(
        [*command, '--cfg-options', 'train_dataloader.batch_size=2', *options],
        cwd=folder.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )


@pytest.mark.check
@pytest.mark.parametrize('rank', [0, 1])
def test_a_killed_process_is_restarted(rank, tmp_path, rooms_cache):
    whole = torchrun(tmp_path / 'whole')
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.count(NOTHING_TO_RESUME) == 1

    # killed once before the first checkpoint, after 3 iterations, and once after it
    hook = dict(number=9, rank=rank, iteration=1, when='before')
    again = dict(hook, iteration=7, when='after', restarts=1)
    options = ['custom_imports.imports=troublemakers']
    for name, values in (('first', hook), ('second', again)):
        options += [f'default_hooks.{name}.{key}={value}' for key, value in {'type': 'SignalHook', **values}.items()]
    killed = torchrun(tmp_path / 'killed', *options)
    assert killed.returncode == 0, killed.stderr
    assert killed.stdout.count(NOTHING_TO_RESUME) == 2
    assert 'resumed from' in killed.stdout and 'at epoch 2, iteration 6' in killed.stdout

    expected, found = (torch.load(tmp_path / name / LAST['epochs'], weights_only=True) for name in ('whole', 'killed'))
    recipes = [content['meta'].pop(key) for content in (expected, found) for key in ('recipe', 'recipe_entries')]
    assert recipes[0] != recipes[2]  # the hooks that kill
    assert differences(expected, found) == []
