"""A work dir has one run at a time, and what a killed one left half-written goes."""

import errno
import multiprocessing
import os
import signal
import threading

import pytest

from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.errors import ConfigError


@pytest.fixture(autouse=True)
def first_process(monkeypatch):
    for name in ('RANK', 'SLURM_PROCID'):
        monkeypatch.delenv(name, raising=False)


def test_one_at_a_time(tmp_path):
    folder = tmp_path / 'a' / 'b'
    with lock_work_dir(folder):
        with pytest.raises(ConfigError, match=f'{folder}: another run'), lock_work_dir(folder):
            pass
    with lock_work_dir(folder):
        pass


def hold_and_die(folder) -> None:
    with lock_work_dir(folder):
        (folder / '.epoch_3.pth.77.tmp').write_text('half')
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_run_holds_nothing(tmp_path):
    process = multiprocessing.get_context('fork').Process(target=hold_and_die, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -9 and list(tmp_path.glob('.*.tmp'))
    with lock_work_dir(tmp_path):
        assert not list(tmp_path.glob('.*.tmp'))


@pytest.mark.parametrize('name', ['RANK', 'SLURM_PROCID'])
def test_the_other_processes_of_a_run_do_not_lock(name, tmp_path, monkeypatch):
    with lock_work_dir(tmp_path):
        monkeypatch.setenv(name, '1')
        with lock_work_dir(tmp_path):
            pass


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(ConfigError, match='cannot write to this work dir'), lock_work_dir(tmp_path / 'file' / 'work'):
        pass


def test_a_failed_write_gets_a_place(tmp_path):
    with pytest.raises(OSError) as caught, lock_work_dir(tmp_path):
        raise OSError(errno.ENOSPC, 'No space left on device')
    assert caught.value.filename == str(tmp_path)


def test_waiting_for_another_run(tmp_path):
    """The one that waits gets the lock when the other has ended."""
    context = multiprocessing.get_context('fork')
    held, release = context.Event(), context.Event()

    def hold() -> None:
        with lock_work_dir(tmp_path):
            held.set()
            release.wait(60)
            (tmp_path / 'ended').touch()

    process = context.Process(target=hold)
    process.start()
    assert held.wait(60)
    threading.Timer(0.1, release.set).start()
    with lock_work_dir(tmp_path, wait=True):
        assert (tmp_path / 'ended').exists()
    process.join()


def wait_as_a_worker(started, pause) -> None:
    """Wait for a message that never comes, as a loader worker, which ends a few seconds after its parent."""
    started.set()  # the fork is complete, including the handlers that close the file of the lock
    pause.recv()


def hold_with_a_child_and_die(folder) -> None:
    with lock_work_dir(folder):
        context = multiprocessing.get_context('fork')
        pause, _ = context.Pipe()
        started = context.Event()
        child = context.Process(target=wait_as_a_worker, args=(started, pause))
        child.start()
        (folder / 'child').write_text(str(child.pid))
        assert started.wait(60)
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_workers_of_a_killed_run_do_not_keep_the_lock(tmp_path):
    process = multiprocessing.get_context('fork').Process(target=hold_with_a_child_and_die, args=(tmp_path,))
    process.start()
    process.join()
    try:
        with lock_work_dir(tmp_path):
            pass
    finally:
        os.kill(int((tmp_path / 'child').read_text()), signal.SIGKILL)
