"""Heads with experts in a whole model: two processes equal one, and a resumed run continues with the same noise."""

from collections.abc import Callable

import pytest
import torch
from resumed_run import run
from small_model import ALL, TASKS, Strided, make_batch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.models import MultiTaskModel
from mmmtl.models.consistency_losses import ExpertBalance
from mmmtl.models.decode_heads import MemoryExpertsHead, MLoREHead

EXPERTS = dict(ranks=(1, 2, 3), task_rank=2, top_k=2)
BALANCE = dict(balance=dict(type=ExpertBalance, weight=10.0))
MODELS: dict[str, dict] = {
    'MLoRE': dict(
        decode_head=dict(type=MLoREHead, image_size=(8, 10), channels=8, stride=2, experts=EXPERTS),
        consistency_losses=BALANCE,
    ),
    'memory': dict(decode_head=dict(type=MemoryExpertsHead, channels=8, num_experts=3, stride=2)),
    'memories of all tasks': dict(
        decode_head=dict(type=MemoryExpertsHead, channels=8, num_experts=3, stride=2, reads='all')
    ),
}


def steps(
    name: str, wrap: Callable[[nn.Module], nn.Module], chosen: slice
) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
    """Return the logged losses and the parameters after three steps on some images, with frozen batch norm."""
    torch.manual_seed(0)
    model = MultiTaskModel(TASKS, dict(type=Strided), **MODELS[name])
    for head in model.decode_head.heads.values():
        nn.init.normal_(head[-1].weight, std=0.3)  # directions of tiny vectors would magnify rounding
    net = wrap(model).train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()  # its statistics are those of one process
    batch = {key: values[chosen] for key, values in make_batch(ALL, ('depth',), (), ALL).items()}
    optimiser, logs = torch.optim.SGD(net.parameters(), lr=0.02), []
    for _ in range(3):
        losses = net(**model.data_preprocessor(batch, True), mode='loss')
        optimiser.zero_grad()
        losses['loss'].backward()
        optimiser.step()
        logs.append({key: value.item() for key, value in losses.items()})
    return logs, {key: parameter.detach() for key, parameter in model.named_parameters()}


def rank_learns(rank: int) -> dict[str, tuple]:
    """Rank 0 has one image, rank 1 the other three; no parameter may be unused."""
    chosen = slice(0, 1) if rank == 0 else slice(1, 4)
    return {name: steps(name, DistributedDataParallel, chosen) for name in MODELS}


@pytest.fixture(scope='module')
def two(tmp_path_factory) -> list[dict[str, tuple]]:
    return run_in_two(__file__, tmp_path_factory.mktemp('group'))


@pytest.mark.check
@pytest.mark.parametrize('name', MODELS)
def test_two_processes_equal_one(two, name):
    logs, parameters = steps(name, lambda net: net, slice(0, 4))
    (first_logs, first), (second_logs, second) = (rank[name] for rank in two)
    for key in parameters:
        assert torch.equal(first[key], second[key]), key
        torch.testing.assert_close(first[key], parameters[key], rtol=1e-4, atol=1e-6)
    for one, other, whole in zip(first_logs, second_logs, logs, strict=True):
        mean = {key: (one[key] + other[key]) / 2 for key in whole}
        assert mean == pytest.approx(whole, rel=1e-4)


def test_a_resumed_run_is_equal_bit_for_bit(tmp_path, rooms_cache):
    head = dict(_delete_=True, type=MLoREHead, image_size=(32, 40), channels=8, stride=8, experts=EXPERTS)
    options = dict(model__decode_head=head, model__consistency_losses=BALANCE)
    whole = run(tmp_path / 'whole', 'iterations', 4, **options)
    resumed = run(
        tmp_path / 'resumed', 'iterations', 4, resume=True, load_from=str(tmp_path / 'whole' / 'iter_2.pth'), **options
    )
    expected, found = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(found[key], value) for key, value in expected.items())
    torch.manual_seed(0)
    other = run(tmp_path / 'other', 'iterations', 4, **options, randomness=dict(seed=99))
    assert not torch.equal(
        other.model.state_dict()['decode_head.heads.depth.3.weight'], found['decode_head.heads.depth.3.weight']
    )


if __name__ == '__main__':
    work(rank_learns)
