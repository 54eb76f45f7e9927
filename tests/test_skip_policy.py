"""``--few-skips`` fails where a test is skipped for want of data or an extra, and only there."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.mark.parametrize('option', [[], ['--few-skips']])
@pytest.mark.parametrize('reason', ['needs a CUDA device', 'needs Slurm', 'real data: set MMMTL_DATA'])
def test_reasons(reason, option, tmp_path):
    (tmp_path / 'conftest.py').write_text('from skip_policy import *\n')
    (tmp_path / 'test_it.py').write_text(
        f'import pytest\ndef test_one(): pytest.skip({reason!r})\ndef test_two(): pass\n'
    )
    command = [sys.executable, '-m', 'pytest', '-q', '-o', f'pythonpath={TESTS}', f'--rootdir={tmp_path}', *option]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    fails = 'data' in reason and bool(option)
    assert done.returncode == fails, done.stdout + done.stderr
    assert ('should not be skipped here: test_it.py::test_one: real data' in done.stdout) == fails
