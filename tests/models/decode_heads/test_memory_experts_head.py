"""MemoryExpertsHead: messages between tasks, one level by hand, sizes, gradients, a short training."""

import pytest
import torch
import torch.nn.functional as F
from small_model import ALL, TASKS, Strided, losses_of, make_batch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models import BatchContext, MultiTaskModel
from mmmtl.models.decode_heads import MemoryExpertsHead
from mmmtl.models.decode_heads.memory_experts import MemoryExperts
from mmmtl.tasks import Depth, Normal

PAIR = dict(depth=Depth('depth'), normal=Normal('normal'))


def make_head(**options) -> MemoryExpertsHead:
    torch.manual_seed(0)
    return MemoryExpertsHead(PAIR, (3, 5), (8, 16), channels=4, num_experts=2, **options)


def features(*size: int) -> tuple[Tensor, ...]:
    """Random features of images (H, W), rounded up to the stride."""
    generator = torch.Generator().manual_seed(1)
    return tuple(
        torch.randn(2, width, *(-(-length // stride) for length in size), generator=generator)
        for width, stride in ((3, 8), (5, 16))
    )


def run(head: MemoryExpertsHead, *size: int) -> dict[str, Tensor]:
    return dict(head(features(*size), BatchContext.of(PAIR, torch.zeros(2, 3, *size))).logits)


@pytest.mark.parametrize('reads', ['own', 'all'])
def test_the_memory_of_a_task_moves_another_only_if_it_is_read(reads):
    head = make_head(reads=reads).eval()
    before = run(head, 48, 64)
    with torch.no_grad():
        head.first_memory['depth'].add_(3)
    after = run(head, 48, 64)
    assert not torch.allclose(after['depth'], before['depth'])
    assert torch.equal(after['normal'], before['normal']) == (reads == 'own')


@pytest.mark.parametrize('size', [(48, 64), (75, 101)])
@pytest.mark.parametrize('reads', ['own', 'all'])
def test_shapes_and_gradients(size, reads):
    head = make_head(reads=reads)
    logits = run(head, *size)
    rows, columns = (-(-length // 8) * 2 for length in size)
    assert {name: tuple(x.shape) for name, x in logits.items()} == dict(
        depth=(2, 1, rows, columns), normal=(2, 3, rows, columns)
    )
    sum(x.square().sum() for x in logits.values()).backward()
    assert not [name for name, p in head.named_parameters() if p.grad is None or not p.grad.any()]


def test_one_level_by_hand():
    """Pixel by pixel and expert by expert."""
    torch.manual_seed(0)
    level = MemoryExperts(3, 4, 2, {'a': ('a', 'b'), 'b': ('a', 'b')}).eval()
    feature, memory = torch.randn(2, 3, 2, 3), {name: torch.randn(2, 4, 2, 3) for name in 'ab'}
    updated = level(feature, memory)
    experts = level.experts(feature)
    for name in 'ab':
        decoded = torch.zeros(2, 4, 2, 3)
        for image in range(2):
            context = torch.cat([feature[image].mean((1, 2)), memory[name][image].mean((1, 2))])
            for row in range(2):
                for column in range(3):
                    pixel = feature[image, :, row, column]
                    logits = level.image_gates[name](context) + level.pixel_gates[name].weight[:, :, 0, 0] @ pixel
                    first, second, by_a, by_b = logits.softmax(0)
                    decoded[image, :, row, column] = (
                        first * experts[image, :4, row, column]
                        + second * experts[image, 4:, row, column]
                        + by_a * memory['a'][image, :, row, column]
                        + by_b * memory['b'][image, :, row, column]
                    )
        torch.testing.assert_close(updated[name], memory[name] + level.write[name](decoded))


def test_features_of_another_stride_are_averaged():
    head = make_head(stride=16).eval()
    fine, coarse = features(64, 64)
    memory = head.memory((fine, coarse), (4, 4))
    expected = head.memory((F.avg_pool2d(fine, 2), coarse), (4, 4))
    torch.testing.assert_close(memory, expected)


@pytest.mark.parametrize('reads', ['own', 'all'])
def test_a_short_training_reduces_the_losses(reads):
    torch.manual_seed(0)
    head = dict(type=MemoryExpertsHead, channels=8, num_experts=3, stride=2, reads=reads)
    model, batch = MultiTaskModel(TASKS, dict(type=Strided), head), make_batch(ALL, ALL, ALL)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    values = []
    for _ in range(15):
        total = losses_of(model, batch)['loss']
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        values.append(total.item())
    assert sum(values[-3:]) < 0.8 * sum(values[:3])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(reads='none'), "reads must be 'own' or 'all', found 'none'"),
        (dict(num_experts=0), 'needs channels and num_experts >= 1, found 4 and 0'),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        MemoryExpertsHead(PAIR, (3, 5), (8, 16), **dict(channels=4) | options)
