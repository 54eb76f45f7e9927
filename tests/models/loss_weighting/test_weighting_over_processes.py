"""Two processes equal one, under every weighting: rank 0 has two images, rank 1 four, each with different labels."""

import pytest
import torch
from every_weighting import CONFIGS, build, every_weighting, marked
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD
from two_processes import run_in_two, work

from mmmtl.testing.weighting_trial import ToyNetwork, toy_batch

STEPS = 4


def learn(name: str, part: slice, wrap) -> tuple[dict, list]:
    """State and weights after a short training."""
    toy = ToyNetwork(build(name))
    model = wrap(toy)
    optimizer = SGD(toy.parameters(), lr=0.02)
    weights = []
    for seed in range(STEPS):
        images, labels, shown = toy_batch(seed, hidden='b' if seed == 2 else '', partly=True)
        torch.manual_seed(seed)
        total, found = model(images[part], *({key: value[part] for key, value in x.items()} for x in (labels, shown)))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        weights.append(found)
    return toy.state_dict(), weights


def available() -> list[str]:
    return [
        name
        for name, *_ in (
            p.values
            for p in marked(CONFIGS)
            if not any(condition for mark in p.marks if mark.name == 'skipif' for condition in mark.args)
        )
    ]


def rank_learns(rank: int) -> dict:
    part = slice(0, 2) if rank == 0 else slice(2, 6)
    return {
        name: learn(name, part, lambda toy: DistributedDataParallel(toy, broadcast_buffers=False))
        for name in available()
    }


if __name__ == '__main__':
    work(rank_learns)


@pytest.fixture(scope='module')
def two(tmp_path_factory) -> list[dict]:
    return run_in_two(__file__, tmp_path_factory.mktemp('group'))


@pytest.mark.check
@every_weighting
def test_two_processes_equal_one(two, name):
    (state_0, weights_0), (state_1, weights_1) = two[0][name], two[1][name]
    state, weights = learn(name, slice(None), lambda toy: toy)
    assert all(torch.equal(state_0[key], state_1[key]) for key in state_0)
    assert all(torch.equal(*pair) for pair in zip(weights_0, weights_1, strict=True))
    for one, expected in zip(weights_0, weights, strict=True):
        torch.testing.assert_close(one, expected, rtol=2e-3, atol=1e-4)
    for key, value in state.items():
        torch.testing.assert_close(state_0[key], value, rtol=2e-3, atol=1e-4)
