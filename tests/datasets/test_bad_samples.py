"""`on_bad_sample`: raise by default; 'skip' replaces a bad record by the next sound one, always the same one."""

import shutil

import pytest
import torch
from torch.utils.data import DataLoader

from mmmtl.datasets import SampleKey, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomZoomCrop
from mmmtl.errors import ConfigError, DataError

PIPELINE = [dict(type=LoadViews), dict(type=RandomZoomCrop), dict(type=PackViews)]


@pytest.fixture
def damaged(rooms, tmp_path):
    """Six records; those whose numbers are given lack their image. Call it with numbers and options."""
    source = rooms(PIPELINE, view_mode='single')
    shutil.copytree(source.folder.parents[1], tmp_path, dirs_exist_ok=True)

    def build(bad, **options):
        dataset = rooms(PIPELINE, view_mode='single', cache=str(tmp_path), **options)
        for number in bad:
            dataset.records[number].views[0].image.unlink()
        return dataset

    return build


def test_the_default_is_to_raise(damaged, data_error):
    dataset = damaged([2])
    with data_error(dataset.records[2].views[0].image, 'no such file'):
        dataset[2]


def test_a_bad_sample_is_replaced_by_the_next_valid_one_with_the_reason(damaged):
    dataset = damaged([2, 3, 5], on_bad_sample='skip')
    for index, stand_in in ((2, 4), (3, 4), (5, 0)):
        for epoch in range(2):
            packed, wanted = dataset[SampleKey(7, epoch, index)], dataset[SampleKey(7, epoch, stand_in)]
            assert torch.equal(packed['inputs'][0], wanted['inputs'][0])
            assert packed['data_samples'][0].scene == dataset.records[stand_in].name
    skipped = dataset[2]['data_samples'][0].skipped
    images = [str(dataset.records[number].views[0].image) for number in (2, 3)]
    assert all(image in text for image, text in zip(images, skipped, strict=True))
    assert 'skipped' not in dataset[4]['data_samples'][0]


def test_skipped_samples_are_reported_by_workers(damaged):
    dataset = damaged([1], on_bad_sample='skip')
    for workers in (0, 2):
        loader = DataLoader(dataset, batch_size=2, collate_fn=collate_views, num_workers=workers)
        found = [len(sample.get('skipped', ())) for batch in loader for sample in batch['data_samples']]
        assert found == [0, 1, 0, 0, 0, 0]


def test_without_a_valid_sample_the_first_error_is_raised(damaged):
    dataset = damaged(range(6), on_bad_sample='skip')
    with pytest.raises(DataError, match='none of the 6 samples can be loaded; the first error: .*00001/1_image.png'):
        dataset[3]


def test_an_index_beyond_the_end_is_no_bad_sample(damaged):
    with pytest.raises(IndexError):
        damaged([], on_bad_sample='skip')[6]


def test_other_errors_pass(damaged, monkeypatch):
    dataset = damaged([], on_bad_sample='skip')
    monkeypatch.setattr(dataset, 'pipeline', lambda results: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dataset[0]


def test_a_wrong_word_is_named(damaged):
    with pytest.raises(ConfigError, match="SyntheticRooms.on_bad_sample must be 'raise' or 'skip', found 'ignore'"):
        damaged([], on_bad_sample='ignore')
