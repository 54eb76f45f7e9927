"""Regions of samples: where they come from, that they follow every move of the image, and what is wrong with them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmmtl.datasets import ConcatDataset, SampleKey
from mmmtl.datasets.label_readers.region_files import RegionFile, read_manifest, region_file_name
from mmmtl.datasets.transforms import (
    CoverCrop,
    LoadViews,
    PackViews,
    Pad,
    PhotometricDistortion,
    RandomCropLimited,
    RandomFlip,
    RandomScale,
    RandomZoomCrop,
    Resize,
    TwoCrops,
)
from mmmtl.errors import ConfigError, DataError

LOADED = [dict(type=LoadViews), dict(type=PackViews)]


def fill(folder: Path, dataset, maps=None) -> Path:
    """A folder of region maps: the classes of semseg, 1 and up, or given maps."""
    (folder / 'manifest.json').parent.mkdir(parents=True, exist_ok=True)
    (folder / 'manifest.json').write_text(json.dumps(dict(backend='by hand')))
    for record in dataset.records:
        for number, view in enumerate(record.views):
            path = folder / region_file_name(record, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            values = cv2.imread(str(view.labels['semseg'].path), cv2.IMREAD_UNCHANGED) if maps is None else maps
            cv2.imwrite(str(path), (values + 1).astype(np.uint16))
    return folder


def test_instances_of_rooms(rooms):
    dataset = rooms(LOADED, regions='instances')
    for sample in dataset[0]['data_samples']:
        assert sample.regions.dtype == torch.int32 and sample.regions.shape == (1, 96, 128)
        ids = sample.regions.unique()
        assert len(ids) > 4 and ids.min() >= 0
        for name in ids:  # an instance has one class
            assert len(sample.gt.semseg[sample.regions == name].unique()) == 1
    assert 'regions' not in rooms(LOADED)[0]['data_samples'][0]


def test_maps_behind_links_are_found(rooms, tmp_path):
    folder = fill(tmp_path / 'maps', rooms(LOADED))
    (folder / '00001').rename(tmp_path / 'elsewhere')
    (folder / '00001').symlink_to(tmp_path / 'elsewhere')
    (folder / '00000' / 'up').symlink_to(folder)  # a circle
    (tmp_path / 'link').symlink_to(folder)
    assert all(
        len(packed['data_samples'][0].regions.unique()) > 1 for packed in rooms(LOADED, regions=str(tmp_path / 'link'))
    )


def test_a_folder(rooms, tmp_path):
    folder = fill(tmp_path / 'maps', rooms(LOADED))
    assert (folder / '00000' / '1.png').is_file()
    for view_mode in ('all', 'single'):  # the names are the same
        for sample in (
            sample
            for packed in rooms(LOADED, regions=str(folder), view_mode=view_mode)
            for sample in packed['data_samples']
        ):
            assert torch.equal(sample.regions, sample.gt.semseg.int() + 1)
    blank = fill(tmp_path / 'blank', rooms(LOADED), np.full((96, 128), -1))
    assert (rooms(LOADED, regions=str(blank))[0]['data_samples'][0].regions == -1).all()


def test_below_the_data_folder(rooms, tmp_path, monkeypatch):
    fill(tmp_path / 'maps', rooms(LOADED))
    monkeypatch.setenv('MMMTL_DATA', str(tmp_path))
    assert 'regions' in rooms(LOADED, regions='maps')[0]['data_samples'][0]


MOVES = [
    dict(type=Resize, size=(48, 72)),
    dict(type=RandomZoomCrop, scales=(1.5,)),
    dict(type=RandomFlip, prob=1.0),
    dict(type=RandomScale, lowest=0.6, highest=1.7),
    dict(type=RandomCropLimited, size=(50, 60)),
    dict(type=CoverCrop, size=(80, 80)),
    dict(type=Pad, size=(120, 150)),
    dict(type=PhotometricDistortion),
]


@pytest.mark.parametrize(
    'is_adaptive', [[move] for move in MOVES] + [MOVES[1:]], ids=lambda is_adaptive: is_adaptive[0]['type'].__name__
)
def test_they_follow_the_image(rooms, tmp_path, is_adaptive):
    folder = fill(tmp_path, rooms(LOADED))
    dataset = rooms([LOADED[0], *is_adaptive, LOADED[1]], regions=str(folder))
    for number in range(3):
        for image, sample in zip(*dataset[SampleKey(0, number, number)].values(), strict=True):
            assert sample.regions.shape[1:] == image.shape[1:]
            classes = sample.gt.semseg
            assert torch.equal(sample.regions, torch.where(classes == 255, -1, classes + 1).int())
            assert sample.regions.is_contiguous()


def test_both_crops_have_theirs(rooms):
    packed = rooms([LOADED[0], dict(type=TwoCrops, scales=(1.5,))], regions='instances')[0]['data_samples']
    assert [sample.supervision_role for sample in packed] == ['supervised'] * 2 + ['consistency'] * 2
    top, left, height, width = packed[2].window
    inside = set(packed[0].regions[0, top : top + height, left : left + width].unique().tolist())
    assert set(packed[2].regions.unique().tolist()) == inside


def test_parts_of_a_mixed_data_set(rooms):
    mixed = ConcatDataset(dict(with_them=rooms(LOADED, regions='instances'), without=rooms(LOADED)))
    assert 'regions' in mixed[0]['data_samples'][0] and 'regions' not in mixed[3]['data_samples'][0]


def test_labels_may_be_hidden(rooms):
    dataset = rooms(LOADED, regions='instances')
    dataset.shown = [()] * len(dataset)
    sample = dataset[0]['data_samples'][0]
    assert not list(sample.gt.keys()) and 'regions' in sample


def test_they_are_among_the_files(rooms):
    record = rooms(LOADED, regions='instances').records[0]
    assert record.views[1].instances in record.files(())
    assert record.views[1].instances not in rooms(LOADED).records[0].files(())


def test_no_instances(rooms, tmp_path, monkeypatch):
    dataset = rooms(LOADED)
    view = dataset.records[0].views[0]
    object.__setattr__(view, 'instances', None)
    monkeypatch.setattr(type(dataset), 'load_records', lambda self: dataset.records)
    with pytest.raises(ConfigError, match='has no instance map; create regions with'):
        rooms(LOADED, regions='instances')


def test_a_map_is_missing(rooms, tmp_path):
    folder = fill(tmp_path / 'maps', rooms(LOADED))
    (folder / '00001' / '0.png').unlink()
    with pytest.raises(DataError, match='no region map for 1 images, the first is 00001/0.png'):
        rooms(LOADED, regions=str(folder))
    (folder / 'manifest.json').unlink()
    with pytest.raises(DataError, match=r'no manifest.json, so it is not a folder of region maps'):
        rooms(LOADED, regions=str(folder))
    with pytest.raises(DataError, match='does not exist'):
        rooms(LOADED, regions=str(tmp_path / 'nowhere'))


def test_a_map_of_another_size(rooms, tmp_path):
    folder = fill(tmp_path, rooms(LOADED), np.zeros((48, 64)))
    with pytest.raises(DataError, match='regions are 48 x 64, but their image .* is 96 x 128'):
        rooms(LOADED, regions=str(folder))[0]


@pytest.mark.parametrize('text', ['', '[]', '{}', '{'])
def test_a_damaged_manifest(tmp_path, text):
    (tmp_path / 'manifest.json').write_text(text)
    with pytest.raises(DataError, match='expected the settings of the regions'):
        read_manifest(tmp_path)


def test_no_map(tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(DataError, match='expected one class index per pixel, found colours'):
        RegionFile(path).load()
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(DataError, match='cannot be read'):
        RegionFile(path).load()
    cv2.imwrite(str(path), np.array([[0, 65535]], np.uint16))
    assert RegionFile(path, void=0).load().tolist() == [[-1, 65535]]
    assert RegionFile(path).load().tolist() == [[0, 65535]]
