"""Complete ``trained_for``: the image size and the field of view that the network is trained for."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from mmengine.config import Config, ConfigDict

from mmmtl.configuration.resolve_type import is_a, resolve_type
from mmmtl.configuration.signatures import default_argument
from mmmtl.datasets.transforms import AtTrainedScale, CoverCrop, FixedCrop, PackViews, Pad, Resize
from mmmtl.datasets.transforms.cover_crop import covering_size
from mmmtl.errors import ConfigError


def complete_trained_for(config: Config) -> None:
    """Complete ``trained_for``, and evaluate at that scale if the config has no protocol.

    ``trained_for = dict(size=(H, W), field_of_view=DEGREES)`` is the size of a whole image as the network sees it in
    training, and the horizontal field of view of its camera, or ``(LOWEST, HIGHEST)`` if there were many cameras. If
    the size is not given, it is derived from ``train_dataloader``: the dataset's size, changed by the resizing
    transforms of the pipeline. Crops and padding do not change the scale. If no size can be derived, or with
    ``trained_for=None``, nothing is resized.

    In a config without a protocol, `AtTrainedScale` is added to the pipelines of the validation and test data that do
    not set a size.

    Raises:
        ConfigError: ``trained_for`` is not a dict, or its size or angle is invalid.
    """
    stated = config.get('trained_for', {})
    if stated is None:
        return
    if not isinstance(stated, Mapping):
        raise ConfigError(f'trained_for must be dict(size=(height, width)), or None, found {stated!r}')
    trained_for = {'size': None, 'field_of_view': None, **stated}
    if trained_for['size'] is None and config.get('train_dataloader'):
        trained_for['size'] = size_in_training(config.train_dataloader.dataset, 'train_dataloader.dataset')
    check_trained_for(trained_for)
    config.trained_for = ConfigDict(trained_for) if trained_for['size'] else None
    if config.trained_for and config.get('protocol') is None:
        for name in ('val_dataloader', 'test_dataloader'):
            if config.get(name):
                add_trained_scale(config[name].dataset, f'{name}.dataset')


def check_trained_for(trained_for: Mapping[str, Any]) -> None:
    """Check ``size``, (H, W) or None, and ``field_of_view``, degrees, (lowest, highest) or None.

    Raises:
        ConfigError: One of them is invalid, or there is an angle but no size.
    """
    size, angle = trained_for['size'], trained_for['field_of_view']
    if size is not None and not is_size(size):
        raise ConfigError(f'trained_for.size must be (height, width) in pixels, found {size!r}')
    if angle is not None and not is_field_of_view(angle):
        raise ConfigError(
            f'trained_for.field_of_view must be degrees between 0 and 180, or (lowest, highest), found {angle!r}'
        )
    if angle is not None and size is None:
        raise ConfigError(
            'trained_for.field_of_view: needs a size, which cannot be derived from the training data; add '
            'size=(height, width)'
        )


def is_size(size: Any) -> bool:
    """Return whether a value is (H, W): two positive integers."""
    return (
        isinstance(size, list | tuple)
        and len(size) == 2
        and all(isinstance(length, int) and not isinstance(length, bool) and length > 0 for length in size)
    )


def is_field_of_view(angle: Any) -> bool:
    """Return whether a value is an angle in degrees, or a range of two."""
    angles = list(angle) if isinstance(angle, list | tuple) else [angle, angle]
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in angles)
    return numbers and len(angles) == 2 and 0 < angles[0] <= angles[1] < 180


def size_in_training(dataset: Mapping, path: str) -> tuple[int, int] | None:
    """Return (H, W) of a whole image as the network sees it in training; None if it cannot be derived.

    Args:
        dataset: Config of the training dataset.
        path: Its path in the config, for messages.
    """
    if 'parts' in dataset:
        sizes = {size_in_training(part, f'{path}.parts.{name}') for name, part in dataset['parts'].items()}
        return sizes.pop() if len(sizes) == 1 else None
    kind = resolve_type(dataset['type'], f'{path}.type')
    size: Any = dataset.get('size', default_argument(kind, 'size')) or getattr(kind, 'SIZE', None)
    for index, step in enumerate(dataset.get('pipeline', ())):
        step_path = f'{path}.pipeline[{index}]'
        if is_a(step, step_path, Resize, FixedCrop) or (is_a(step, step_path, CoverCrop) and size is None):
            size = step['size']
        elif is_a(step, step_path, CoverCrop):
            size = covering_size(size, step['size'])
    return tuple(size) if size else None


def add_trained_scale(dataset: MutableMapping, path: str) -> None:
    """Insert `AtTrainedScale` before `PackViews` in the config of a dataset, unless its pipeline sets a size.

    Args:
        dataset: Config of the dataset, changed in place.
        path: Its path in the config, for messages.
    """
    for name, part in dataset.get('parts', {}).items():
        add_trained_scale(part, f'{path}.parts.{name}')
    pipeline = dataset.get('pipeline') or ()
    steps = [(step, f'{path}.pipeline[{index}]') for index, step in enumerate(pipeline)]
    if not any(is_a(*step, AtTrainedScale, CoverCrop, FixedCrop, Pad, Resize) for step in steps):
        indices = [index for index, step in enumerate(steps) if is_a(*step, PackViews)]
        if indices:
            dataset['pipeline'] = [*pipeline[: indices[0]], {'type': 'mmmtl.AtTrainedScale'}, *pipeline[indices[0] :]]
