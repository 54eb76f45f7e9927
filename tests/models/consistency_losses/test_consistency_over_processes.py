"""Two processes with different labels equal one with all images, under every consistency loss."""

from collections.abc import Callable

import pytest
import torch
from every_consistency_loss import LOSSES, every_loss, make_loss
from partial_batches import Batch, make_batch, pick
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.models.consistency_losses import ConsistencyLoss
from mmmtl.models.consistency_losses.consistency_loss import connected_zero

CENTRED = ('ours', 'region contrast')


class Net(nn.Module):
    """Predictions by one convolution per task, and a loss on them."""

    def __init__(self, loss: ConsistencyLoss) -> None:
        super().__init__()
        self.loss = loss.eval()  # statistics of batch norm are not exchanged
        self.heads = nn.ModuleDict({task: nn.Conv2d(4, loss.tasks[task].channels, 3, padding=1) for task in loss.tasks})

    def forward(self, batch: Batch) -> Tensor:
        _, targets, features, samples = batch
        return self.loss({task: head(features[0]) for task, head in self.heads.items()}, targets, features, samples)


class NetWithTaskLosses(Net):
    """As in training, where the losses of the tasks connect every head; here they are 0."""

    def forward(self, batch: Batch) -> Tensor:
        return super().forward(batch) + connected_zero(self.heads.parameters())


def learn(
    name: str, indices: range, wrap: Callable[[nn.Module], nn.Module], kind: type[Net] = Net, **options
) -> tuple[Tensor, list[Tensor]]:
    """The loss of some images of the batch, and the weights after a step."""
    torch.manual_seed(1)
    net = wrap(kind(make_loss(name, **options)))
    batch = make_batch(crops=name == 'semi-supervised')
    value = net(pick(batch, indices))
    optimiser = torch.optim.SGD(net.parameters(), lr=0.5)
    value.backward()
    optimiser.step()
    return value.detach(), [p.detach() for p in net.parameters()]


def rank_learns(rank: int) -> dict[str, tuple[Tensor, list[Tensor]]]:
    """Rank 0 has the first three images, with four labels; rank 1 the other four, one of them without any."""
    found = {}
    for name in LOSSES:
        doubled = 2 if name == 'semi-supervised' else 1
        found[name] = learn(
            name, range(3 * doubled) if rank == 0 else range(3 * doubled, 7 * doubled), DistributedDataParallel
        )
    for name in CENTRED:
        indices = range(3) if rank == 0 else range(3, 4)
        found[f'{name}, centred'] = learn(name, indices, DistributedDataParallel, NetWithTaskLosses, centred=True)
    return found


@pytest.fixture(scope='module')
def two(tmp_path_factory) -> list[dict]:
    return run_in_two(__file__, tmp_path_factory.mktemp('group'))


@every_loss
def test_two_processes_equal_one(two, name):
    (value_0, weights_0), (value_1, weights_1) = two[0][name], two[1][name]
    for a, b in zip(weights_0, weights_1, strict=True):
        assert torch.equal(a, b)
    doubled = 2 if name == 'semi-supervised' else 1
    value, weights = learn(name, range(7 * doubled), lambda net: net)
    torch.testing.assert_close((value_0 + value_1) / 2, value)
    for a, b in zip(weights_0, weights, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('name', CENTRED)
def test_centred_losses_train_the_same_network_on_both(two, name):
    """Means are those of a process: rank 1, with one image, compares nothing."""
    (value_0, weights_0), (value_1, weights_1) = (found[f'{name}, centred'] for found in two)
    assert value_0 > 0 and value_1 == 0
    for a, b in zip(weights_0, weights_1, strict=True):
        assert torch.equal(a, b)


if __name__ == '__main__':
    work(rank_learns)
