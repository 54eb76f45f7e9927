"""Every run has a process of its own, whose failure is described in words."""

import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from mmmtl.errors import ConfigError, WorkDirInUseError
from mmmtl.experiments.processes import Failure, FunctionProcess, _call, first_ended


def fail_on_a_gpu() -> None:
    import torch

    assert not torch.cuda._is_in_bad_fork()


def test_runs_may_use_a_gpu():
    """Not so in a fork of a process that has counted the GPUs; torch knows without having one."""
    assert FunctionProcess(fail_on_a_gpu).failure() is None


def test_ends_are_described():
    calls = {
        (eval, '3'): None,
        (eval, '1 / 0'): 'ZeroDivisionError: division by zero',
        (sys.exit, 128 + signal.SIGTERM): 'ended by SIGTERM; the same command resumes it',
        (signal.raise_signal, signal.SIGKILL): (
            'its process was killed by SIGKILL, perhaps because memory ran out; the same command resumes it'
        ),
    }
    processes = {FunctionProcess(*call): reason for call, reason in calls.items()}
    while processes:
        for process in first_ended(processes):
            failure = process.failure()
            assert (failure and failure.reason) == processes.pop(process)


@pytest.mark.parametrize('error', [ConfigError, WorkDirInUseError])
def test_a_user_error_is_one_line(error, capsys):
    sent = []

    def fail(path: str) -> None:
        raise error(f'{path}: in use')

    _call(SimpleNamespace(send=sent.append), fail, ('work',))
    assert sent == [Failure('work: in use', work_dir_in_use=error is WorkDirInUseError)]
    assert capsys.readouterr().err == ''


KILLED = """
import os, signal, sys
from mmmtl.experiments import processes

if __name__ == '__main__':
    process = processes.FunctionProcess(eval, f"open({sys.argv[1]!r}, 'w').write(str(__import__('os').getpid()))")
    if sys.argv[2] == 'while it runs':
        while not os.path.exists(sys.argv[1]):
            pass
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize('moment', ['at once', 'while it runs'])
def test_a_process_does_not_outlive_its_call_if_the_parent_is_killed(moment, tmp_path):
    script = tmp_path / 'parent.py'
    script.write_text(KILLED)
    command = [sys.executable, script, tmp_path / 'pid', moment]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output, _ = parent.communicate(timeout=200)  # it ends once no process holds the pipe
    assert (parent.returncode, output) == (-signal.SIGKILL, '')
