"""Roles of samples: both, unless ``supervision_role`` names one."""

import torch

from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.structures import MultiTaskDataSample


def samples(*roles: str | None) -> list[MultiTaskDataSample]:
    return [MultiTaskDataSample(metainfo=dict(supervision_role=role) if role else {}) for role in roles]


def test_a_sample_without_role_has_both():
    batch = samples('supervised', None, 'consistency', 'supervised')
    assert indices_for('supervised', batch) == [0, 1, 3]
    assert indices_for('consistency', batch) == [1, 2]
    assert indices_for('supervised', samples('consistency')) == []


def test_select_images():
    maps = {'a': torch.arange(4), 'b': torch.arange(8).view(4, 2)}
    for indices in ([0, 1, 2, 3], [1, 2], [0, 3], []):
        selected = select_images(maps, indices)
        assert selected['a'].tolist() == indices and torch.equal(selected['b'], maps['b'][indices])
    assert select_images(maps, [0, 1, 2, 3])['a'] is maps['a']
