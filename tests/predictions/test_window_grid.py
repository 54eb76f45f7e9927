"""Windows cover an image, overlap by a half, and their weights add up to nearly the same everywhere."""

import pytest
import torch

from mmmtl.predictions.window_grid import window_positions, window_weight


@pytest.mark.parametrize('shape', [(40, 60), (41, 61), (40, 200), (97, 60), (400, 600)])
def test_windows_cover_the_image_and_overlap(shape):
    window = 40, 60
    positions = window_positions(shape, window)
    seen = torch.zeros(shape)
    for top, left in positions:
        assert 0 <= top <= shape[0] - window[0] and 0 <= left <= shape[1] - window[1]
        seen[top : top + window[0], left : left + window[1]] += 1
    assert seen.min() >= 1
    for length, part, starts in zip(shape, window, map(sorted, map(set, zip(*positions, strict=True))), strict=True):
        assert starts[0] == 0 and starts[-1] == length - part
        assert all(after - before <= part / 2 + 1 for before, after in zip(starts, starts[1:], strict=False))


def test_one_window_if_the_image_is_no_larger():
    assert window_positions((40, 60), (40, 60)) == [(0, 0)]


def test_weights_of_half_overlapping_windows_add_up_to_a_constant():
    weight, total = window_weight((20, 30))[0, 0], torch.zeros(60, 90)
    for top, left in window_positions((60, 90), (20, 30)):
        total[top : top + 20, left : left + 30] += weight
    torch.testing.assert_close(total[10:-10, 15:-15], torch.ones(40, 60), atol=5e-3, rtol=0)
    assert weight.min() > 0 and weight.argmax().item() in {9 * 30 + 14, 9 * 30 + 15, 10 * 30 + 14, 10 * 30 + 15}
