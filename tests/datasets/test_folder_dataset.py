"""Images with label folders: any label may be missing; working folder, listing order, suffix case do not matter."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled_folders import LABELS, NAMES, TASKS, build, samples, save, write
from PIL import Image
from torch.utils.data import DataLoader

from mmmtl.datasets import ConcatDataset, SampleKey, StableHoldOutSplit, collate_views
from mmmtl.datasets.transforms import CoverCrop, LoadViews, PackViews, RandomFlip
from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth, build_tasks


def assert_same(found, expected) -> None:
    assert list(found) == list(expected)
    for name, (image, labels) in expected.items():
        assert torch.equal(found[name][0], image) and found[name][1].keys() == labels.keys()
        assert all(torch.equal(found[name][1][task], label) for task, label in labels.items())


@pytest.fixture
def root(tmp_path) -> Path:
    return write(tmp_path / 'data')


def test_every_kind_is_read(root):
    classes = torch.from_numpy(np.random.default_rng(0).integers(0, 3, (6, 8)))
    labels = samples(build(root))['a'][1]
    assert torch.equal(labels['semseg'][0], torch.where(classes == 2, 255, classes))
    assert torch.equal(labels['parts'][0], torch.where(classes == 2, 255, classes))
    assert torch.allclose(labels['depth'][0], classes.float())
    assert torch.allclose(labels['shift'][0], classes / 20)  # pixels / focal length
    assert torch.allclose(labels['normal'][2], torch.tensor(-1.0), atol=1e-3)
    assert torch.allclose(labels['edge'][0], classes / 5)
    assert torch.equal(labels['saliency'][0].long(), torch.where(classes == 2, 255, classes))


def test_disparity_as_depth(root):
    labels = {'depth': LABELS['shift']}
    depth = samples(build(root, dict(depth=dict(type=Depth)), labels))['a'][1]['depth'][0]
    pixels = samples(build(root))['a'][1]['shift'][0] * 20
    assert torch.allclose(depth, torch.where(pixels > 0, 20 * 0.5 / pixels, 0))


@pytest.mark.parametrize('task', TASKS)
def test_any_label_may_be_missing_on_any_image(root, task):
    whole = samples(build(root))
    for name in NAMES:
        folder = LABELS[task]['folder']
        (file,) = [path for path in (root / folder).rglob('*.*') if path.stem.removesuffix('_object') == name[-1]]
        file.rename(root / 'away')
        found = samples(build(root))
        expected = {key: (image, dict(labels)) for key, (image, labels) in whole.items()}
        del expected[name][1][task]
        assert_same(found, expected)
        (root / 'away').rename(file)


def test_working_folder_listing_order_and_case_of_suffixes(root, tmp_path, monkeypatch):
    expected = samples(build(root))
    monkeypatch.delenv('MMMTL_DATA', raising=False)
    monkeypatch.chdir(root)
    assert_same(samples(build(Path('.'))), expected)
    monkeypatch.chdir(root.parent)
    assert_same(samples(build(Path('data'))), expected)

    listed = os.scandir
    monkeypatch.setattr(os, 'scandir', lambda path: _Reversed(listed(path)))
    assert_same(samples(build(root)), expected)
    monkeypatch.undo()
    for path in sorted(root.rglob('*.png'))[::2]:
        path.rename(path.with_suffix('.PNG'))
    assert_same(samples(build(root)), expected)


class _Reversed:
    def __init__(self, entries) -> None:
        self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

    def __enter__(self):
        return iter(self.entries)

    def __exit__(self, *_) -> None:
        pass


@pytest.mark.parametrize('workers', [1, 2])
def test_number_of_workers(root, workers):
    pipeline = [dict(type=LoadViews), dict(type=CoverCrop, size=(4, 4)), dict(type=RandomFlip), dict(type=PackViews)]
    dataset = build(root, pipeline=pipeline)
    keys = [SampleKey(0, 3, index) for index in range(len(dataset))]
    loader = DataLoader(dataset, 1, sampler=keys, num_workers=workers, collate_fn=collate_views)
    for key, batch in zip(keys, loader, strict=True):
        alone = dataset[key]
        assert torch.equal(batch['inputs'][0], alone['inputs'][0])
        assert torch.equal(batch['data_samples'][0].gt.semseg, alone['data_samples'][0].gt.semseg)


def test_orientation(root):
    """A photograph stored sideways with an EXIF orientation equals the upright one."""
    expected = samples(build(root))
    path = root / 'images' / 'a.png'
    sideways = Image.open(path).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x112] = 6  # to be rotated by 90 degrees clockwise
    sideways.save(path, exif=exif)
    assert_same(samples(build(root)), expected)


def test_two_roots_are_the_concatenation(root, tmp_path):
    other = write(tmp_path / 'other', ('x', 'y'))
    shutil.rmtree(other / 'masks')  # another root may lack a task
    parts = dict(one=build(root), two=build(other, labels={k: v for k, v in LABELS.items() if k != 'semseg'}))
    assert_same(samples(ConcatDataset(parts)), samples(parts['one']) | samples(parts['two']))


def test_lists_and_subfolders(root):
    (root / 'some.txt').write_text('kitchen/d.jpg\na\n')
    assert [record.name for record in build(root, split='some.txt').records] == ['a', 'kitchen/d']
    assert [len(record.views) for record in build(root, view_mode='all').records] == [3, 2]
    assert [record.scene for record in build(root, scenes=True).records] == ['', '', '', 'kitchen', 'kitchen']


def test_a_list_with_the_suffix_of_the_images(tmp_path):
    root = write(tmp_path / 'data')
    for path in [*(root / 'images').rglob('*.png')]:
        path.rename(path.with_name(f'{path.stem}_rgb.png'))
    (root / 'some.txt').write_bytes(b'\xef\xbb\xbfkitchen/d_rgb.png\r\na\r\n')
    assert [one.name for one in build(root, image_suffix='_rgb.png', split='some.txt').records] == ['a', 'kitchen/d']


def test_labels_beside_the_images(tmp_path):
    for name in ('a', 'b'):
        save(tmp_path / f'{name}.jpg', np.zeros((6, 8, 3), np.uint8))
        save(tmp_path / f'{name}_mask.png', np.ones((6, 8), np.uint8))
    tasks = dict(semseg=TASKS['semseg'])
    labels = dict(semseg=dict(folder='.', kind='classes', suffix='_mask.png'))
    dataset = build(tmp_path, tasks, labels, images='.', image_suffix='.JPG')
    assert {name: one[1]['semseg'].unique().item() for name, one in samples(dataset).items()} == {'a': 1, 'b': 1}
    with pytest.raises(ConfigError, match='image_suffix'):
        build(tmp_path, tasks, labels, images='.')


def test_label_folders_below_the_images(root):
    for path in (root / 'images').iterdir():
        path.rename(root / path.name)
    assert [record.name for record in build(root, images='.').records] == sorted(NAMES)


def test_cameras(root):
    assert build(root).records[0].views[0].intrinsics is None
    view = build(root, cameras=dict(intrinsics='cam.txt')).records[0].views[0]
    assert view.intrinsics.tolist() == [[10, 0, 4], [0, 10, 3], [0, 0, 1]] and view.camera_T_world is None
    for folder, text in (('k', '9 0 4\n0 9 3\n0 0 1\n'), ('poses', '1 0 0 5\n0 1 0 6\n0 0 1 7\n')):
        (root / folder / 'kitchen').mkdir(parents=True)
        (root / folder / 'kitchen' / 'c.txt').write_text(text)
    views = {
        record.name: record.views[0] for record in build(root, cameras=dict(intrinsics='k', poses='poses')).records
    }
    assert views['kitchen/c'].intrinsics[0, 0] == 9 and views['a'].intrinsics is None
    assert views['kitchen/c'].camera_T_world.tolist() == [[1, 0, 0, 5], [0, 1, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]]


def test_a_held_out_fraction_does_not_change_when_images_are_added(tmp_path):
    names = [f'{number:03}' for number in range(60)]
    before = write(tmp_path / 'before', names[:40])
    after = write(tmp_path / 'after', names)

    def split(root: Path, give: str) -> set[str]:
        held_out = dict(type=StableHoldOutSplit, fraction=0.25, give=give)
        return {record.name for record in build(root, held_out=held_out).records}

    assert split(before, 'slice') == split(after, 'slice') & set(names[:40])
    assert split(before, 'rest') == split(after, 'rest') & set(names[:40])
    assert 8 <= len(split(after, 'slice')) <= 22


def test_labels_of_tasks_that_are_not_learnt_are_not_opened(root):
    shutil.rmtree(root / 'depth')
    only = build(root, build_tasks(dict(semseg=TASKS['semseg'])))
    assert set(samples(only)['a'][1]) == {'semseg'}


def test_records_are_sorted_by_name_without_suffix(tmp_path):
    root = write(tmp_path / 'data', ('b', 'a-1', 'a'))  # as file names, a-1.png comes before a.png
    assert [record.name for record in build(root).records] == ['a', 'a-1', 'b']


class Temperature(Depth):
    """A task of a project: real values of either sign."""

    loss_space = 'values'
    default_loss = dict(type='L1')

    def check(self, label: np.ndarray) -> None:
        """Allow negative values, unlike depth."""


def test_raw_values_of_a_task_with_real_values(tmp_path):
    celsius = np.linspace(-20, 30, 24, dtype=np.float32).reshape(4, 6)
    save(tmp_path / 'images' / 'a.png', np.zeros((4, 6, 3), np.uint8))
    (tmp_path / 'celsius').mkdir()
    np.save(tmp_path / 'celsius' / 'a.npy', celsius)
    labels = dict(temperature=dict(folder='celsius', kind='values'))
    found = samples(build(tmp_path, dict(temperature=dict(type=Temperature)), labels))['a'][1]['temperature']
    assert torch.equal(found[0], torch.from_numpy(celsius))
