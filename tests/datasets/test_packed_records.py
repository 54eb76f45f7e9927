"""Packed records equal the records they were made of, and hold few objects, whatever the number of records."""

import gc
import pickle
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from labelled_folders import build, write

from mmmtl.datasets import ConcatDataset, LabelFile, Record, View, collate_views
from mmmtl.datasets.label_readers.sensor_depth import NormalsFromDepth
from mmmtl.datasets.packed_records import PackedRecords
from mmmtl.engine.runner import MultiTaskRunner


def assert_same(found, expected) -> None:
    assert type(found) is type(expected)
    if is_dataclass(expected):
        for field in fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype and found.flags.writeable
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, tuple) and any(map(is_dataclass, expected)):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert found == expected


def record(rng: np.random.Generator, number: int) -> Record:
    """A record of one to three views, any label, camera or instance map of which may be missing."""
    views = []
    root = Path(rng.choice(['/data/set', '/elsewhere', '.']))
    for index in range(rng.integers(1, 4)):
        intrinsics = rng.random((3, 3)).astype(rng.choice([np.float32, np.float64])) if rng.random() < 0.7 else None
        depth = LabelFile(root / f'depth/{number}.png', scale=rng.random(), void=(0, float('inf')))
        labels = {'depth': depth, 'semseg': LabelFile(root / 'ä\udcff' / f'{number}.png', void=255)}
        if intrinsics is not None:
            labels['normal'] = NormalsFromDepth(depth, intrinsics.T)
        labels = {name: reader for name, reader in labels.items() if rng.random() < 0.7}
        pose = np.linspace(0, 1, 16).reshape(4, 4) if rng.random() < 0.5 else None
        instances = root / 'instances.png' if rng.random() < 0.3 else None
        views.append(View(root / f'images/{number}_{index}.jpg', labels, intrinsics, pose, instances))
    return Record(f'scene {number} \udcff', tuple(views), rng.choice(['', 'kitchen', f'scene {number} \udcff']).item())


@pytest.mark.parametrize('count', [0, 1, 2, 60])
@pytest.mark.parametrize('seed', range(3))
def test_packed_records_equal_the_records(count, seed):
    rng = np.random.default_rng(seed)
    records = [record(rng, number) for number in range(count)]
    packed = PackedRecords(iter(records))
    for found in (
        packed,
        pickle.loads(pickle.dumps(packed)),
        packed[:],
        [*packed[: count // 2], *packed[count // 2 :]],
    ):
        assert len(found) == count
        for one, other in zip(found, records, strict=True):
            assert_same(one, other)
    for index in (-count - 1, count):
        with pytest.raises(IndexError):
            packed[index]
    if count:
        assert_same(packed[np.int64(-1)], records[-1])


def test_what_two_parts_of_a_record_share_stays_shared():
    intrinsics = np.eye(3)
    depth = LabelFile(Path('depth.png'))
    view = View(Path('a.jpg'), {'depth': depth, 'normal': NormalsFromDepth(depth, intrinsics)}, intrinsics)
    (found,) = PackedRecords([Record('a', (view, view))])
    assert found.views[0] is found.views[1] and found.views[0].labels['normal'].intrinsics is found.views[0].intrinsics


def test_number_of_objects_and_size_per_record():
    def records(count: int) -> list[Record]:
        return [
            Record(f'{number:06d}', (View(Path(f'/a/long/folder/images/{number:06d}.jpg'), {'depth': reader(number)}),))
            for number in range(count)
        ]

    def reader(number: int) -> LabelFile:
        return LabelFile(Path(f'/a/long/folder/depth/{number:06d}.png'), scale=1e-3, void=0)

    few, many = (PackedRecords(records(count)) for count in (10, 1000))
    assert number_of_objects(few) == number_of_objects(many) < 100
    assert len(pickle.dumps(many)) < 120 * 1000


def number_of_objects(root: object) -> int:
    known, waiting = {id(root)}, [vars(root)]
    while waiting:
        new = [item for item in gc.get_referents(waiting.pop()) if id(item) not in known and not isinstance(item, type)]
        known |= set(map(id, new))
        waiting += new
    return len(known)


@pytest.mark.parametrize('concat', [False, True])
@pytest.mark.parametrize('workers', [0, 1])
def test_loaders_with_workers_pack_records(tmp_path, concat, workers):
    part = build(write(tmp_path / 'data'))
    dataset = ConcatDataset(dict(one=part)) if concat else part
    before = list(part.records), list(part.shown)
    config = dict(dataset=dataset, batch_size=2, num_workers=workers, collate_fn=collate_views)
    loader = MultiTaskRunner.build_dataloader(dict(config, sampler=dict(type='DefaultSampler', shuffle=False)))
    packed = loader.dataset.parts['one'] if concat else loader.dataset
    assert isinstance(packed.records, PackedRecords) or not workers
    for found, expected in zip((list(packed.records), packed.shown), before, strict=True):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    names = [sample.scene for batch in loader for sample in batch['data_samples']]
    assert names == [one.name for one in before[0]]


def test_records_that_cannot_be_pickled_stay(tmp_path):
    dataset = build(write(tmp_path / 'data'))
    first = dataset.records[0]
    dataset.records[0] = Record(first.name, (View(first.views[0].image, {'depth': lambda: None}),))
    dataset.pack()
    assert isinstance(dataset.records, list)
