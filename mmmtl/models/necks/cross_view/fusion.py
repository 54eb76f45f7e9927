"""Options for joining cross-view features and costs with the features of a backbone."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmmtl.errors import ConfigError

PARTS = ('cost', 'features')


@dataclass(frozen=True)
class Fusion:
    """Options of the concatenation in `CrossViewModule`.

    Args:
        parts: Maps to concatenate: ``'cost'``, ``'features'`` or both, always in this order.
        taps: Indices of the taps to which they are concatenated; the others pass unchanged. None for all.
        stride: Stride to which these taps and the parts are resized; None for each tap's own stride.
        project: Whether a 1x1 convolution, shared by the taps, maps the concatenation back to the taps' channels.

    Raises:
        ConfigError: ``parts`` is empty or names something else, or ``stride`` is below 1.
    """

    parts: Sequence[str] = PARTS
    taps: Sequence[int] | None = None
    stride: int | None = 8
    project: bool = False

    def __post_init__(self) -> None:
        if not self.parts or set(self.parts) - set(PARTS):
            raise ConfigError(f'CrossViewModule.fusion.parts takes one or both of {PARTS}, found {tuple(self.parts)}')
        if self.stride is not None and self.stride < 1:
            raise ConfigError(f'CrossViewModule.fusion.stride must be at least 1, or None, found {self.stride}')
        object.__setattr__(self, 'parts', tuple(part for part in PARTS if part in self.parts))

    def selected(self, in_channels: Sequence[int]) -> tuple[int, ...]:
        """Return the indices of the selected taps.

        Raises:
            ConfigError: There is no such tap, or ``project`` is set for taps of different channels.
        """
        taps = tuple(range(len(in_channels))) if self.taps is None else tuple(self.taps)
        if not taps or not set(taps) <= set(range(len(in_channels))):
            raise ConfigError(
                f'CrossViewModule.fusion.taps must be indices of features, 0 to {len(in_channels) - 1}, found {taps}'
            )
        widths = {in_channels[tap] for tap in taps}
        if self.project and len(widths) > 1:
            raise ConfigError(
                f'CrossViewModule.fusion.project is shared by the taps and needs equal channels, found {sorted(widths)}'
            )
        return taps
