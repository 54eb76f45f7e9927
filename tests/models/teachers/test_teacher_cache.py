"""The cache of teacher maps: computed once, and again if a file is damaged or of another program."""

import numpy as np
import pytest
import torch

from mmmtl.models.teachers.teacher_cache import TeacherCache
from mmmtl.structures import MultiTaskDataSample


class CountingTeacher:
    """The images and their half as maps."""

    digest = 'digest'
    calls = 0

    def __call__(self, rgb: torch.Tensor) -> tuple[torch.Tensor, ...]:
        self.calls += len(rgb)
        return rgb, rgb / 2


def damage(path, how: str) -> None:
    match how:
        case 'cut':
            path.write_bytes(path.read_bytes()[:-40])
        case 'empty':
            path.write_bytes(b'')
        case 'other keys':
            torch.save({'state_dict': {'weight': torch.zeros(3)}}, path)
        case 'no maps':
            torch.save({'pixels': 'abc'}, path)
        case 'list':
            torch.save([torch.zeros(3)], path)
        case 'object':
            torch.save(np.random.default_rng(0), path)


@pytest.mark.parametrize('how', ['cut', 'empty', 'other keys', 'no maps', 'list', 'object'])
def test_a_damaged_or_foreign_file_is_replaced(tmp_path, how):
    teacher, cache = CountingTeacher(), TeacherCache(tmp_path)
    rgb = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    samples = [MultiTaskDataSample(metainfo={'img_path': name}) for name in ('a.jpg', 'b.jpg')]
    maps = cache.maps(teacher, rgb, samples)
    path = sorted(tmp_path.glob('*/*.pth'))[0]
    damage(path, how)
    for calls in (3, 3):  # one map is computed again, and kept
        for found, expected in zip(cache.maps(teacher, rgb, samples), maps, strict=True):
            assert torch.equal(found, expected)
        assert teacher.calls == calls
