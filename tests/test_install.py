"""An editable install is found from any folder, also from the parent of a clone with the same name."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIND = (
    'import importlib.util, site, sys; site.addsitedir(sys.argv[1]); '
    'print(importlib.util.find_spec("mmmtl").origin)'
)  # None of a namespace package


@pytest.fixture(scope='module')
def clone(tmp_path_factory) -> Path:
    """What the build looks at, in a folder named like the package."""
    clone = tmp_path_factory.mktemp('above') / 'mmmtl'
    shutil.copytree(ROOT / 'mmmtl', clone / 'mmmtl', ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'MANIFEST.in'):
        shutil.copy(ROOT / name, clone)
    return clone


@pytest.fixture(scope='module')
def installed(clone, tmp_path_factory) -> Path:
    """The files that ``pip install -e`` puts into site-packages."""
    folder = tmp_path_factory.mktemp('site-packages')
    build = f'import setuptools.build_meta as build; build.build_editable({str(folder)!r})'
    subprocess.run([sys.executable, '-c', build], cwd=clone, check=True, capture_output=True)
    (wheel,) = folder.glob('*.whl')
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


@pytest.mark.parametrize('place', ['above', 'in the clone', 'elsewhere'])
@pytest.mark.parametrize('on_pythonpath', [False, True])
def test_the_package_is_found(place, on_pythonpath, clone, installed, tmp_path):
    folder = {'above': clone.parent, 'in the clone': clone, 'elsewhere': tmp_path}[place]
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    if on_pythonpath:
        environment['PYTHONPATH'] = str(ROOT)  # which goes before what is installed
    # -S: without what is installed in the environment of the tests, which may be an editable install too
    done = subprocess.run(
        [sys.executable, '-S', '-c', FIND, installed],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = ROOT if on_pythonpath and place != 'in the clone' else clone
    assert Path(done.stdout.strip()) == expected / 'mmmtl' / '__init__.py'
