"""Depth: the error and every measure against plain numpy, and the traps: negative predictions, the unclamped ratio."""

import math

import numpy as np
import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth


@pytest.fixture
def task() -> Depth:
    return Depth('depth')


@pytest.fixture
def maps() -> tuple[torch.Tensor, torch.Tensor]:
    """Prediction and truth of two images of unequal coverage; some predictions are negative or 0."""
    torch.manual_seed(0)
    truth, prediction = 0.5 + 4 * torch.rand(2, 1, 5, 6), 0.2 + 4 * torch.rand(2, 1, 5, 6)
    truth[0, 0, :3] = 0
    prediction[1, 0, 0, :2] = torch.tensor([-1.5, 0.0])
    prediction[0, 0, 0, 0] = math.nan
    return prediction, truth


def test_the_error_equals_a_loop(task, maps):
    prediction, truth = maps
    total, count = task.error(prediction, truth)
    for image in range(2):
        differences = [
            abs(p - g)
            for p, g in zip(prediction[image].flatten().tolist(), truth[image].flatten().tolist(), strict=True)
            if g > 0
        ]
        assert count[image] == len(differences)
        assert total[image].item() == pytest.approx(sum(differences), rel=1e-6)


def test_scores_by_numpy(task, maps):
    prediction, truth = maps
    scores = task.compute_metrics(task.metric_sums(prediction, truth))
    raw, g = (x.double().numpy()[truth.numpy() > 0] for x in (prediction, truth))
    p = np.maximum(raw, 1e-9)
    factor = np.maximum(p / g, g / p)
    assert scores == pytest.approx(
        {
            'abs': np.mean(abs(p - g)),
            'rmse': np.sqrt(np.mean((p - g) ** 2)),
            'rmse_log': np.sqrt(np.mean((np.log(p) - np.log(g)) ** 2)),
            'abs_rel': np.mean(abs(p - g) / g),
            'abs_rel_unclamped': np.mean(abs(raw - g) / g),
            'sq_rel': np.mean((p - g) ** 2 / g),
            'delta1': np.mean(factor < 1.25),
            'delta2': np.mean(factor < 1.25**2),
            'delta3': np.mean(factor < 1.25**3),
        },
        rel=1e-9,
    )
    assert scores['abs_rel_unclamped'] > scores['abs_rel']  # the negative prediction


def test_pixels_count_alike_whatever_image_they_are_in(task):
    truth = torch.ones(2, 1, 1, 4)
    truth[1, ..., 1:] = 0
    prediction = torch.tensor([2.0, 4.0]).view(2, 1, 1, 1).expand(2, 1, 1, 4)
    assert task.compute_metrics(task.metric_sums(prediction, truth))['abs'] == pytest.approx((4 * 1 + 1 * 3) / 5)


def test_what_is_enlarged_is_nearer(task):
    label = np.array([[3.0, 0.0]], np.float32)
    np.testing.assert_allclose(task.zoom(label, 1.5), [[2.0, 0.0]])


def test_check_rejects_depth_that_is_not_in_metres(task):
    with pytest.raises(ValueError, match=r'must be positive metres or 0 \(void\), found -0\.5'):
        task.check(np.array([[1, -0.5]], np.float32))
    with pytest.raises(ValueError, match='floating point, found dtype uint16'):
        task.check(np.ones((2, 2), np.uint16))


def test_cap_and_least_depth_bound_truth_and_prediction():
    task = Depth('depth', min_depth=1.0, max_depth=10.0)
    truth = torch.tensor([0.0, 0.5, 1.0, 2.0, 9.0, 10.0, 11.0]).view(1, 1, 1, 7)
    prediction = torch.tensor([5.0, 5.0, 5.0, 0.2, 30.0, 5.0, 5.0]).view(1, 1, 1, 7)
    sums = task.metric_sums(prediction, truth)
    assert sums['count'] == 2  # 2 and 9; predicted as 1 and 10
    assert sums['abs'].item() == pytest.approx(1 + 1)
    assert sums['abs_rel_unclamped'].item() == pytest.approx(1.8 / 2 + 21 / 9)
    assert task.error(prediction, truth)[1] == 6  # what is learnt is not bounded


@pytest.mark.parametrize(
    ('crop', 'size', 'window'),
    [
        ('eigen', (375, 1242), (124, 342, 44, 1197)),
        ('garg', (375, 1242), (153, 371, 44, 1197)),
        ('nyu-eigen', (480, 640), (45, 471, 41, 601)),
        (None, (375, 1242), (0, 375, 0, 1242)),
    ],
)
def test_crops(crop, size, window):
    """The windows that the published code cuts out of images of that size."""
    inside = Depth('depth', crop=crop).evaluated(torch.ones(1, 1, *size))[0].numpy()
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == window
    assert inside.sum() == (window[1] - window[0]) * (window[3] - window[2])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(crop='kitti'), "crop must be None or one of eigen, garg, nyu-eigen, found 'kitti'"),
        (dict(min_depth=5, max_depth=4), 'expected 0 <= min_depth < max_depth, found min_depth=5, max_depth=4'),
        (dict(min_depth=-1), 'found min_depth=-1'),
        (dict(interpolation='lines'), "interpolation must be 'nearest' or 'points', found 'lines'"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ConfigError, match=message):
        Depth('depth', **arguments)


def test_near_is_red_and_far_is_blue():
    near, far, beyond = Depth('depth', display_range=(1, 5)).visualize(np.array([[1, 5, 9]], np.float32))[0].astype(int)
    assert near[0] > near[2] and far[2] > far[0]
    assert (far == beyond).all()
