"""Resized maps: every pixel keeps its position in the image."""

import math

import pytest
import torch

from mmmtl.models.necks.cross_view.map_resizing import resize_and_crop


def test_resizing_keeps_pixels_where_they_are():
    ramp = torch.arange(8.0).add(0.5).expand(1, 1, 4, 8)  # the position of the pixel's centre
    torch.testing.assert_close(resize_and_crop(ramp, 0.5, (2, 4)), 2 * torch.arange(4.0).add(0.5).expand(1, 1, 2, 4))
    torch.testing.assert_close(
        resize_and_crop(ramp, 2, (8, 16))[..., 1:-1], torch.arange(16.0).add(0.5).expand(1, 1, 8, 16)[..., 1:-1] / 2
    )
    assert resize_and_crop(ramp, 2, (7, 15)).shape == (1, 1, 7, 15)


@pytest.mark.parametrize('factor', [2, 4])
@pytest.mark.parametrize('width', [8, 9, 10, 11, 107])
def test_shrinking_an_odd_map_keeps_pixels_where_they_are(width, factor):
    ramp = torch.arange(float(width)).add(0.5).expand(1, 1, 2, width)
    small = math.ceil(width / factor)
    found = resize_and_crop(ramp, 1 / factor, (math.ceil(2 / factor), small))[0, 0, 0]
    inner = width // factor  # the last pixel of the result may reach beyond the map
    torch.testing.assert_close(found[:inner], factor * torch.arange(float(inner)).add(0.5))
    assert len(found) == small and abs(found[-1] - factor * (small - 0.5)) < factor / 2
