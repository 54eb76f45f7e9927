"""Per pixel the mean, or the most frequent class, of what is known there."""

import pytest
import torch
from mmengine.structures import PixelData

from mmmtl.metrics import typical_maps
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, SemSeg

TASKS = {'semseg': SemSeg('semseg', classes='abc'), 'depth': Depth('depth'), 'normal': Normal('normal')}


def sample(**maps: torch.Tensor) -> MultiTaskDataSample:
    made = MultiTaskDataSample()
    made.gt = PixelData(**maps)
    return made


def test_oracle_pixel_by_pixel() -> None:
    generator = torch.Generator().manual_seed(0)
    semseg = torch.randint(3, (7, 1, 4, 5), generator=generator)
    semseg[torch.rand(semseg.shape, generator=generator) < 0.3] = 255
    depth = torch.rand(7, 1, 4, 5, generator=generator) * (torch.rand(7, 1, 4, 5, generator=generator) < 0.7)
    maps = typical_maps([sample(semseg=s, depth=d) for s, d in zip(semseg, depth, strict=True)], TASKS)
    assert set(maps) == {'semseg', 'depth'}
    for row in range(4):
        for column in range(5):
            classes = semseg[:, 0, row, column]
            counts = [(classes == k).sum().item() for k in range(3)]
            assert counts[maps['semseg'][0, row, column]] == max(counts)
            known = depth[:, 0, row, column]
            known = known[known > 0]
            mean = known.mean().item() if len(known) else 0.0
            assert maps['depth'][0, row, column].item() == pytest.approx(mean, rel=1e-5)


def test_normals_are_averaged_to_unit_length() -> None:
    right, ahead = torch.tensor([1.0, 0, 0]).view(3, 1, 1), torch.tensor([0.0, 0, -1]).view(3, 1, 1)
    maps = typical_maps([sample(normal=right), sample(normal=ahead), sample(normal=torch.zeros(3, 1, 1))], TASKS)
    torch.testing.assert_close(maps['normal'].flatten(), torch.tensor([0.5**0.5, 0, -(0.5**0.5)]))
