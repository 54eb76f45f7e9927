"""The contract of a data set: stable records, valid labels, samples that depend only on their key."""

from __future__ import annotations

import pickle
import re
from collections.abc import Collection
from typing import NoReturn

import numpy as np
import torch

from mmmtl.datasets import MultiTaskDataset, SampleKey
from mmmtl.errors import DataError
from mmmtl.structures import MultiTaskDataSample
from mmmtl.testing.contract import assert_equal, properties_by_name, to_array, try_properties


class DatasetTrial:
    """A data set to check, and the indices of the records to open; arguments as of `check_dataset`."""

    def __init__(self, dataset: MultiTaskDataset, samples: int) -> None:
        self.dataset = dataset
        self.indices = np.unique(np.linspace(0, len(dataset) - 1, samples).round().astype(int)).tolist()


def check_dataset(dataset: MultiTaskDataset, *, samples: int = 5, properties: Collection[str] | None = None) -> None:
    """Check that a data set follows the contract of `MultiTaskDataset`.

    Args:
        dataset: A built data set whose files exist.
        samples: Number of records to open, spread evenly over the split.
        properties: Names from ``DATASET_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the data set, the property that it violates, and what was found.
    """
    try_properties(DATASET_PROPERTIES, properties, dataset, lambda: DatasetTrial(dataset, samples))


def record_names_are_unique_and_ordered(trial: DatasetTrial) -> None:
    """Records have unique names, in the same order every time."""
    dataset = trial.dataset
    first, again = (dataset.load_records() for _ in range(2))
    names = [record.name for record in first]
    assert names == [record.name for record in again], 'load_records returns another order the second time'
    assert len(set(names)) == len(names), f'{len(names)} records have {len(set(names))} different names'
    assert len(dataset) == len(dataset.records) == len(dataset.shown), 'len() is not the number of its records'


def repr_is_stable(trial: DatasetTrial) -> None:
    """The name of the data set is one line without a memory address; runs are compared by it."""
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


def samples_hold_only_shown_labels(trial: DatasetTrial) -> None:
    """Samples hold uint8 images (3, H, W) and no label that the record does not show."""
    dataset = trial.dataset
    for index in trial.indices:
        packed, record = dataset[index], dataset.records[index]
        images, samples = packed['inputs'], packed['data_samples']
        assert len(images) == len(samples) > 0, f'{len(images)} images and {len(samples)} samples'
        allowed = {*dataset.shown[index], *dataset.computed()}
        for view, (image, sample) in enumerate(zip(images, samples, strict=True)):
            assert image.dtype == torch.uint8 and image.ndim == 3 and image.shape[0] == 3, (
                f'{record.name}: the image is {image.dtype} {tuple(image.shape)}, expected uint8 (3, H, W)'
            )
            assert tuple(sample.img_shape) == tuple(image.shape[1:]), f'{record.name}: img_shape {sample.img_shape}'
            assert sample.view == view and sample.scene == record.name, f'{record.name}: view {sample.view}'
            hidden = set(sample.gt.keys()) - allowed
            assert not hidden, f'{record.name} holds the hidden labels {", ".join(sorted(hidden))}'


def labels_fit_their_tasks(trial: DatasetTrial) -> None:
    """Labels have shape (target_channels, H, W) and the dtype of their task, and pass its check."""
    for index in trial.indices:
        packed = trial.dataset[index]
        for image, sample in zip(packed['inputs'], packed['data_samples'], strict=True):
            for name in set(sample.gt.keys()) & set(trial.dataset.tasks):
                task, label, where = trial.dataset.tasks[name], sample.gt.get(name), f'{sample.img_path}: {name}'
                expected = task.target_channels, *image.shape[1:]
                assert tuple(label.shape) == expected, f'{where} has shape {tuple(label.shape)}, expected {expected}'
                assert label.dtype == task.dtype, f'{where} is {label.dtype}, expected {task.dtype}'
                try:
                    task.check(to_array(task, label))
                except ValueError as error:
                    raise AssertionError(f'{sample.img_path}: {error}') from error


def some_pixels_are_valid(trial: DatasetTrial) -> None:
    """Each label has a valid pixel in the opened records."""
    known = dict.fromkeys(set().union(*(trial.dataset.shown[index] for index in trial.indices)), 0)
    for index in trial.indices:
        for sample in trial.dataset[index]['data_samples']:
            for name in set(sample.gt.keys()) & set(known):
                known[name] += int(trial.dataset.tasks[name].valid(sample.gt.get(name)[None]).sum())
    empty = [name for name, pixels in known.items() if not pixels]
    assert not empty, f'no pixel of {", ".join(empty)} is valid in {len(trial.indices)} records'


def cameras_are_valid(trial: DatasetTrial) -> None:
    """Intrinsics are (3, 3) in pixels of the image; camera_T_world is (4, 4) with a rotation."""
    for index in trial.indices:
        for sample in trial.dataset[index]['data_samples']:
            height, width = sample.img_shape
            if 'intrinsics' in sample:
                k = sample.intrinsics
                assert tuple(k.shape) == (3, 3), f'{sample.img_path}: intrinsics {tuple(k.shape)}'
                assert k[0, 0] > 0 and k[1, 1] > 0 and (k[2] == k.new_tensor([0, 0, 1])).all(), (
                    f'{sample.img_path}: invalid intrinsics {k.tolist()}'
                )
                assert -width < k[0, 2] < 2 * width and -height < k[1, 2] < 2 * height, (
                    f'{sample.img_path}: the principal point {k[0, 2]:g}, {k[1, 2]:g} is far outside the image of '
                    f'{height} x {width}; intrinsics are in pixels of the image'
                )
            if 'camera_T_world' in sample:
                pose = sample.camera_T_world
                assert tuple(pose.shape) == (4, 4), f'{sample.img_path}: camera_T_world {tuple(pose.shape)}'
                product = pose[:3, :3] @ pose[:3, :3].T
                assert torch.allclose(product, torch.eye(3, dtype=product.dtype), atol=1e-3), (
                    f'{sample.img_path}: camera_T_world does not contain a rotation'
                )


def samples_depend_only_on_their_key(trial: DatasetTrial) -> None:
    """A `SampleKey` gives the same sample in any order and in any process."""
    dataset = trial.dataset
    copy = pickle.loads(pickle.dumps(dataset))  # as a worker process gets it
    keys = [SampleKey(3, 1, index) for index in trial.indices]
    first = {key: dataset[key] for key in keys}
    for other, what in ((dataset, 'when drawn again in another order'), (copy, 'in another process')):
        for key in reversed(keys):
            again = other[key]
            for view, (one, two) in enumerate(zip(first[key]['inputs'], again['inputs'], strict=True)):
                assert_equal(two, one, f'image {view} of record {key.index} changes {what}')
            for one, two in zip(first[key]['data_samples'], again['data_samples'], strict=True):
                assert_equal_samples(one, two, what)


def assert_equal_samples(one: MultiTaskDataSample, two: MultiTaskDataSample, what: str) -> None:
    """Assert that two samples have equal labels."""
    assert set(one.gt.keys()) == set(two.gt.keys()), f'{one.img_path} has other labels {what}'
    for name, label in one.gt.items():
        assert_equal(two.gt.get(name), label, f'{one.img_path}: {name} changes {what}')


def hidden_labels_are_not_opened(trial: DatasetTrial) -> None:
    """A hidden label is not opened and not in the sample."""
    dataset = trial.dataset
    before = list(dataset.shown)
    index = next((index for index in trial.indices if len(before[index]) > 1), None)
    if index is None:
        return  # no record has two labels, so none can be hidden
    hidden = sorted(before[index])[0]
    record = dataset.records[index]
    views = tuple(
        type(view)(**{**vars(view), 'labels': {**view.labels, hidden: ForbiddenReader()}}) for view in record.views
    )
    try:
        dataset.records[index] = type(record)(record.name, views, record.scene)
        dataset.shown[index] = type(before[index])(name for name in before[index] if name != hidden)
        for sample in dataset[index]['data_samples']:
            assert hidden not in sample.gt, f'the hidden label {hidden} is in the sample'
    except OpenedError:
        raise AssertionError(f'the label {hidden} is opened although it is hidden') from None
    finally:
        dataset.records[index], dataset.shown[index] = record, before[index]


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
    samples_hold_only_shown_labels,
    labels_fit_their_tasks,
    some_pixels_are_valid,
    cameras_are_valid,
    samples_depend_only_on_their_key,
    hidden_labels_are_not_opened,
)
