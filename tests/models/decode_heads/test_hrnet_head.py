"""HRNetHead: scales joined at the finest, channels of the tasks, a small start."""

import torch

from mmmtl.models import BatchContext
from mmmtl.models.decode_heads import HRNetHead
from mmmtl.tasks import Depth, Normal

TASKS = dict(depth=Depth('depth'), normal=Normal('normal'))
CONTEXT = BatchContext.of(TASKS, torch.zeros(2, 3, 36, 44))


def test_shapes_and_gradients():
    torch.manual_seed(0)
    head = HRNetHead(TASKS, (2, 3), (4, 8))
    features = torch.randn(2, 2, 9, 11, requires_grad=True), torch.randn(2, 3, 5, 6, requires_grad=True)
    logits = head(features, CONTEXT).logits
    assert {name: tuple(values.shape) for name, values in logits.items()} == dict(
        depth=(2, 1, 9, 11), normal=(2, 3, 9, 11)
    )
    assert all(values.abs().max() < 0.5 for values in logits.values())
    logits['depth'].square().sum().backward()
    assert all(x.grad.abs().sum((0, 2, 3)).all() for x in features)
    assert all(p.grad is None for p in head.heads['normal'].parameters())


def test_the_finest_map_is_kept_and_the_others_are_resized():
    head = HRNetHead(TASKS, (1, 1), (4, 8))
    fine, coarse = torch.randn(1, 1, 4, 4), torch.full((1, 1, 2, 2), 7.0)
    joined = head.join((fine, coarse))
    assert torch.equal(joined[:, :1], fine) and torch.equal(joined[:, 1:], torch.full((1, 1, 4, 4), 7.0))
