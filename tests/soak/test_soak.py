"""Ten minutes of interrupted training runs and tables."""

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parent


@pytest.mark.check
def test_nothing_is_lost_in_ten_minutes(tmp_path):
    """``python tests/soak --minutes 120`` does so for longer."""
    command = [sys.executable, SOAK, '--minutes', '10', '--work-dir', tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3000)
    print(done.stdout)
    assert done.returncode == 0, f'{done.stdout}{done.stderr}'
    assert '\n0 failures\n' in done.stdout
    assert not list(tmp_path.glob('cycle_*'))
