"""The contract of a dataset: stable records, valid labels, samples that depend only on their key."""

from __future__ import annotations

import pickle
import re
from collections.abc import Collection
from typing import NoReturn

import numpy as np

from mmmtl.datasets import MultiTaskDataset, SampleKey
from mmmtl.errors import DataError
from mmmtl.structures import MultiTaskDataSample
from mmmtl.testing import dataset_samples
from mmmtl.testing.contract import assert_equal, properties_by_name, try_properties
from mmmtl.testing.dataset_trial import DatasetTrial


def check_dataset(dataset: MultiTaskDataset, *, samples: int = 5, properties: Collection[str] | None = None) -> None:
    """Check that a dataset follows the contract of `MultiTaskDataset`.

    Args:
        dataset: A built dataset whose files exist.
        samples: Number of records to open, spread evenly over the split.
        properties: Names from ``DATASET_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the dataset, the property that it violates, and what was found.
    """
    try_properties(DATASET_PROPERTIES, properties, dataset, lambda: DatasetTrial(dataset, samples))


def record_names_are_unique_and_ordered(trial: DatasetTrial) -> None:
    """Records have unique names, in the same order every time."""
    dataset = trial.dataset
    first, again = (dataset.load_records() for _ in range(2))
    names = [record.name for record in first]
    assert names == [record.name for record in again], 'load_records returns a different order the second time'
    assert len(set(names)) == len(names), f'{len(names)} records have {len(set(names))} different names'
    assert len(dataset) == len(dataset.records) == len(dataset.shown), 'len() is not the number of its records'


def repr_is_stable(trial: DatasetTrial) -> None:
    """The name of the dataset is one line without a memory address; runs are compared by it."""
    name = str(trial.dataset)
    assert not re.search(r'0x[0-9a-f]{6,}', name), f'{name!r} contains a memory address; write a __repr__'
    assert name.strip() and '\n' not in name, f'{name!r} is not a name on one line'


def records_are_lazy(trial: DatasetTrial) -> None:
    """Records hold readers instead of label arrays, and all of their files exist."""
    for index in trial.indices:
        record = trial.dataset.records[index]
        for view in record.views:
            for name, reader in view.labels.items():
                assert not isinstance(reader, np.ndarray), (
                    f'{record.name}: the label of {name} is an array; use a reader, which opens files on demand'
                )
        for path in record.files(trial.dataset.shown[index]):
            assert path.exists(), f'{record.name}: {path} does not exist'


def samples_depend_only_on_their_key(trial: DatasetTrial) -> None:
    """A `SampleKey` gives the same sample in any order and in any process."""
    dataset = trial.dataset
    copy = pickle.loads(pickle.dumps(dataset))  # as a worker process gets it
    keys = [SampleKey(3, 1, index) for index in trial.indices]
    first = {key: dataset[key] for key in keys}
    for other, what in ((dataset, 'when drawn again in a different order'), (copy, 'in another process')):
        for key in reversed(keys):
            again = other[key]
            for view, (one, two) in enumerate(zip(first[key]['inputs'], again['inputs'], strict=True)):
                assert_equal(two, one, f'image {view} of record {key.index} changes {what}')
            for one, two in zip(first[key]['data_samples'], again['data_samples'], strict=True):
                assert_equal_samples(one, two, what)


def assert_equal_samples(one: MultiTaskDataSample, two: MultiTaskDataSample, what: str) -> None:
    """Assert that two samples have equal labels."""
    assert set(one.gt.keys()) == set(two.gt.keys()), f'{one.img_path} has different labels {what}'
    for name, label in one.gt.items():
        assert_equal(two.gt.get(name), label, f'{one.img_path}: {name} changes {what}')


def hidden_labels_are_not_opened(trial: DatasetTrial) -> None:
    """A hidden label is not opened and not in the sample."""
    dataset = trial.dataset
    records, before = dataset.records, list(dataset.shown)
    index = next((index for index in trial.indices if len(before[index]) > 1), None)
    if index is None:
        return  # no record has two labels, so none can be hidden
    hidden = sorted(before[index])[0]
    record = dataset.records[index]
    views = tuple(
        type(view)(**{**vars(view), 'labels': {**view.labels, hidden: ForbiddenReader()}}) for view in record.views
    )
    try:
        changed = list(records)
        changed[index] = type(record)(record.name, views, record.scene)
        dataset.records = changed
        dataset.shown[index] = type(before[index])(name for name in before[index] if name != hidden)
        for sample in dataset[index]['data_samples']:
            assert hidden not in sample.gt, f'the hidden label {hidden} is in the sample'
    except OpenedError:
        raise AssertionError(f'the label {hidden} is opened although it is hidden') from None
    finally:
        dataset.records, dataset.shown[index] = records, before[index]


class OpenedError(DataError):
    """A hidden label was opened."""


class ForbiddenReader:
    """A label reader that raises an error when it is used."""

    @property
    def path(self) -> NoReturn:
        """Raise `OpenedError`."""
        raise OpenedError('opened')

    def load(self, *task: object) -> NoReturn:
        """Raise `OpenedError`."""
        raise OpenedError('opened')


DATASET_PROPERTIES = properties_by_name(
    record_names_are_unique_and_ordered,
    repr_is_stable,
    records_are_lazy,
    *dataset_samples.PROPERTIES,
    samples_depend_only_on_their_key,
    hidden_labels_are_not_opened,
)
