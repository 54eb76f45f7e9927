"""FPNHead: coarse maps reach the finest, every part learns, any size, a small start."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models import BatchContext
from mmmtl.models.decode_heads import FPNHead
from mmmtl.tasks import Depth, Normal

TASKS = dict(depth=Depth('depth'), normal=Normal('normal'))
CONTEXT = BatchContext.of(TASKS, torch.zeros(2, 3, 36, 44))


@pytest.mark.parametrize('sizes', [((9, 11), (5, 6), (3, 3)), ((8, 16), (4, 8), (2, 4))])
def test_shapes_gradients_and_a_small_start(sizes):
    torch.manual_seed(0)
    head = FPNHead(TASKS, (2, 3, 4), (4, 8, 16), channels=8)
    features = [torch.randn(2, width, *size, requires_grad=True) for width, size in zip((2, 3, 4), sizes, strict=True)]
    logits = head(features, CONTEXT).logits
    assert {name: tuple(values.shape) for name, values in logits.items()} == dict(
        depth=(2, 1, *sizes[0]), normal=(2, 3, *sizes[0])
    )
    assert all(values.abs().max() < 0.5 for values in logits.values())
    sum(values.square().sum() for values in logits.values()).backward()
    assert all(x.grad.abs().sum((0, 2, 3)).all() for x in features)
    assert not [name for name, p in head.named_parameters() if p.grad is None]


def test_a_task_has_a_block_of_its_own():
    head = FPNHead(TASKS, (2, 3), (4, 8), channels=4)
    head((torch.randn(2, 2, 8, 8), torch.randn(2, 3, 4, 4)), CONTEXT).logits['depth'].sum().backward()
    assert all(p.grad is None for p in head.heads['normal'].parameters())
    assert all(p.grad is not None for p in (*head.heads['depth'].parameters(), *head.laterals.parameters()))


def test_the_sum_by_hand():
    """Level 0 is a + up(b + up(c)), level 1 is b + up(c), level 2 is c; the sum is taken at the size of level 0."""
    torch.manual_seed(0)
    head = FPNHead(TASKS, (1, 2, 3), (4, 8, 16), channels=5)
    head.levels = nn.ModuleList(nn.Identity() for _ in range(3))
    features = torch.randn(1, 1, 8, 12), torch.randn(1, 2, 4, 6), torch.randn(1, 3, 2, 3)

    def up(x: torch.Tensor, times: int = 2) -> torch.Tensor:
        return F.interpolate(x, scale_factor=times, mode='bilinear', align_corners=False)

    a, b, c = (lateral(x) for lateral, x in zip(head.laterals, features, strict=True))
    middle = b + up(c)
    expected = (a + up(middle)) + up(middle) + up(c, 4)
    torch.testing.assert_close(head.join(features), expected)


def test_one_map_is_enough():
    head = FPNHead(TASKS, (3,), (4,), channels=4)
    assert head((torch.randn(2, 3, 6, 7),), CONTEXT).logits['normal'].shape == (2, 3, 6, 7)


def test_maps_out_of_order():
    with pytest.raises(ConfigError, match=r'from fine to coarse, but their strides are \(8, 4\)'):
        FPNHead(TASKS, (2, 3), (8, 4))
