"""Saliency loss against a loop and the published formula; pooled and per-image metrics."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmmtl.tasks import Saliency
from mmmtl.tasks.saliency_measures import measure_saliency


@pytest.fixture
def maps() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and truth of two images with objects of unequal size; some truth is void."""
    torch.manual_seed(0)
    target = torch.zeros(2, 1, 12, 14)
    target[0, 0, 2:9, 3:10], target[1, 0, 5:9, 6:9] = 1, 1
    target[0, 0, :, 12:] = 255
    return 2 * torch.randn(2, 2, 12, 14), target


def test_the_error_equals_a_loop(maps):
    logits, target = maps
    total, count = Saliency('saliency').error(logits, target)
    for image in range(2):
        valid = [
            (x, int(t))
            for x, t in zip(logits[image].flatten(1).T.tolist(), target[image].flatten().tolist(), strict=True)
            if t != 255
        ]
        fraction = sum(t for _, t in valid) / len(valid)
        expected = sum(
            (1 - fraction if t else fraction) * (math.log(math.exp(x[0]) + math.exp(x[1])) - x[t]) for x, t in valid
        )
        assert count[image] == len(valid)
        assert total[image].item() == pytest.approx(expected, rel=1e-5)


def published_loss(logits: torch.Tensor, target: torch.Tensor) -> float:
    """Class fractions of the whole batch instead of each image; the sum is divided by the valid pixels."""
    valid = target[:, 0] != 255
    fraction = target[:, 0][valid].mean()
    loss = F.cross_entropy(
        logits, target[:, 0].long(), weight=torch.stack([fraction, 1 - fraction]), ignore_index=255, reduction='none'
    )
    return (loss.sum() / valid.sum()).item()


def test_a_batch_of_one_is_the_published_loss(maps):
    logits, target = maps
    for image in range(2):
        one = slice(image, image + 1)
        total, count = Saliency('saliency').error(logits[one], target[one])
        assert (total / count).item() == pytest.approx(published_loss(logits[one], target[one]), rel=1e-5)


def test_a_batch_of_equal_fractions_is_the_published_loss(maps):
    logits, target = maps
    target = target[1:].repeat(2, 1, 1, 1)
    total, count = Saliency('saliency').error(logits, target)
    assert (total.sum() / count.sum()).item() == pytest.approx(published_loss(logits, target), rel=1e-5)


@pytest.mark.parametrize('fill', [0.0, 1.0])
def test_an_image_of_one_class_has_a_loss(fill):
    logits = torch.zeros(1, 2, 4, 4, requires_grad=True)
    total, _ = Saliency('saliency').error(logits, torch.full((1, 1, 4, 4), fill))
    total.sum().backward()
    min_fraction = 0.05  # of BalancedCrossEntropy
    assert total.item() == pytest.approx(min_fraction * 16 * math.log(2), rel=1e-5)
    assert (logits.grad[:, 1] * (0.5 - fill) > 0).all()


def test_pooled_f_equals_a_loop(maps):
    logits, target = maps
    task = Saliency('saliency', per_image=False)
    prediction = task.predict(logits)
    scores = task.compute_metrics(task.metric_sums(prediction, target))
    valid = target != 255
    predicted, truth = prediction[valid].numpy(), target[valid].numpy() > 0
    fs = []
    for step in range(1, 20):
        chosen = predicted >= np.float32(step / 20)
        precision, recall = (chosen & truth).sum() / max(chosen.sum(), 1), (chosen & truth).sum() / truth.sum()
        fs.append(1.3 * precision * recall / (0.3 * precision + recall) if precision + recall else 0)
    assert scores['maxF'] == pytest.approx(max(fs), rel=1e-6)
    ious = [
        ((predicted >= 0.5) & truth).sum() / ((predicted >= 0.5) | truth).sum(),
        (~(predicted >= 0.5) & ~truth).sum() / (~(predicted >= 0.5) | ~truth).sum(),
    ]
    assert scores['IoU/salient'] == pytest.approx(ious[0]) and scores['mIoU'] == pytest.approx(np.mean(ious))
    assert not [name for name in scores if name.startswith('per_image')]


def test_a_value_at_a_threshold_counts_as_positive():
    task = Saliency('saliency')
    sums = task.metric_sums(torch.full((1, 1, 1, 1), 0.5), torch.ones(1, 1, 1, 1))
    assert sums['predicted_positives'].tolist() == [1] * 10 + [0] * 9


def test_per_image_measures_are_means_over_images(maps):
    logits, target = maps
    task = Saliency('saliency')
    prediction = task.predict(logits)
    scores = task.compute_metrics(task.metric_sums(prediction, target))
    valid_columns = slice(12)  # of the first image, see `maps`
    singles = [
        measure_saliency(values[0].double().numpy(), truth[0].numpy() == 1)
        for values, truth in (
            (prediction[0][..., valid_columns], target[0][..., valid_columns]),
            (prediction[1], target[1]),
        )
    ]
    for name in ('MAE', 'S', 'wF', 'adpF', 'adpE'):
        assert scores[f'per_image/{name}'] == pytest.approx(np.mean([single[name] for single in singles]))
    for curve in 'FE':
        mean = np.mean([single[f'{curve}_curve'] for single in singles], axis=0)
        assert scores[f'per_image/max{curve}'] == pytest.approx(mean.max())
        assert scores[f'per_image/avg{curve}'] == pytest.approx(mean.mean())


def test_empty_prediction_and_ground_truth():
    task = Saliency('saliency')
    scores = task.compute_metrics(task.metric_sums(torch.zeros(1, 1, 6, 6), torch.zeros(1, 1, 6, 6)))
    assert scores['maxF'] == 0 and scores['mIoU'] == 1
    assert math.isnan(scores['IoU/salient'])  # no pixel of the class in either map


def test_check_accepts_only_0_1_and_void():
    Saliency('saliency').check(np.array([[0, 1, 255]], np.uint8))
    with pytest.raises(ValueError, match=r'values of saliency must be 0, 1 or 255 \(void\), found 128'):
        Saliency('saliency').check(np.array([[0, 128, 255]], np.uint8))


def test_colours_and_legend():
    task = Saliency('saliency')
    picture = task.visualize(np.array([[0, 1, 255]], np.float32))[0]
    assert picture[1].tolist() == [255, 205, 60] and picture[0, 2] > picture[0, 0] and not picture[2].any()
    assert task.legend(np.array([[0.2, 0.7, 255]])) == [('salient', (255, 205, 60))]
    assert task.legend(np.array([[0, 255]])) == []
