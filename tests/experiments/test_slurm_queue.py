"""Runs as jobs of Slurm: what is submitted, what is listed, and what is refused; the last test needs a real Slurm."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tool_process import CONFIGS, ROOT

from mmmtl.errors import ConfigError
from mmmtl.experiments.planned_run import PlannedRun
from mmmtl.experiments.slurm_queue import SlurmQueue, last_job, read_sbatch_options

SHORT = {'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 2, 'model.backbone.drop_path_rate': 0.0}


def planned(folder: Path, seed: int) -> PlannedRun:
    return PlannedRun(CONFIGS / 'tiny_rooms.py', folder / f'seed_{seed}', seed, SHORT)


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """A Slurm that accepts jobs and runs none; ``stub(squeue=...)`` sets what its programs do."""
    pytest.importorskip('submitit', reason='needs submitit')
    folder = tmp_path / 'bin'
    folder.mkdir()
    monkeypatch.setenv('PATH', str(folder), prepend=os.pathsep)

    def write(**programs: str) -> None:
        for name, script in programs.items():
            (folder / name).write_text(f'#!/bin/sh\n{script}\n')
            (folder / name).chmod(0o755)

    write(srun='exit 1', squeue='true', sbatch=f'cp "$1" {tmp_path}/submitted.sh; echo Submitted batch job 7')
    return write


def test_each_run_is_submitted_once(stub, tmp_path, capsys):
    queue = SlurmQueue('gpu', tmp_path / 'slurm', {'account': 'lab', 'time': '4:00:00'}, jobs=1)
    runs = [planned(tmp_path, seed) for seed in range(3)]
    assert not queue(runs[:2])
    assert [last_job(run.work_dir) for run in runs] == ['7_0', '7_1', None]
    script = (tmp_path / 'submitted.sh').read_text()
    for line in ('partition=gpu', 'account=lab', 'time=4:00:00', 'array=0-1%1', 'signal=USR1@120', 'gpus-per-task=1'):
        assert f'#SBATCH --{line}\n' in script
    assert '#SBATCH --requeue\n' in script and ' --cpus-per-task=5 ' in script

    stub(squeue='echo 7_0 RUNNING; echo 9 PENDING', sbatch='echo Submitted batch job 8')
    capsys.readouterr()
    assert not queue(runs)
    first, second, third, *_, last = capsys.readouterr().err.splitlines()
    assert first == f'{tmp_path}/seed_0: job 7_0 is running'
    assert second.endswith('job 7_1 ended without metrics.json, see '
                           f'{tmp_path}/slurm/7_1_0_log.out; submitted as job 8_0')  # fmt: skip
    assert third == f'{tmp_path}/seed_2: submitted as job 8_1' and 'the same command continues' in last
    assert [last_job(run.work_dir) for run in runs] == ['7_0', '8_0', '8_1']


def test_a_single_run_on_cpus(stub, tmp_path):
    SlurmQueue('cpu', tmp_path / 'slurm', {'gpus-per-task': '0'})([planned(tmp_path, 0)])
    assert last_job(tmp_path / 'seed_0') == '7'
    assert 'gpus-per-task' not in (tmp_path / 'submitted.sh').read_text()


def test_what_slurm_refuses_is_one_line(stub, tmp_path, monkeypatch):
    queue, runs = SlurmQueue('absent', tmp_path / 'slurm'), [planned(tmp_path, 0)]
    stub(sbatch='echo "sbatch: error: invalid partition specified: absent" >&2; exit 1')
    with pytest.raises(ConfigError, match='^sbatch refuses the jobs: .*invalid partition specified: absent$'):
        queue(runs)
    stub(squeue='echo "Unable to contact slurm controller" >&2; exit 1')
    with pytest.raises(ConfigError, match='^--slurm: squeue fails: Unable to contact slurm controller$'):
        queue(runs)
    assert not (tmp_path / 'seed_0').exists()
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(ConfigError, match='sbatch and squeue were not found'):
        queue(runs)


@pytest.mark.parametrize(
    ('entries', 'wrong'),
    [
        (['time='], 'time=: expected NAME=VALUE'),
        (['=4'], '=4: expected NAME=VALUE'),
        (['cpus-per-task=0'], 'cpus-per-task=0: expected a positive number'),
        (['cpus_per_task'], 'cpus-per-task=True: expected a positive number'),
        (['partition=other'], 'partition: set by mmmtl'),
    ],
)
def test_wrong_options_are_refused(entries, wrong, tmp_path):
    with pytest.raises(ConfigError, match=f'^--slurm-options {wrong}'):
        SlurmQueue('gpu', tmp_path, read_sbatch_options(entries))


def test_options_as_sbatch_takes_them():
    assert read_sbatch_options(['--time=1:00', 'mem_per_cpu=2G', 'gres=gpu:a=1', 'exclusive']) == {
        'time': '1:00',
        'mem-per-cpu': '2G',
        'gres': 'gpu:a=1',
        'exclusive': True,
    }


def test_options_of_the_command_that_do_not_fit(tmp_path):
    for options, wrong in ((['--slurm-options', 'time=4'], '--slurm-options needs --slurm PARTITION'),):
        command = [sys.executable, '-m', 'mmmtl', 'table', CONFIGS / 'tiny_rooms.py', *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 2 and done.stderr.splitlines()[-1].endswith(wrong), done.stderr


def test_submitit_is_an_extra(monkeypatch, tmp_path, stub):
    monkeypatch.setitem(sys.modules, 'submitit', None)
    with pytest.raises(ConfigError, match=r"--slurm needs submitit, .* pip install 'mmmtl\[slurm\]'"):
        SlurmQueue('gpu', tmp_path / 'slurm')([planned(tmp_path, 0)])


@pytest.mark.slow
def test_a_table_on_a_real_slurm(partition, tmp_path, rooms_cache):
    """A requeued job resumes, and the same command prints the table at the end."""
    pytest.importorskip('submitit', reason='needs submitit')
    command = [sys.executable, '-m', 'mmmtl', 'table', CONFIGS / 'tiny_rooms_plain.py', '--seeds', '0', '--work-dir',
               'runs', '--slurm', partition, '--slurm-options', 'gpus-per-task=0', 'cpus-per-task=1', '--cfg-options',
               'train_cfg.max_epochs=60', 'default_hooks.checkpoint.interval=60']  # fmt: skip
    environment = os.environ | {'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT)}

    def table() -> subprocess.CompletedProcess:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        assert 'Traceback' not in done.stderr
        return done

    folder = tmp_path / 'runs' / 'tiny_rooms_plain' / 'seed_0'
    assert 'submitted as job' in table().stderr
    job = last_job(folder)
    wait_for(lambda: 'Epoch(train)' in read(folder / 'output.txt'))
    subprocess.run(['scancel', '--signal=USR1', job], check=True)
    wait_for(lambda: 'is back in the queue' in read(folder / 'output.txt'))
    assert f'seed_0: job {job} is ' in table().stderr  # not submitted a second time
    subprocess.run(['scontrol', 'update', f'JobId={job}', 'StartTime=now'], capture_output=True)  # it waits two minutes
    wait_for(lambda: (folder / 'metrics.json').is_file())
    done = table()
    assert '| tiny_rooms_plain | 1 |' in done.stdout and '1 runs, 1 of them done' in done.stderr
    assert 'resumed from' in read(folder / 'output.txt') and last_job(folder) == job


def read(path: Path) -> str:
    return path.read_text() if path.is_file() else ''


def wait_for(condition) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.5)
    raise TimeoutError
