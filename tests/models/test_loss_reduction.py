"""The three reductions against plain loops, and over two real processes against one with the whole batch."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.models.loss_reduction import REDUCTIONS, mean_over_processes, reduce_losses

every_way = pytest.mark.parametrize('how', sorted(REDUCTIONS))

# (T, N) labelled pixels: unequal images, images without label, a task without labels, a task labelled on image 3 alone
COUNTS = torch.tensor([[3.0, 8.0, 1.0, 5.0], [0.0, 4.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 6.0]])


def numbers() -> Tensor:
    """(T, N) sums of errors, 0 where nothing is labelled."""
    torch.manual_seed(0)
    return torch.rand(4, 4) * 10 * (COUNTS > 0)


def by_loop(sums: np.ndarray, counts: np.ndarray, how: str) -> list[float]:
    losses = []
    for task in range(len(sums)):
        images = [(s, c) for s, c in zip(sums[task], counts[task], strict=True) if c]
        if not images:
            losses.append(0.0)
        elif how == 'pixels':
            losses.append(sum(s for s, _ in images) / sum(c for _, c in images))
        else:
            losses.append(sum(s / c for s, c in images) / (len(images) if how == 'labelled' else len(sums[task])))
    return losses


@every_way
def test_the_loss_and_its_gradients_equal_a_loop_over_images_and_pairs(how):
    losses, present = reduce_losses(numbers(), COUNTS, how)
    np.testing.assert_allclose(torch.stack(losses), by_loop(numbers().double().numpy(), COUNTS.numpy(), how), rtol=1e-6)
    assert present.tolist() == [True, True, False, True]


def test_the_ways_differ():
    assert len({reduce_losses(numbers(), COUNTS, how)[0][1].item() for how in REDUCTIONS}) == 3


@every_way
def test_fully_labelled_images_of_one_size_make_all_ways_one(how):
    sums = numbers()[:1]
    assert reduce_losses(sums, torch.full((1, 4), 20.0), how)[0][0].item() == pytest.approx(sums.mean().item() / 20)


@every_way
def test_the_order_of_images_does_not_matter(how):
    order = [2, 0, 3, 1]
    torch.testing.assert_close(
        reduce_losses(numbers()[:, order], COUNTS[:, order], how)[0], reduce_losses(numbers(), COUNTS, how)[0]
    )


@every_way
def test_no_image_has_a_label(how):
    sums = torch.zeros(2, 3, requires_grad=True)
    losses, present = reduce_losses(sums, torch.zeros(2, 3), how)
    assert losses == [0, 0] and not present.any()
    sum(losses).backward()
    assert sums.grad is not None and sums.grad.isfinite().all()


@every_way
def test_a_task_learns_from_its_own_images_only(how):
    sums = numbers().requires_grad_()
    reduce_losses(sums, COUNTS, how)[0][1].backward()
    assert (sums.grad[1, [1, 3]] > 0).all()
    assert not sums.grad[[0, 2, 3]].any()


def test_what_is_given_stays_as_it_is():
    sums, counts = numbers(), COUNTS.clone()
    reduce_losses(sums, counts, 'pixels')
    assert torch.equal(sums, numbers()) and torch.equal(counts, COUNTS)


class Net(nn.Module):
    """One weight per task; loss of an image = weight^2 * its sum."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 2.0, 3.0, 4.0]))

    def forward(self, sums: Tensor, counts: Tensor, how: str) -> tuple[list[Tensor], Tensor]:
        return reduce_losses(self.weight.square()[:, None] * sums, counts, how)


def learn(net: nn.Module, images: slice) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Per way: losses, who is present, gradient."""
    found = {}
    for how in REDUCTIONS:
        net.zero_grad()
        losses, present = net(numbers()[:, images], COUNTS[:, images], how)
        sum(losses).backward()
        (weight,) = net.parameters()
        found[how] = torch.stack(losses).detach(), present, weight.grad.clone()
    return found


def rank_learns(rank: int) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Rank 0 has image 0 alone, in which task 1 and 3 have no label; rank 1 has the three others."""
    return learn(DistributedDataParallel(Net()), slice(0, 1) if rank == 0 else slice(1, 4))


@pytest.fixture(scope='module')
def two(tmp_path_factory) -> list[dict]:
    return run_in_two(__file__, tmp_path_factory.mktemp('group'))


@every_way
def test_two_processes_equal_one(two, how):
    losses, present, gradient = learn(Net(), slice(None))[how]
    (losses_0, present_0, gradient_0), (losses_1, present_1, gradient_1) = two[0][how], two[1][how]
    torch.testing.assert_close((losses_0 + losses_1) / 2, losses)
    assert torch.equal(present_0, present) and torch.equal(present_1, present)
    torch.testing.assert_close(gradient_0, gradient)
    torch.testing.assert_close(gradient_1, gradient)


if __name__ == '__main__':
    work(rank_learns)


def test_a_mean_over_processes_is_a_mean():
    total = torch.tensor(6.0, requires_grad=True)
    mean = mean_over_processes(total, torch.tensor(4.0))
    mean.backward()
    assert mean == 1.5 and total.grad == 0.25
    nothing = mean_over_processes(total * 0, torch.tensor(0.0))
    assert nothing == 0 and nothing.requires_grad
