"""The contract of a data set: stable records, labels that fit, draws that depend on their key alone."""

from __future__ import annotations

import pickle
import re
from collections.abc import Collection

import numpy as np
import torch

from mmmtl.datasets import MultiTaskDataset, SampleKey
from mmmtl.errors import DataError
from mmmtl.structures import MultiTaskDataSample
from mmmtl.testing.contract import assert_equal, properties_by_name, to_array, try_properties


class DatasetTrial:
    """A data set and the records of it that are opened.

    Args:
        dataset: A built one.
        samples: How many records are opened, spread over the split.
    """

    def __init__(self, dataset: MultiTaskDataset, samples: int) -> None:
        self.dataset = dataset
        self.indices = np.unique(np.linspace(0, len(dataset) - 1, samples).round().astype(int)).tolist()


def check_dataset(dataset: MultiTaskDataset, *, samples: int = 5, properties: Collection[str] | None = None) -> None:
    """Try everything that `MultiTaskDataset` demands.

    Args:
        dataset: A built one, with its files.
        samples: How many records are opened, spread over the split.
        properties: Names out of ``DATASET_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the data set, the property that it breaks, and what was found.
    """
    try_properties(DATASET_PROPERTIES, properties, dataset, lambda: DatasetTrial(dataset, samples))


def record_names_are_unique_and_ordered(trial: DatasetTrial) -> None:
    dataset = trial.dataset
    first, again = (dataset.load_records() for _ in range(2))
    names = [record.name for record in first]
    assert names == [record.name for record in again], 'load_records gives another order the second time'
    assert len(set(names)) == len(names), f'{len(names)} records have {len(set(names))} names; they must differ'
    assert len(dataset) == len(dataset.records) == len(dataset.shown), 'len() is not the number of its records'


def repr_is_stable(trial: DatasetTrial) -> None:
    """It stands in manifests and in tables of labels, which are compared with those of later runs."""
    name = str(trial.dataset)
    assert not re.search(r'0x[0-9a-f]{6,}', name), f'{name!r} holds a memory address; write a __repr__'
    assert name.strip() and '\n' not in name, f'{name!r} is no name on one line'


def records_are_lazy(trial: DatasetTrial) -> None:
    """Where a file lies, `load_records` says; that it is there, `Record.files`."""
    for index in trial.indices:
        record = trial.dataset.records[index]
        for view in record.views:
            for name, source in view.labels.items():
                assert not isinstance(source, np.ndarray), (
                    f'{record.name}: the label of {name} is an array; give a source, which is opened when it is shown'
                )
        for path in record.files(trial.dataset.shown[index]):
            assert path.exists(), f'{record.name} names {path}, which does not exist'


def samples_hold_only_shown_labels(trial: DatasetTrial) -> None:
    dataset = trial.dataset
    for index in trial.indices:
        packed, record = dataset[index], dataset.records[index]
        images, samples = packed['inputs'], packed['data_samples']
        assert len(images) == len(samples) > 0, f'{len(images)} images and {len(samples)} samples'
        allowed = {*dataset.shown[index], *dataset.computed()}
        for number, (image, sample) in enumerate(zip(images, samples, strict=True)):
            assert image.dtype == torch.uint8 and image.ndim == 3 and image.shape[0] == 3, (
                f'{record.name}: the image is {image.dtype} {tuple(image.shape)}, expected uint8 (3, H, W)'
            )
            assert tuple(sample.img_shape) == tuple(image.shape[1:]), f'{record.name}: img_shape {sample.img_shape}'
            assert sample.view == number and sample.scene == record.name, f'{record.name}: view {sample.view}'
            hidden = set(sample.gt.keys()) - allowed
            assert not hidden, f'{record.name} holds {", ".join(sorted(hidden))}, which it does not show'


def labels_fit_their_tasks(trial: DatasetTrial) -> None:
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
    known = dict.fromkeys(set().union(*(trial.dataset.shown[index] for index in trial.indices)), 0)
    for index in trial.indices:
        for sample in trial.dataset[index]['data_samples']:
            for name in set(sample.gt.keys()) & set(known):
                known[name] += int(trial.dataset.tasks[name].valid(sample.gt.get(name)[None]).sum())
    empty = [name for name, pixels in known.items() if not pixels]
    assert not empty, f'no pixel of {", ".join(empty)} is known in {len(trial.indices)} records'


def cameras_are_valid(trial: DatasetTrial) -> None:
    for index in trial.indices:
        for sample in trial.dataset[index]['data_samples']:
            height, width = sample.img_shape
            if 'intrinsics' in sample:
                k = sample.intrinsics
                assert tuple(k.shape) == (3, 3), f'{sample.img_path}: intrinsics {tuple(k.shape)}'
                assert k[0, 0] > 0 and k[1, 1] > 0 and (k[2] == k.new_tensor([0, 0, 1])).all(), (
                    f'{sample.img_path}: no intrinsics: {k.tolist()}'
                )
                assert -width < k[0, 2] < 2 * width and -height < k[1, 2] < 2 * height, (
                    f'{sample.img_path}: the principal point {k[0, 2]:g}, {k[1, 2]:g} does not belong to an image of '
                    f'{height} x {width}; intrinsics are in pixels of the image'
                )
            if 'camera_T_world' in sample:
                pose = sample.camera_T_world
                assert tuple(pose.shape) == (4, 4), f'{sample.img_path}: camera_T_world {tuple(pose.shape)}'
                product = pose[:3, :3] @ pose[:3, :3].T
                assert torch.allclose(product, torch.eye(3, dtype=product.dtype), atol=1e-3), (
                    f'{sample.img_path}: camera_T_world does not hold a rotation'
                )


def samples_depend_only_on_their_key(trial: DatasetTrial) -> None:
    dataset = trial.dataset
    copy = pickle.loads(pickle.dumps(dataset))  # as a worker process gets it
    keys = [SampleKey(3, 1, index) for index in trial.indices]
    first = {key: dataset[key] for key in keys}
    for other, what in ((dataset, 'when it is drawn again, in another order'), (copy, 'in another process')):
        for key in reversed(keys):
            again = other[key]
            for number, (one, two) in enumerate(zip(first[key]['inputs'], again['inputs'], strict=True)):
                assert_equal(two, one, f'image {number} of record {key.index} changes {what}')
            for one, two in zip(first[key]['data_samples'], again['data_samples'], strict=True):
                assert_equal_samples(one, two, what)


def assert_equal_samples(one: MultiTaskDataSample, two: MultiTaskDataSample, what: str) -> None:
    assert one.gt.keys() == two.gt.keys(), f'{one.img_path} shows other labels {what}'
    for name in one.gt.keys():
        assert_equal(two.gt.get(name), one.gt.get(name), f'{one.img_path}: {name} changes {what}')


def hidden_labels_are_not_opened(trial: DatasetTrial) -> None:
    dataset = trial.dataset
    before = list(dataset.shown)
    index = next((index for index in trial.indices if len(before[index]) > 1), None)
    if index is None:
        return  # it shows one label: nothing is left when that is hidden
    hidden = sorted(before[index])[0]
    record = dataset.records[index]
    views = tuple(type(view)(**{**vars(view), 'labels': {**view.labels, hidden: Forbidden()}}) for view in record.views)
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
    """A label that is hidden was opened."""


class Forbidden:
    """A label source that must not be opened."""

    path = property(lambda self: self.load())

    def load(self, *task: object) -> None:
        """Never to be called."""
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
