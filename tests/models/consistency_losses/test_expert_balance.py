"""ExpertBalance: 0 for equal mean gates, the formula, one term of the model, and exact for any number of processes."""

import pytest
import torch
from small_model import ALL, TASKS, Strided, losses_of, make_batch, make_model
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.models.consistency_losses import ExpertBalance
from mmmtl.models.consistency_losses.expert_balance import mean_of_all_processes
from mmmtl.models.decode_heads import MLoREHead


def balance(gates: Tensor) -> Tensor:
    return ExpertBalance({}, (4,), (4,))({}, {}, (), [], gates=gates)


def test_equal_means_cost_nothing():
    """Each image may choose its experts, if the means are equal."""
    assert balance(torch.eye(4)[:, None, None].repeat(1, 2, 3, 1)) == 0
    assert balance(torch.eye(4)[:3, None, None]) > 0


def test_the_formula():
    gates = torch.rand(5, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    expected = 0.0
    for level in range(2):
        for block in range(3):
            means = [sum(gates[image, level, block, expert].item() for image in range(5)) / 5 for expert in range(4)]
            mean = sum(means) / 4
            expected += sum((value - mean) ** 2 for value in means) / 3 / mean**2
    assert balance(gates).item() == pytest.approx(expected, rel=1e-5)


def test_images_in_another_order_and_a_scale_of_all_gates_do_not_matter():
    gates = torch.rand(5, 2, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(balance(gates.flip(0)), balance(gates))
    torch.testing.assert_close(balance(0.3 * gates), balance(gates))


def test_gates_of_zero_give_finite_gradients():
    gates = torch.zeros(2, 1, 4, requires_grad=True)
    balance(gates).backward()
    assert gates.grad.isfinite().all()


def expert_model(noise: bool = True, weight: float = 5e-4) -> MultiTaskModel:
    torch.manual_seed(0)
    head = dict(
        type=MLoREHead,
        image_size=(8, 10),
        channels=8,
        stride=2,
        experts=dict(ranks=(1, 2, 3), task_rank=2, top_k=2, noise=noise),
    )
    losses = dict(balance=dict(type=ExpertBalance, weight=weight))
    return MultiTaskModel(TASKS, dict(type=Strided), head, consistency_losses=losses)


def test_the_model_adds_it_times_its_weight():
    batch = make_batch(ALL, ALL, ALL)
    totals = []
    for weight in (0.0, 2.0):
        model = expert_model(noise=False, weight=weight).train()
        losses = losses_of(model, batch)
        assert losses['balance'] > 0 and model.counts['balance'] == 1
        totals.append(losses['loss'].item())
    assert totals[1] - totals[0] == pytest.approx(2 * losses['balance'].item(), rel=1e-4)


def test_training_on_it_alone_balances_the_experts():
    batch, model = make_batch(ALL, ALL, ALL), expert_model(weight=1e4)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    values = []
    for _ in range(30):
        losses = losses_of(model, batch)
        values.append(losses['balance'].item())
        optimiser.zero_grad()
        losses['loss'].backward()
        optimiser.step()
    assert sum(values[-5:]) < 0.5 * sum(values[:5])


def test_a_head_without_gates():
    with pytest.raises(ConfigError, match="balance: ExpertBalance reads 'gates', but neck and decode head return no"):
        make_model(consistency_losses=dict(balance=dict(type=ExpertBalance)))


class Gates(nn.Module):
    """The balance of softmax gates of a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.router = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return balance(self.router(x).softmax(1))


def gates_step(net: nn.Module, chosen: slice) -> tuple[Tensor, list[Tensor]]:
    """Return the balance and its gradients."""
    value = net(torch.randn(5, 3, generator=torch.Generator().manual_seed(2))[chosen])
    value.backward()
    return value.detach(), [parameter.grad for parameter in net.parameters()]


def rank_learns(rank: int) -> tuple:
    """Rank 0 has one image, rank 1 the others: two processes of different batch size."""
    return (
        gates_step(DistributedDataParallel(Gates()), slice(0, 1) if rank == 0 else slice(1, 5)),
        mean_of_all_processes(torch.full((rank + 1, 2), float(rank))),
    )


@pytest.mark.check
def test_two_processes_equal_one(tmp_path):
    found = run_in_two(__file__, tmp_path)
    value, gradients = gates_step(Gates(), slice(0, 5))
    for (other_value, other_gradients), mean in found:
        torch.testing.assert_close(other_value, value)
        torch.testing.assert_close(other_gradients, gradients)
        assert mean.tolist() == pytest.approx([2 / 3] * 2)


if __name__ == '__main__':
    work(rank_learns)
