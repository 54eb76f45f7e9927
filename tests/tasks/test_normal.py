"""Normals: angles against the arc cosine in numpy, exact where that is not, and the median from a histogram."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmmtl.errors import ConfigError
from mmmtl.tasks import Normal
from mmmtl.tasks.normal import vector_lengths


def tilted(degrees: list[float]) -> torch.Tensor:
    """(1, 3, 1, n): vectors turned away from the one that looks at the camera."""
    angle = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angle.sin(), torch.zeros_like(angle), -angle.cos()])[None, :, None].float()


@pytest.fixture
def maps() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and truth; some truth is void."""
    torch.manual_seed(0)
    truth = F.normalize(torch.randn(2, 3, 5, 6), dim=1)
    logits = truth + 0.6 * torch.randn(2, 3, 5, 6)
    truth[0, :, :3] = 0
    return logits, truth


@pytest.mark.parametrize('loss', ['Cosine', 'L1'])
def test_the_error_equals_a_loop(maps, loss):
    logits, truth = maps
    total, count = Normal('normal', loss=dict(type=loss)).error(logits, truth)
    for image in range(2):
        expected, known = 0.0, 0
        for row in range(5):
            for column in range(6):
                p, g = (x[image, :, row, column].double().numpy() for x in (logits, truth))
                if g.any():
                    p = p / np.linalg.norm(p)
                    expected += 1 - p @ g if loss == 'Cosine' else abs(p - g).sum()
                    known += 1
        assert count[image] == known
        assert total[image].item() == pytest.approx(expected, rel=1e-5)


def test_scores_by_numpy(maps):
    task = Normal('normal')
    logits, truth = maps
    scores = task.compute_metrics(task.metric_sums(task.predict(logits), truth))
    p, g = (x.double().numpy().transpose(0, 2, 3, 1)[truth.any(1).numpy()] for x in (logits, truth))
    cosine = (p * g).sum(-1) / np.linalg.norm(p, axis=-1) / np.linalg.norm(g, axis=-1)
    angle = np.rad2deg(np.arccos(cosine.clip(-1, 1)))
    assert angle.size % 2 == 1 or np.ptp(np.sort(angle)[angle.size // 2 - 1 :][:2]) > 0.01
    assert scores.pop('median') == pytest.approx(np.median(angle), abs=1e-3)
    assert scores == pytest.approx(
        {
            'mean': angle.mean(),
            'rmse': np.sqrt((angle**2).mean()),
            'within_11.25': (angle < 11.25).mean(),
            'within_22.5': (angle < 22.5).mean(),
            'within_30': (angle < 30).mean(),
        },
        rel=1e-5,
    )


def test_tiny_angles_are_not_lost():
    task = Normal('normal')
    degrees = [0.0, 0.001, 0.01, 90.0, 179.99, 180.0]
    angles = [task.compute_metrics(task.metric_sums(tilted([d]), tilted([0.0])))['mean'] for d in degrees]
    assert angles == pytest.approx(degrees, abs=1e-5)


def test_the_median_is_in_its_bin():
    task = Normal('normal')
    for degrees in ([5.0, 20.0, 100.0], [170.0, 2.0, 2.0], [179.999], [10.0, 30.0, 31.0, 90.0], [180.0, 0.0]):
        scores = task.compute_metrics(task.metric_sums(tilted(degrees), tilted([0.0] * len(degrees))))
        assert scores['median'] == pytest.approx(np.median(degrees), abs=1.1e-3)


def test_length_of_the_logits_does_not_matter(maps):
    task = Normal('normal')
    logits, truth = maps
    for ours, theirs in zip(task.error(logits, truth), task.error(7 * logits, truth), strict=True):
        torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(task.predict(logits).norm(dim=1), torch.ones(2, 5, 6))


def test_a_zero_vector_has_a_finite_gradient(maps):
    logits, truth = maps
    logits = torch.zeros_like(logits).requires_grad_()
    Normal('normal').error(logits, truth)[0].sum().backward()
    assert logits.grad.isfinite().all()


def test_mirror_turns_x_only():
    label = np.array([[[0.6, 0.0, -0.8]]], np.float32)
    np.testing.assert_array_equal(Normal('normal').hflip(label), np.array([[[-0.6, 0.0, -0.8]]], np.float32))


def test_check_requires_unit_vectors():
    label = np.array([[[0, 0, -1], [0, 0, 0], [0, 0.5, 0]]], np.float32)
    with pytest.raises(ValueError, match=r'1 values of normal are neither unit vectors nor \(0, 0, 0\)'):
        Normal('normal').check(label)


def test_unknown_loss():
    with pytest.raises(ConfigError, match=r"tasks.normal.loss: expected dict\(type='...'\), found 'l1'"):
        Normal('normal', loss='l1')


def test_colours():
    right, up, towards = Normal('normal').visualize(np.array([[[1, 0, 0], [0, -1, 0], [0, 0, -1]]], np.float32))[0]
    assert right.tolist() == [255, 127, 127]
    assert up.tolist() == [127, 255, 127]
    assert towards.tolist() == [127, 127, 255]


def test_vector_lengths_are_those_of_numpy():
    for dtype in (np.float32, np.float64):
        vectors = np.random.default_rng(0).normal(size=(100, 70, 3)).astype(dtype)
        np.testing.assert_array_equal(vector_lengths(vectors), np.linalg.norm(vectors, axis=-1))
