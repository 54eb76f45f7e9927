"""Teachers: frozen and reproducible; each cell covers the same part of the image as that of the student."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.teachers import TimmTeacher


def small(**options) -> TimmTeacher:
    return TimmTeacher('test_vit', (0, 1), pretrained=False, **options)


def rgb(size: tuple[int, int] = (64, 96), count: int = 2) -> Tensor:
    return torch.rand(count, 3, *size, generator=torch.Generator().manual_seed(0))


def test_it_is_frozen_and_the_same_in_every_process():
    torch.manual_seed(1)
    one, state = small(), torch.get_rng_state()
    maps = one(rgb())
    assert torch.equal(torch.get_rng_state(), state)  # building it draws nothing from the run's generator
    torch.manual_seed(2)
    again = small()(rgb())
    assert all(torch.equal(a, b) and not a.requires_grad for a, b in zip(maps, again, strict=True))
    assert not one.network.training and not any(p.requires_grad for p in one.network.parameters())
    assert copy.deepcopy(one) is one


def test_building_it_does_not_seed_the_generators_of_gpus(monkeypatch):
    seeds = []
    monkeypatch.setattr(torch.cuda, 'manual_seed_all', seeds.append)
    assert small().network is not None and not seeds


def test_maps_are_those_of_the_normalised_image():
    teacher = small(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    images = (rgb() - torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1)) / torch.tensor([0.4, 0.5, 0.6]).view(3, 1, 1)
    for found, expected in zip(teacher(rgb()), teacher.network(images), strict=True):
        assert torch.equal(found, expected)
    assert teacher.out_channels == (64, 64)


def test_colours_are_those_of_the_weights_or_as_published():
    clip = 'vit_base_patch16_clip_224.openai'
    assert TimmTeacher(clip, (1,)).mean == pytest.approx((0.4815, 0.4578, 0.4082), abs=1e-4)
    assert TimmTeacher(clip, (1,), published=True).mean == (0.485, 0.456, 0.406)


def bright_columns(maps: Tensor, columns: slice) -> float:
    return maps[..., columns].abs().mean().item()


@pytest.fixture
def mean_colour(monkeypatch) -> None:
    """A network of 16 x 16 patches whose map is the mean colour of each patch."""

    class MeanColour(torch.nn.Module):
        strides, out_channels = (16,), (3,)

        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            return (F.avg_pool2d(images, 16),)

    monkeypatch.setattr(TimmTeacher, 'network', property(lambda self: MeanColour()))


COLOURS = dict(mean=(0, 0, 0), std=(1, 1, 1))


@pytest.mark.parametrize('size', [(40, 72), (64, 57), (30, 30)])
@pytest.mark.parametrize('long_side', [None, 128])
def test_cells_correspond_to_the_image(mean_colour, size, long_side):
    ramp = torch.stack(torch.meshgrid(*(torch.linspace(0, 1, n) for n in size), indexing='ij'))
    images = torch.cat([ramp, torch.ones(1, *size)])[None]
    (maps,) = small(long_side=long_side, **COLOURS)(images)
    rows, columns = maps.shape[-2:]
    assert maps[0, 2].min() > 0.99  # no cell of the padding
    assert (maps[0, 0, :, 0] - (torch.arange(rows) + 0.5) / rows).abs().max() < 0.02
    assert (maps[0, 1, 0] - (torch.arange(columns) + 0.5) / columns).abs().max() < 0.02
    if long_side:
        assert max(rows, columns) == long_side // 16


def test_the_published_borders(mean_colour):
    images = torch.ones(1, 3, 40, 72)
    (maps,) = small(published=True, **COLOURS)(images)
    assert maps.shape[-2:] == (2, 4)  # 8 rows and 8 columns are cut off
    (maps,) = small(published=True, long_side=128, **COLOURS)(images)
    assert maps.shape[-2:] == (8, 8)
    assert maps[..., 5:, :].abs().max() == 0 and maps[..., :4, :].min() > 0.9  # 71 rows of the image, then padding


def test_the_published_size_of_sam(mean_colour):
    """At 448 x 576 the image fills 50 of 64 rows."""
    images = torch.ones(1, 3, 448, 576)
    assert small(long_side=1024)(images)[0].shape[-2:] == (50, 64)
    assert small(long_side=1024, published=True)(images)[0].shape[-2:] == (64, 64)


def test_the_digest_depends_on_weights_and_options():
    digests = {
        small().digest,
        small(long_side=64).digest,
        small(mean=(0.1, 0.1, 0.1)).digest,
        TimmTeacher('test_vit2', (0, 1), pretrained=False).digest,
        TimmTeacher('test_vit', (1,), pretrained=False).digest,
    }
    assert len(digests) == 5 and small().digest in digests
    other = small()
    with torch.no_grad():
        next(other.network.parameters()).add_(1e-3)
    assert other.digest not in digests


def test_an_invalid_length_is_an_error():
    with pytest.raises(ConfigError, match='long_side must be a positive number of pixels, found 0'):
        small(long_side=0)


@pytest.mark.slow
def test_sam_of_timm_fits():
    """An image encoder of SAM with its window attention, at a different size than it was built for."""
    teacher = TimmTeacher('samvit_base_patch16_224', (2, 5), pretrained=False, long_side=224)
    assert [tuple(x.shape) for x in teacher(rgb((96, 128), 1))] == [(1, 768, 10, 14)] * 2
