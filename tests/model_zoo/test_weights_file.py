"""Weights of the model zoo: verified, downloaded once, loaded by name, and refused in one line if they do not fit."""

import hashlib
import importlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tool_process import CONFIGS

from mmmtl.apis import MultiTaskInferencer, init_model
from mmmtl.errors import CheckpointError
from mmmtl.model_zoo import model_info
from mmmtl.model_zoo.half_precision import largest_rounding_error, write_half_precision
from mmmtl.model_zoo.weights_file import SHIPPED, weights_file

CONFIG = CONFIGS / 'tiny_rooms.py'


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A network of the zoo, whose weights are behind a URL, and their file."""
    monkeypatch.setenv('MMMTL_CACHE', str(tmp_path / 'cache'))
    torch.manual_seed(0)
    torch.save({'state_dict': init_model(CONFIG).state_dict()}, tmp_path / 'weights.pth')
    file = tmp_path / 'tiny.safetensors'
    write_half_precision(tmp_path / 'weights.pth', file)
    return of_file(file, monkeypatch), file


def of_file(file: Path, monkeypatch):
    model = replace(
        model_info('demo'),
        name='tiny',
        recipe=str(CONFIG),
        weights=file.as_uri(),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
    )
    module = importlib.import_module('mmmtl.apis.init_model')  # the package has a function of this name
    monkeypatch.setattr(module, 'list_models', lambda: ['tiny'])
    monkeypatch.setattr(module, 'model_info', {'tiny': model}.get)
    return model


def test_downloaded_once_and_loaded_by_name(published, tmp_path, caplog):
    model, file = published
    loaded = init_model('tiny').state_dict()
    exact = torch.load(tmp_path / 'weights.pth', weights_only=True)['state_dict']
    for key, value in exact.items():
        assert loaded[key].dtype == value.dtype
        torch.testing.assert_close(loaded[key], value, rtol=1e-3, atol=1e-6)
        if value.dim() <= 1:
            assert torch.equal(loaded[key], value), key
    file.unlink()  # from the cache
    image = torch.randint(255, (32, 40, 3), dtype=torch.uint8, generator=torch.manual_seed(0)).numpy()
    one, two = (
        MultiTaskInferencer(network, file)(image) for network, file in (('tiny', None), (CONFIG, weights_file(model)))
    )
    assert all((one[task] == two[task]).all() for task in one)


def test_half_precision(published, tmp_path):
    _, file = published
    assert largest_rounding_error(tmp_path / 'weights.pth', file) < 2**-11
    assert {value.dtype for value in load_file(file).values() if value.dim() > 1} == {torch.float16}
    assert file.stat().st_size < 0.7 * (tmp_path / 'weights.pth').stat().st_size


def test_another_checksum(published):
    model, file = published
    with pytest.raises(CheckpointError, match='expected SHA-256 0000, found'):
        weights_file(replace(model, sha256='0000'))
    assert not list((Path(file).parent / 'cache').rglob('*.safetensors')), 'nothing is left of a wrong download'
    weights_file(model)
    (cached,) = (Path(file).parent / 'cache').rglob('*.safetensors')
    cached.write_bytes(cached.read_bytes()[:-1] + b'x')
    with pytest.raises(CheckpointError, match=f'{cached.name}: expected SHA-256'):
        weights_file(model)


def test_a_missing_url_is_an_error(published):
    model, file = published
    file.unlink()
    with pytest.raises(CheckpointError, match='tiny.safetensors: cannot be downloaded'):
        weights_file(model)


def test_half_of_the_weights(published, tmp_path, monkeypatch):
    _, file = published
    weights = load_file(file)
    save_file(dict(list(weights.items())[::2]), tmp_path / 'half.safetensors')
    of_file(tmp_path / 'half.safetensors', monkeypatch)
    with pytest.raises(
        CheckpointError, match=f'does not fit the architecture and tasks of the config: {len(weights) // 2}'
    ):
        init_model('tiny')


def test_shipped_weights_come_with_their_licence():
    """Beside each file of weights lies a notice: the licence, whose work it builds on, and what was changed."""
    names = {path.stem for path in SHIPPED.glob('*.safetensors')} | {'rooms_lite0'}
    for name in names:
        notice = (SHIPPED / f'{name}.txt').read_text()
        assert all(word in notice for word in ('Apache License', 'Attribution.', 'Changes.')), name
