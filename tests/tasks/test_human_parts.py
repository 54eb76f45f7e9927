"""Human parts: an image in which no part is seen says nothing."""

import numpy as np
import pytest
import torch

from mmmtl.tasks import HumanParts


@pytest.fixture
def task() -> HumanParts:
    return HumanParts('human_parts')


def test_an_image_without_parts_is_void(task):
    target = torch.zeros(3, 1, 4, 5, dtype=torch.int64)
    target[0, 0, 1, 1], target[0, 0, 0], target[1, 0, 0] = 2, 255, 255
    assert task.valid(target).sum((1, 2)).tolist() == [15, 0, 0]
    total, count = task.error(torch.randn(3, 7, 4, 5), target)
    assert count.tolist() == [15, 0, 0] and total[0] > 0 and not total[1:].any()


def test_such_an_image_does_not_count(task):
    target, guess = torch.zeros(2, 1, 2, 2, dtype=torch.int64), torch.zeros(2, 1, 2, 2, dtype=torch.int64)
    target[0, 0, 0, 0] = guess[0, 0, 0, 0] = 3
    guess[1] = 3  # a body where there is none: not looked at
    scores = task.compute_metrics(task.metric_sums(guess, target))
    assert scores['pixel_accuracy'] == 1 and scores['IoU/upper arm'] == 1
    assert scores['mIoU'] == pytest.approx(2 / 7)  # background and upper arm of seven


def test_mirroring_changes_no_value(task):
    label = np.arange(7)[None]
    np.testing.assert_array_equal(task.hflip(label), label)


def test_mirroring_exchanges_left_and_right():
    task = HumanParts('human_parts', classes=('none', 'left arm', 'hat', 'right arm', 'left shoe'))
    label = np.array([[0, 1, 2, 3, 4, 255]], np.uint8)
    mirrored = task.hflip(label)
    assert mirrored.tolist() == [[0, 3, 2, 1, 4, 255]] and mirrored.dtype == np.uint8  # the shoe has no twin
    np.testing.assert_array_equal(task.hflip(mirrored), label)


def test_seven_classes_with_colours_of_their_own(task):
    assert task.channels == 7 and len({tuple(colour) for colour in task.palette.tolist()}) == 7
    assert task.legend(np.array([[1, 255]])) == [('head', (230, 80, 60))]
    task.check(np.array([[0, 6, 255]], np.uint8))
    with pytest.raises(ValueError, match=r'must lie in 0\.\.6 or be 255'):
        task.check(np.array([[7]]))


def test_other_parts_can_be_named():
    task = HumanParts('human_parts', classes=('none', 'arm', 'leg'))
    assert task.channels == 3 and task.palette[0].tolist() == [45, 45, 45]
