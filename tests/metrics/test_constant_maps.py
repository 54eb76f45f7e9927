"""Per pixel the mean, or the most frequent class, of what is known there."""

import pytest
import torch
from mmengine.structures import PixelData

from mmmtl.metrics import constant_maps
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Edge, Normal, Saliency, SemSeg

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
    maps = constant_maps([sample(semseg=s, depth=d) for s, d in zip(semseg, depth, strict=True)], TASKS)[4, 5]
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
    maps = constant_maps([sample(normal=right), sample(normal=ahead), sample(normal=torch.zeros(3, 1, 1))], TASKS)[1, 1]
    torch.testing.assert_close(maps['normal'].flatten(), torch.tensor([0.5**0.5, 0, -(0.5**0.5)]))


def test_sizes_are_kept_apart():
    maps = constant_maps(
        [sample(depth=torch.full((1, 2, 3), value)) for value in (1.0, 3.0)]
        + [sample(depth=torch.full((1, 3, 2), 7.0))],
        TASKS,
    )
    assert {size: found['depth'].mean().item() for size, found in maps.items()} == {(2, 3): 2, (3, 2): 7}


def test_means_and_modes():
    tasks = {
        'semseg': SemSeg('semseg', ('a', 'b', 'c')),
        'depth': Depth('depth'),
        'edge': Edge('edge'),
        'saliency': Saliency('saliency'),
        'missing': Depth('missing'),
    }
    labels = [
        dict(semseg=[1, 2, 255], depth=[1, 0, 4], edge=[1, 0, 255], saliency=[1, 0, 255]),
        dict(semseg=[1, 255, 0], depth=[2, 0, 4], edge=[0, 0, 1], saliency=[0, 0, 1]),
        dict(semseg=[2, 2, 0]),
    ]
    samples = [
        MultiTaskDataSample(
            gt=PixelData(
                **{name: torch.tensor(values, dtype=tasks[name].dtype).view(1, 1, 3) for name, values in label.items()}
            )
        )
        for label in labels
    ]
    maps = constant_maps(samples, tasks)[1, 3]
    assert set(maps) == {'semseg', 'depth', 'edge', 'saliency'}
    assert maps['semseg'].tolist() == [[[1, 2, 0]]]
    assert maps['depth'].tolist() == [[[1.5, 0, 4]]]
    for name in ('edge', 'saliency'):
        torch.testing.assert_close(maps[name], torch.tensor([[[0.5, 0, 1]]]), atol=1e-4, rtol=0)
