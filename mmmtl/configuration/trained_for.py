"""The size and the camera that a recipe trains for: read off the training data or stated, handed to who resizes."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config, ConfigDict

from mmmtl.configuration.protocol_check import dataset_argument
from mmmtl.configuration.resolve_type import class_of
from mmmtl.datasets.transforms import AtTrainedScale, CoverCrop, FixedCrop, PackViews, Pad, Resize
from mmmtl.datasets.transforms.cover_crop import covering_size
from mmmtl.errors import ConfigError


def complete_trained_for(config: Config) -> None:
    """Complete ``trained_for``, and let evaluation that no protocol prescribes see images at that scale.

    ``trained_for = dict(size=(H, W), field_of_view=DEGREES)`` says how large a whole image is where the network sees it
    in training, and across which horizontal angle of a camera. Of the two the size is read off ``train_dataloader``
    where it is not stated: the data set's own size, changed by what resizes in the pipeline. Crops and padding leave
    the scale as it is. Where no size can be told, or with ``trained_for=None``, nothing is resized.

    In a config without a protocol the validation and test data are given `AtTrainedScale` where nothing in their
    pipeline sets a size.

    Raises:
        ConfigError: A size or an angle cannot be one.
    """
    stated = config.get('trained_for', {})
    if stated is None:
        return
    if not isinstance(stated, Mapping):
        raise ConfigError(f'trained_for must be dict(size=(height, width)), or None, found {stated!r}')
    trained_for = {'size': None, 'field_of_view': None, **stated}
    if trained_for['size'] is None and config.get('train_dataloader'):
        trained_for['size'] = size_in_training(config.train_dataloader.dataset)
    check_trained_for(trained_for)
    config.trained_for = ConfigDict(trained_for) if trained_for['size'] else None
    if config.trained_for and config.get('protocol') is None:
        for name in ('val_dataloader', 'test_dataloader'):
            if config.get(name):
                add_trained_scale(config[name].dataset)


def check_trained_for(trained_for: Mapping[str, Any]) -> None:
    """Raises ConfigError unless the size is None or a size, and the angle None or an angle."""
    size, angle = trained_for['size'], trained_for['field_of_view']
    if size is not None and not is_size(size):
        raise ConfigError(f'trained_for.size must be (height, width) in pixels, found {size!r}')
    if angle is not None and not (isinstance(angle, int | float) and 0 < angle < 180):
        raise ConfigError(f'trained_for.field_of_view must be degrees between 0 and 180, found {angle!r}')
    if angle is not None and size is None:
        raise ConfigError(
            'trained_for.field_of_view is given, but no size, and the training data do not tell it; add '
            'size=(height, width)'
        )


def is_size(size: Any) -> bool:
    """Whether it is two whole numbers above 0."""
    return (
        isinstance(size, list | tuple)
        and len(size) == 2
        and all(isinstance(length, int) and not isinstance(length, bool) and length > 0 for length in size)
    )


def size_in_training(dataset: Mapping) -> tuple[int, int] | None:
    """(H, W) of a whole image of a data set's config as its network sees it; None where that cannot be told."""
    if 'parts' in dataset:
        sizes = {size_in_training(part) for part in dataset['parts'].values()}
        return sizes.pop() if len(sizes) == 1 else None
    size = dataset_argument(dataset, 'size') or getattr(class_of(dataset), 'SIZE', None)
    for step in dataset.get('pipeline', ()):
        if _is_a(step, Resize, FixedCrop) or (_is_a(step, CoverCrop) and size is None):
            size = step['size']
        elif _is_a(step, CoverCrop):
            size = covering_size(size, step['size'])
    return tuple(size) if size else None


def add_trained_scale(dataset: Mapping) -> None:
    """Put `AtTrainedScale` before `PackViews` in the config of a data set, unless its pipeline sets a size itself."""
    for part in dataset.get('parts', {}).values():
        add_trained_scale(part)
    pipeline = dataset.get('pipeline')
    if pipeline and not any(_is_a(step, AtTrainedScale, CoverCrop, FixedCrop, Pad, Resize) for step in pipeline):
        indices = [place for place, step in enumerate(pipeline) if _is_a(step, PackViews)]
        if indices:
            dataset['pipeline'] = [*pipeline[: indices[0]], {'type': 'mmmtl.AtTrainedScale'}, *pipeline[indices[0] :]]


def _is_a(step: Mapping, *kinds: type) -> bool:
    """Whether the config of a transform builds one of these."""
    kind = class_of(step)
    return isinstance(kind, type) and issubclass(kind, kinds)
