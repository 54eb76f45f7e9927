"""SIGTERM and SIGUSR1 end a run with a checkpoint; resumed, it ends like an undisturbed run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from interrupted_run import LAST, LOOPS, differences
from tool_process import ROOT, run

CASES = [  # loop, workers, signal, moments (completed iterations, when) of one run
    ('epochs', 0, signal.SIGTERM, [(1, 'before'), (5, 'after'), (6, 'validating'), (14, 'before')]),
    ('epochs', 2, signal.SIGUSR1, [(0, 'before'), (4, 'after')]),
    ('iterations', 2, signal.SIGTERM, [(2, 'after'), (7, 'before')]),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ('loop', 'workers', 'number', 'moments'), CASES, ids=[f'{case[0]}-{case[1]}' for case in CASES]
)
def test_a_preempted_run_ends_like_an_undisturbed_one(loop, workers, number, moments, tmp_path, rooms_cache):
    options = ['--cfg-options', f'train_dataloader.num_workers={workers}', f'val_dataloader.num_workers={workers}']
    whole = run('train.py', LOOPS[loop], '--work-dir', tmp_path / 'whole', *options, folder=tmp_path / 'output')
    assert whole.code == 0, whole.stderr

    folder = tmp_path / 'preempted'
    for index, (iteration, when) in enumerate(moments):
        hook = {'type': 'SignalHook', 'iteration': iteration, 'when': when, 'number': int(number)}
        done = run(
            'train.py',
            LOOPS[loop],
            *('--work-dir', folder, '--resume'),
            *options,
            'custom_imports.imports=troublemakers',
            *(f'default_hooks.signal.{key}={value}' for key, value in hook.items()),
            folder=tmp_path / f'output {index}',
        )
        assert done.code == 128 + number, f'{done.stdout}{done.stderr}'
        completed = iteration + (when != 'validating')
        assert f'{number.name}: training ends after iteration {completed}; --resume continues' in done.stdout
        assert 'Traceback' not in done.stderr
    resumed = run('train.py', LOOPS[loop], '--work-dir', folder, '--resume', *options, folder=tmp_path / 'last output')
    assert resumed.code == 0, resumed.stderr

    expected, found = (torch.load(path / LAST[loop], weights_only=True) for path in (tmp_path / 'whole', folder))
    assert differences(expected, found) == []
    assert not list(folder.glob('epoch_*_iter_*.pth'))


@pytest.mark.check
def test_ranks_stop_after_the_same_iteration(tmp_path, rooms_cache):
    """Rank 1 alone gets the signal."""
    environment = os.environ | {'PYTHON': sys.executable, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': python_path()}
    options = ['--cfg-options', 'train_dataloader.batch_size=2']
    hook = ['custom_imports.imports=troublemakers', "default_hooks.signal={'type':'SignalHook','iteration':4,'rank':1}"]

    def train(folder: Path, *more: str) -> subprocess.CompletedProcess:
        command = ['bash', ROOT / 'tools' / 'dist_train.sh', LOOPS['epochs'], '2', '--work-dir', folder, '--resume']
        return subprocess.run(
            [*command, *options, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240
        )

    whole = train(tmp_path / 'whole')
    assert whole.returncode == 0, whole.stderr
    folder = tmp_path / 'preempted'
    stopped = train(folder, *hook, "default_hooks.signal.when='before'")
    assert stopped.returncode == 1  # torchrun's own
    (left,) = folder.glob('epoch_1_iter_*.pth')
    assert torch.load(left, weights_only=True)['meta']['iter'] in (5, 6), 'agreed one step later at most'
    resumed = train(folder)
    assert resumed.returncode == 0, resumed.stderr
    expected, found = (torch.load(path / LAST['epochs'], weights_only=True) for path in (tmp_path / 'whole', folder))
    assert differences(expected, found) == []


def python_path() -> str:
    return os.pathsep.join([str(ROOT / 'tests'), str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])])
