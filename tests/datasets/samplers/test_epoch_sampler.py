"""Samplers: a pure function of (seed, pass), the same samples on one process and on several, exact after a skip."""

from collections import Counter
from itertools import islice

import pytest

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, SampleKey

SIZE = 11


@pytest.fixture
def on_ranks(monkeypatch):
    """Build one sampler per rank of a world of several processes."""

    def build(world_size: int, sampler: type, size: int = SIZE, **options) -> list:
        built = []
        for rank in range(world_size):
            monkeypatch.setattr(f'{sampler.__module__}.get_dist_info', lambda rank=rank: (rank, world_size))
            built.append(sampler(range(size), **options))
        return built

    return build


def indices(keys) -> list[int]:
    return [key.index for key in keys]


def test_a_pass_takes_every_sample_once():
    keys = list(EpochSampler(range(SIZE), seed=3))
    assert sorted(indices(keys)) == list(range(SIZE))
    assert {(key.seed, key.epoch) for key in keys} == {(3, 0)}
    assert len(EpochSampler(range(SIZE), seed=3)) == SIZE


def test_the_order_depends_on_seed_and_pass_and_on_nothing_else():
    def order(seed: int, epoch: int) -> list[SampleKey]:
        sampler = EpochSampler(range(SIZE), seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    orders = {(seed, epoch): order(seed, epoch) for seed in (0, 1) for epoch in (2, 0, 1)}
    assert all(order(*which) == keys for which, keys in reversed(orders.items()))
    assert len({tuple(indices(keys)) for keys in orders.values()}) == 6
    assert EpochSampler(range(SIZE)).seed == 0  # without a seed, the same order in every run


@pytest.mark.parametrize('endless', [False, True])
def test_iterating_twice_gives_the_same(endless):
    sampler = EpochSampler(range(SIZE), seed=5, endless=endless)
    assert list(islice(sampler, 30)) == list(islice(sampler, 30))


def test_endless_is_pass_after_pass():
    passes = []
    for epoch in range(3):
        sampler = EpochSampler(range(SIZE), seed=1)
        sampler.set_epoch(epoch)
        passes += list(sampler)
    assert list(islice(EpochSampler(range(SIZE), seed=1, endless=True), 3 * SIZE)) == passes


@pytest.mark.parametrize('world_size', [1, 2, 3])
@pytest.mark.parametrize('taken', [0, 1, 5, 6, 11, 12, 40])
def test_skip_is_iterating(on_ranks, world_size, taken):
    for plain, skipped in zip(
        on_ranks(world_size, EpochSampler, seed=2, endless=True),
        on_ranks(world_size, EpochSampler, seed=2, endless=True),
        strict=True,
    ):
        skipped.skip(taken)
        assert list(islice(skipped, 25)) == list(islice(plain, taken, taken + 25))


def test_skip_into_the_middle_of_an_epoch_then_the_next_epoch_is_whole():
    sampler = EpochSampler(range(SIZE), seed=2)
    whole = list(sampler)
    sampler.skip(4)
    assert list(sampler) == whole[4:]
    sampler.set_epoch(1)
    assert sorted(indices(sampler)) == list(range(SIZE))


@pytest.mark.parametrize(('world_size', 'size'), [(2, 12), (2, 11), (3, 11), (4, 3)])
def test_batches_of_all_ranks_together_are_those_of_one_process(on_ranks, world_size, size):
    (alone,) = on_ranks(1, EpochSampler, size, seed=7)
    ranks = on_ranks(world_size, EpochSampler, size, seed=7)
    per_rank = [list(rank) for rank in ranks]
    assert {len(keys) for keys in per_rank} == {len(rank) for rank in ranks} == {-(-size // world_size)}
    whole = list(alone)
    whole += whole[: len(per_rank[0]) * world_size - size]  # filled up from the beginning
    batch = 2  # per rank
    for first in range(0, len(per_rank[0]), batch):
        together = [key for keys in per_rank for key in keys[first : first + batch]]
        assert Counter(together) == Counter(whole[first * world_size : (first + batch) * world_size])


@pytest.mark.parametrize(('world_size', 'size'), [(2, 12), (2, 11), (3, 11), (4, 3)])
@pytest.mark.parametrize('done', [0, 3, 7])
def test_a_place_in_an_endless_run_is_the_same_on_any_number_of_ranks(on_ranks, world_size, size, done):
    """So that a run can go on with a different number of processes, each image still once per pass."""
    batch, batches = 2, 9  # per rank
    (alone,) = on_ranks(1, EpochSampler, size, seed=7, endless=True)
    ranks = on_ranks(world_size, EpochSampler, size, seed=7, endless=True)
    whole = list(islice(alone, (done + batches) * batch * world_size))
    for rank in ranks:
        rank.skip(done * batch)
    per_rank = [list(islice(rank, batches * batch)) for rank in ranks]
    for number in range(batches):
        together = {key for keys in per_rank for key in keys[number * batch : (number + 1) * batch]}
        first = (done + number) * batch * world_size
        assert together == set(whole[first : first + batch * world_size])


@pytest.mark.parametrize('world_size', [1, 2, 3, 5])
@pytest.mark.parametrize('size', [1, 4, 11])
def test_evaluation_takes_every_sample_once_over_all_ranks(on_ranks, world_size, size):
    ranks = on_ranks(world_size, EvenlySplitSampler, size)
    per_rank = [indices(rank) for rank in ranks]
    assert sorted(index for taken in per_rank for index in taken) == list(range(size))
    assert [len(rank) for rank in ranks] == [len(taken) for taken in per_rank]
    assert max(map(len, per_rank)) - min(map(len, per_rank)) <= 1
    assert all(taken == sorted(taken) for taken in per_rank)


def test_evaluation_draws_the_same_whatever_the_seed():
    assert (
        list(EvenlySplitSampler(range(3), seed=1))
        == list(EvenlySplitSampler(range(3), seed=2))
        == [SampleKey(0, 0, 0), SampleKey(0, 0, 1), SampleKey(0, 0, 2)]
    )
