"""A run over many images writes each as it comes, skips what is finished or damaged, and keeps nothing."""

import weakref
from pathlib import Path

import numpy as np
import pytest
from noise_images import noise, write
from small_video import write_video

from mmmtl.errors import DataError
from mmmtl.predictions import image_sources
from mmmtl.predictions.image_sources import find_sources
from mmmtl.predictions.prediction_folder import PredictionFolder
from mmmtl.predictions.prediction_run import PredictionRun
from mmmtl.tasks import Depth

TASKS = {'depth': Depth('depth')}


class Brightness:
    """Predicts the brightness of the first row as depth, and watches how many images and maps are in memory."""

    def __init__(self) -> None:
        self.alive: set[int] = set()
        self.most = self.seen = 0

    def predict_each(self, images, intrinsics=None, batch_size=1):
        batch = []
        for image in images:
            self.alive.add(self.seen)
            weakref.finalize(image, self.alive.discard, self.seen)
            self.seen += 1
            batch.append(image)
            del image
            self.most = max(self.most, len(self.alive))
            if len(batch) == batch_size:
                yield from self.maps(batch)
                batch = []
        yield from self.maps(batch)

    @staticmethod
    def maps(batch):
        while batch:
            yield {'depth': batch.pop(0).mean(2).astype(np.float32) + 1}


def run(root: Path, *arguments: Path, batch_size: int = 1) -> tuple[PredictionRun, Brightness]:
    predictor = Brightness()
    folder = PredictionFolder(root / 'out', ('maps',), TASKS, {'model': 'brightness'})
    made = PredictionRun(predictor, TASKS, folder, batch_size=batch_size)
    made.run(find_sources([str(argument) for argument in arguments]))
    return made, predictor


@pytest.fixture
def photos(tmp_path) -> Path:
    (tmp_path / 'photos').mkdir()
    for index in range(12):
        write(tmp_path / 'photos' / f'{index:02d}.png', noise(8, 9, index))
    return tmp_path / 'photos'


@pytest.mark.parametrize('batch_size', [1, 4, 5, 20])
def test_results_are_written_as_they_come_and_nothing_piles_up(photos, tmp_path, batch_size):
    made, predictor = run(tmp_path, photos, batch_size=batch_size)
    assert (made.done, made.kept, made.failed) == (12, 0, 0)
    assert predictor.most <= batch_size + 1
    for index in range(12):
        depth = np.load(tmp_path / 'out' / f'{index:02d}.png.depth.npy')
        np.testing.assert_allclose(depth, noise(8, 9, index).mean(2) + 1, rtol=1e-6)
    assert len(list((tmp_path / 'out').glob('*.npy'))) == 12


def test_the_first_results_are_there_before_the_last_image_is_read(photos, tmp_path, monkeypatch):
    read = []
    plain = image_sources.read_image

    def recorded(path):
        read.append(len(list((tmp_path / 'out').glob('*.npy'))))
        return plain(path)

    monkeypatch.setattr(image_sources, 'read_image', recorded)
    run(tmp_path, photos, batch_size=3)
    assert read == [index // 3 * 3 for index in range(12)]


def test_finished_images_are_skipped(photos, tmp_path):
    run(tmp_path, photos)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / 'out').glob('0*')}
    (tmp_path / 'out' / '03.png.depth.png').unlink()
    made, predictor = run(tmp_path, photos)
    assert (made.done, made.kept) == (1, 11) and predictor.seen == 1
    changed = {path.name for path in (tmp_path / 'out').glob('0*') if path.stat().st_mtime_ns != before[path.name]}
    assert changed == {'03.png.depth.png', '03.png.depth.npy'}


def test_damaged_images_are_named_and_skipped(photos, tmp_path, capsys):
    (photos / '05.png').write_bytes(b'no image')
    made, _ = run(tmp_path, photos, photos / 'gone.png', batch_size=4)
    assert (made.done, made.failed) == (11, 2)
    skipped = [line for line in capsys.readouterr().err.splitlines() if line.startswith('skipped: ')]
    assert len(skipped) == 2 and '05.png: cannot be read' in skipped[0] and 'gone.png: no such file' in skipped[1]
    assert np.load(tmp_path / 'out' / '06.png.depth.npy').shape == (8, 9)


def test_a_single_damaged_image_is_an_error(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'no image')
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    for name in ('a.png', 'a.mp4'):
        with pytest.raises(DataError, match=f'{name}: cannot be read'):
            run(tmp_path, tmp_path / name)


def test_videos_and_images_together(photos, tmp_path, capsys):
    frames = write_video(tmp_path / 'clip.avi', 5)
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    made, _ = run(tmp_path, tmp_path / 'clip.avi', tmp_path / 'broken.mp4', photos / '00.png', batch_size=2)
    assert (made.done, made.failed) == (6, 1)
    assert 'skipped: ' in capsys.readouterr().err
    for index, frame in enumerate(frames):
        depth = np.load(tmp_path / 'out' / 'clip.avi' / f'{index:06d}.depth.npy')
        np.testing.assert_allclose(depth, frame.mean(2) + 1, atol=6)
    (tmp_path / 'out' / 'clip.avi' / '000002.depth.npy').unlink()
    made, predictor = run(tmp_path, tmp_path / 'clip.avi', photos / '00.png')
    assert (made.done, made.kept) == (1, 5) and predictor.seen == 1
