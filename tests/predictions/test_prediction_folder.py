"""A folder of predictions keeps finished images of the same settings, and nothing else."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from noise_images import noise, write

from mmmtl.errors import DataError
from mmmtl.predictions.image_sources import find_sources
from mmmtl.predictions.output_files import Prediction
from mmmtl.predictions.prediction_folder import PredictionFolder
from mmmtl.tasks import Depth

TASKS = {'depth': Depth('depth')}
SETTINGS = {'model': 'a', 'scales': (1.0, 2.0)}
FILES = ['a.png.depth.npy', 'a.png.depth.png', 'a.png.overlay.png']


@pytest.fixture
def image(tmp_path):
    write(tmp_path / 'a.png', noise(20, 30))
    (source,) = find_sources([str(tmp_path / 'a.png')])
    (image,) = source.images()
    return image


def folder(root: Path, settings=SETTINGS, **options) -> PredictionFolder:
    return PredictionFolder(root / 'out', ('maps', 'overlay'), TASKS, settings, **options)


def fill(found: PredictionFolder, image) -> None:
    found.write(image.name, Prediction(image.read(), {'depth': np.ones((20, 30), np.float32)}, TASKS))


def test_an_image_is_finished_if_all_files_are_there_and_complete(image, tmp_path):
    found = folder(tmp_path)
    assert not found.has(image)
    fill(found, image)
    assert found.has(image) and folder(tmp_path).has(image)
    assert sorted(os.listdir(tmp_path / 'out')) == [*FILES, 'settings.json']
    for name in FILES:
        content = (tmp_path / 'out' / name).read_bytes()
        for damaged in (None, content[: len(content) // 2]):
            (tmp_path / 'out' / name).unlink() if damaged is None else (tmp_path / 'out' / name).write_bytes(damaged)
            assert not folder(tmp_path).has(image)
        (tmp_path / 'out' / name).write_bytes(content)
    assert folder(tmp_path).has(image)


def test_an_image_that_has_changed_is_predicted_again(image, tmp_path):
    found = folder(tmp_path)
    fill(found, image)
    later = (tmp_path / 'out' / FILES[0]).stat().st_mtime_ns + 10**9
    os.utime(image.file, ns=(later, later))
    assert not found.has(image)


def test_other_settings_are_refused_and_named(image, tmp_path):
    fill(folder(tmp_path), image)
    with pytest.raises(DataError, match=r'settings.json: the predictions .* made with model = a, not b; .*--overwrite'):
        folder(tmp_path, {**SETTINGS, 'model': 'b'})
    assert folder(tmp_path).has(image)
    (tmp_path / 'out' / 'settings.json').write_text('[')
    with pytest.raises(DataError, match=r'settings.json: cannot be read .*; delete it, or use --overwrite'):
        folder(tmp_path)


def test_an_interrupted_replacement_goes_on_where_it_stopped(image, tmp_path):
    """What the earlier settings left is not finished, though its files are complete."""
    fill(folder(tmp_path), image)
    for name in FILES:
        os.utime(tmp_path / 'out' / name, ns=(10**18, 10**18))
    os.utime(image.file, ns=(10**17, 10**17))
    other = {**SETTINGS, 'model': 'b'}
    assert not folder(tmp_path, other, overwrite=True).has(image)
    assert json.loads((tmp_path / 'out' / 'settings.json').read_text())['model'] == 'b'
    again = folder(tmp_path, other)
    assert not again.has(image)
    fill(again, image)
    assert folder(tmp_path, other).has(image)


def test_nothing_half_written_is_left(image, tmp_path, monkeypatch):
    found = folder(tmp_path)

    def full(*arguments, **options):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(np, 'save', full)
    with pytest.raises(OSError, match='No space left'):
        fill(found, image)
    assert not found.has(image) and not (tmp_path / 'out' / 'a.png.depth.npy').exists()
    assert not [name for name in os.listdir(tmp_path / 'out') if name.startswith('.')]
