"""A progress bar on a terminal, a few plain lines in a pipe."""

import io
import os
import pty
import subprocess
import sys
import termios
import threading

import pytest

from mmmtl import progress as module
from mmmtl.progress import progress

LOOP = """
import sys, time
from mmmtl.progress import progress
count = int(sys.argv[1])
for _ in progress(range(count), description='files', unit='file'):
    time.sleep(1 / count)
"""


class Clock:
    """Replaces the clock of the module by one that is moved by hand."""

    def __init__(self, monkeypatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(module.time, 'monotonic', lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_a_pipe_gets_few_lines_and_no_carriage_return():
    done = subprocess.run([sys.executable, '-c', LOOP, '500'], capture_output=True, text=True, check=True)
    assert '\r' not in done.stderr
    lines = done.stderr.splitlines()
    assert 1 <= len(lines) <= 11 and lines[-1].startswith('files: 500/500 (100 %)')
    assert done.stdout == ''


def test_a_terminal_gets_a_bar():
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    shown: list[bytes] = []

    def read() -> None:
        while True:
            try:
                shown.append(os.read(controller, 4096))
            except OSError:  # Linux: the other end is closed
                return

    reader = threading.Thread(target=read)
    reader.start()
    subprocess.run([sys.executable, '-c', LOOP, '50'], stderr=terminal, check=True)
    os.close(terminal)
    reader.join(timeout=10)
    os.close(controller)
    text = b''.join(shown).decode()
    assert text.count('\r') > 1 and '50/50' in text and 'files' in text


@pytest.mark.parametrize(
    ('count', 'seconds', 'expected'), [(1000, 3600, 130), (10, 3600, 10), (10**5, 60, 10), (7, 0.1, 1)]
)
def test_number_of_lines(clock, count, seconds, expected):
    """At most one per tenth and one per 30 seconds, whatever the number and the length of the steps."""
    out = io.StringIO()
    for _ in progress(range(count), description='x', file=out):
        clock.now += seconds / count
    lines = out.getvalue().splitlines()
    assert 1 <= len(lines) <= expected
    assert lines[-1].startswith(f'x: {count}/{count} (100 %)')
    assert len(set(lines)) == len(lines)


def test_silence_lasts_30_seconds_at_most(clock):
    out = io.StringIO()
    steps = 0
    for _ in progress(iter(range(100)), description='x', file=out):  # no length
        clock.now += 10
        steps += 1
    assert len(out.getvalue().splitlines()) >= 100 * 10 // 30
    assert out.getvalue().splitlines()[0] == 'x: 3, 00:30 elapsed'


def test_time_left_counts_the_steps_of_this_run(clock):
    out = io.StringIO()
    bar = progress(description='train', total=100, initial=60, file=out)
    clock.now = 40.0
    bar.update(20)
    assert out.getvalue() == 'train: 80/100 (80 %), 00:40 elapsed, 00:40 left\n'
    assert (bar.n, bar.total) == (80, 100)
    bar.close()
    assert len(out.getvalue().splitlines()) == 1


def test_nothing_is_left_where_nothing_shall_be(clock):
    out = io.StringIO()
    for _ in progress(range(5), description='x', leave=False, file=out):
        clock.now += 0.01
    assert out.getvalue() == ''


def test_a_loop_that_fails_shows_how_far_it_was(clock):
    out = io.StringIO()
    with pytest.raises(ValueError, match='third'):
        for index in progress(range(5), description='x', file=out):
            if index == 2:
                raise ValueError('third')
    del index
    assert out.getvalue().startswith('x: 2/5 (40 %)')
