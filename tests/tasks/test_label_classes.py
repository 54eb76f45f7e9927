"""Labels as classes: they cover the labels of every task, void pixels have no loss; bins and directions by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from every_task import every_task, labels

from mmmtl.tasks import Confidence, Depth, Disparity, Edge
from mmmtl.tasks.label_classes import Halves, LogDepthBins, NearestDirection


@every_task
def test_classes_can_be_learnt_from_the_labels(task):
    classes = task.as_classes
    if classes is None:
        assert isinstance(task, Confidence | Disparity)
        return
    target = labels(task)
    assert classes.channels >= 2 and torch.equal(classes.valid(target), task.valid(target))
    logits = torch.randn(len(target), classes.channels, *target.shape[2:], requires_grad=True)
    sums, counts = classes.error(logits, target)
    assert torch.equal(counts, task.error(torch.zeros(len(target), task.channels, *target.shape[2:]), target)[1])
    sums.sum().backward()
    assert not logits.grad.movedim(1, -1)[~task.valid(target)].any()
    _, index = classes.loss_inputs(logits.detach(), target)
    assert 0 <= index.min() and index.max() < classes.channels
    perfect = 20.0 * F.one_hot(index, classes.channels).movedim(-1, 1)
    assert classes.error(perfect, target)[0].sum() < 0.01 * sums.sum()


@pytest.mark.parametrize(
    ('depth', 'index'),
    [
        (0.01, 0),
        (0.7, 0),
        (0.7 * math.exp(1.01 * math.log(10 / 0.7) / 40), 1),
        (math.sqrt(7.0) * 1.001, 20),
        (9.9, 39),
        (500, 39),
    ],
)
def test_bins_are_equal_in_the_logarithm(depth, index):
    assert LogDepthBins().index(torch.full((1, 1, 1, 1), depth)).item() == index


def test_bins_reach_the_range_of_the_data_set():
    far = Depth('depth', max_depth=80.0).as_classes
    _, index = far.loss_inputs(torch.zeros(1, 40, 1, 2), torch.tensor([[[[10.0, 79.0]]]]))
    assert index[0, 0, 0] < 30 and index[0, 0, 1] == 39


def test_directions_face_the_camera_and_are_spread():
    directions = NearestDirection().directions
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(40))
    assert (directions[:, 2] < 0).all()
    index = NearestDirection().index(directions.T[None, :, :, None])
    assert index.flatten().tolist() == list(range(40))
    random = F.normalize(torch.randn(5000, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    random[:, 2] = -random[:, 2].abs()
    nearest = (random @ directions.T).amax(1).clamp(max=1).acos().rad2deg()
    assert nearest.max() < 25 and nearest.mean() < 11


def test_edges_weigh_the_rare_class():
    truth = torch.tensor([[[[0.0, 0.4, 0.6, 1.0]]]])
    assert Halves(0.9).index(truth).flatten().tolist() == [0, 0, 1, 1]
    task = Edge('edge').as_classes
    flat, edge = (
        task.error(torch.zeros(1, 2, 1, 1), torch.full((1, 1, 1, 1), value))[0].item() for value in (0.0, 1.0)
    )
    assert edge / flat == pytest.approx(19, rel=1e-4)
