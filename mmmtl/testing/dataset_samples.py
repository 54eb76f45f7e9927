"""Properties of the samples of a dataset: images, labels and cameras."""

import torch

from mmmtl.testing.contract import to_array
from mmmtl.testing.dataset_trial import DatasetTrial


def samples_hold_only_shown_labels(trial: DatasetTrial) -> None:
    """Samples hold uint8 images (3, H, W) and no label that the record does not show."""
    dataset = trial.dataset
    for index in trial.indices:
        packed, record = dataset[index], dataset.records[index]
        images, samples = packed['inputs'], packed['data_samples']
        assert len(images) == len(samples) > 0, f'{len(images)} images and {len(samples)} samples'
        allowed = {*dataset.shown[index], *dataset.computed_labels()}
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


PROPERTIES = (
    samples_hold_only_shown_labels,
    labels_fit_their_tasks,
    some_pixels_are_valid,
    cameras_are_valid,
)
