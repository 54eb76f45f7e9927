"""A missing fork, or the original beside it, ends the import in one line with the command that mends it."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmmtl.installation import check_forks

FORKS = {'onedl-mmengine': '0.10.12', 'onedl-mmcv': '2.3.6'}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Call it with {distribution: version}: afterwards nothing else is installed."""

    def install(distributions: dict[str, str]) -> Path:
        for name, version in distributions.items():
            folder = tmp_path / f'{name.replace("-", "_")}-{version}.dist-info'
            folder.mkdir()
            (folder / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
        monkeypatch.setattr(sys, 'path', [str(tmp_path)])
        return tmp_path

    return install


def test_the_forks_alone_pass(installed):
    installed(FORKS | {'mmsegmentation': '1.2.2'})
    check_forks()


@pytest.mark.parametrize(
    ('distributions', 'message'),
    [
        ({}, 'mmmtl needs onedl-mmengine, which is not installed; run: pip install onedl-mmengine'),
        (
            {'mmengine': '0.10.7', 'onedl-mmcv': '2.3.6'},
            'mmmtl needs onedl-mmengine alone, found mmengine 0.10.7; '
            'run: pip uninstall -y mmengine && pip install onedl-mmengine',
        ),
        (
            FORKS | {'mmengine': '0.10.7'},
            'mmmtl needs onedl-mmengine alone, found mmengine 0.10.7 and onedl-mmengine, which install the same files; '
            'run: pip uninstall -y mmengine onedl-mmengine && pip install onedl-mmengine',
        ),
        (
            FORKS | {'mmcv-lite': '2.2.0'},
            'mmmtl needs onedl-mmcv alone, found mmcv-lite 2.2.0 and onedl-mmcv, which install the same files; '
            'run: pip uninstall -y mmcv-lite onedl-mmcv && pip install onedl-mmcv',
        ),
    ],
)
def test_anything_else_is_refused(installed, distributions, message):
    installed(distributions)
    with pytest.raises(ImportError) as error:
        check_forks()
    assert str(error.value) == message


def test_the_import_of_the_package_checks_it(installed):
    """Before MMEngine is imported, which may be the wrong one."""
    beside = installed({'mmengine': '0.10.7'})
    (beside / 'mmengine.py').write_text('raise RuntimeError("mmengine was imported")')
    command = [sys.executable, '-c', f'import sys; sys.path.insert(0, {str(beside)!r}); import mmmtl']
    run = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert run.stderr.splitlines()[-1].startswith(
        'ImportError: mmmtl needs onedl-mmengine alone, found mmengine 0.10.7'
    )
