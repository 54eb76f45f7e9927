"""Batches by shares: a pure function of seed and place, the same on several processes, exact after a skip."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from sized_parts import SizedParts

from mmmtl.datasets import RatioSampler
from mmmtl.datasets.samplers import ratio_sampler
from mmmtl.datasets.samplers.ratio_sampler import one_period
from mmmtl.errors import ConfigError

SIZES = {'pairs': 7, 'street': 30, 'edges': 11}


@pytest.fixture
def on_ranks(monkeypatch):
    """Build one sampler per rank of a world of several processes."""

    def build(world_size: int, batch_size: int, ratios: dict, **options) -> list[RatioSampler]:
        built = []
        for rank in range(world_size):
            monkeypatch.setattr(ratio_sampler, 'get_dist_info', lambda rank=rank: (rank, world_size))
            built.append(RatioSampler(SizedParts(**SIZES), ratios, batch_size, **options))
        return built

    return build


HALF = dict(pairs=2, street=1, edges=1)


def parts_of(keys) -> Counter:
    bounds = SizedParts(**SIZES).indices
    return Counter(name for key in keys for name, indices in bounds.items() if key.index in indices)


def batches(sampler, size: int, count: int) -> list[list]:
    keys = iter(sampler)
    return [list(islice(keys, size)) for _ in range(count)]


def test_every_batch_holds_the_shares(on_ranks):
    (sampler,) = on_ranks(1, 8, HALF, endless=True)
    for batch in batches(sampler, 8, 50):
        assert parts_of(batch) == dict(pairs=4, street=2, edges=2)


def test_shares_that_do_not_divide_the_batch_come_out_in_the_long_run(on_ranks):
    (sampler,) = on_ranks(1, 3, dict(pairs=0.5, street=0.3, edges=0.2), endless=True)
    drawn = batches(sampler, 3, 100)
    assert parts_of([key for batch in drawn for key in batch]) == dict(pairs=150, street=90, edges=60)
    assert all(1 <= parts_of(batch)['pairs'] <= 2 for batch in drawn)


def test_turns_hold_the_shares_in_every_stretch():
    rng = np.random.default_rng(0)
    for _ in range(30):
        ratios = rng.integers(1, 9, rng.integers(1, 6)).tolist()
        row = one_period(ratios)
        total = sum(ratios)
        assert [row.count(part) * total for part in range(len(ratios))] == [ratio * len(row) for ratio in ratios]
        for indices in range(1, len(row) + 1):
            for part, ratio in enumerate(ratios):
                assert abs(row[:indices].count(part) - ratio * indices / total) < len(ratios)
    assert one_period([1, 1]) == [0, 1] and one_period([3, 3]) == [0, 1] and one_period([0.25, 0.5]) == [1, 0, 1]
    assert one_period([1 / 3, 2 / 3]) == one_period([1, 2])


def test_a_part_gives_each_of_its_samples_once_per_pass_of_its_own(on_ranks):
    (sampler,) = on_ranks(1, 8, HALF, endless=True)
    keys = [key for batch in batches(sampler, 8, 14) for key in batch]  # 56 samples of pairs: 8 passes
    pairs = [key for key in keys if key.index < 7]
    assert sorted(pairs) == sorted((0, epoch, index) for epoch in range(8) for index in range(7))
    assert len({tuple(key.index for key in pairs[7 * epoch : 7 * epoch + 7]) for epoch in range(8)}) > 1
    assert len(set(keys)) == len(keys)  # no draw comes twice


@pytest.mark.parametrize(('world_size', 'batch_size'), [(2, 4), (4, 2), (8, 1), (2, 3), (3, 5)])
def test_batches_of_all_ranks_together_are_those_of_one_process(on_ranks, world_size, batch_size):
    whole = world_size * batch_size
    (alone,) = on_ranks(1, whole, HALF, seed=4)
    ranks = on_ranks(world_size, batch_size, HALF, seed=4)
    assert {len(rank) for rank in ranks} == {len(alone) // world_size}
    count = len(alone) // whole
    per_rank = [batches(rank, batch_size, count) for rank in ranks]
    for number, expected in enumerate(batches(alone, whole, count)):
        together = [key for rank in per_rank for key in rank[number]]
        assert Counter(together) == Counter(expected)
        counts = [parts_of(rank[number]) for rank in per_rank]
        for name in SIZES:
            assert max(count[name] for count in counts) - min(count[name] for count in counts) <= 1
    assert all(len(list(rank)) == len(rank) for rank in ranks)


@pytest.mark.parametrize('world_size', [1, 2, 3])
@pytest.mark.parametrize('taken', [0, 1, 5, 8, 9, 64, 131])
def test_skip_is_iterating(on_ranks, world_size, taken):
    for plain, skipped in zip(
        on_ranks(world_size, 8, HALF, seed=2, endless=True),
        on_ranks(world_size, 8, HALF, seed=2, endless=True),
        strict=True,
    ):
        skipped.skip(taken)
        assert list(islice(skipped, 40)) == list(islice(plain, taken, taken + 40))


def test_an_epoch_is_a_stretch_of_the_endless_row(on_ranks):
    (endless,), (sampler,) = on_ranks(1, 8, HALF, endless=True), on_ranks(1, 8, HALF)
    assert len(sampler) == 48  # as many samples as there are, in whole batches
    row = list(islice(endless, 3 * 48))
    for epoch in (2, 0, 1):
        sampler.set_epoch(epoch)
        assert list(sampler) == row[48 * epoch : 48 * (epoch + 1)] == list(sampler)
    sampler.skip(48 + 10)
    assert list(sampler) == row[58:96]


def test_the_row_depends_on_the_seed_alone(on_ranks):
    rows = [list(on_ranks(1, 8, HALF, seed=seed)[0]) for seed in (0, 1, 0, None)]
    assert rows[0] == rows[2] == rows[3] != rows[1]


def test_wrong_shares_are_named():
    for ratios in (dict(pairs=1), dict(pairs=1, street=1, edges=0), dict(pairs=1, street=1, edges=1, more=1)):
        with pytest.raises(ConfigError, match='positive number for each of pairs, street, edges'):
            RatioSampler(SizedParts(**SIZES), ratios, 8)
    with pytest.raises(ConfigError, match='factor of a thousand'):
        RatioSampler(SizedParts(**SIZES), dict(pairs=1, street=1, edges=1e-6), 8)
    with pytest.raises(ConfigError, match='EpochSampler'):
        RatioSampler(range(8), HALF, 8)
