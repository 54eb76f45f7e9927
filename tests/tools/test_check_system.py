"""tools/check_system.py names the package of a missing shared library, and prints nothing if all libraries load."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'tools' / 'check_system.py'


def run_with_cv2(folder: Path, source: str) -> subprocess.CompletedProcess:
    """Run the script with a module ``cv2`` of the given source first on the path."""
    (folder / 'cv2.py').write_text(source)
    environment = os.environ | {'PYTHONPATH': f'{folder}{os.pathsep}{SCRIPT.parents[1]}'}
    return subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ('library', 'package'),
    [('libGL.so.1', 'libgl1'), ('libgthread-2.0.so.0', 'libglib2.0-0'), ('libglib-2.0.so.0', 'libglib2.0-0')],
)
def test_missing_library_names_the_package(tmp_path, library, package):
    reason = f'{library}: cannot open shared object file: No such file or directory'
    result = run_with_cv2(tmp_path, f'raise ImportError({reason!r})')
    assert result.returncode == 1
    assert result.stderr.count('\n') == 1
    assert library in result.stderr and package in result.stderr


def test_unknown_library_is_named(tmp_path):
    reason = 'libodd.so.7: cannot open shared object file: No such file or directory'
    result = run_with_cv2(tmp_path, f'raise ImportError({reason!r})')
    assert result.returncode == 1
    assert result.stderr.count('\n') == 1
    assert 'libodd.so.7' in result.stderr


def test_other_import_errors_are_not_hidden(tmp_path):
    result = run_with_cv2(tmp_path, "raise ImportError('numpy is too old')")
    assert result.returncode == 1
    assert 'Traceback' in result.stderr and 'numpy is too old' in result.stderr


def test_silent_when_cv2_loads(tmp_path):
    result = run_with_cv2(tmp_path, '')
    assert (result.returncode, result.stdout, result.stderr) == (0, '', '')
