"""Low-rank experts: equal to separate convolutions in a loop over images, for all tasks of a block."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.expert_gates import top_gates
from mmmtl.models.decode_heads.low_rank_experts import ExpertBlock, LowRankExperts, RoutingOptions

RANKS = (1, 3, 2, 4)
OPTIONS = RoutingOptions(ranks=RANKS, task_rank=2, top_k=2)


def expert(experts: LowRankExperts, index: int, x: Tensor) -> Tensor:
    """Run one expert alone."""
    start, rank = sum(RANKS[:index]), RANKS[index]
    chosen = slice(start, start + rank)
    narrow = F.conv2d(x, experts.down.weight[chosen], experts.down.bias[chosen], padding=1)
    return F.conv2d(narrow, experts.up.weight[:, chosen], experts.up_bias[index])


def looped_experts(experts: LowRankExperts, x: Tensor, weights: Tensor) -> Tensor:
    """Run the experts with a weight, image by image."""
    images = []
    for image, gates in zip(x, weights, strict=True):
        total = torch.zeros_like(image)
        for index, gate in enumerate(gates):
            if gate > 0:
                total = total + gate * expert(experts, index, image[None])[0]
        images.append(total)
    return torch.stack(images)


def test_experts_are_those_of_a_loop():
    torch.manual_seed(0)
    experts = LowRankExperts(6, RANKS)
    x, weights = torch.randn(3, 6, 4, 5), torch.tensor([[0.5, 0.0, 0.0, 0.5], [0.0, 0.3, 0.7, 0.0], [0.0] * 4])
    found = experts(x, weights)
    torch.testing.assert_close(found, looped_experts(experts, x, weights))
    assert not found[2].any()


def test_initial_weights_are_those_of_separate_convolutions():
    torch.manual_seed(0)
    experts = LowRankExperts(64, (4, 400))
    for part, rank in zip(experts.up.weight.split([4, 400], 1), (4, 400), strict=True):
        assert rank**-0.5 * 0.9 < part.abs().max() <= rank**-0.5
    assert experts.up_bias[1].abs().max() <= 400**-0.5 < experts.up_bias[0].abs().max() <= 4**-0.5


@pytest.mark.parametrize('mask', ['logits', 'weights'])
def test_a_block_by_hand(mask):
    torch.manual_seed(0)
    block = ExpertBlock(['a', 'b'], 8, 6, RoutingOptions(RANKS, 2, 2, mask)).eval()
    for module in block.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    features = {name: torch.randn(3, 8, 2, 3) for name in 'ab'}
    outputs, gates = block(features)
    for index, (name, x) in enumerate(features.items()):
        layer = block.tasks[name]
        o = layer.enter(x)
        logits, _, weight = layer.router(o)
        expected_gates = top_gates(logits, 2, mask)
        torch.testing.assert_close(gates[:, index], expected_gates)
        y = layer.experts_norm(looped_experts(block.experts, o, expected_gates))
        y = y + weight[:, :, None, None] * layer.own(o) + block.shared(o)
        torch.testing.assert_close(outputs[name], layer.project(F.gelu(layer.norm(y))))


def test_the_shared_convolution_sends_no_gradient_to_its_input():
    torch.manual_seed(0)
    block = ExpertBlock(['a', 'b'], 8, 6, OPTIONS).eval()
    for layer in block.tasks.values():  # leave this convolution alone
        for module in (layer.experts_norm, layer.own[1]):
            torch.nn.init.zeros_(module.weight)
            torch.nn.init.zeros_(module.bias)
    x = torch.randn(1, 8, 2, 3, requires_grad=True)
    block({'a': x, 'b': x})[0]['a'].sum().backward()
    assert not x.grad.any() and block.shared.weight.grad.any()


def test_the_noise_of_an_image_does_not_depend_on_the_batch():
    torch.manual_seed(0)
    block, other = (ExpertBlock(['a', 'b'], 8, 6, OPTIONS, stream) for stream in (0, 1))
    other.load_state_dict(block.state_dict())
    features = dict.fromkeys('ab', torch.randn(4, 8, 2, 3))
    keys = torch.arange(4)
    for module in (block, other):
        module.eval()  # batch norm would depend on the batch
    gates = block(features, keys)[1]
    assert torch.equal(gates, block(features, keys)[1])
    assert not torch.equal(gates, block(features, keys + 9)[1])
    assert not torch.equal(gates, other(features, keys)[1])
    assert not torch.equal(gates, block(features)[1])
    for chosen in (slice(0, 1), slice(1, 4)):
        part = block({name: x[chosen] for name, x in features.items()}, keys[chosen])[1]
        torch.testing.assert_close(part, gates[chosen])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(ranks=(4,)), 'ranks needs at least two experts'),
        (dict(top_k=16), 'top_k must be between 1 and the 15 experts, found 16'),
        (dict(top_k=0), 'top_k must be between 1'),
        (dict(task_rank=0), 'ranks must be >= 1'),
        (dict(ranks=(0, 2), top_k=1), 'ranks must be >= 1'),
        (dict(mask='softmax'), "mask must be one of logits, weights, found 'softmax'"),
    ],
)
def test_options(options, message):
    with pytest.raises(ConfigError, match=message):
        RoutingOptions(**options)
