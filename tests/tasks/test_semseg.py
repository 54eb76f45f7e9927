"""Semantic segmentation: cross-entropy and the confusion matrix against plain loops and the published numbers."""

import math

import numpy as np
import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.tasks import SemSeg

CLASSES = ('wall', 'floor', 'chair', 'bed')


@pytest.fixture
def task() -> SemSeg:
    return SemSeg('semseg', CLASSES)


def test_cross_entropy_equals_a_loop(task):
    torch.manual_seed(0)
    logits, target = torch.randn(2, 4, 3, 5), torch.randint(4, (2, 1, 3, 5))
    target[0, 0, :2] = target[1, 0, 0, 0] = 255
    total, count = task.error(logits, target)
    for image in range(2):
        expected, known = 0.0, 0
        for row in range(3):
            for column in range(5):
                truth = target[image, 0, row, column].item()
                if truth != 255:
                    scores = logits[image, :, row, column].double().numpy()
                    expected += math.log(np.exp(scores).sum()) - scores[truth]
                    known += 1
        assert total[image].item() == pytest.approx(expected, rel=1e-5)
        assert count[image] == known


def test_scores_equal_a_loop(task):
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 3, (2, 6, 7)), rng.integers(0, 3, (2, 6, 7))  # nobody ever says 'bed'
    truth[0, :2] = 255
    scores = task.compute_metrics(task.metric_sums(torch.from_numpy(guess)[:, None], torch.from_numpy(truth)[:, None]))
    known = truth != 255
    for index, name in enumerate(CLASSES):
        either = known & ((truth == index) | (guess == index))
        if index == 3:
            assert math.isnan(scores['IoU/bed']) and not either.any()
        else:
            both = known & (truth == index) & (guess == index)
            assert scores[f'IoU/{name}'] == pytest.approx(both.sum() / either.sum())
    assert scores['mIoU'] == pytest.approx(np.mean([scores[f'IoU/{name}'] for name in CLASSES[:3]]))
    assert scores['pixel_accuracy'] == pytest.approx((truth == guess)[known].mean())


def test_a_class_that_is_only_predicted_counts_as_zero(task):
    truth, guess = torch.zeros(1, 1, 1, 4, dtype=torch.int64), torch.tensor([0, 0, 0, 3]).view(1, 1, 1, 4)
    scores = task.compute_metrics(task.metric_sums(guess, truth))
    assert scores['IoU/bed'] == 0 and scores['mIoU'] == pytest.approx((3 / 4 + 0) / 2)


def test_absent_classes_are_skipped_or_count_zero():
    truth = torch.tensor([0, 0, 1, 255]).view(1, 1, 1, 4)
    skipped, zero = (SemSeg('semseg', CLASSES, absent=absent) for absent in ('skip', 'zero'))
    assert skipped.compute_metrics(skipped.metric_sums(truth, truth))['mIoU'] == 1
    assert zero.compute_metrics(zero.metric_sums(truth, truth))['mIoU'] == 0.5
    assert math.isnan(zero.compute_metrics(zero.metric_sums(truth, truth))['IoU/bed'])
    nothing = torch.full((1, 1, 2, 2), 255)
    assert math.isnan(zero.compute_metrics(zero.metric_sums(nothing, nothing))['mIoU'])
    with pytest.raises(ConfigError, match="absent must be 'skip' or 'zero', found 'ignore'"):
        SemSeg('semseg', CLASSES, absent='ignore')


def test_the_confusion_matrix_has_the_truth_in_its_rows(task):
    confusion = task.metric_sums(torch.full((1, 1, 2, 3), 2), torch.full((1, 1, 2, 3), 1))['confusion']
    assert confusion[1, 2] == 6 and confusion.sum() == 6


def test_check_rejects_unknown_classes(task):
    task.check(np.array([[0, 3], [255, 1]], np.uint8))
    with pytest.raises(ValueError, match=r'must lie in 0\.\.3 or be 255 \(void\), found 0\.\.4'):
        task.check(np.array([[0, 4]]))
    with pytest.raises(ValueError, match=r'found -1\.\.2'):
        task.check(np.array([[-1, 2]]))
    with pytest.raises(ValueError, match='expected integer classes of semseg, found dtype float32'):
        task.check(np.zeros((2, 2), np.float32))


def test_colours_and_legend():
    task = SemSeg('semseg', ('a', 'b'), palette=[(1, 2, 3), (250, 0, 9)])
    picture = task.visualize(np.array([[0, 1, 255]]))
    assert picture.tolist() == [[[1, 2, 3], [250, 0, 9], [0, 0, 0]]]
    assert task.legend(np.array([[255, 1]])) == [('b', (250, 0, 9))]
    many = SemSeg('semseg', [str(i) for i in range(40)])
    assert len({tuple(colour) for colour in many.palette.tolist()}) == 40
    assert many.palette.max(1).min() > 60  # no class is black, void is


@pytest.mark.parametrize('arguments', [dict(classes=['one']), dict(classes=['x'] * 255)])
def test_too_few_or_too_many_classes(arguments):
    with pytest.raises(ConfigError, match='classes must be 2 to 254 names'):
        SemSeg('semseg', **arguments)


def test_a_palette_that_does_not_fit():
    with pytest.raises(ConfigError, match=r'palette must be 2 x 3 .* found \(3, 3\)'):
        SemSeg('semseg', ('a', 'b'), palette=[(0, 0, 0)] * 3)
