"""The hook writes a sheet per test image, named by scene and view, as many as asked for."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
import torch
from mmengine.registry import VISBACKENDS
from mmengine.structures import PixelData
from mmengine.visualization import BaseVisBackend
from PIL import Image
from tiny_run import tiny_run

from mmmtl.errors import ConfigError
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth
from mmmtl.visualization import VisualizationHook, draw_sheet

TASKS = {'depth': Depth('depth', display_range=(1, 5))}
DRAWERS = {**TASKS, 'matched': TASKS['depth']}


def test_one_image_in_so_many(tmp_path):
    hook = VisualizationHook(str(tmp_path / 'sheets'), interval=3, max_images=2)
    run(hook, [batch(range(number, number + 2)) for number in range(0, 12, 2)])
    assert names(tmp_path) == ['room-0.png', 'room-3.png']  # 0, 3, and no more


def batch(views: range, size: tuple[int, int] = (20, 30)) -> tuple[dict, list]:
    inputs, samples = [], []
    for view in views:
        inputs.append(torch.full((3, *size), 10 + view, dtype=torch.uint8))
        sample = MultiTaskDataSample(metainfo={'scene': 'room', 'view': view})
        sample.gt = PixelData(depth=torch.full((1, *size), 2.0))
        sample.pred = PixelData(depth=torch.full((1, *size), 4.0))
        samples.append(sample)
    return {'inputs': inputs}, samples


def run(hook: VisualizationHook, batches: list) -> None:
    runner = SimpleNamespace(model=SimpleNamespace(visualizers=DRAWERS, return_aux=False))
    hook.before_test_epoch(runner)
    assert runner.model.return_aux
    for number, (data, samples) in enumerate(batches):
        hook.after_test_iter(runner, number, data, samples)
    hook.after_test_epoch(runner)
    assert not runner.model.return_aux


def names(folder) -> list[str]:
    return sorted(path.name for path in (folder / 'sheets').iterdir())


def test_every_image_by_default_with_truth_above_prediction(tmp_path):
    run(VisualizationHook(str(tmp_path / 'sheets')), [batch(range(3)), batch(range(3, 4))])
    assert names(tmp_path) == [f'room-{view}.png' for view in range(4)]
    picture = np.asarray(Image.open(tmp_path / 'sheets' / 'room-2.png'))
    rows = {'truth': {'depth': torch.full((1, 20, 30), 2.0)}, 'prediction': {'depth': torch.full((1, 20, 30), 4.0)}}
    np.testing.assert_array_equal(picture, draw_sheet(np.full((20, 30, 3), 12, np.uint8), TASKS, rows))


def test_a_slash_in_the_scene_makes_no_folder(tmp_path):
    data, samples = batch(range(1))
    samples[0].set_metainfo({'scene': 'a/b/c'})
    run(VisualizationHook(str(tmp_path / 'sheets')), [(data, samples)])
    assert names(tmp_path) == ['a-b-c-0.png']


def test_equal_scenes_of_two_parts_have_two_sheets(tmp_path):
    data, samples = batch(range(2))
    for part, sample in zip(('rooms', 'streets'), samples, strict=True):
        sample.set_metainfo({'dataset': part, 'view': 0})
    run(VisualizationHook(str(tmp_path / 'sheets')), [(data, samples)])
    assert names(tmp_path) == ['rooms-room-0.png', 'streets-room-0.png']


def test_an_image_that_was_resized_is_shown_as_large_as_its_labels(tmp_path):
    data, samples = batch(range(1))
    data['inputs'] = [torch.full((3, 10, 15), 10, dtype=torch.uint8)]
    samples[0].set_metainfo({'img_shape': (10, 15), 'ori_shape': (20, 30)})
    run(VisualizationHook(str(tmp_path / 'sheets')), [(data, samples)])
    run(VisualizationHook(str(tmp_path / 'plain' / 'sheets')), [batch(range(1))])
    one, other = (np.asarray(Image.open(folder / 'sheets' / 'room-0.png')) for folder in (tmp_path, tmp_path / 'plain'))
    np.testing.assert_array_equal(one, other)


def test_a_sample_without_labels_gets_a_sheet_too(tmp_path):
    data, samples = batch(range(1))
    samples[0].gt = PixelData()
    run(VisualizationHook(str(tmp_path / 'sheets')), [(data, samples)])
    assert names(tmp_path) == ['room-0.png']


def test_a_batch_and_its_outputs_must_match(tmp_path):
    data, samples = batch(range(2))
    with pytest.raises(ValueError):
        run(VisualizationHook(str(tmp_path / 'sheets')), [(data, samples[:1])])


def test_auxiliary_maps_of_the_network_are_drawn(tmp_path):
    data, samples = batch(range(2))
    samples[1].extra = PixelData(matched=torch.full((1, 20, 30), 3.0))
    run(VisualizationHook(str(tmp_path / 'sheets')), [(data, samples)])
    plain, more = (np.asarray(Image.open(tmp_path / 'sheets' / f'room-{view}.png')) for view in range(2))
    image = np.full((20, 30, 3), 11, np.uint8)
    rows = {'truth': {'depth': torch.full((1, 20, 30), 2.0)}, 'prediction': {'depth': torch.full((1, 20, 30), 4.0)}}
    auxiliary = {'': {'matched': torch.full((1, 20, 30), 3.0)}}
    np.testing.assert_array_equal(more, draw_sheet(image, DRAWERS, rows | auxiliary))
    np.testing.assert_array_equal(plain, draw_sheet(image - 1, TASKS, rows))
    assert (more == TASKS['depth'].visualize(np.full((1, 1), 3.0))).all(-1).any()


@VISBACKENDS.register_module()
class Kept(BaseVisBackend):
    """Keeps the images that it is given."""

    images: ClassVar[list] = []

    def _init_env(self):
        pass

    @property
    def experiment(self):
        return self

    def add_image(self, name, image, step=0, **kwargs):
        self.images.append((name, image, step))


def test_sheets_of_validation_and_test_go_to_the_visualizer(tmp_path, monkeypatch):
    monkeypatch.setenv('MMMTL_CACHE', str(tmp_path / 'rooms'))
    Kept.images.clear()
    runner = tiny_run(
        tmp_path / 'work',
        {'sheets': VisualizationHook(interval=2, max_images=1, visualize=True)},
        train_cfg__max_epochs=1,
        train_cfg__val_interval=1,
        visualizer=dict(
            type='Visualizer',
            vis_backends=[
                dict(type='Kept', save_dir=str(tmp_path)),
                dict(type='LocalVisBackend', save_dir=str(tmp_path / 'local')),
            ],
        ),
    )
    runner.train()
    ((name, sheet, step),) = Kept.images
    assert name.startswith('val_') and step == 3 and sheet.dtype == np.uint8 and sheet.shape[2] == 3
    runner.test()
    assert [name.split('_')[0] for name, *_ in Kept.images] == ['val', 'test']
    assert len(list((tmp_path / 'local').rglob('val_*_3.png'))) == 1
    assert not runner.model.return_aux


def test_sheets_that_would_go_nowhere_are_refused():
    with pytest.raises(ConfigError, match='set folder, where sheets are written, or visualize=True'):
        VisualizationHook()
    with pytest.raises(ConfigError, match='VisualizationHook.interval must be at least 1, found 0'):
        VisualizationHook('sheets', interval=0)
