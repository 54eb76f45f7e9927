"""Edges: the weighted error by a loop, several annotators, and odsF through measure and score."""

import math

import numpy as np
import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.tasks import Edge
from mmmtl.tasks.boundary_matching import boundary_counts
from mmmtl.tasks.thinning import suppress_non_maxima, thin


def frame(size: tuple[int, int] = (40, 50)) -> torch.Tensor:
    """(1, 1, H, W): the outline of a box."""
    truth = torch.zeros(1, 1, *size)
    truth[..., 10:30, 12], truth[..., 10:30, 37], truth[..., 10, 12:38], truth[..., 29, 12:38] = 1, 1, 1, 1
    return truth


@pytest.mark.parametrize('positive_weight', [0.95, 0.7, None])
def test_the_error_equals_a_loop(positive_weight):
    torch.manual_seed(0)
    logits, target = 3 * torch.randn(2, 1, 5, 6), (torch.rand(2, 1, 5, 6) < 0.3).float()
    target[0, 0, :2] = 255
    total, count = Edge('edge', loss=dict(positive_weight=positive_weight)).error(logits, target)
    for image in range(2):
        pairs = [
            (x, t)
            for x, t in zip(logits[image].flatten().tolist(), target[image].flatten().tolist(), strict=True)
            if t != 255
        ]
        w = positive_weight or sum(t == 0 for _, t in pairs) / len(pairs)
        expected = sum(
            -w * math.log(1 / (1 + math.exp(-x))) if t else -(1 - w) * math.log(1 / (1 + math.exp(x))) for x, t in pairs
        )
        assert total[image].item() == pytest.approx(expected, rel=1e-5)
        assert count[image] == len(pairs)


def test_both_kinds_of_pixels_weigh_alike_when_balanced():
    target = torch.zeros(1, 1, 10, 10)
    target[..., 0, :3] = 1
    logits = torch.zeros(1, 1, 10, 10, requires_grad=True)
    Edge('edge', loss=dict(positive_weight=None)).error(logits, target)[0].sum().backward()
    edges = target > 0
    assert logits.grad[edges].sum().item() == pytest.approx(-logits.grad[~edges].sum().item(), rel=1e-5)


@pytest.mark.parametrize('fill', [0, 1, 255])
def test_one_kind_of_pixel_only_is_finite(fill):
    logits = torch.randn(2, 1, 4, 4, requires_grad=True)
    total, _ = Edge('edge', loss=dict(positive_weight=None)).error(logits, torch.full((2, 1, 4, 4), float(fill)))
    total.sum().backward()
    assert total.isfinite().all() and logits.grad.isfinite().all()


def test_annotators_are_averaged_for_learning():
    task, single = Edge('edge', annotators=3), Edge('edge')
    target = torch.full((1, 3, 2, 2), 255.0)
    target[0, 0], target[0, 1] = torch.tensor([[1, 0], [1, 255]]), torch.tensor([[1, 0], [0, 255]])
    fraction = torch.tensor([[[[1, 0], [0.5, 255]]]])
    logits = torch.randn(1, 1, 2, 2)
    for ours, theirs in zip(task.error(logits, target), single.error(logits, fraction), strict=True):
        torch.testing.assert_close(ours, theirs)
    assert task.valid(target)[0].tolist() == [[True, True], [True, False]]
    picture = task.visualize(target[0].permute(1, 2, 0).numpy())
    np.testing.assert_array_equal(picture, single.visualize(fraction[0, 0].numpy()))


def test_the_truth_scores_one_and_a_shifted_one_does_not():
    task, truth = Edge('edge', suppress=False), frame()
    assert task.compute_metrics(task.metric_sums(truth, truth))['odsF'] == 1
    shifted = truth.roll((2, 2), (2, 3))
    assert task.compute_metrics(task.metric_sums(shifted, truth))['odsF'] < 0.2
    assert (
        task.compute_metrics(Edge('edge', suppress=False, max_distance=0.05).metric_sums(shifted, truth))['odsF'] == 1
    )


def test_measure_rounds_suppresses_thins_and_counts():
    torch.manual_seed(0)
    prediction, truth = torch.rand(1, 1, 40, 50), frame()
    task = Edge('edge', max_distance='nyud', thresholds=9)
    strength = suppress_non_maxima(np.round(prediction[0, 0].double().numpy() * 255) / 255)
    expected = boundary_counts(strength, [thin(truth[0, 0].numpy() > 0)], np.arange(1, 10) / 10, max_distance=0.011)
    sums = task.metric_sums(prediction, truth)
    for name, counts in expected.items():
        assert sums[name].tolist() == counts.tolist()
    assert sums['images'] == 1


def test_annotators_are_matched_separately():
    one, other = frame(), frame().roll(6, 2)
    missing = torch.full_like(one, 255)
    task = Edge('edge', annotators=3, suppress=False, thresholds=1)
    sums = task.metric_sums(one, torch.cat([one, other, missing], dim=1))
    edges = int(thin(one[0, 0].numpy() > 0).sum())  # corners are rounded
    assert sums['truth'].item() == 2 * edges and sums['edge'].item() == sums['edge_hit'].item() == edges
    assert edges <= sums['truth_hit'].item() < 1.5 * edges


def test_padding_does_not_change_the_score():
    """Distances are shares of the diagonal of the image itself."""
    torch.manual_seed(0)
    task, prediction, truth = Edge('edge', max_distance=0.02), torch.rand(1, 1, 40, 50), frame()
    padded = [
        torch.nn.functional.pad(values, (30, 40, 20, 50), value=fill)
        for values, fill in ((prediction, 0.9), (truth, 255.0))
    ]
    expected = task.metric_sums(prediction, truth)
    for name, value in task.metric_sums(*padded).items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize('shape', [(1, 1), (1, 30), (30, 1), (2, 30)])
def test_a_window_of_one_row_or_column_is_measured(shape):
    truth = torch.full((1, 1, 40, 50), 255.0)
    truth[..., : shape[0], : shape[1]] = 0
    truth[..., : shape[0], shape[1] // 2] = 1
    task = Edge('edge')
    padded, alone = (task.metric_sums(torch.ones_like(values), values) for values in (truth, truth[..., :30, :30]))
    assert padded['images'].item() == 1 and padded['truth'].min() >= 1
    assert all(torch.equal(padded[name], alone[name]) for name in padded)


def test_fewer_thresholds_are_near():
    y, x = np.mgrid[:40, :50]
    soft = np.exp(-(np.minimum.reduce([abs(x - 12), abs(x - 37), abs(y - 10), abs(y - 29)]) ** 2) / 4.0)
    prediction = torch.from_numpy(soft * np.linspace(0.3, 1, 50))[None, None]
    scores = [
        task.compute_metrics(task.metric_sums(prediction, frame()))['odsF']
        for task in (Edge('e'), Edge('e', thresholds=19))
    ]
    assert 0.5 < scores[1] <= scores[0] < scores[1] + 0.02


def test_an_image_without_any_edge_counts_against_precision():
    task, truth = Edge('edge', suppress=False), frame()
    alone = task.compute_metrics(task.metric_sums(truth, truth))
    both = task.compute_metrics(
        task.metric_sums(torch.cat([truth, truth]), torch.cat([truth, torch.zeros_like(truth)]))
    )
    assert alone['precision'] == 1 and both['precision'] == 0.5 and both['recall'] == 1


def test_nothing_is_shared_between_measurements():
    task, void = Edge('edge'), torch.full((1, 1, 4, 4), 255.0)
    task.metric_sums(void, void)['truth'] += 5
    assert not task.metric_sums(void, void)['truth'].any()


def test_check_rejects_values_outside_0_and_1():
    Edge('edge').check(np.array([[0, 0.25, 1, 255]], np.float32))
    Edge('edge').check(np.array([[0, 1, 255]], np.uint8))
    with pytest.raises(ValueError, match=r'values of edge must lie in 0\.\.1 or be 255 \(void\), found 0\.\.128'):
        Edge('edge').check(np.array([[0, 128]], np.uint8))
    with pytest.raises(ValueError, match=r'expected H x W x 4 values of edge, found shape \(2, 2\)'):
        Edge('edge', annotators=4).check(np.zeros((2, 2), np.float32))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(max_distance='coco'), "max_distance must be a number or one of pascal, bsds, nyud, found 'coco'"),
        (dict(matching='greedy'), "matching must be 'cardinality' or 'cost', found 'greedy'"),
        (dict(interpolation='area'), "interpolation must be 'lines' or 'nearest', found 'area'"),
        (dict(loss=dict(positive_weight=1.0)), 'positive_weight must lie between 0 and 1 or be None, found 1.0'),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ConfigError, match=message):
        Edge('edge', **arguments)


def test_colours_and_legend():
    task = Edge('edge')
    picture = task.visualize(np.array([[0, 1, 255]], np.float32))
    assert picture.tolist() == [[[30, 30, 70], [255, 255, 255], [0, 0, 0]]]
    assert task.legend(np.array([[0, 1, 255]])) == [('edge', (255, 255, 255))]
    assert task.legend(np.array([[0, 255]])) == []
