"""Two gloo processes with half the batch each, through the launchers, equal one process with the whole batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tool_process import CONFIGS, ROOT, run

CONFIG = CONFIGS / 'tiny_rooms_plain.py'  # 10 rooms in batches of 4, 4 and 2; 3 to test on; each shows one label
TOLERANCE = dict(rtol=1e-5, atol=1e-5)


def launch(script: str, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess:
    """Run a launcher from another folder, as users do."""
    environment = os.environ | {'PYTHON': sys.executable, 'OMP_NUM_THREADS': '1'}
    return subprocess.run(
        ['bash', ROOT / 'tools' / script, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )


def scalars(work_dir: Path) -> list[dict]:
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def scores(path: Path) -> dict[str, float]:
    (row,) = json.loads(path.read_text())['scores'].values()
    return {key: value for key, value in row.items() if value is not None}


@pytest.mark.slow
def test_training_and_testing_with_two_processes(tmp_path, rooms_cache):
    one, two = tmp_path / 'one', tmp_path / 'two'
    done = run('train.py', CONFIG, '--work-dir', one, folder=tmp_path / 'output')
    assert done.code == 0, done.stderr
    options = ['--cfg-options', 'train_dataloader.batch_size=2', 'test_dataloader.batch_size=1']
    done = launch('dist_train.sh', CONFIG, '2', '--work-dir', two, *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr

    whole, halves = (torch.load(folder / 'epoch_3.pth', weights_only=True) for folder in (one, two))
    start = torch.load(one / 'epoch_2.pth', weights_only=True)['state_dict']
    assert any((start[key] - whole['state_dict'][key]).abs().max() > 1e-3 for key in start), 'nothing was learnt'
    torch.testing.assert_close(halves['state_dict'], whole['state_dict'], **TOLERANCE)
    for name in ('loss', 'semseg', 'depth', 'normal', 'grad_norm'):
        histories = (content['message_hub']['log_scalars'][f'train/{name}'] for content in (halves, whole))
        mean, single = (torch.tensor(history['log_history']) for history in histories)
        assert len(mean) == 9
        torch.testing.assert_close(mean, single, **TOLERANCE, msg=name)
    for expected, found in zip(scalars(one), scalars(two), strict=True):
        expected, found = (
            {key: value for key, value in line.items() if key not in ('time', 'data_time', 'memory')}
            for line in (expected, found)
        )
        assert found == pytest.approx(expected, abs=1e-5, nan_ok=True)

    done = run('test.py', CONFIG, one / 'epoch_3.pth', '--work-dir', one, folder=tmp_path / 'output')
    assert done.code == 0, done.stderr
    done = launch('dist_test.sh', CONFIG, one / 'epoch_3.pth', '2', '--work-dir', two, *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    expected, found = (scores(folder / 'metrics.json') for folder in (one, two))
    assert 'depth/abs_rel' in expected and found.keys() == expected.keys()
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh'])
def test_where_processes_meet(script):
    """Two runs on a machine must not take the same port; several machines have to agree on one."""

    def printed(**environment: str) -> list[str]:
        return subprocess.run(
            ['bash', ROOT / 'tools' / script, 'config.py', '2', '3'],
            text=True,
            capture_output=True,
            env={'PATH': os.environ['PATH'], 'PYTHON': 'echo', **environment},
        ).stdout.split()

    assert '--standalone' in printed() and '--master_port' not in ' '.join(printed())
    assert {'--nnodes=1', '--master_port=1234'} < set(printed(PORT='1234'))
    many = {'--nnodes=2', '--node_rank=1', '--master_addr=first', '--master_port=29500'}
    assert many < set(printed(NNODES='2', NODE_RANK='1', MASTER_ADDR='first'))


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'])
def test_a_launcher_without_arguments_prints_its_usage(script):
    done = subprocess.run(['bash', ROOT / 'tools' / script], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count(f'tools/{script} ') == 1 and done.stdout == ''
