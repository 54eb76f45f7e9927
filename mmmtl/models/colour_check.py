"""Check that images are normalised with the mean and standard deviation that pretrained weights expect."""

from collections.abc import Sequence

from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.colours import Colours
from mmmtl.models.data_preprocessor import ViewPreprocessor


def check_colours(backbone: Backbone, preprocessor: nn.Module) -> None:
    """Check that images are normalised with the mean and standard deviation that the weights of a backbone expect.

    A preprocessor of another type than `ViewPreprocessor` is not checked.

    Raises:
        ConfigError: They are not; the message states the values to set.
    """
    for part in backbone.modules():
        if isinstance(part, Backbone) and part.colours is not None:
            check_normalization(part.colours, preprocessor)


def check_normalization(colours: Colours, preprocessor: nn.Module) -> None:
    """Check that a preprocessor normalises images by the mean and standard deviation of `colours`.

    Raises:
        ConfigError: It does not; the message states the values to set.
    """
    if not isinstance(preprocessor, ViewPreprocessor):
        return
    mean, std = preprocessor.mean_and_std
    if colours.differ_from(mean, std):
        raise ConfigError(
            f'model.data_preprocessor: {colours.source} was trained with colours of mean '
            f'{_text(colours.mean)} and std {_text(colours.std)}, found mean {_text(mean)} and std '
            f'{_text(std)}; set mean={_text(colours.mean)}, std={_text(colours.std)}'
        )


def _text(numbers: Sequence[float]) -> str:
    return f'({", ".join(f"{number:.4g}" for number in numbers)})'
