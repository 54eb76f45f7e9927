"""Purposes: a sample serves both, unless it says that it serves one."""

import torch

from mmmtl.models.supervision_role import at_places, places_for
from mmmtl.structures import MultiTaskDataSample


def samples(*purposes: str | None) -> list[MultiTaskDataSample]:
    return [MultiTaskDataSample(metainfo=dict(purpose=purpose) if purpose else {}) for purpose in purposes]


def test_a_sample_that_does_not_say_serves_both():
    batch = samples('tasks', None, 'consistency', 'tasks')
    assert places_for('tasks', batch) == [0, 1, 3]
    assert places_for('consistency', batch) == [1, 2]
    assert places_for('tasks', samples('consistency')) == []


def test_places_of_maps():
    maps = {'a': torch.arange(4), 'b': torch.arange(8).view(4, 2)}
    for places in ([0, 1, 2, 3], [1, 2], [0, 3], []):
        taken = at_places(maps, places)
        assert taken['a'].tolist() == places and torch.equal(taken['b'], maps['b'][places])
    assert at_places(maps, [0, 1, 2, 3])['a'] is maps['a']
