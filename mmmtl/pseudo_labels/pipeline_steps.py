"""Transforms in the config of a pipeline that decide how pseudo labels are written."""

from collections.abc import Mapping, Sequence

from mmcv.transforms import BaseTransform

from mmmtl.configuration.resolve_type import is_a
from mmmtl.datasets.transforms import RectifiedPair


def steps_of(pipeline: Sequence[Mapping], kind: type[BaseTransform]) -> list[Mapping]:
    """Return the configs of the transforms of one class.

    Raises:
        ConfigError: The ``type`` of a transform cannot be resolved.
    """
    return [step for index, step in enumerate(pipeline) if is_a(step, f'pipeline[{index}]', kind)]


def sorts_views(pipeline: Sequence[Mapping]) -> bool:
    """Return whether a `RectifiedPair` sorts the views into left and right.

    Raises:
        ConfigError: See `steps_of`.
    """
    return any(step.get('order') == 'sort' for step in steps_of(pipeline, RectifiedPair))
