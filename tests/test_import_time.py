"""Importing the package is quick: libraries that only some users need are imported where they are used."""

import subprocess
import sys

import pytest

SLOW = {
    'embreex',
    'gradio',
    'h5py',
    'matplotlib',
    'mmseg',
    'onnx',
    'pandas',
    'pycolmap',
    'scipy.io',
    'scipy.ndimage',
    'scipy.optimize',
    'scipy.sparse',
    'segment_anything',
    'skimage',
    'sklearn',
    'timm',
    'torch._dynamo',
    'torchjd',
    'torchvision',
    'trimesh',
}


def modules_after(statement: str) -> set[str]:
    """Names of all modules that a fresh interpreter has loaded after a statement."""
    command = [sys.executable, '-c', f'{statement}\nimport sys\nprint(*sys.modules)']
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_api_loads_no_slow_library():
    loaded = modules_after('import mmmtl.apis')
    assert 'mmmtl.models' in loaded and 'mmmtl.datasets' in loaded  # the registries are filled
    assert not SLOW & loaded


@pytest.mark.parametrize('name', ['scipy.io', 'torchvision'])
def test_a_slow_library_is_found(name):
    assert name in SLOW & modules_after(f'import {name}')
