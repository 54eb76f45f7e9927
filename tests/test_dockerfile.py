"""The commands of the Dockerfile in an empty environment, and the first prediction after them."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from wheel_environment import ROOT, WheelEnvironment

import mmmtl

TEXT = (ROOT / 'Dockerfile').read_text()


def pip_commands(source: Path) -> list[list[str]]:
    """Return the arguments of every ``pip install``, without the package index, which the machine sets."""
    defaults = dict(re.findall(r'^ARG (\w+)=(.+)$', TEXT, re.MULTILINE))
    text = re.sub(r'--index-url "\$INDEX" |--no-cache-dir ', '', TEXT).replace('/mmmtl', str(source))
    for name, value in defaults.items():
        text = text.replace(f'${name}', value)
    return [line.replace('"', '').split() for line in re.findall(r'^RUN pip (install [^&\n]+)', text, re.MULTILINE)]


def test_it_installs_extras_that_exist():
    first, second = pip_commands(Path('/source'))
    assert first == ['install', 'torch', 'torchvision']
    assert second == ['install', '/source[pretrained,rooms]']
    assert 'COPY . /mmmtl' in TEXT and 'ENTRYPOINT ["mmmtl"]' in TEXT


@pytest.mark.check
def test_a_fresh_install_predicts(tmp_path):
    """With nothing but a package index; 6 GB and some minutes."""
    source = tmp_path / 'source'
    subprocess.run(['git', 'clone', '--quiet', '--depth=1', f'file://{ROOT}', source], check=True)
    environment = WheelEnvironment(tmp_path / 'venv', tmp_path / 'cache')
    subprocess.run([sys.executable, '-m', 'venv', environment.folder], check=True)
    for command in pip_commands(source):
        subprocess.run([environment.folder / 'bin' / 'python', '-m', 'pip', '--quiet', *command], check=True)
    (tmp_path / 'empty').mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'empty' / 'photo.jpg')
    done = environment.run('mmmtl', 'predict', 'photo.jpg', folder=tmp_path / 'empty')
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / 'empty' / 'predictions' / 'photo.jpg.depth.npy').shape == (240, 320)
    version = environment.run('mmmtl', '--version', folder=tmp_path)
    assert version.stdout.strip() == f'mmmtl {mmmtl.__version__}'
