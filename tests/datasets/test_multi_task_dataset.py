"""The base of all datasets: shown labels only, the same draw whatever is shown and whoever loads."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from mmmtl.datasets import EpochSampler, MultiTaskDataset, Record, SampleKey, collate_views, data_root
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop
from mmmtl.errors import ConfigError, DataError
from mmmtl.tasks import Depth, SemSeg

AUGMENTED = [
    dict(type=LoadViews),
    dict(type=RandomZoomCrop),
    dict(type=RandomFlip),
    dict(type=PhotometricDistortion),
    dict(type=PackViews),
]
PLAIN = [dict(type=LoadViews), dict(type=PackViews)]


def same_sample(a, b, names=None) -> None:
    """Image metadata, camera and the labels `names` (all, if None) are equal."""
    assert a.metainfo == b.metainfo
    assert torch.equal(a.intrinsics, b.intrinsics) and torch.equal(a.camera_T_world, b.camera_T_world)
    if names is None:
        assert set(a.gt.keys()) == set(b.gt.keys())
    for name in a.gt.keys() if names is None else names:
        assert torch.equal(a.gt.get(name), b.gt.get(name))


def test_a_plain_index_is_the_first_draw_with_seed_0(rooms):
    dataset = rooms(AUGMENTED)
    a, b, other = dataset[1], dataset[SampleKey(0, 0, 1)], dataset[SampleKey(0, 1, 1)]
    for left, right in zip(a['data_samples'], b['data_samples'], strict=True):
        same_sample(left, right)
    assert all(torch.equal(left, right) for left, right in zip(a['inputs'], b['inputs'], strict=True))
    assert not all(torch.equal(left, right) for left, right in zip(a['inputs'], other['inputs'], strict=True))


def test_every_part_of_the_key_changes_the_random_numbers(rooms):
    dataset = rooms([*AUGMENTED[:-2], AUGMENTED[-1]])
    keys = [SampleKey(seed, epoch, index) for seed in range(3) for epoch in range(3) for index in range(3)]
    cameras = {tuple(dataset[key]['data_samples'][0].intrinsics.flatten().tolist()) for key in keys}
    assert len(cameras) > 15  # some zooms by 1 coincide


def test_worker_count_changes_nothing(rooms):
    dataset = rooms(AUGMENTED, view_mode='single')

    def batches(num_workers: int) -> list:
        sampler = EpochSampler(dataset, seed=3, endless=True)
        loader = DataLoader(dataset, batch_size=2, sampler=sampler, collate_fn=collate_views, num_workers=num_workers)
        return [batch for batch, _ in zip(loader, range(5), strict=False)]

    alone, workers = batches(0), batches(2)
    assert len(alone) == len(workers) == 5
    for a, b in zip(alone, workers, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a['inputs'], b['inputs'], strict=True))
        for x, y in zip(a['data_samples'], b['data_samples'], strict=True):
            same_sample(x, y)


def test_hiding_labels_changes_no_draw(rooms):
    full, one = rooms(AUGMENTED), rooms(AUGMENTED, label_setting=dict(type='OneLabel', seed=1))
    for index in range(len(full)):
        a, b = full[SampleKey(5, 0, index)], one[SampleKey(5, 0, index)]
        assert all(torch.equal(x, y) for x, y in zip(a['inputs'], b['inputs'], strict=True))
        for x, y in zip(a['data_samples'], b['data_samples'], strict=True):
            assert tuple(y.gt.keys()) == one.shown[index] and len(y.gt.keys()) == 1
            same_sample(x, y, y.gt.keys())


def test_views_stand_side_by_side_in_the_batch(rooms):
    dataset = rooms(PLAIN)
    batch = collate_views([dataset[2], dataset[0]])
    assert [(sample.scene, sample.view, sample.num_views) for sample in batch['data_samples']] == [
        ('00002', 0, 2),
        ('00002', 1, 2),
        ('00000', 0, 2),
        ('00000', 1, 2),
    ]
    single = rooms(PLAIN, view_mode='single')
    for place, index in enumerate((4, 5, 0, 1)):
        assert torch.equal(batch['inputs'][place], single[index]['inputs'][0])


# -- hidden labels are never opened ---------------------------------------------------------------------------------


@pytest.fixture
def copied(rooms, tmp_path):
    """Rooms whose files may be damaged; call it with options."""
    source = rooms(PLAIN)
    shutil.copytree(source.folder.parents[1], tmp_path, dirs_exist_ok=True)
    return lambda **options: rooms(PLAIN, cache=str(tmp_path), **options)


@pytest.mark.parametrize('damage', ['delete', 'corrupt'])
def test_a_hidden_label_is_never_opened_and_a_shown_one_is(copied, damage, data_error):
    only_depth = {'depth': Depth('depth')}
    dataset, hidden = copied(), copied(tasks=only_depth)
    one = copied(label_setting=dict(type='OneLabel'))
    place = one.shown.index(('depth',))
    normal = dataset.records[place].views[1].labels['normal'].path
    if damage == 'delete':
        normal.unlink()
    else:
        normal.write_bytes(normal.read_bytes()[:50])
    assert list(hidden[place]['data_samples'][1].gt.keys()) == ['depth']
    assert list(one[place]['data_samples'][1].gt.keys()) == ['depth']
    with data_error(normal):
        dataset[place]


SETTINGS = {
    'one': dict(type='OneLabel', seed=3),
    'ratio': dict(type='LabelRatio', ratio=dict(semseg=1, depth=2, normal=3)),
    'random': dict(type='RandomLabels', seed=1),
    'table': dict(type='LabelList', file='table.json'),
}


@pytest.mark.parametrize('setting', SETTINGS.values(), ids=SETTINGS.keys())
def test_every_hidden_label_file_may_be_gone(copied, tmp_path, monkeypatch, setting):
    monkeypatch.chdir(tmp_path)
    rows = ['110', '001', '000', '010', '101', '011']
    Path('table.json').write_text(json.dumps({'tasks': ['semseg', 'depth', 'normal'], 'labelled': rows}))
    dataset = copied(view_mode='single', label_setting=setting)
    hidden = [
        source.path
        for record, shown in zip(dataset.records, dataset.shown, strict=True)
        for name, source in record.views[0].labels.items()
        if name not in shown
    ]
    for path in hidden:
        path.unlink()
    loader = DataLoader(
        dataset, sampler=EpochSampler(dataset, seed=1), batch_size=2, collate_fn=collate_views, num_workers=1
    )
    seen = {sample.scene: set(sample.gt.keys()) for batch in loader for sample in batch['data_samples']}
    assert hidden
    assert seen == {record.name: set(shown) for record, shown in zip(dataset.records, dataset.shown, strict=True)}


def test_a_setting_that_hides_everything_is_refused(rooms, tmp_path):
    (tmp_path / 'table.json').write_text(json.dumps({'labelled': {'semseg': [], 'depth': [], 'normal': []}}))
    with pytest.raises(ConfigError, match='LabelList hides every label of semseg, depth, normal'):
        rooms(PLAIN, label_setting=dict(type='LabelList', file=str(tmp_path / 'table.json')))


def test_a_held_out_part_without_labels_is_refused(rooms, tmp_path):
    (tmp_path / 'table.json').write_text(json.dumps({'labelled': {'semseg': ['00000'], 'depth': [], 'normal': []}}))
    setting = dict(type='LabelList', file=str(tmp_path / 'table.json'))
    parts = {give: dict(type='HoldOutSplit', fraction=0.34, give=give) for give in ('rest', 'slice')}
    refused = 0
    for part in parts.values():
        try:
            assert any(rooms(PLAIN, label_setting=setting, held_out=part).shown)
        except ConfigError as error:
            refused += 1
            assert 'records that held_out selects has a label of semseg, depth, normal' in str(error)
    assert refused == 1  # the label is in one of the parts


def test_records_without_a_label(rooms, tmp_path):
    (tmp_path / 'table.json').write_text(json.dumps({'labelled': {'semseg': ['00002', '00000'], 'depth': ['00000']}}))
    setting = dict(type='LabelList', file=str(tmp_path / 'table.json'))
    learnt = {'semseg': SemSeg('semseg', classes=['a'] * 13), 'depth': Depth('depth')}
    for what, indices in dict(keep=(0, 1, 2), drop=(0, 2), replace=(0, 2, 0)).items():
        dataset = rooms(PLAIN, label_setting=setting, without_label=what, tasks=learnt)
        assert [record.name for record in dataset.records] == [f'{place:05d}' for place in indices]
        assert dataset.shown == [[('semseg', 'depth'), (), ('semseg',)][place] for place in indices]
    with pytest.raises(ConfigError, match='without_label'):
        rooms(PLAIN, without_label='skip')


@pytest.mark.parametrize('without_label', ['drop', 'replace'])
def test_records_cannot_be_chosen_by_labels_that_none_shows(rooms, without_label):
    with pytest.raises(ConfigError, match=f"without_label='{without_label}': no record shows a label"):
        rooms(PLAIN, label_setting=dict(type='NoLabels'), without_label=without_label)


def test_labels_are_loaded_lazily_and_only_for_the_tasks(copied, monkeypatch):
    opened = []
    monkeypatch.setattr('mmmtl.files.reading.open_image', lambda path: opened.append(path.name) or 1 / 0)
    dataset = copied(view_mode='single')
    assert not opened
    with pytest.raises(DataError):
        dataset[0]
    assert opened == ['0_image.png']


# -- what a dataset refuses ------------------------------------------------------------------------------------------


class Given(MultiTaskDataset):
    """Records that a test hands over."""

    def __init__(self, records: list[Record], **options) -> None:
        self.given = records
        super().__init__(**options)

    def load_records(self) -> list[Record]:
        return self.given


def test_an_empty_split_is_refused():
    with pytest.raises(DataError, match='Given: the split is empty'):
        Given([], tasks={'depth': Depth('depth')}, pipeline=[])


def test_a_data_set_without_any_of_the_tasks_is_refused(rooms):
    with pytest.raises(ConfigError, match=r'Rooms\(train, 3 scenes\) has no label for any of the tasks other, b'):
        rooms(PLAIN, tasks={'other': Depth('other'), 'b': Depth('b')})


def test_a_task_that_the_data_set_does_not_know_is_absent(rooms):
    dataset = rooms(PLAIN, tasks={'depth': Depth('depth'), 'other': Depth('other')})
    assert dataset.shown == [('depth',)] * 3
    assert list(dataset[0]['data_samples'][0].gt.keys()) == ['depth']


@pytest.mark.parametrize('options', [dict(split='training'), dict(view_mode='both')])
def test_a_wrong_option_is_named(rooms, options):
    ((name, value),) = options.items()
    with pytest.raises(ConfigError, match=f"SyntheticRooms.{name} must be .*, found '{value}'"):
        rooms(PLAIN, **options)


@pytest.mark.parametrize('apart', [(0.5,), (0.8, 0.4), (0.0, 0.3)])
def test_cameras_cannot_stand_apart_like_that(rooms, apart):
    with pytest.raises(
        ConfigError, match=r'SyntheticRooms.cameras.apart must be \(minimum, maximum\) > 0 in metres, found'
    ):
        rooms(PLAIN, cameras=dict(apart=apart))


def test_an_unknown_option_of_the_cameras_is_named(rooms):
    with pytest.raises(ConfigError, match='SyntheticRooms.cameras: expected stereo, apart or nearest, found distance'):
        rooms(PLAIN, cameras=dict(distance=1))


@pytest.mark.parametrize('nearest', [-0.1, float('nan')])
def test_nothing_can_be_nearer_than_the_camera(rooms, nearest):
    with pytest.raises(ConfigError, match='SyntheticRooms.cameras.nearest must be a distance >= 0 in metres, found'):
        rooms(PLAIN, cameras=dict(nearest=nearest))


@pytest.mark.parametrize(
    ('values', 'match'),
    [
        (
            np.full((96, 128), 13, np.uint8),
            r'values of semseg must lie in 0\.\.12 or be 255 \(void\), found 13\.\.13',
        ),
        (np.zeros((96, 127), np.uint8), 'semseg is 96 x 127, but its image .* is 96 x 128'),
        (np.zeros((96, 128, 3), np.uint8), 'expected one class index per pixel, found colours'),
    ],
)
def test_a_label_that_cannot_be_one_is_named(copied, data_error, values, match):
    dataset = copied(tasks={'semseg': SemSeg('semseg', classes=copied().CLASSES)})
    path = dataset.records[0].views[0].labels['semseg'].path
    Image.fromarray(values).save(path)
    with data_error(path, match):
        dataset[0]


# -- where data lie --------------------------------------------------------------------------------------------------


def test_a_relative_root_is_looked_for_under_the_data_folder_first(tmp_path, monkeypatch):
    (tmp_path / 'data' / 'set').mkdir(parents=True)
    (tmp_path / 'here' / 'set').mkdir(parents=True)
    monkeypatch.chdir(tmp_path / 'here')
    monkeypatch.delenv('MMMTL_DATA', raising=False)
    assert data_root('set') == Path('set')
    monkeypatch.setenv('MMMTL_DATA', str(tmp_path / 'data'))
    assert data_root('set') == tmp_path / 'data' / 'set'
    assert data_root(tmp_path / 'here' / 'set') == tmp_path / 'here' / 'set'
    (tmp_path / 'data' / 'set').rmdir()
    assert data_root('set') == Path('set')
    with pytest.raises(DataError, match='data root .*nowhere or nowhere does not exist: .*MMMTL_DATA'):
        data_root('nowhere')
