"""Purposes: a sample serves both, unless it says that it serves one."""

import torch

from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.structures import MultiTaskDataSample


def samples(*purposes: str | None) -> list[MultiTaskDataSample]:
    return [
        MultiTaskDataSample(metainfo=dict(supervision_role=supervision_role) if supervision_role else {})
        for supervision_role in purposes
    ]


def test_a_sample_that_does_not_say_serves_both():
    batch = samples('tasks', None, 'consistency', 'tasks')
    assert indices_for('supervised', batch) == [0, 1, 3]
    assert indices_for('consistency', batch) == [1, 2]
    assert indices_for('supervised', samples('consistency')) == []


def test_places_of_maps():
    maps = {'a': torch.arange(4), 'b': torch.arange(8).view(4, 2)}
    for indices in ([0, 1, 2, 3], [1, 2], [0, 3], []):
        taken = select_images(maps, indices)
        assert taken['a'].tolist() == indices and torch.equal(taken['b'], maps['b'][indices])
    assert select_images(maps, [0, 1, 2, 3])['a'] is maps['a']
