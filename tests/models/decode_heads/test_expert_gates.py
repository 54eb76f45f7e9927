"""MLoRE's gates: the k largest are kept; and its router, layer by layer."""

import pytest
import torch
import torch.nn.functional as F

from mmmtl.models.decode_heads.expert_gates import MASKS, ExpertRouter, top_gates


def looped_gates(logits: torch.Tensor, count: int, mask: str) -> torch.Tensor:
    """The gates of one image at a time, by sorting."""
    rows = []
    for row in logits:
        smallest = sorted(range(len(row)), key=lambda index: row[index])[: len(row) - count]
        row = row.clone()
        if mask == 'logits':
            row[smallest] = -1e10
        gates = row.exp() / row.exp().sum()
        if mask == 'weights':
            gates[smallest] = 0
        rows.append(gates)
    return torch.stack(rows)


@pytest.mark.parametrize('mask', MASKS)
@pytest.mark.parametrize('count', [1, 3, 7])
def test_gates_are_those_of_a_loop(mask, count):
    logits = torch.randn(5, 7, generator=torch.Generator().manual_seed(count))
    gates = top_gates(logits, count, mask)
    torch.testing.assert_close(gates, looped_gates(logits, count, mask))
    assert ((gates > 0).sum(1) == count).all()
    whole = gates.sum(1)
    if mask == 'logits' or count == 7:
        torch.testing.assert_close(whole, torch.ones(5))
    else:
        assert (whole < 1).all()


@pytest.mark.parametrize('mask', MASKS)
def test_equal_logits_still_leave_k_experts(mask):
    assert ((top_gates(torch.zeros(2, 3, 6), 4, mask) > 0).sum(-1) == 4).all()


@pytest.mark.parametrize('mask', MASKS)
def test_gradients_are_finite_and_reach_the_masked_logits_of_the_second_form_only(mask):
    logits = torch.tensor([[3.0, 2.0, 1.0, -40.0]], requires_grad=True)
    top_gates(logits, 2, mask)[0, 0].backward()
    assert logits.grad.isfinite().all()
    assert (logits.grad[0, 2] == 0) == (mask == 'logits')


def test_the_router_by_hand():
    torch.manual_seed(0)
    router = ExpertRouter(channels=8, pixels=6, num_experts=3)
    x = torch.randn(2, 8, 2, 3)
    for image, (logits, scales, weight) in enumerate(zip(*router(x), strict=True)):
        by_pixel = []
        for row in range(2):
            for column in range(3):
                token = F.gelu(router.reduce_norm(router.reduce(x[image, :, row, column])))
                by_pixel.append(router.expand(token))
        sums = torch.stack([(x[image, c].flatten() * router.pixels.weight[0]).sum() for c in range(8)])
        by_position = router.pixels_reduce(F.gelu(router.pixels_norm(sums + router.pixels.bias)))
        outputs = router.output(torch.cat([torch.stack(by_pixel).mean(0), by_position]))
        torch.testing.assert_close(torch.cat([logits, scales, weight]), outputs)
