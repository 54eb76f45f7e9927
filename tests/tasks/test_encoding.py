"""Encodings of tasks: predictions and labels in the same terms, nothing of what is void, and a gradient."""

import pytest
import torch
from every_task import every_task, labels, perfect, some_logits

from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth, HumanParts, InverseDepth, Normal, SemSeg


@every_task
def test_shapes_and_size(task):
    target = labels(task)
    logits = some_logits(task, target)
    for encoded in (task.encoding.encode(logits), task.encoding.encode_target(target)):
        assert encoded.shape == (3, task.encoding.channels, *target.shape[2:])
        assert encoded.dtype == torch.float32 and encoded.abs().max() <= 1


@every_task
def test_it_is_differentiable(task):
    logits = some_logits(task, labels(task)).requires_grad_()
    encoded = task.encoding.encode(logits)
    (encoded * torch.randn_like(encoded)).sum().backward()
    assert logits.grad.isfinite().all() and logits.grad.abs().amax((1, 2, 3)).min() > 0


@every_task
def test_a_right_prediction_is_encoded_as_its_label(task):
    target = labels(task, void=0.0)
    valid = task.valid(target)[:, None]
    encoding = task.encoding
    said, true = encoding.encode(perfect(task, target)), encoding.encode_target(target)
    torch.testing.assert_close(torch.where(valid, said, 0), torch.where(valid, true, 0), atol=1e-3, rtol=0)


@every_task
def test_void_pixels_have_a_constant_encoding(task):
    target = labels(task)
    void = ~task.valid(target)[:, None].expand(-1, task.encoding.channels, -1, -1)
    values = task.encoding.encode_target(target)[void]
    assert (values == (0.5 if isinstance(task, Normal) else 0)).all()
    known = task.encoding.encode_target(target).movedim(1, -1)[~void[:, 0]]
    assert (known - values[0]).abs().amax(-1).min() > 0.01  # and a known pixel is never taken for a void one


@every_task
def test_labels_that_are_void_all_over_and_logits_of_0_are_finite(task):
    target = torch.full_like(labels(task), task.void)
    logits = torch.zeros(3, task.channels, 5, 7).requires_grad_()
    task.encoding.encode(logits).sum().backward()
    assert task.encoding.encode_target(target).isfinite().all() and logits.grad.isfinite().all()


def test_a_depth_is_relative_to_its_image():
    task = Depth('depth')
    target = torch.tensor([[1.0, 2, 4, 0], [3, 0, 6, 12]]).view(2, 1, 1, 4)
    expected = torch.tensor([[0.25, 0.5, 1, 0], [0.25, 0, 0.5, 1]]).view(2, 1, 1, 4)
    assert torch.equal(task.encoding.encode_target(target), expected)
    assert torch.equal(task.encoding.encode(target), expected)
    assert task.encoding.encode(-target).abs().max() <= 1


@pytest.mark.parametrize(
    ('encoding', 'expected'), [('log', [0.25, 0.5, 0.75, 1, 0]), ('inverse', [1, 0.5, 0.05, 0.005, 0])]
)
def test_a_metric_encoding_keeps_the_scale(encoding, expected):
    depth = torch.tensor([0.1, 1, 10, 100, 0]).view(1, 1, 1, 5)
    for task in (Depth('depth', encoding=encoding), InverseDepth('depth', encoding=encoding)):
        assert task.encoding.encode_target(depth).flatten().tolist() == pytest.approx(expected)


def test_an_unknown_encoding():
    with pytest.raises(ConfigError, match="depth: encoding must be one of relative, log, inverse, found 'metres'"):
        Depth('depth', encoding='metres')


@pytest.mark.parametrize('kind', [SemSeg, HumanParts])
def test_classes_are_drawn_with_their_probability(kind):
    torch.manual_seed(0)
    task = kind('semseg', ('a', 'b', 'c'))
    fraction = torch.tensor([0.6, 0.3, 0.1])
    drawn = task.encoding.encode(fraction.log().view(1, 3, 1, 1).expand(1, 3, 100, 100))
    assert torch.equal(drawn.sum(1), torch.ones(1, 100, 100)) and set(drawn.unique().tolist()) == {0, 1}
    torch.testing.assert_close(drawn.mean((0, 2, 3)), fraction, atol=0.02, rtol=0)
