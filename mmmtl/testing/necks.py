"""The contract of a neck, checked on random features of scenes of one and of two views."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mmmtl.models import Neck, NeckOutput
from mmmtl.testing import part_properties
from mmmtl.testing.batches import TASKS
from mmmtl.testing.contract import assert_close, properties_by_name, try_properties
from mmmtl.testing.part_properties import TOLERANCE, assert_size, outputs_of
from mmmtl.testing.part_trial import PartBatch, PartTrial

Build = Callable[..., Neck]


class NeckTrial(PartTrial[Neck]):
    """A neck to check; see `check_neck` for the arguments."""

    base = Neck

    def __init__(self, build: Build, in_channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__(TASKS, in_channels, strides)
        self.build = build

    def build_part(self) -> Neck:
        """Build the neck."""
        return self.build(in_channels=self.in_channels, strides=self.strides)

    def output(self, part: Neck, batch: PartBatch) -> NeckOutput:
        """Run the neck."""
        output = part(batch.features, batch.context)
        assert isinstance(output, NeckOutput), f'forward returns a {type(output).__name__}, expected a NeckOutput'
        return output

    def outputs(self, part: Neck, batch: PartBatch) -> dict[str, Tensor]:
        """Run the neck, and return all maps by a name for messages."""
        output = self.output(part, batch)
        return {
            **{f'feature {index}': x for index, x in enumerate(output.features)},
            **{f'the auxiliary map {name}': x for name, x in output.aux.items()},
        }


def check_neck(
    build: Build,
    *,
    in_channels: Sequence[int] = (8, 12),
    strides: Sequence[int] = (8, 16),
    properties: Collection[str] | None = None,
) -> None:
    """Check that a neck follows the contract of `mmmtl.models.Neck`.

    Args:
        build: Called with the keywords ``in_channels`` and ``strides``; returns the neck. For example a class, or
            ``functools.partial(MyNeck, channels=8)``.
        in_channels: Channels of the features, fine to coarse.
        strides: Strides of the features.
        properties: Names from ``NECK_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the neck, the property that it violates, and what was found.
    """
    try_properties(
        NECK_PROPERTIES,
        properties,
        build,
        lambda: NeckTrial(build, in_channels, strides),
    )


def features_have_the_stated_channels_and_strides(trial: NeckTrial) -> None:
    """Features are (N, out_channels[i], h, w) with h and w by ``strides[i]``, for every accepted image size."""
    neck = trial.part()
    assert len(neck.out_channels) == len(neck.strides), (
        f'it states {len(neck.out_channels)} channels and {len(neck.strides)} strides'
    )
    for size in trial.sizes(neck):
        batch = trial.batch(neck, size)
        features = trial.output(neck, batch).features
        assert len(features) == len(neck.strides), f'it returns {len(features)} features, expected {len(neck.strides)}'
        for index, (x, channels, stride) in enumerate(zip(features, neck.out_channels, neck.strides, strict=True)):
            expected = len(batch.context.images), channels
            assert x.shape[:2] == expected, f'feature {index} has shape {tuple(x.shape)}, expected {expected} + (h, w)'
            assert x.isfinite().all(), f'feature {index} is not finite'
            assert_size((x.shape[2], x.shape[3]), size, stride, f'feature {index}')


def auxiliary_maps_of_the_neck_are_declared(trial: NeckTrial) -> None:
    """``aux`` has the names of ``aux_names``, in training and evaluation, even for single images."""
    neck = trial.part()
    for views in ((2, 1), (1, 1)):
        for training in (True, False):
            found = set(trial.output(neck.train(training), trial.batch(neck, views=views)).aux)
            assert found == neck.aux_names, f'it returns the maps {sorted(found)}, not {sorted(neck.aux_names)}'


def visual_maps_can_be_drawn(trial: NeckTrial) -> None:
    """Maps for visualization are (N, 1, h, w), and each has a visualizer."""
    neck = trial.part()
    batch = trial.batch(neck)
    with torch.no_grad():
        maps = neck.visual_maps(trial.output(neck, batch).aux)
    assert set(maps) == set(neck.visualizers(trial.tasks)), f'maps {sorted(maps)} and their visualizers differ'
    for name, values in maps.items():
        assert values.dim() == 4 and values.shape[:2] == (len(batch.context.images), 1), (
            f'{name} has shape {tuple(values.shape)}, expected (N, 1, h, w)'
        )
        visualizer, map_values = neck.visualizers(trial.tasks)[name], values[0, 0].float().numpy()
        image = visualizer.visualize(map_values)
        assert image.shape == (*values.shape[2:], 3), f'the image of {name} has shape {image.shape}'
        known = visualizer.display.known(map_values)
        assert known.shape == values.shape[2:], f'display.known of {name} has shape {known.shape}'


def other_views_matter_if_it_looks_across_them(trial: NeckTrial) -> None:
    """A neck that looks across views uses the other view of a scene; no neck uses another scene."""
    neck = trial.part()
    batch = trial.batch(neck, views=(2, 2))
    other = trial.batch(neck, views=(2, 2), seed=2)
    before = outputs_of(trial, neck, batch)
    for index, when in ((1, 'the other view of its scene'), (2, 'another scene')):
        images = batch.context.images.clone()
        images[index] = other.context.images[index]
        features = tuple(x.clone() for x in batch.features)
        for x, new in zip(features, other.features, strict=True):
            x[index] = new[index]
        after = outputs_of(trial, neck, PartBatch(features, replace(batch.context, images=images)))
        same = [torch.allclose(after[f'feature {i}'][0], before[f'feature {i}'][0]) for i in range(len(neck.strides))]
        if index == 1 and neck.looks_across_views:
            assert not all(same), f'no feature changes with {when}, but looks_across_views is True'
        else:
            for i in range(len(neck.strides)):
                name = f'feature {i}'
                assert_close(after[name][0], before[name][0], f'{name} changes with {when}', TOLERANCE)


NECK_PROPERTIES = properties_by_name(
    features_have_the_stated_channels_and_strides,
    auxiliary_maps_of_the_neck_are_declared,
    visual_maps_can_be_drawn,
    other_views_matter_if_it_looks_across_them,
    *part_properties.PROPERTIES,
)
