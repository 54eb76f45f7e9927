"""Check that images are normalized with the mean and standard deviation that pretrained weights expect."""

from collections.abc import Sequence

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.colours import Colours
from mmmtl.models.data_preprocessor import ViewPreprocessor


def check_colours(backbone: Backbone, preprocessor: ViewPreprocessor) -> None:
    """Check that images are normalized with the mean and standard deviation that the weights of a backbone expect.

    Raises:
        ConfigError: They are not; the message states the values to set.
    """
    for part in backbone.modules():
        if isinstance(part, Backbone) and part.colours is not None:
            check_normalization(part.colours, preprocessor)


def check_normalization(colours: Colours, preprocessor: ViewPreprocessor) -> None:
    """Check that a preprocessor normalizes images by the mean and standard deviation of `colours`.

    Raises:
        ConfigError: It does not; the message states the values to set.
    """
    mean, std = preprocessor.mean_and_std
    if colours.differ_from(mean, std):
        expected_mean, expected_std = _format_values(colours.mean), _format_values(colours.std)
        raise ConfigError(
            f'model.data_preprocessor: {colours.source} was trained with colours of mean {expected_mean} and std '
            f'{expected_std}, found mean {_format_values(mean)} and std {_format_values(std)}; set '
            f'mean={expected_mean}, std={expected_std}'
        )


def _format_values(values: Sequence[float]) -> str:
    return f'({", ".join(f"{value:.4g}" for value in values)})'
