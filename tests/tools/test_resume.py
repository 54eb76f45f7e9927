"""A run killed ten times at random and resumed has the weights, states and logs of an uninterrupted run."""

import random
import time
from pathlib import Path

import pytest
import torch
from interrupted_run import LAST, LOOPS, differences
from tool_process import run, start

# 'outside': killed from outside at a random time after the first checkpoint; others: by a hook at a random iteration
KILLS = {
    ('epochs', 0): ['before', 'saving', 'after'],
    ('epochs', 2): ['outside', 'after'],
    ('iterations', 0): ['outside', 'after', 'before'],
    ('iterations', 2): ['before', 'saving'],
}


@pytest.mark.slow
@pytest.mark.parametrize(('loop', 'workers'), KILLS)
def test_a_killed_and_resumed_run_ends_like_an_uninterrupted_one(loop, workers, tmp_path, rooms_cache):
    config = LOOPS[loop]
    options = [
        '--cfg-options',
        'default_hooks.checkpoint.max_keep_ckpts=1',
        f'train_dataloader.num_workers={workers}',
        f'val_dataloader.num_workers={workers}',
    ]
    uninterrupted = run('train.py', config, '--work-dir', tmp_path / 'whole', *options, folder=tmp_path / 'output')
    assert uninterrupted.code == 0, uninterrupted.stderr

    killed = tmp_path / 'killed'
    kills = KILLS[loop, workers]
    rng = random.Random(f'{loop} {workers}')
    for number, (when, iteration) in enumerate(zip(kills, sorted(rng.sample(range(1, 14), len(kills))), strict=True)):
        arguments = ['--work-dir', killed, *(['--resume'] if number else []), *options]
        output = tmp_path / f'output {number}'
        if when == 'outside':
            process = start('train.py', config, *arguments, folder=output)
            wait_for_checkpoint(killed)
            time.sleep(rng.uniform(0, 0.2))
            process.process.kill()
            assert process.wait().code == -9, 'the run ended before it was killed'
        else:
            hook = {'type': 'KillHook', 'iteration': iteration, 'when': when}
            done = run(
                'train.py',
                config,
                *arguments,
                'custom_imports.imports=troublemakers',
                *(f'default_hooks.kill.{key}={value}' for key, value in hook.items()),
                folder=output,
            )
            assert done.code == -9, f'{done.stdout}{done.stderr}'
        if when == 'saving':
            assert list(killed.glob('.*.tmp'))
    resumed = run('train.py', config, '--work-dir', killed, '--resume', *options, folder=tmp_path / 'last output')
    assert resumed.code == 0, resumed.stderr
    assert 'resumed from' in resumed.stdout

    expected, found = (torch.load(folder / LAST[loop], weights_only=True) for folder in (tmp_path / 'whole', killed))
    assert differences(expected, found) == []
    assert expected['meta']['iter'] == 15
    assert len(expected['message_hub']['log_scalars']['train/loss']['log_history']) == 15
    assert [path.name for path in killed.glob('*.pth')] == [LAST[loop]]
    assert not list(killed.glob('.*.tmp'))


def wait_for_checkpoint(folder: Path) -> None:
    for _ in range(600):
        if list(folder.glob('*.pth')):
            return
        time.sleep(0.02)
    raise TimeoutError(f'no checkpoint in {folder}')
