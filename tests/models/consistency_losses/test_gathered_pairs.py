"""Pairs and labels of all processes, against what each of two gives."""

import pytest
import torch
from two_processes import run_in_two, work

from mmmtl.models.consistency_losses.gathered_pairs import gather_pairs
from mmmtl.models.consistency_losses.task_pairs import TaskPair
from mmmtl.tasks import Depth, SemSeg

TASKS = {'semseg': SemSeg('semseg', 'abc'), 'depth': Depth('depth')}
# of each process: its pairs, the size of its images
GIVEN = [
    ([TaskPair(0, 'depth', 'semseg'), TaskPair(2, 'semseg', 'depth')], (3, 5)),
    ([TaskPair(1, 'semseg', 'depth')], (4, 2)),
]


def targets_of(rank: int) -> dict[str, torch.Tensor]:
    """Three images; class ``rank`` and depth 10 rank + image + 1 everywhere."""
    size = GIVEN[rank][1]
    depth = 10.0 * rank + torch.arange(1, 4).view(3, 1, 1, 1)
    return {'semseg': torch.full((3, 1, *size), rank), 'depth': depth.expand(3, 1, *size).clone()}


def rank_gathers(rank: int) -> dict:
    pairs, targets = GIVEN[rank][0], targets_of(rank)
    given = {'all': pairs, 'one': pairs if rank else [], 'none': []}
    found = {name: gather_pairs(pairs, targets, TASKS) for name, pairs in given.items()}
    return {name: ([tuple(pair) for pair in all_pairs], *rest) for name, (all_pairs, *rest) in found.items()}


@pytest.fixture(scope='module')
def two(tmp_path_factory) -> list[dict]:
    return run_in_two(__file__, tmp_path_factory.mktemp('group'))


def test_images_of_others_stand_behind_ours(two):
    pairs, first, targets = two[0]['all']
    assert pairs == [*GIVEN[0][0], TaskPair(3, 'semseg', 'depth')] and first == 0
    assert torch.equal(targets['depth'][:3], targets_of(0)['depth'])
    padded = torch.zeros(3, 5)
    padded[:, :2] = 12
    assert torch.equal(targets['depth'][3:], padded[None, None])
    assert (targets['semseg'][3:] == TASKS['semseg'].void).all()  # no pair asks for it

    pairs, first, targets = two[1]['all']
    assert pairs == [TaskPair(3, 'depth', 'semseg'), TaskPair(4, 'semseg', 'depth'), *GIVEN[1][0]] and first == 2
    padded = torch.full((4, 2), TASKS['semseg'].void)
    padded[:3] = 0
    assert torch.equal(targets['semseg'][3:], torch.stack([padded, torch.full((4, 2), TASKS['semseg'].void)])[:, None])
    depth = torch.zeros(4, 2)
    depth[:3] = 3
    assert torch.equal(targets['depth'][4, 0], depth)


def test_a_process_without_pairs(two):
    pairs, first, targets = two[0]['one']
    assert pairs == [TaskPair(3, 'semseg', 'depth')] and len(targets['depth']) == 4
    pairs, first, targets = two[1]['one']
    assert pairs == GIVEN[1][0] and first == 0 and len(targets['depth']) == 3
    assert all(found['none'][0] == [] and len(found['none'][2]['depth']) == 3 for found in two)


def test_alone_nothing_changes():
    pairs, targets = GIVEN[0][0], targets_of(0)
    assert gather_pairs(pairs, targets, TASKS) == (pairs, 0, targets)


if __name__ == '__main__':
    work(rank_gathers)
