"""Every call has a process of its own, whose end is described in words."""

import signal
import sys

import pytest

from mmmtl.experiments.processes import describe_end, start_process


def test_runs_may_use_a_gpu():
    """Not so in a fork of a process that has counted the GPUs; torch knows without having one."""
    assert not start_process(eval, '__import__("torch").cuda._is_in_bad_fork()').result()


def test_a_killed_process_leaves_the_others_alone():
    lasting = start_process(eval, '__import__("time").sleep(0.5) or 7')
    ended, failed = start_process(sys.exit, 128 + signal.SIGTERM), start_process(int, 'x')
    killed = start_process(eval, '__import__("os").kill(__import__("os").getpid(), 9)')
    assert describe_end(killed.exception()).startswith('its process was killed')
    assert describe_end(ended.exception()) == 'ended by SIGTERM; the same command resumes it'
    assert describe_end(failed.exception()) == "invalid literal for int() with base 10: 'x'"
    assert lasting.result() == 7


@pytest.mark.parametrize('status', [0, 1, 'text'])
def test_other_ends_are_described_by_their_message(status):
    assert describe_end(SystemExit(status)) == str(status)
