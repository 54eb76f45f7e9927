"""The contract of a dataset: generated rooms keep it, and each way to break it is named."""

from dataclasses import replace

import numpy as np
import pytest

from mmmtl.datasets import Record
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip, RandomZoomCrop
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg
from mmmtl.testing import DATASET_PROPERTIES, check_dataset

TASKS = dict(semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES), depth=dict(type=Depth), normal=dict(type=Normal))


@pytest.fixture(scope='module')
def cache(tmp_path_factory) -> str:
    return str(tmp_path_factory.mktemp('rooms'))


def build(kind: type, cache: str, **options) -> SyntheticRooms:
    pipeline = [dict(type=LoadViews), dict(type=RandomZoomCrop), dict(type=RandomFlip), dict(type=PackViews)]
    return kind(
        split='train',
        scenes=3,
        num_views=2,
        size=(32, 40),
        cache=cache,
        **dict(tasks=TASKS, pipeline=pipeline) | options,
    )


@pytest.mark.parametrize('view_mode', ['single', 'all'])
def test_rooms_keep_it(cache, view_mode):
    check_dataset(build(SyntheticRooms, cache, view_mode=view_mode))


class Shuffled(SyntheticRooms):
    def load_records(self) -> list[Record]:
        return [super(Shuffled, self).load_records()[number] for number in np.random.permutation(6)]


class NamedAlike(SyntheticRooms):
    def load_records(self) -> list[Record]:
        return [replace(record, name='room') for record in super().load_records()]


class Nameless(SyntheticRooms):
    __repr__ = object.__repr__


class Lost(SyntheticRooms):
    def load_records(self) -> list[Record]:
        return [
            replace(record, views=tuple(replace(view, image=view.image.with_suffix('.jpg')) for view in record.views))
            for record in super().load_records()
        ]


class Chancy(SyntheticRooms):
    """Takes a chance of its own."""

    def load(self, key):
        packed = super().load(key)
        packed['inputs'][0][0, 0, 0] = np.random.randint(256)
        return packed


class WrongCamera(SyntheticRooms):
    def load(self, key):
        packed = super().load(key)
        for sample in packed['data_samples']:
            sample.camera_T_world = 2 * sample.camera_T_world
        return packed


class Doubles(SyntheticRooms):
    def load(self, key):
        packed = super().load(key)
        for sample in packed['data_samples']:
            sample.gt.depth = sample.gt.depth.double()
        return packed


class Blank(SyntheticRooms):
    def load(self, key):
        packed = super().load(key)
        for sample in packed['data_samples']:
            sample.gt.depth = sample.gt.depth * 0
        return packed


class Grey(SyntheticRooms):
    def load(self, key):
        packed = super().load(key)
        return packed | {'inputs': [image[:1] for image in packed['inputs']]}


class Telling(SyntheticRooms):
    """Loads whatever there is."""

    def load(self, key):
        shown, self.shown[key.index] = self.shown[key.index], tuple(self.tasks)
        try:
            return super().load(key)
        finally:
            self.shown[key.index] = shown


@pytest.mark.parametrize(
    'kind, expected',
    [
        (Shuffled, 'record_names_are_unique_and_ordered'),
        (NamedAlike, 'record_names_are_unique_and_ordered'),
        (Nameless, 'repr_is_stable'),
        (Lost, 'records_are_lazy'),
        (Chancy, 'samples_depend_only_on_their_key'),
        (WrongCamera, 'cameras_are_valid'),
        (Doubles, 'labels_fit_their_tasks'),
        (Grey, 'samples_hold_only_shown_labels'),
        (Blank, 'some_pixels_are_valid'),
        (Telling, 'hidden_labels_are_not_opened'),
    ],
)
def test_a_broken_data_set_is_found(cache, kind, expected):
    dataset = build(kind, cache)
    with pytest.raises(AssertionError, match=expected.replace('_', ' ')):
        check_dataset(dataset, properties=[expected])
    with pytest.raises(AssertionError):
        check_dataset(dataset)


def test_labels_that_are_opened_at_once_are_found(cache):
    dataset = build(SyntheticRooms, cache)
    opened = {'depth': np.ones((32, 40), np.float32)}
    dataset.records = [
        replace(record, views=tuple(replace(view, labels=opened) for view in record.views))
        for record in dataset.records
    ]
    with pytest.raises(AssertionError, match='records are lazy'):
        check_dataset(dataset, properties=['records_are_lazy'])


def test_every_property_is_seen_to_fail():
    (mark,) = test_a_broken_data_set_is_found.pytestmark
    assert {expected for _, expected in mark.args[1]} == set(DATASET_PROPERTIES)
