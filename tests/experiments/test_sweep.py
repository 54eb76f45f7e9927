"""Many runs: each made once, nothing made twice, a failure named."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tool_process import CONFIGS, ROOT

from mmmtl.available_cores import available_cores
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.errors import ConfigError, WorkDirInUseError
from mmmtl.experiments import sweep
from mmmtl.experiments.planned_run import TRAINED, InitialWeights, PlannedRun
from mmmtl.experiments.processes import Failure
from mmmtl.experiments.run_table import run_table
from mmmtl.experiments.scores import write_scores
from mmmtl.experiments.sweep import train_and_test, work

pytestmark = pytest.mark.usefixtures('rooms_cache')
SHORT = {'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 2, 'model.backbone.drop_path_rate': 0.0}


def planned(folder: Path, seed: int, **options) -> PlannedRun:
    return PlannedRun(CONFIGS / 'tiny_rooms.py', folder / f'seed_{seed}', seed, SHORT | options)


@pytest.mark.slow
def test_finished_runs_are_skipped_and_interrupted_runs_resumed(tmp_path, capfd):
    runs = [planned(tmp_path, seed) for seed in (0, 1)]
    train_and_test(runs, jobs=2)
    assert '2 runs, 0 of them done' in capfd.readouterr().err
    first = [(run.work_dir / 'metrics.json').read_text() for run in runs]
    assert [json.loads(text)['seed'] for text in first] == [0, 1]
    assert json.loads(first[0])['scores'] != json.loads(first[1])['scores']
    assert '| tiny_rooms | 2 |' in run_table([str(run.work_dir) for run in runs])
    assert 'Epoch(train)' in (runs[0].work_dir / 'output.txt').read_text()

    (runs[1].work_dir / 'metrics.json').unlink()
    checkpoint = runs[1].work_dir / 'epoch_1.pth'
    written = checkpoint.stat().st_mtime_ns
    train_and_test(runs, jobs=2)  # nothing is left but the test of the second one
    assert '2 runs, 1 of them done' in capfd.readouterr().err
    assert [(run.work_dir / 'metrics.json').read_text() for run in runs] == first
    assert checkpoint.stat().st_mtime_ns == written

    with pytest.raises(
        ConfigError, match='made with a different recipe than that of .*tiny_rooms.py; remove the folder'
    ):
        train_and_test([planned(tmp_path, 0, **{'optim_wrapper.optimizer.lr': 0.5})])


def test_a_wrong_config_stops_before_anything_starts(tmp_path):
    with pytest.raises(ConfigError, match='max_epoks'):
        train_and_test([planned(tmp_path, 0), planned(tmp_path, 1, **{'train_cfg.max_epoks': 3})])
    assert not list(tmp_path.iterdir())


@pytest.fixture
def copied(rooms_cache, tmp_path, tmp_path_factory) -> PlannedRun:
    """A run that has been trained and tested, once for all who ask, in a folder of its own."""
    ended = planned(tmp_path_factory.getbasetemp() / 'ended', 0)
    train_and_test([ended])
    shutil.copytree(ended.work_dir, tmp_path / 'seed_0')
    return planned(tmp_path, 0)


@pytest.mark.slow
def test_a_run_of_another_recipe_is_not_resumed(copied):
    (copied.work_dir / 'metrics.json').unlink()
    assert not copied.is_done()
    other = planned(copied.work_dir.parent, 0, **{'optim_wrapper.optimizer.lr': 0.5})
    with pytest.raises(
        ConfigError, match=r'epoch_1\.pth: made with a different recipe than that of .*tiny_rooms.py; remove the'
    ):
        train_and_test([other])
    begun = replace(copied, start=InitialWeights(copied.work_dir / 'epoch_1.pth', {'depth': 'abc'}))
    with pytest.raises(ConfigError, match=r'epoch_1\.pth: made with a different recipe'):
        train_and_test([begun])


@pytest.mark.slow
@pytest.mark.parametrize('change', [dict(seed=1), dict(scores={'epoch_1.pth': {}}), None])
def test_scores_that_are_not_of_its_end_are_refused(copied, change):
    assert copied.is_done()
    path = copied.work_dir / 'metrics.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | change) if change else '{"seed": 0')
    with pytest.raises(ConfigError, match=r'metrics\.json: not the scores of a run with seed 0; remove it, or'):
        copied.is_done()


def test_scores_of_initial_weights_that_changed_are_refused(tmp_path):
    weights = tmp_path / 'space.pth'
    weights.write_bytes(b'before')
    run = planned(tmp_path, 0, **{'model.backbone.checkpoint': str(weights)})
    write_scores(run.work_dir / 'metrics.json', {TRAINED: {'depth/abs_rel': 0.2}}, run.load())
    assert run.is_done()
    weights.write_bytes(b'after')
    with pytest.raises(ConfigError, match=r'the file of model\.backbone\.checkpoint had different content'):
        run.is_done()
    weights.unlink()  # no longer needed
    assert run.is_done()


@pytest.mark.slow
def test_a_run_that_another_process_has_finished_is_not_trained_again(copied, monkeypatch):
    monkeypatch.setattr(sweep, 'MultiTaskRunner', None)
    monkeypatch.setattr(os, 'dup2', lambda *descriptors: None)
    work(copied, 1)
    other = planned(copied.work_dir.parent, 0, **{'optim_wrapper.optimizer.lr': 0.5})
    with pytest.raises(ConfigError, match='made with a different recipe'):  # nor is it mixed with a different recipe
        work(other, 1)


@pytest.mark.check
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_starts_no_further_run(number, tmp_path):
    """Ctrl-C goes to the tool and to its runs; SIGTERM to the tool, which passes it on."""
    command = [
        sys.executable,
        ROOT / 'tools/analysis_tools/train_table.py',
        CONFIGS / 'tiny_rooms.py',
        '--seeds',
        *map(str, range(4)),
        '--work-dir',
        tmp_path,
        '--cfg-options',
        'train_cfg.max_epochs=1000',
    ]
    tool = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        log = tmp_path / 'tiny_rooms' / 'seed_0' / 'output.txt'
        end = time.monotonic() + 400  # for a busy machine
        while not (log.exists() and 'Epoch(train)' in log.read_text()):
            assert time.monotonic() < end and tool.poll() is None
            time.sleep(0.2)
        (os.killpg if number == signal.SIGINT else os.kill)(tool.pid, number)
        _, error = tool.communicate(timeout=200)  # for a busy machine
    finally:
        with suppress(ProcessLookupError):
            os.killpg(tool.pid, signal.SIGKILL)
    last = {
        signal.SIGINT: 'interrupted',
        signal.SIGTERM: 'SIGTERM: the same command continues the interrupted runs',
    }
    assert tool.returncode == 128 + number and error.splitlines()[-1] == last[number], error
    assert [path.name for path in (tmp_path / 'tiny_rooms').iterdir()] == ['seed_0']
    if number == signal.SIGTERM:
        assert f'{tmp_path}/tiny_rooms/seed_0 interrupted' in error
        assert 'training ends after iteration' in log.read_text()


def test_two_runs_in_one_folder_stop_before_anything_starts(tmp_path):
    with pytest.raises(ConfigError, match=r'seed_0: 2 runs have this work dir'):
        train_and_test([planned(tmp_path, 0), planned(tmp_path, 1), planned(tmp_path, 0)])
    assert not list(tmp_path.iterdir())


def test_a_run_that_fails_is_named(tmp_path):
    run = planned(tmp_path, 0, **{'model.backbone.model_name': 'no_such_network'})
    with pytest.raises(ConfigError, match=r'1 of 1 runs failed, the first is .*seed_0: .*no_such_network'):
        train_and_test([run])
    assert not (run.work_dir / 'metrics.json').exists()


@pytest.mark.parametrize('threads', ['1', ''])
def test_the_number_of_threads_may_be_set(threads):
    code = 'from mmmtl.experiments.sweep import threads_per_run; print(threads_per_run(1), threads_per_run(1000))'
    done = subprocess.run(
        [sys.executable, '-c', code],
        env=os.environ | {'OMP_NUM_THREADS': threads},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    expected = (threads, threads) if threads else (str(available_cores()), '1')
    assert tuple(done.stdout.split()) == expected


@dataclass(eq=False)
class Ended:
    """A process that has ended."""

    result: Failure | None

    def failure(self) -> Failure | None:
        return self.result


class Others:
    """Runs that other processes train; no process is started.

    Args:
        busy: Folders of the runs.
        killed: Folders of runs whose own process is killed.
    """

    def __init__(self, monkeypatch, busy: Sequence[str] = (), killed: Sequence[str] = ()) -> None:
        self.busy, self.killed, self.calls = busy, killed, []
        monkeypatch.setattr(sweep, 'FunctionProcess', self.start)
        monkeypatch.setattr(sweep, 'first_ended', lambda processes: [next(iter(processes))])

    def start(self, function, run: PlannedRun, threads: int, wait: bool) -> Ended:
        name = run.work_dir.name
        self.calls.append((name, wait))
        failure = None
        if name in self.killed:
            failure = Failure('its process was killed')
        elif name in self.busy and not wait:
            failure = Failure(f'{name}: another run writes to this work dir', work_dir_in_use=True)
        return Ended(failure)


@pytest.mark.parametrize('jobs', [1, 2])
def test_runs_of_another_process_are_waited_for_after_all_others(jobs, tmp_path, monkeypatch, capfd):
    others = Others(monkeypatch, busy=['seed_0', 'seed_2'])
    assert train_and_test([planned(tmp_path, seed) for seed in range(4)], jobs)
    assert others.calls == [*((f'seed_{seed}', False) for seed in range(4)), ('seed_0', True), ('seed_2', True)]
    lines = capfd.readouterr().err.splitlines()
    assert f'{tmp_path}/seed_0: another process trains this run; waits for it' in lines
    assert lines[-1] == f'[4/4] {tmp_path}/seed_2 done'


def test_a_killed_run_does_not_end_the_others(tmp_path, monkeypatch, capfd):
    others = Others(monkeypatch, killed=['seed_0'])
    with pytest.raises(ConfigError, match=r'1 of 3 runs failed, the first is .*seed_0: its process was killed'):
        train_and_test([planned(tmp_path, seed) for seed in range(3)])
    assert [name for name, _ in others.calls] == ['seed_0', 'seed_1', 'seed_2']


def test_a_run_is_trained_by_one_process_at_a_time(tmp_path):
    run = planned(tmp_path, 0)
    with lock_work_dir(run.work_dir), pytest.raises(WorkDirInUseError, match='seed_0: another run writes'):
        work(run, 1)
