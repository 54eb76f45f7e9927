"""The benchmark of rendering: it compares two processes, and shows the error of one that fails."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'render_rooms.py'
SHORT = ['--scenes', '1', '--views', '1', '--rounds', '1', '--size']


def test_the_renderers_are_compared():
    done = subprocess.run([sys.executable, SCRIPT, *SHORT, '8', '10'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('1 rooms, 1 views of 10x8 each, bitwise identical')


def test_the_error_of_a_renderer_is_shown():
    done = subprocess.run([sys.executable, SCRIPT, *SHORT, '0', '10'], capture_output=True, text=True)
    assert done.returncode == 1 and 'in measure\n' in done.stderr and 'CalledProcessError' in done.stderr
